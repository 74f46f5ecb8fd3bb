"""What is said where the kernel tells nothing; the contract of `tests.sim` says the rest."""

import socket
import struct
import unittest
from unittest import mock

from reactor_chat.net.tcp_info import acknowledged, unanswered_for


def told(retransmits: int, probes: int, unacked: int, silence: int, unsent: int) -> mock.Mock:
    """Return a socket whose kernel tells this."""
    sock = mock.Mock(spec=socket.socket)
    sock.getsockopt.return_value = struct.pack(
        "=2xBB20xI28xI84xI", retransmits, probes, unacked, silence, unsent
    )
    return sock


class TcpInfoTest(unittest.TestCase):
    def test_a_socket_that_is_not_tcp_tells_nothing(self) -> None:
        near, far = socket.socketpair()
        with near, far:
            near.send(b"hello")
            self.assertEqual(acknowledged(near), 0)
            self.assertEqual(unanswered_for(near), 0.0)

    def test_nor_does_a_kernel_that_knows_less(self) -> None:
        old = mock.Mock(spec=socket.socket)
        old.getsockopt.return_value = bytes(104)
        self.assertEqual(acknowledged(old), 0)
        self.assertIsNone(unanswered_for(old))

    def test_silence_counts_only_if_something_waits_and_was_asked_for_in_vain(self) -> None:
        for given, seconds in (
            ((5, 0, 1, 70_000, 0), 70.0),  # sent again and again
            ((0, 1, 0, 70_000, 1), 70.0),  # asked for its window
            ((0, 0, 0, 70_000, 1), 0.0),  # not asked since it last answered
            ((0, 1, 0, 70_000, 0), 0.0),  # an idle connection that is kept alive
            ((0, 0, 1, 20, 0), 0.0),
        ):
            with self.subTest(given):
                self.assertEqual(unanswered_for(told(*given)), seconds)


class KernelTest(unittest.TestCase):
    """Against the real one: the fields are where they are thought to be."""

    @unittest.skipUnless(hasattr(socket, "TCP_INFO"), "this system has no TCP_INFO")
    def test_it_tells_what_was_taken_and_that_nothing_is_amiss(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as door:
            near = socket.create_connection(door.getsockname())
            far, _ = door.accept()
        with near, far:
            near.sendall(b"hello")
            self.assertEqual(far.recv(5), b"hello")
            self.assertEqual(acknowledged(near), 6)  # SYN is one
            self.assertEqual(unanswered_for(near), 0.0)
