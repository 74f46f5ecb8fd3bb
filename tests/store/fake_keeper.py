"""A store over a simulated network, and keepers that do their work when a test lets them.

They write to a real database, in memory, which outlives them as a disk would.

Not here: processes, files, and what the real keeper's loop is made of.
"""

import contextlib
import random
import sqlite3
import weakref

from reactor_chat.loop.reactor import Reactor
from reactor_chat.store.answers import check_password, list_contents, read_slice
from reactor_chat.store.client import Store
from reactor_chat.store.database import Database
from reactor_chat.store.process import Peer
from reactor_chat.store.records import DURABLE, Decoder, Frame, Kind, encode
from tests.sim.clock import Clock
from tests.sim.network import socket_pair
from tests.sim.process import CALM, Faults, Process
from tests.sim.selector import Asleep, Selector

CAPACITY = 2000  # bytes that each end's kernel buffers


class FakeKeeper:
    """One keeper: the server's view of it (`Peer`), and what it is made to do."""

    def __init__(self, world: "World") -> None:
        self.near, self.far = socket_pair(world.process, world.outside, CAPACITY)
        self.send = self.near.send
        self.recv = self.near.recv
        self.fileno = self.near.fileno
        self.close = self.near.close
        self.killed = False
        self.is_open = False  # the file
        self.ended = False  # its input
        self.frames: list[Frame] = []  # that it has read
        self._decoder = Decoder()
        self._committed = 0
        self._answered = 0
        self._outgoing = b""
        self._world = world

    # What the server calls

    def end_input(self) -> None:
        self.ended = True

    def wait(self, write: bool, seconds: float) -> bool:
        self._world.serve(self)
        return True

    def kill(self) -> None:
        self.killed = True
        self.far.close()

    def status(self, seconds: float = 0.0) -> int | None:
        return -9

    # What it is made to do

    def read(self) -> None:
        while not self.killed:
            try:
                self.frames += self._decoder.feed(self.far.recv(1000))
            except BlockingIOError:
                return

    def send_all(self, data: bytes) -> None:
        """Send it, as a process does that blocks; the server reads meanwhile."""
        self._outgoing += data
        with contextlib.suppress(OSError):
            while self._outgoing:
                self._outgoing = self._outgoing[self.far.send(self._outgoing) :]

    def say(self, kind: Kind, value: object) -> None:
        self.send_all(encode(kind, value))

    def open_file(self, everything: bool) -> None:
        self.is_open = True
        self.send_all(b"".join(list_contents(self._world.disk, everything)))

    def commit(self) -> None:
        """Write all that was read, and say so."""
        durable = [frame for frame in self.frames if frame.kind in DURABLE]
        if len(durable) > self._committed:
            self._world.disk.write(durable[self._committed :], 0)
            self._committed = len(durable)
            self.say(Kind.COMMITTED, sum(frame.size for frame in durable))

    def answer(self) -> None:
        """Answer what was asked."""
        questions = [frame for frame in self.frames if frame.request]
        for frame in questions[self._answered :]:
            reads = frame.kind in (Kind.READ_LAST, Kind.READ_AFTER)
            self.send_all((read_slice if reads else check_password)(self._world.disk, frame))
        self._answered = len(questions)

    def oblige(self) -> None:
        """Do what a keeper does whom nothing ails."""
        self.read()
        if self.killed or not self.frames:
            return
        if not self.is_open:
            self.open_file(everything=self.frames[0].value()["origin"] is None)
        self.commit()
        self.answer()
        self.send_all(b"")
        if self.ended and not (self.near.unsent() or self._outgoing):
            self.kill()

    def kinds(self) -> list[Kind]:
        return [Kind(frame.kind) for frame in self.frames]


def _close(disk: Database) -> None:
    with contextlib.suppress(sqlite3.Error):  # it was closed already
        disk.close()


class World:
    """A store, the keepers that it has started so far, and what they have written."""

    def __init__(self, faults: Faults = CALM) -> None:
        self.process = Process(random.Random(0), faults)
        self.outside = Process(random.Random(0))
        self.clock = Clock()
        self.reactor = Reactor(Selector(self.process), self.clock)
        self.keepers: list[FakeKeeper] = []
        self.disk = Database(":memory:")
        # SQLite warns of what is not closed (Python 3.13), and a property test makes many worlds.
        weakref.finalize(self, _close, self.disk)
        self.disk.begin(whole=False, before=None)
        self.log: list[str] = []
        self.failures: list[Exception] = []
        self.can_spawn = True
        self.obliging = True  # keepers open the file, and write what comes, by themselves
        self.store = self.open()
        self.hooks: list[str] = []
        self.store.on_drained = lambda: self.hooks.append("drained")
        self.store.on_relieved = lambda: self.hooks.append("relieved")

    def open(self) -> Store:
        """Open the file as a server does when it starts."""
        return Store(
            self.reactor,
            "/lines.db",
            log=self.log.append,
            failure=self.failures.append,
            spawn=self._spawn,
            clock=self.clock,
        )

    def _spawn(self, path: str) -> Peer:
        if not self.can_spawn:
            raise OSError(11, "resource temporarily unavailable")
        self.keepers.append(FakeKeeper(self))
        return self.keepers[-1]

    @property
    def keeper(self) -> FakeKeeper:
        return self.keepers[-1]

    def serve(self, keeper: FakeKeeper) -> None:
        """Let a keeper do its work, if keepers do any."""
        if self.obliging:
            keeper.oblige()

    def settle(self) -> None:
        """Turn until nothing more happens without the clock moving on."""
        idle = 0
        while idle < 2:
            try:
                self.reactor.turn()
                idle = 0
            except Asleep:
                self.serve(self.keeper)
                idle += 1

    def wait(self, seconds: float) -> None:
        self.settle()
        self.clock.advance(seconds)
        self.settle()


def written(world: World, room: str = "tea") -> list[int]:
    """Return the numbers of the lines that are on the disk."""
    numbers: list[int] = []
    while True:
        piece = world.disk.read(room, numbers[-1] if numbers else 0, 2**40)
        numbers += [number for number, _, _ in piece.lines]
        if piece.done:
            return numbers
