"""The listener alone: what it accepts, when it rests, and what it binds.

Accepting runs over simulated sockets; binding needs real ones.
"""

import contextlib
import errno
import random
import socket
import unittest
from types import SimpleNamespace
from typing import Any, cast
from unittest import mock

from reactor_chat.loop.reactor import Reactor
from reactor_chat.net import listener as listener_module
from reactor_chat.net.listener import BATCH, RETRY, Listener, bind_all
from tests.sim.clock import Clock
from tests.sim.network import Network
from tests.sim.process import Faults, Process
from tests.sim.selector import Asleep, Selector
from tests.sim.stream import Stream

HERE = ("127.0.0.1", 1)
SORRY = b"no room\n"


class ListenerCase(unittest.TestCase):
    """A listener with three descriptors to give away: it has one itself, and a spare."""

    faults = Faults()
    limit = 5

    def setUp(self) -> None:
        self.process = Process(random.Random(0), self.faults, self.limit)
        self.outside = Process(random.Random(0), limit=10_000)
        self.network, self.clock = Network(), Clock()
        self.selector = Selector(self.process)
        self.reactor = Reactor(self.selector, self.clock)
        self.accepted: list[tuple[Stream, str, int]] = []
        self.log: list[str] = []
        sock = self.network.listen(self.process, HERE, backlog=1000)
        self.enterContext(mock.patch.object(listener_module, "os", self.simulated_os()))
        on_accept = cast(Any, self.on_accept)
        self.listener = Listener(self.reactor, cast(Any, sock), on_accept, SORRY, self.log.append)

    def simulated_os(self) -> SimpleNamespace:
        return SimpleNamespace(
            devnull="/dev/null",
            O_RDONLY=0,
            O_CLOEXEC=0,
            open=lambda path, flags: self.process.open(mock.Mock()),
            close=self.process.close,
        )

    def on_accept(self, sock: Stream, host: str, port: int) -> None:
        self.accepted.append((sock, host, port))

    def call(self, host: str = "10.0.0.1") -> Stream:
        return self.network.connect(self.outside, HERE, host)

    def settle(self) -> float | None:
        """Turn until there is nothing to do; for how long the loop would sleep."""
        while True:
            try:
                self.reactor.turn()
            except Asleep as sleep:
                return sleep.timeout


class AcceptTest(ListenerCase):
    def test_a_caller_is_handed_on_with_the_address_that_accept_gave(self) -> None:
        caller = self.call("10.0.0.7")
        caller.reset()  # So that nobody could ask it any more.
        self.settle()
        self.assertEqual([host for _, host, _ in self.accepted], ["10.0.0.7"])

    def test_accepted_sockets_do_not_block(self) -> None:
        self.call()
        self.settle()
        with self.assertRaises(BlockingIOError):
            self.accepted[0][0].recv(1)

    def test_after_a_failure_in_the_handler_it_goes_on(self) -> None:
        with mock.patch.object(self, "accepted", None):
            self.call()
            self.settle()
        self.assertIn("accepting a caller failed", self.log[0])
        self.call()
        self.settle()
        self.assertEqual(len(self.accepted), 1)

    def test_after_stop_it_accepts_nobody_and_has_no_descriptor(self) -> None:
        self.listener.stop()
        self.listener.stop()
        self.reactor.end_turn()
        self.assertEqual(self.process.descriptors(), [])
        with self.assertRaises(ConnectionRefusedError):
            self.call()

    def test_who_stops_it_while_it_accepts_gets_no_further_caller(self) -> None:
        for _ in range(3):
            self.call()
        with mock.patch.object(self, "on_accept"):
            self.listener._on_accept = lambda *_: self.listener.stop()
            self.reactor.turn()
        self.assertEqual(self.process.descriptors(), [10_002])  # The one caller's.


class BatchTest(ListenerCase):
    limit = 1000

    def test_a_turn_accepts_a_bounded_batch(self) -> None:
        for _ in range(BATCH + 1):
            self.call()
        self.reactor.turn()
        self.assertEqual(len(self.accepted), BATCH)
        self.reactor.turn()
        self.assertEqual(len(self.accepted), BATCH + 1)


class AbortedTest(ListenerCase):
    faults = Faults(aborted=50)
    limit = 1000

    def test_callers_who_are_gone_before_they_are_accepted_cost_the_others_nothing(self) -> None:
        for _ in range(50):
            self.call()
        self.settle()
        self.assertLess(10, len(self.accepted))
        self.assertEqual(self.log, [])


