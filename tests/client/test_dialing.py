"""Reaching a server: which address wins, what it costs, and what counts as no answer."""

import socket
import unittest
from collections.abc import Callable, Sequence
from unittest import mock

from reactor_chat.client.dialing import Dial, alternate
from reactor_chat.client.resolving import Address
from reactor_chat.client.waiting import wait
from tests.window import PATIENCE

# Sockets of no family at all: as where IPv6 is switched off, there is no socket to be had.
_NO_FAMILY: Address = (socket.AF_UNSPEC, ("::1", 1))


class DialCase(unittest.TestCase):
    def setUp(self) -> None:
        self.now = 100.0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.listener.close)
        self.here: Address = (socket.AF_INET, self.listener.getsockname())
        with socket.create_server(("127.0.0.1", 0)) as other:
            self.refusing: Address = (socket.AF_INET, other.getsockname())

    def silent(self) -> Address:
        """Return an address that does not answer: its queue is full, so the kernel is silent."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.addCleanup(listener.close)
        for _ in range(2):
            caller = socket.socket()
            self.addCleanup(caller.close)
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        return socket.AF_INET, listener.getsockname()

    def dial(self, addresses: Sequence[Address], known: Sequence[Address] = ()) -> None:
        """Begin to call a host that has these addresses."""
        found = mock.patch("reactor_chat.client.resolving.resolve", return_value=list(addresses))
        with found:
            self.attempt = Dial("host.example", 1, lambda: self.now, known)
            self.addCleanup(self.close)

    def close(self) -> None:
        self.attempt.close()
        if self.attempt.sock:
            self.attempt.sock.close()

    def until(self, condition: Callable[[], object]) -> None:
        while not condition():
            ready = wait(self.attempt.readers, self.attempt.writers, PATIENCE)
            self.attempt.on_ready(ready)

    def reached(self) -> Address:
        self.until(lambda: self.attempt.is_over)
        assert self.attempt.sock is not None, self.attempt.failure
        return self.attempt.sock.family, self.attempt.sock.getpeername()

    def is_dead(self, sock: socket.socket) -> bool:
        return sock.fileno() == -1


class WinningTest(DialCase):
    def test_the_only_address_is_reached(self) -> None:
        self.dial([self.here])
        self.assertEqual(self.reached(), self.here)
        self.assertIsNone(self.attempt.due)

    def test_after_a_refusal_the_next_is_tried_at_once(self) -> None:
        self.dial([self.refusing, self.here])
        self.assertEqual(self.reached(), self.here)

    def test_a_family_that_this_machine_lacks_is_passed_over(self) -> None:
        self.dial([_NO_FAMILY, self.here])
        self.assertEqual(self.reached(), self.here)

    def test_an_address_that_does_not_answer_costs_a_quarter_of_a_second(self) -> None:
        self.dial([self.silent(), self.here])
        self.assertEqual(self.attempt.due, 100.25)
        [silent] = self.attempt.writers
        self.now = 100.25
        self.attempt.on_due()
        self.assertEqual(self.reached(), self.here)
        self.assertTrue(self.is_dead(silent))


class FailureTest(DialCase):
    def test_a_refusal_is_told(self) -> None:
        self.dial([self.refusing])
        self.until(lambda: self.attempt.is_over)
        self.assertIsInstance(self.attempt.failure, ConnectionRefusedError)

    def test_the_last_address_has_ten_seconds_to_answer(self) -> None:
        self.dial([self.silent()])
        self.assertEqual(self.attempt.due, 110.0)
        self.attempt.on_due()
        self.assertIsInstance(self.attempt.failure, TimeoutError)
        self.assertEqual(self.attempt.writers, [])

    def test_without_an_address_there_is_nothing_to_try(self) -> None:
        self.dial([_NO_FAMILY])
        self.assertIsInstance(self.attempt.failure, OSError)

    def test_a_connection_to_itself_is_a_refusal(self) -> None:
        sock = socket.socket()
        self.addCleanup(sock.close)
        sock.bind(("127.0.0.1", 0))
        address = sock.getsockname()
        with mock.patch("reactor_chat.client.dialing.socket.socket", return_value=sock):
            self.attempt = Dial("127.0.0.1", address[1], lambda: self.now)
            self.until(lambda: self.attempt.is_over)
        self.assertIsInstance(self.attempt.failure, ConnectionRefusedError)
        self.assertTrue(self.is_dead(sock))
        with socket.create_server(address):  # the server can come back at once
            pass

    def test_giving_up_closes_everything(self) -> None:
        self.dial([self.silent()])
        [silent] = self.attempt.writers
        self.attempt.close()
        self.assertTrue(self.is_dead(silent))
        self.assertTrue(self.attempt.is_over)


class NameTest(DialCase):
    def look_up(self, host: str, known: Sequence[Address] = ()) -> Dial:
        self.attempt = Dial(host, self.here[1][1], lambda: self.now, known)
        self.addCleanup(self.close)
        self.until(lambda: self.attempt.is_over)
        return self.attempt

    def test_a_name_is_looked_up_and_reached(self) -> None:
        self.assertIsNotNone(self.look_up("localhost").sock)

    def test_an_unknown_one_is_a_failure_with_a_reason(self) -> None:
        for host in ("host.invalid", "a..b", "x" * 64 + ".example"):
            with self.subTest(host=host):
                failure = self.look_up(host).failure
                self.assertTrue(failure and str(failure))

    def test_where_a_name_cannot_be_looked_up_what_was_known_is_tried(self) -> None:
        self.look_up("host.invalid", [self.here])
        self.assertEqual(self.reached(), self.here)

    def test_an_address_needs_no_look_up(self) -> None:
        self.attempt = Dial("127.0.0.1", self.here[1][1], lambda: self.now)
        self.addCleanup(self.close)
        self.assertEqual(self.attempt.readers, [])

    def test_a_look_up_that_takes_long_can_be_given_up(self) -> None:
        self.attempt = Dial("host.invalid", 1, lambda: self.now)
        self.attempt.close()
        self.assertEqual(self.attempt.readers, [])


class OrderTest(unittest.TestCase):
    def test_families_take_turns(self) -> None:
        six: list[Address] = [(socket.AF_INET6, number) for number in range(3)]
        four: list[Address] = [(socket.AF_INET, number) for number in range(1)]
        self.assertEqual(alternate([*six, *four]), [six[0], four[0], six[1], six[2]])
