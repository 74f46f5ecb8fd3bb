"""After a lost connection a client calls again: not at once, not for ever at the same pace."""

import random
import socket
import unittest

from reactor_chat.client.destination import Destination
from reactor_chat.client.reconnect import Reconnection
from reactor_chat.client.waiting import wait
from tests.window import PATIENCE


class ReconnectionTest(unittest.TestCase):
    def setUp(self) -> None:
        self.now = 100.0
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        self.port = listener.getsockname()[1]
        self.reconnection = self.reconnect(1)

    def reconnect(self, seed: int) -> Reconnection:
        here = Destination("127.0.0.1", self.port, False)
        return Reconnection(here, lambda: self.now, random.Random(seed))

    def pause(self) -> float:
        """Give how long the next attempt is put off."""
        self.reconnection.schedule("")
        assert self.reconnection.due is not None
        return self.reconnection.due - self.now

    def test_pauses_grow_from_half_a_second_to_half_a_minute(self) -> None:
        pauses = [self.pause() for _ in range(12)]
        for pause, least in zip(pauses, [0.5, 1, 2, 4, 8, 16, *[24] * 6], strict=True):
            self.assertTrue(least <= pause <= 1.25 * least)

    def test_clients_come_back_one_by_one(self) -> None:
        firsts = set()
        for seed in range(10):
            self.reconnection = self.reconnect(seed)
            firsts.add(self.pause())
        self.assertEqual(len(firsts), 10)

    def call(self) -> None:
        self.reconnection.call().close()

    def test_nothing_is_due_at_first(self) -> None:
        self.assertIsNone(self.reconnection.due)
        self.assertFalse(self.reconnection.is_under_way)

    def test_an_attempt_is_due_after_a_pause_and_is_told(self) -> None:
        news = self.reconnection.schedule(": timed out")
        assert self.reconnection.due is not None
        self.assertTrue(100.5 <= self.reconnection.due <= 100.7)
        self.assertRegex(news or "", r"Connection lost: timed out. Trying again in 0\.[56] s\.")
        self.call()
        self.assertIsNone(self.reconnection.due)
        self.assertTrue(self.reconnection.is_under_way)

    def test_the_next_attempts_are_told_as_such(self) -> None:
        self.reconnection.schedule("")
        self.call()
        self.assertIn("Still no connection", self.reconnection.schedule("") or "")

    def test_with_the_longest_pause_it_falls_silent(self) -> None:
        told = [self.reconnection.schedule("") for _ in range(8)]
        self.assertEqual([news is None for news in told], [*[False] * 6, True, True])

    def test_a_welcome_ends_it_and_makes_the_pauses_short_again(self) -> None:
        for _ in range(8):
            self.reconnection.schedule("")
        self.call()
        self.reconnection.on_welcome()
        self.assertFalse(self.reconnection.is_under_way)
        told = self.reconnection.schedule("") or ""
        self.assertRegex(told, r"Connection lost. .* in 0\.[56] s\.")

    def test_the_addresses_that_were_found_last_are_known_to_the_next_attempt(self) -> None:
        attempt = self.reconnection.call()
        self.addCleanup(attempt.close)
        nowhere = Destination("host.invalid", 1, False)
        elsewhere = Reconnection(nowhere, lambda: self.now, random.Random(1))
        elsewhere.on_reached(attempt.addresses)
        again = elsewhere.call()
        self.addCleanup(again.close)
        while not again.addresses:
            again.serve(wait(again.readers, again.writers, PATIENCE))
        self.assertEqual(again.addresses, attempt.addresses)
