"""A client that is cut off again and again, and what it has seen in the end.

A real server, a real client in a window, and a relay between them that breaks connections. Whoever
sits at the window has seen the room's lines from the first to the last, once each and in order.
"""

import random
import re
import socket
import struct
import subprocess
import sys
import time
import unittest

from reactor_chat.client.waiting import wait
from tests.client.peer import environment
from tests.window import PATIENCE, Window

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # on, 0 s: socket(7)
_SAID = re.compile(r"(?:alice|bob): line \d+")


class Relay:
    """Passes on what comes between callers and a server, until it cuts them off."""

    def __init__(self, port: int) -> None:
        self._server = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._other: dict[socket.socket, socket.socket] = {}

    def close(self) -> None:
        self.cut(reset=False)
        self._listener.close()

    @property
    def sockets(self) -> list[socket.socket]:
        return [self._listener, *self._other]

    def cut(self, reset: bool) -> None:
        """Break every connection."""
        for sock in self._other:
            if reset:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            sock.close()
        self._other.clear()

    def serve(self, ready: socket.socket) -> None:
        """Accept, or pass something on."""
        if ready is self._listener:
            caller, _ = self._listener.accept()
            callee = socket.create_connection(("127.0.0.1", self._server))
            self._other.update({caller: callee, callee: caller})
        elif ready in self._other:
            self._pass_on(ready, self._other[ready])

    def _pass_on(self, sock: socket.socket, other: socket.socket) -> None:
        try:
            data = sock.recv(65_536)
            other.sendall(data)
        except OSError:
            data = b""
        if not data:
            for end in (sock, other):
                self._other.pop(end, None)
                end.close()


def end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.communicate()


class ResumingTest(unittest.TestCase):
    def setUp(self) -> None:
        self.window = Window(76, 400)
        self.addCleanup(self.window.close)
        argv = [sys.executable, "-m", "reactor_chat", "server", "--port", "0", "--rate", "0"]
        server = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment()
        )
        self.addCleanup(end, server)
        assert server.stdout is not None
        port = int(server.stdout.readline().rpartition(b":")[2])
        self.relay = Relay(port)
        self.addCleanup(self.relay.close)
        self.bob = socket.create_connection(("127.0.0.1", port))
        self.bob.settimeout(PATIENCE)
        self.addCleanup(self.bob.close)
        self.bob_hears = self.bob.makefile("r", encoding="utf-8")
        self.addCleanup(self.bob_hears.close)
        where = f"127.0.0.1:{self.relay.port}"
        argv = [sys.executable, "-m", "reactor_chat", "client", where]
        argv += ["--name", "alice", "--room", "tea", "--no-history"]
        self.addCleanup(end, self.window.run(argv, env=environment()))

    def pump(self, seconds: float) -> None:
        """Let everything take its course for a while."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            ready = wait([*self.relay.sockets, self.window.master], [], left)
            for sock in self.relay.sockets:
                if sock.fileno() >= 0 and ready.can_read(sock):
                    self.relay.serve(sock)
            if ready.can_read(self.window.master):
                self.window.look()

    def until_shows(self, text: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not any(text in row for row in self.window.screen.rows):
            self.assertLess(time.monotonic(), deadline, f"never seen: {text}")
            self.pump(0.05)

    def test_nothing_is_seen_twice_and_nothing_is_missing(self) -> None:
        rng = random.Random(7)
        self.until_shows("You are alice, in tea.")
        self.bob.sendall(b"/tags on\n/nick bob\n/join tea\nline 0\n")
        self.until_shows("bob: line 0")
        for number in range(1, 60):
            if rng.random() < 0.7:
                self.bob.sendall(f"line {number}\n".encode())
            if rng.random() < 0.7:
                self.window.type(f"line {number}\r")
            if rng.random() < 0.1:
                self.relay.cut(reset=rng.random() < 0.5)
            self.pump(rng.random() * 0.05)
        self.bob.sendall(b"line 60\n/history 1\n")
        self.until_shows("bob: line 60")
        self.assertEqual(self.seen(), self.said())
        self.assertTrue(any("Connection lost" in row for row in self.window.screen.rows))

    def test_who_is_cut_off_before_the_first_line_misses_none(self) -> None:
        self.until_shows("You are alice, in tea.")
        self.bob.sendall(b"/tags on\n/nick bob\n/join tea\n")
        self.until_shows("* bob joined")
        self.relay.cut(reset=True)
        self.bob.sendall(b"".join(b"line %d\n" % number for number in range(61)))
        self.until_shows("bob: line 60")
        self.assertEqual(self.seen(), self.said())

    def seen(self) -> list[str]:
        """What stands on the screen of what was said."""
        rows = (row[len("HH:MM ") :].rstrip() for row in self.window.screen.rows)
        return [row for row in rows if _SAID.fullmatch(row)]

    def said(self) -> list[str]:
        """What bob, who was there all the time, has heard: his own lines come back to him."""
        heard = []
        for line in self.bob_hears:
            tags, _, text = line.rstrip("\n").partition(" ")
            if ";id=" in tags:
                heard.append(text)
            if text == "bob: line 60":
                return heard
        raise AssertionError("the server went away")
