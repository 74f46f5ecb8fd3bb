"""What is said where the kernel tells nothing; the contract of `tests.sim` says the rest."""

import socket
import unittest
from unittest import mock

from reactor_chat.net.tcp_info import acknowledged


class TcpInfoTest(unittest.TestCase):
    def test_a_socket_that_is_not_tcp_has_acknowledged_nothing(self) -> None:
        near, far = socket.socketpair()
        with near, far:
            near.send(b"hello")
            self.assertEqual(acknowledged(near), 0)

    def test_nor_has_one_of_a_kernel_that_knows_less(self) -> None:
        old = mock.Mock(spec=socket.socket)
        old.getsockopt.return_value = bytes(104)
        self.assertEqual(acknowledged(old), 0)
