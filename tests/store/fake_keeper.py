"""A store over a simulated network, and keepers that do as a test says.

Not here: processes, files.
"""

import random

from reactor_chat.loop.reactor import Reactor
from reactor_chat.store.client import Store
from reactor_chat.store.process import Peer
from reactor_chat.store.records import DURABLE, Decoder, Frame, Kind, decode_lines, encode
from tests.sim.clock import Clock
from tests.sim.network import socket_pair
from tests.sim.process import CALM, Faults, Process
from tests.sim.selector import Asleep, Selector

CAPACITY = 2000  # bytes that each end's kernel buffers
EPOCH = "0123abcd"


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

    def say(self, kind: Kind, value: object, request: int = 0) -> None:
        data = encode(kind, value, request)
        while data:
            data = data[self.far.send(data) :]

    def open_file(self) -> None:
        self.is_open = True
        self.say(Kind.OPENED, {"origin": [EPOCH, "1"], "floor": 0, "bans": []})

    def commit(self) -> None:
        """Write all that was read, and say so."""
        durable = [frame for frame in self.frames if frame.kind in DURABLE]
        if len(durable) > self._committed:
            self._world.file += durable[self._committed :]
            self._committed = len(durable)
            self.say(Kind.COMMITTED, sum(frame.size for frame in durable))

    def oblige(self) -> None:
        """Do what a keeper does whom nothing ails."""
        self.read()
        if self.killed or not self.frames:
            return
        if not self.is_open:
            self.open_file()
        self.commit()
        if self.ended and not self.near.unsent():
            self.kill()

    def kinds(self) -> list[Kind]:
        return [Kind(frame.kind) for frame in self.frames]


class World:
    """A store, the keepers that it has started so far, and what they have written."""

    def __init__(self, faults: Faults = CALM) -> None:
        self.process = Process(random.Random(0), faults)
        self.outside = Process(random.Random(0))
        self.clock = Clock()
        self.reactor = Reactor(Selector(self.process), self.clock)
        self.keepers: list[FakeKeeper] = []
        self.file: list[Frame] = []
        self.log: list[str] = []
        self.failures: list[Exception] = []
        self.can_spawn = True
        self.obliging = True  # keepers open the file, and write what comes, by themselves
        self.store = self._open()
        self.hooks: list[str] = []
        self.store.on_drained = lambda: self.hooks.append("drained")
        self.store.on_relieved = lambda: self.hooks.append("relieved")

    def _open(self) -> Store:
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


def written(world: World) -> list[tuple[str, int, str]]:
    """Return the room, number and text of each line in the file."""
    found = []
    for frame in world.file:
        if frame.kind == Kind.LINES:
            room, number, _, texts = decode_lines(frame.body)
            found += [(room, number + place, text) for place, text in enumerate(texts)]
    return found
