"""What the members of a room read, over simulated sockets."""

import random
import unittest
from typing import Any, cast
from unittest import mock

from reactor_chat.chat.log import Log
from reactor_chat.loop.reactor import Reactor
from reactor_chat.net.audience import Audience
from reactor_chat.net.connection import Connection
from reactor_chat.net.gathering import CHUNK
from reactor_chat.net.owner import Owner
from reactor_chat.net.shared import Limits, Shared
from reactor_chat.wire.dialects import Origin, current
from tests.sim.clock import Clock
from tests.sim.network import socket_pair
from tests.sim.process import Process
from tests.sim.selector import Selector
from tests.sim.stream import Stream


class AudienceTest(unittest.TestCase):
    def setUp(self) -> None:
        self.process = Process(random.Random(0))
        self.reactor = Reactor(Selector(self.process), Clock())
        self.shared = Shared(self.reactor, Limits(), lambda: 0)
        log = Log(Origin("tea", "0" * 8))
        self.room = Audience(self.shared, log, self.fail)

    def member(self) -> tuple[Connection, Stream]:
        near, far = socket_pair(self.process, Process(random.Random(0)))
        connection = Connection(self.shared, cast(Any, near))
        connection.open(Owner())
        self.room.add(connection, current)
        self.reactor.end_turn()
        return connection, far

    def test_two_who_speak_in_one_turn_read_each_other(self) -> None:
        alice, at_alices = self.member()
        bob, at_bobs = self.member()
        for speaker, text in ((alice, b"one\n"), (bob, b"two\n"), (alice, b"three\n")):
            self.room.say(text, 1, 0, True, [speaker])
        self.reactor.end_turn()
        self.assertEqual(at_alices.recv(100), b"two\n")
        self.assertEqual(at_bobs.recv(100), b"one\nthree\n")

    def test_what_is_said_while_a_large_room_is_served_in_slices_is_not_forgotten(self) -> None:
        alice, _ = self.member()
        _, at_bobs = self.member()
        _, at_carols = self.member()
        with (
            mock.patch("reactor_chat.net.audience.SLICE", 1),
            mock.patch("reactor_chat.net.slices.SLICE", 1),
        ):
            self.room.say(b"one\n", 1, 0, True, [alice])
            self.reactor.turn(0)
            self.room.say(b"two\n", 1, 0, True, [])
            for _ in range(6):
                self.reactor.turn(0)
        self.assertEqual(at_bobs.recv(100), b"one\ntwo\n")
        self.assertEqual(at_carols.recv(100), b"one\ntwo\n")

    def test_who_speaks_while_it_waits_for_its_slice_reads_it_too(self) -> None:
        alice, at_alices = self.member()
        _, at_bobs = self.member()
        carol, at_carols = self.member()
        with (
            mock.patch("reactor_chat.net.audience.SLICE", 1),
            mock.patch("reactor_chat.net.slices.SLICE", 1),
        ):
            self.room.say(b"one\n", 1, 0, True, [alice])
            self.reactor.end_turn()
            self.room.say(b"two\n", 1, 0, True, [carol])
            for _ in range(6):
                self.reactor.turn(0)
        read = [stream.recv(100) for stream in (at_alices, at_bobs, at_carols)]
        self.assertEqual(read, [b"two\n", b"one\ntwo\n", b"one\n"])

    def test_a_room_that_is_forgotten_is_counted_until_the_last_has_read_of_it(self) -> None:
        alice, at_alices = self.member()
        self.shared.may_publish = lambda _: False
        self.room.say(b"one\n", 1, 0, True, [])
        self.room.remove(alice)
        self.room.release()
        self.assertGreater(self.shared.logs, 0)
        self.shared.may_publish = None
        self.room.publish_later()
        self.reactor.end_turn()
        self.assertEqual(at_alices.recv(100), b"one\n")
        self.assertEqual(self.shared.logs, 0)

    def test_after_a_defect_whoever_spoke_reads_the_next_news(self) -> None:
        self.room = Audience(self.shared, self.room.log, lambda error: None)
        alice, at_alices = self.member()
        bob, at_bobs = self.member()
        self.member()
        for speakers in ([alice], [alice, bob]):
            with mock.patch.object(Log, "render", side_effect=ValueError):
                for speaker in speakers:
                    self.room.say(b"lost\n", 1, 0, True, [speaker])
                self.reactor.end_turn()
            self.room.say(b"one\n", 1, 0, True, [])
            self.reactor.end_turn()
            self.assertEqual([at_alices.recv(100), at_bobs.recv(100)], [b"one\n", b"one\n"])

    def test_of_much_news_little_waits_for_one_who_has_spoken_alone(self) -> None:
        alice, _ = self.member()
        bob, _ = self.member()
        self.room.say(b"x\n", 1, 0, True, [alice])
        for _ in range(50):
            self.room.say(b"x" * 4000 + b"\n", 1, 0, True, [bob])
        self.reactor.end_turn()
        self.assertTrue(alice.blocked)
        self.assertLessEqual(alice.waiting, CHUNK)
