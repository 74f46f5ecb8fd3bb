"""What the crowd does: the loops whose every iteration is part of a measurement.

A scenario is started, stepped for a while, and drained. A step is one poll and the answer to
all it found; it returns how many messages were delivered. Once `talking` is false nothing new
is said, and `outstanding()` falls to zero as the rest comes in: so a measurement ends with
nothing under way, and every message in it is paid for and counted exactly once.

Echo, fan-out and arrivals are here; the burst, which counts otherwise, is in `burst.py`.
Invariants: what is under way is bounded by the number of clients and the scenario's window;
every byte that comes is either compared with what must come or counted against it.
Time limits, CPU and memory are not read here; `load.py` does that around a scenario.
"""

from collections import defaultdict
from collections.abc import Sequence
from time import perf_counter
from typing import Protocol

from benchmarks.crowd import READ, Crowd, Lost

# What people type: 32 bytes, all ASCII, so that a line's length is known before it comes.
LINE = b"the quick fox jumped over a dog\n"

# Callers whose first line is not answered yet: below any listener's backlog, as an overflow
# there costs the caller a second and would measure the kernel's retry.
CALLING_AT_ONCE = 64


class Scenario(Protocol):
    """What `load.py` drives."""

    talking: bool
    latencies: list[float]

    def start(self) -> None: ...
    def step(self) -> int: ...
    def outstanding(self) -> int: ...
    def check(self) -> None: ...


class Pieces:
    """Answers that came in more than one piece, until they are whole."""

    def __init__(self) -> None:
        self._parts: defaultdict[int, bytes] = defaultdict(bytes)

    def complete(self, fd: int, data: bytes, expected: bytes) -> bool:
        """Return whether `data` completes `expected`. Raises `Lost` if it is anything else."""
        if not data:
            raise Lost("the server closed a connection")
        whole = self._parts.pop(fd, b"") + data
        if not expected.startswith(whole):
            raise Lost(f"expected {expected[:80]!r}, got {whole[:80]!r}")
        if whole != expected:
            self._parts[fd] = whole
        return whole == expected


class Echo:
    """Each of `fds` says `depth` lines in one write, and again when all are answered."""

    def __init__(self, crowd: Crowd, fds: Sequence[int], depth: int = 1) -> None:
        self.crowd, self.fds, self.depth = crowd, fds, depth
        self.talking = True
        self.latencies: list[float] = []
        self._asked: dict[int, float] = {}
        self._pieces = Pieces()

    def start(self) -> None:
        for fd in self.fds:
            self._asked[fd] = perf_counter()
            self.crowd.send[fd](LINE * self.depth)

    def step(self) -> int:
        question, answer = LINE * self.depth, LINE.upper() * self.depth
        recv, send, asked, talking = self.crowd.recv, self.crowd.send, self._asked, self.talking
        answered = 0
        for fd, _ in self.crowd.poll():
            data = recv[fd](READ)
            if data != answer and not self._pieces.complete(fd, data, answer):
                continue
            now = perf_counter()
            self.latencies.append(now - asked.pop(fd))
            answered += 1
            if talking:
                asked[fd] = now
                send[fd](question)
        return answered * self.depth

    def outstanding(self) -> int:
        return len(self._asked) * self.depth

    def check(self) -> None:
        self.crowd.must_be_silent()


class Fanout:
    """One member of a room speaks; when all the others have heard it, the next one does."""

    def __init__(self, crowd: Crowd, names: dict[int, str]) -> None:
        self.crowd, self.names = crowd, names
        self.talking = True
        self.latencies: list[float] = []
        self._members = list(names)
        self._said = 0
        self._said_at = 0.0
        self._hearing = 0
        self._line = b""
        self._pieces = Pieces()

    def start(self) -> None:
        self._speak()

    def step(self) -> int:
        recv, expected, said_at = self.crowd.recv, self._line, self._said_at
        latencies = self.latencies
        heard = 0
        for fd, _ in self.crowd.poll():
            data = recv[fd](READ)
            if data != expected and not self._pieces.complete(fd, data, expected):
                continue
            latencies.append(perf_counter() - said_at)
            heard += 1
        self._hearing -= heard
        if self.talking and self._hearing <= 0:
            self._speak()
        return heard

    def outstanding(self) -> int:
        return self._hearing

    def check(self) -> None:
        self.crowd.must_be_silent()

    def _speak(self) -> None:
        if self._hearing:
            raise Lost("a line was delivered twice")
        speaker = self._members[self._said % len(self._members)]
        text = b"%08d " % self._said + LINE[9:]
        self._line = self.names[speaker].encode() + b": " + text
        self._said += 1
        self._hearing = len(self._members) - 1
        self._said_at = perf_counter()
        self.crowd.send[speaker](text)


class Arrivals:
    """Callers connect, say one line and hear its answer; the last `staying` of `total` stay.

    The others hang up when they are answered. So a small crowd can be measured for long enough:
    no more than `staying` are there at a time.
    """

    def __init__(self, crowd: Crowd, staying: int, total: int) -> None:
        self.crowd, self.total = crowd, total
        self.talking = True
        self.latencies: list[float] = []
        self.fds: list[int] = []
        self._at_once = min(staying, CALLING_AT_ONCE)
        self._leaving = total - staying
        self._calls = 0
        self._called: dict[int, float] = {}
        self._pieces = Pieces()

    def start(self) -> None:
        self._call()

    def step(self) -> int:
        before = len(self._called)
        for fd, _ in self.crowd.poll():
            data = self.crowd.recv[fd](READ)
            if self._pieces.complete(fd, data, LINE.upper()):
                self.latencies.append(perf_counter() - self._called.pop(fd))
                self._answered(fd)
        served = before - len(self._called)
        self._call()
        return served

    def outstanding(self) -> int:
        return len(self._called)

    def check(self) -> None:
        self.crowd.must_be_silent()

    def _answered(self, fd: int) -> None:
        if self._leaving:
            self._leaving -= 1
            self.crowd.close([fd])
        else:
            self.fds.append(fd)

    def _call(self) -> None:
        while self.talking and len(self._called) < self._at_once:
            now = perf_counter()
            fd = self.crowd.connect()
            self._called[fd] = now
            self.crowd.send[fd](LINE)
            self._calls += 1
            self.talking = self._calls < self.total
