"""Sockets come from systemd if they were meant for this process, and it learns how things go."""

import contextlib
import os
import re
import socket
import tempfile
import time
import unittest
from pathlib import Path

from reactor_chat.server.systemd import Supervisor, Unusable, take_sockets


class HandedOverTest(unittest.TestCase):
    """The descriptors of each test lie next to each other, from a free number on."""

    def hand_over(self, *sockets: socket.socket) -> int:
        """Put copies of sockets at descriptors in a row, as systemd does; return the first."""
        first = 200
        for number, sock in enumerate(sockets):
            os.dup2(sock.fileno(), first + number, inheritable=True)
            self.addCleanup(self.close, first + number)
        return first

    def close(self, fd: int) -> None:
        with contextlib.suppress(OSError):  # the test has closed it
            os.close(fd)

    def listening(self) -> socket.socket:
        sock = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(sock.close)
        return sock

    def environment(self, count: int, **others: str) -> dict[str, str]:
        return {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(count), **others}

    def take(self, environ: dict[str, str], first: int) -> list[tuple[socket.socket, str]]:
        taken = take_sockets(environ, first)
        for one in taken:
            self.addCleanup(one.sock.close)
        return [(one.sock, one.name) for one in taken]

    def test_listening_sockets_are_taken_with_their_names(self) -> None:
        plain, secure = self.listening(), self.listening()
        environ = self.environment(2, LISTEN_FDNAMES="chat:chats", OTHER="x")
        taken = self.take(environ, self.hand_over(plain, secure))
        self.assertEqual([name for _, name in taken], ["chat", "chats"])
        for (sock, _), original in zip(taken, (plain, secure), strict=True):
            self.assertEqual(sock.getsockname(), original.getsockname())
            self.assertFalse(sock.getblocking())

    def test_a_child_gets_neither_the_sockets_nor_the_variables(self) -> None:
        environ = self.environment(1, LISTEN_FDNAMES="chat", OTHER="x")
        ((sock, _),) = self.take(environ, self.hand_over(self.listening()))
        self.assertFalse(sock.get_inheritable())
        self.assertEqual(environ, {"OTHER": "x"})

    def test_names_are_not_needed(self) -> None:
        taken = self.take(self.environment(1), self.hand_over(self.listening()))
        self.assertEqual([name for _, name in taken], [""])

    def test_what_is_meant_for_another_process_is_left_alone(self) -> None:
        first = self.hand_over(self.listening())
        environ = self.environment(1) | {"LISTEN_PID": str(os.getppid())}
        self.assertEqual(self.take(environ, first), [])
        self.assertTrue(os.get_inheritable(first))
        self.assertEqual(self.take({}, first), [])
        self.assertEqual(self.take(self.environment(1) | {"LISTEN_FDS": "x"}, first), [])

    def test_what_cannot_be_accepted_on_is_refused(self) -> None:
        datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        idle = socket.socket()
        unix = socket.socket(socket.AF_UNIX)
        for sock in (datagram, idle, unix):
            self.addCleanup(sock.close)
            with self.assertRaisesRegex(Unusable, "^descriptor 200 is not a TCP socket"):
                take_sockets(self.environment(1), self.hand_over(sock))

    def test_a_file_or_nothing_is_refused(self) -> None:
        with tempfile.TemporaryFile() as file:
            os.dup2(file.fileno(), 200)
            self.addCleanup(self.close, 200)
            with self.assertRaisesRegex(Unusable, "descriptor 200 is not a socket"):
                take_sockets(self.environment(1), 200)
        os.close(200)
        with self.assertRaisesRegex(Unusable, "descriptor 200: Bad file descriptor"):
            take_sockets(self.environment(1), 200)


class SupervisorTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = str(Path(folder.name, "notify"))

    def listen(self, address: str) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(sock.close)
        sock.bind(address)
        sock.settimeout(10)
        return sock

    def supervisor(self, name: str) -> Supervisor:
        environ = {"NOTIFY_SOCKET": name}
        supervisor = Supervisor(environ)
        self.addCleanup(supervisor.close)
        self.assertEqual(environ, {})
        return supervisor

    def test_it_learns_of_the_beginning_and_of_the_end(self) -> None:
        sock = self.listen(self.path)
        supervisor = self.supervisor(self.path)
        supervisor.ready("listening on 127.0.0.1:1")
        supervisor.stopping()
        self.assertEqual(sock.recv(100), b"READY=1\nSTATUS=listening on 127.0.0.1:1")
        self.assertEqual(sock.recv(100), b"STOPPING=1")

    def test_a_reload_carries_the_time(self) -> None:
        sock = self.listen(self.path)
        before = time.monotonic_ns() // 1000
        self.supervisor(self.path).reloading()
        told = re.fullmatch(rb"RELOADING=1\nMONOTONIC_USEC=(\d+)", sock.recv(100))
        assert told is not None
        self.assertLessEqual(before, int(told[1]))
        self.assertLessEqual(int(told[1]), time.monotonic_ns() // 1000)

    def test_its_socket_may_be_abstract(self) -> None:
        name = f"reactor-chat-test-{os.getpid()}"
        sock = self.listen("\0" + name)
        self.supervisor("@" + name).stopping()
        self.assertEqual(sock.recv(100), b"STOPPING=1")

    def test_nobody_there_costs_nothing(self) -> None:
        self.supervisor(self.path).stopping()
        self.supervisor("").stopping()
        self.supervisor("vsock:2:1").stopping()
        supervisor = self.supervisor(self.path)
        supervisor.close()
        supervisor.stopping()

    def test_one_that_does_not_read_stops_nobody(self) -> None:
        self.listen(self.path)
        supervisor = self.supervisor(self.path)
        for _ in range(10_000):
            supervisor.ready("x" * 100)


if __name__ == "__main__":
    unittest.main()
