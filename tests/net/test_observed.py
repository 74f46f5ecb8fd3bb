"""An observed socket is a socket, and tells what passes."""

import socket
import unittest

from reactor_chat.net.observed import ObservedSocket, StreamObserver


class Notes(StreamObserver):
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def on_recv(self, fd: int, data: bytes) -> None:
        self.told.append(("recv", data))

    def on_call(self, what: str, subject: object) -> None:
        self.told.append(what)

    def on_send(self, fd: int, data: bytes | memoryview, sent: int) -> None:
        self.told.append((len(data), sent))

    def on_return(self) -> None:
        self.told.append("return")

    def on_shutdown(self, fd: int) -> None:
        self.told.append("shutdown")

    def on_close(self, fd: int) -> None:
        self.told.append(("close", fd))


class ObservedSocketTest(unittest.TestCase):
    def setUp(self) -> None:
        self.notes = Notes()
        inner, self.peer = socket.socketpair()
        self.addCleanup(self.peer.close)
        self.sock = ObservedSocket(inner, self.notes)
        self.addCleanup(self.sock.close)

    def test_what_comes_and_leaves(self) -> None:
        self.peer.send(b"in")
        self.assertEqual(self.sock.recv(10), b"in")
        self.assertEqual(self.sock.send(b"out"), 3)
        self.assertEqual(self.peer.recv(10), b"out")
        self.assertEqual(self.notes.told, [("recv", b"in"), "send", (3, 3), "return"])

    def test_what_the_kernel_does_not_take(self) -> None:
        block = bytes(1 << 20)
        with self.assertRaises(BlockingIOError):
            while True:
                self.sock.send(block)
        self.assertEqual(self.notes.told[-3:], ["send", (len(block), 0), "return"])

    def test_nothing_is_told_when_nothing_comes(self) -> None:
        self.assertRaises(BlockingIOError, self.sock.recv, 10)
        self.assertEqual(self.notes.told, [])

    def test_the_end(self) -> None:
        fd = self.sock.fileno()
        self.sock.shutdown(socket.SHUT_WR)
        self.sock.close()
        self.sock.close()
        self.assertEqual(self.notes.told, ["shutdown", ("close", fd)])

    def test_who_is_accepted_is_observed_too(self) -> None:
        listening = ObservedSocket(socket.create_server(("127.0.0.1", 0)), self.notes)
        self.addCleanup(listening.close)
        listening.setblocking(True)
        with socket.create_connection(listening.getsockname()) as caller:
            sock, address = listening.accept()
            with sock:
                self.assertIsInstance(sock, ObservedSocket)
                self.assertFalse(sock.getblocking())
                self.assertEqual(address, caller.getsockname())


if __name__ == "__main__":
    unittest.main()