class ShortageTest(ListenerCase):
    def setUp(self) -> None:
        super().setUp()
        self.callers = [self.call() for _ in range(30)]

    def test_it_rests_instead_of_spinning(self) -> None:
        self.assertAlmostEqual(self.settle() or 0, RETRY)
        self.assertEqual(self.selector.selects, 2)
        self.assertEqual(len(self.accepted), 3)

    def test_the_next_caller_is_told_why_and_sees_the_end(self) -> None:
        self.callers[3].send(b"hello?")
        self.settle()
        self.assertEqual(self.callers[3].recv(100), SORRY)
        self.assertEqual(self.callers[3].recv(100), b"")
        self.assertEqual(self.listener.refused, 1)

    def test_it_goes_on_by_itself_once_there_are_descriptors(self) -> None:
        self.settle()
        self.process.limit = 1000
        self.clock.advance(RETRY)
        self.settle()
        self.assertEqual(len(self.accepted), 29)

    def test_it_is_logged_at_most_once_a_second(self) -> None:
        self.settle()
        for _ in range(15):
            self.clock.advance(RETRY)
            self.settle()
        self.assertEqual(self.log, ["cannot accept callers: too many open files"] * 2)

    def test_it_can_be_stopped_while_it_rests(self) -> None:
        self.settle()
        self.listener.stop()
        self.reactor.end_turn()
        self.clock.advance(RETRY)
        self.assertIsNone(self.settle())


class BindTest(unittest.TestCase):
    def bind(self, host: str, port: int = 0) -> list[socket.socket]:
        sockets = bind_all(host, port)
        for sock in sockets:
            self.addCleanup(sock.close)
        return sockets

    def test_every_address_of_a_name_gets_the_same_port(self) -> None:
        sockets = self.bind("localhost")
        self.assertEqual(len({sock.getsockname()[1] for sock in sockets}), 1)
        self.assertIn("127.0.0.1", [sock.getsockname()[0] for sock in sockets])

    def test_it_listens_without_blocking(self) -> None:
        for sock in self.bind("127.0.0.1"):
            with self.assertRaises(BlockingIOError):
                sock.accept()

    def test_what_is_accepted_sends_at_once_and_finds_out_vanished_peers(self) -> None:
        sock = self.bind("127.0.0.1")[0]
        with contextlib.closing(socket.create_connection(sock.getsockname())):
            sock.settimeout(10)
            accepted, _ = sock.accept()
            self.addCleanup(accepted.close)
            self.assertTrue(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            self.assertTrue(accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))
            self.assertTrue(accepted.getsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE))

    @unittest.skipUnless(hasattr(socket, "TCP_USER_TIMEOUT"), "this system has no such timeout")
    def test_a_living_peer_whose_window_is_zero_is_not_ended_by_the_kernel(self) -> None:
        sock = self.bind("127.0.0.1")[0]
        self.assertEqual(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT), 0)

    def test_an_urgent_byte_keeps_its_place_among_the_others(self) -> None:
        sock = self.bind("127.0.0.1")[0]
        with contextlib.closing(socket.create_connection(sock.getsockname())) as caller:
            caller.sendall(b"a")
            caller.send(b"b", socket.MSG_OOB)
            caller.sendall(b"c")
            caller.shutdown(socket.SHUT_WR)
            sock.settimeout(10)
            accepted, _ = sock.accept()
            with accepted:
                received = b"".join(iter(lambda: accepted.recv(10), b""))
        self.assertEqual(received, b"abc")

    @unittest.skipUnless(hasattr(socket, "TCP_NOTSENT_LOWAT"), "this system bounds it in no way")
    def test_the_kernel_keeps_little_of_what_a_peer_does_not_read_and_of_what_it_sent(self) -> None:
        sock = self.bind("127.0.0.1")[0]
        with contextlib.closing(socket.create_connection(sock.getsockname())):
            sock.settimeout(10)
            accepted, _ = sock.accept()
        with accepted:
            self.assertLess(accepted.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF), 256 * 1024)
            unsent = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT)
            self.assertEqual(unsent, 64 * 1024)

    def test_a_port_in_use_is_an_error(self) -> None:
        port = self.bind("127.0.0.1")[0].getsockname()[1]
        with self.assertRaises(OSError) as caught:
            bind_all("127.0.0.1", port)
        self.assertEqual(caught.exception.errno, errno.EADDRINUSE)

    def test_an_address_of_another_machine_is_an_error(self) -> None:
        with self.assertRaises(OSError):
            bind_all("192.0.2.1", 0)  # Reserved for documentation (RFC 5737).
