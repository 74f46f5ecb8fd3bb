"""Asking epoll the fast way and asking any selector the plain way tell the same."""

import contextlib
import os
import selectors
import socket
import struct
import unittest
from collections.abc import Callable

from reactor_chat.loop.reactor import NOTHING, READ, WRITE, Reactor
from tests.probe import Probe

RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, for no time: closing resets (socket(7))
SELECTORS = (selectors.DefaultSelector, selectors.PollSelector, selectors.SelectSelector)


class SelectorsTest(unittest.TestCase):
    def events(self, selector: selectors.BaseSelector, act: Callable[..., object]) -> list[str]:
        """Give what is told of a TCP connection once `act` was done to its ends."""
        log: list[str] = []
        reactor = Reactor(selector)
        ours, peer = tcp_pair()
        with ours, peer:
            for name, interest in (("r", READ), ("w", WRITE), ("rw", READ | WRITE)):
                # Three views of one socket: a selector takes a descriptor but once.
                view = ours.dup()
                self.addCleanup(view.close)
                reactor.watch(Probe(log, name, view.fileno()), interest)
            act(ours, peer)
            reactor.turn(0)
            log.sort()
        reactor.close()
        return log

    def assert_events(self, act: Callable[..., object], *expected: str) -> None:
        for kind in SELECTORS:
            with self.subTest(kind.__name__):
                self.assertEqual(self.events(kind(), act), sorted(expected))

    def test_a_quiet_connection_can_be_written_to(self) -> None:
        self.assert_events(lambda ours, peer: None, "w writes", "rw writes")

    def test_input_can_be_read(self) -> None:
        self.assert_events(
            lambda ours, peer: peer.send(b"x"), "r reads", "w writes", "rw reads", "rw writes"
        )

    def test_an_end_can_be_read(self) -> None:
        self.assert_events(
            lambda ours, peer: peer.shutdown(socket.SHUT_WR),
            *("r reads", "w writes", "rw reads", "rw writes"),
        )

    def test_a_reset_wakes_whoever_waits_for_anything(self) -> None:
        def reset(ours: socket.socket, peer: socket.socket) -> None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            peer.close()

        self.assert_events(reset, "r reads", "w writes", "rw reads", "rw writes")

    def test_a_full_connection_cannot_be_written_to(self) -> None:
        def fill(ours: socket.socket, peer: socket.socket) -> None:
            with contextlib.suppress(BlockingIOError):
                while True:
                    ours.send(bytes(65536))

        self.assert_events(fill)

    def test_the_end_of_a_pipe_wakes_its_reader_and_its_writer(self) -> None:
        for kind in SELECTORS:
            with self.subTest(kind.__name__):
                self.assertEqual(self.pipe_events(kind(), READ), ["p reads"])
                self.assertEqual(self.pipe_events(kind(), WRITE), ["p writes"])

    def pipe_events(self, selector: selectors.BaseSelector, interest: int) -> list[str]:
        """Give what is told at one end of a pipe when the other has gone."""
        log: list[str] = []
        reactor = Reactor(selector)
        fds = os.pipe()
        ours, other = fds if interest == READ else fds[::-1]
        reactor.watch(Probe(log, "p", ours), interest)
        os.close(other)
        reactor.turn(0)
        reactor.close()
        os.close(ours)
        return log

    def test_a_hang_up_wakes_nobody_who_waits_for_nothing(self) -> None:
        for kind in SELECTORS:
            log: list[str] = []
            reactor = Reactor(kind())
            ours, peer = socket.socketpair()
            with ours:
                probe = Probe(log, "p", ours.fileno())
                reactor.watch(probe, READ)
                reactor.watch(probe, NOTHING)
                peer.close()
                reactor.turn(0)
                self.assertEqual((log, dict(reactor._handlers)), ([], {}))
            reactor.close()


def tcp_pair() -> tuple[socket.socket, socket.socket]:
    """Connect two sockets over loopback; the first does not block."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        peer = socket.create_connection(server.getsockname())
        ours, _ = server.accept()
    ours.setblocking(False)
    return ours, peer


if __name__ == "__main__":
    unittest.main()
