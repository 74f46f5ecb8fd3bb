"""One connection of the server's over a simulated socket pair, and an owner that takes notes.

What does not belong here: statements about either.
"""

import random
import unittest
from typing import Any, cast

from reactor_chat.loop.reactor import Reactor
from reactor_chat.net.connection import Connection
from reactor_chat.net.owner import Owner
from reactor_chat.net.shared import Limits, Shared
from reactor_chat.wire.framing import Line
from tests.sim.clock import Clock
from tests.sim.network import socket_pair
from tests.sim.process import Process
from tests.sim.selector import Asleep, Selector
from tests.sim.stream import Stream

LIMITS = Limits(backlog=1000, hold=500)
CAPACITY = 100  # Bytes that each end's kernel buffers.


class Recorder(Owner):
    """An owner that takes down what happens, and may be told to do something about it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.events: list[object] = []
        self.is_busy = False  # It takes no lines now.

    def on_batch(self, batch: bytes) -> None:
        self.connection.lines.put_back(batch)
        self.on_lines()

    def on_lines(self) -> None:
        while True:
            if self.is_busy:
                self.connection.pause_reading()
                return
            line = self.connection.lines.next_line()
            if line is None:
                return
            self.on_line(line)

    def on_line(self, line: Line) -> None:
        if line == b"fail":
            raise ZeroDivisionError
        self.events.append(line)

    def on_end(self) -> None:
        self.events.append("end")
        self.connection.close("end of input")

    def on_closed(self, reason: str) -> None:
        self.events.append(f"closed: {reason}")

    def on_error(self, error: Exception) -> None:
        self.events.append(type(error))


class ConnectionCase(unittest.TestCase):
    def setUp(self) -> None:
        self.process = Process(random.Random(0))
        self.clock = Clock()
        self.selector = Selector(self.process)
        self.reactor = Reactor(self.selector, self.clock)
        self.shared = Shared(self.reactor, LIMITS, lambda: 0)
        self.sends: list[bytes] = []
        self.senders: list[Stream] = []  # of each of these
        self.connection, self.peer, self.owner = self.connect()
        self.addCleanup(lambda: self.assertEqual(self.process.violations, []))

    def connect(self) -> tuple[Connection, Stream, Recorder]:
        near, far = socket_pair(self.process, Process(random.Random(0)), CAPACITY)
        send = near.send

        def noted(data: bytes) -> int:
            self.sends.append(bytes(data))
            self.senders.append(near)
            return send(data)

        near.send = noted  # type: ignore[assignment, method-assign]
        connection = Connection(self.shared, cast(Any, near))
        owner = Recorder(connection)
        connection.open(cast(Any, owner))
        return connection, far, owner

    def settle(self) -> float | None:
        """Turn until there is nothing to do; for how long the loop would sleep."""
        self.reactor.end_turn()
        while True:
            try:
                self.reactor.turn()
            except Asleep as sleep:
                return sleep.timeout

    def wait(self, seconds: float) -> None:
        self.settle()
        self.clock.advance(seconds)
        self.settle()

    def read(self) -> bytes:
        """Whatever the peer can get, to the end if there is one."""
        received = bytearray()
        while True:
            try:
                data = self.peer.recv(1000)
            except BlockingIOError:
                self.settle()
                if not self.peer.unread():
                    return bytes(received)
                continue
            if not data:
                return bytes(received)
            received += data

    def say(self, data: bytes) -> None:
        """Send all of `data` from the peer, in as many pieces as it takes."""
        while data:
            data = data[self.peer.send(data) :]
            self.settle()

    @property
    def interest(self) -> int:
        key = self.selector.get_map().get(self.connection.fd)
        return key.events if key else 0

    def reads_the_end(self) -> bool:
        return self.peer.readable() and not self.peer.recv(1)
