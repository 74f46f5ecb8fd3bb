"""What the keeper has not taken yet is read by nobody: not live, and not looking back either."""

import socket
import unittest
from collections.abc import Callable

from reactor_chat.loop.reactor import Reactor
from reactor_chat.server.server import Server
from reactor_chat.server.settings import Settings

_TURNS = 5  # until all that can happen has happened


class SlowKeeper:
    """Takes nothing while it is closed."""

    def __init__(self) -> None:
        self.on_drained: Callable[[], object] = lambda: None
        self.on_relieved: Callable[[], object] = lambda: None
        self.busy = False
        self.closed = False

    def flush(self) -> bool:
        return not self.closed

    def open(self) -> None:
        self.closed = False
        self.on_drained()


class SilentLog:
    """Hears of everything, and fails the test at a defect."""

    quiet = True

    def event(self, kind: str, text: str, by: str = "", **fields: str) -> None: ...
    def said(self, by: str, name: str, room: str, block: bytes) -> None: ...
    def enter(self, by: str, source: str) -> None: ...
    def forget(self, by: str) -> None: ...

    def failure(self, who: str, error: Exception) -> None:
        raise error


class OrderTest(unittest.TestCase):
    def setUp(self) -> None:
        self.keeper = SlowKeeper()
        self.reactor = Reactor()
        self.addCleanup(self.reactor.close)
        settings = Settings(max_clients=10, rate=0)
        self.server = Server(self.reactor, settings, SilentLog(), keeper=self.keeper)
        self.addCleanup(self.server.close)

    def enter(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        self.addCleanup(ours.close)
        self.server.admit(theirs, "127.0.0.1", 1)
        return ours

    def hear(self, client: socket.socket, *lines: str) -> list[str]:
        """Say lines, and return what is read when all has settled."""
        if lines:
            client.send("".join(f"{line}\n" for line in lines).encode())
        for _ in range(_TURNS):
            self.reactor.turn(0.0)
        try:
            return client.recv(100_000).decode().split("\n")[:-1]
        except BlockingIOError:
            return []

    def test_who_comes_in_does_not_read_it_among_the_recent_lines(self) -> None:
        alice, bob = self.enter(), self.enter()
        self.hear(alice, "/tags on", "/join tea", "before")
        self.keeper.closed = True
        self.assertEqual(self.hear(alice, "secret"), [])
        (answer,) = self.hear(bob, "/tags on", "/join tea")
        self.assertTrue(answer.endswith("-> Lines carry tags now."))
        self.keeper.open()
        read = self.hear(bob)
        self.assertEqual(read[0].partition(" ")[2], "-> You joined tea. Here: Client 1, Client 2.")
        self.assertEqual([line.rpartition(": ")[2] for line in read[2:]], ["before", "secret"])

    def test_who_is_there_does_not_read_it_in_the_history(self) -> None:
        alice, bob = self.enter(), self.enter()
        self.hear(alice, "/join tea")
        self.hear(bob, "/join tea")
        self.hear(alice)
        self.keeper.closed = True
        self.assertEqual(self.hear(alice, "secret\n/history\n/whoami"), [])
        self.assertEqual(self.hear(bob), [])
        self.keeper.open()
        self.assertEqual(self.hear(alice), ["Client 1: secret", "-> You are Client 1, in tea."])
        self.assertEqual(self.hear(bob), ["Client 1: secret"])
