"""A server over the simulated network, for tests that look at bytes and at the log themselves.

The clock stands still unless it is moved, so what is heard is heard at once.
"""

import random
import unittest
from typing import Any, cast

from reactor_chat.chat.archive import Archive, NoArchive
from reactor_chat.loop.reactor import Reactor
from reactor_chat.net.shared import Limits
from reactor_chat.server.server import Server
from reactor_chat.server.settings import Settings
from tests.sim.clock import Clock
from tests.sim.network import Network
from tests.sim.process import Process
from tests.sim.selector import Asleep, Selector
from tests.sim.stream import Stream

HERE = ("192.0.2.1", 56040)
FOREIGN = "203.0.113.7"


class FakeLog:
    """Keeps the lines of the log."""

    quiet = False

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.quiet = False

    def event(self, kind: str, text: str, by: str = "", **fields: str) -> None:
        self.lines.append(text)

    def said(self, by: str, name: str, room: str, block: bytes) -> None:
        self.lines += block.decode().split("\n")[:-1]

    def enter(self, by: str, source: str) -> None:
        """Somebody is here."""

    def forget(self, by: str) -> None:
        """Somebody is gone."""

    def failure(self, who: str, error: Exception) -> None:
        raise error


class SmallWorldCase(unittest.TestCase):
    """Callers from anywhere, and the server that they call."""

    settings = Settings(rate=0, limits=Limits())

    def setUp(self) -> None:
        self.clock, self.log, self.network = Clock(), FakeLog(), Network()
        process = Process(random.Random(0))
        self.outside = Process(random.Random(0), limit=100_000)
        self.reactor = Reactor(Selector(process), self.clock)
        archive = self.make_archive()
        self.server = Server(self.reactor, self.settings, self.log, archive, clock=lambda: 0.0)
        self.addCleanup(self.server.close)
        self.server.listen(cast(Any, self.network.listen(process, HERE, backlog=1000)))

    def make_archive(self) -> Archive:
        """Return where the server keeps what is said."""
        return NoArchive(lambda: "0123abcd")

    def settle(self) -> None:
        """Turn until there is nothing to do."""
        while True:
            try:
                self.reactor.turn()
            except Asleep:
                return

    def pass_time(self, seconds: float) -> None:
        """Let the clock go."""
        self.clock.advance(seconds)
        self.settle()

    def call(self, host: str = FOREIGN, *lines: str) -> Stream:
        """Let somebody call from an address, and say something."""
        stream = self.network.connect(self.outside, HERE, host)
        stream.setblocking(False)
        self.settle()
        if lines:
            self.ask(stream, *lines)
        return stream

    def hear(self, stream: Stream) -> str:
        """Return what has come."""
        self.settle()
        try:
            return stream.recv(1_000_000).decode()
        except BlockingIOError:
            return ""

    def ask(self, stream: Stream, *lines: str) -> list[str]:
        """Say lines; return what comes in answer."""
        stream.send("".join(f"{line}\n" for line in lines).encode())
        return self.hear(stream).splitlines()

    def operate(self, line: str) -> list[str]:
        """Let the operator type a line; return what is shown in answer."""
        shown = self.server.operator.receive(line)
        self.reactor.end_turn()
        self.settle()
        return shown

    def assert_ended(self, stream: Stream) -> None:
        """See that the server has said its last word."""
        self.settle()
        self.assertEqual(stream.recv(1), b"")
