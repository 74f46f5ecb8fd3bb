"""What a run consists of: sizes, rounds, time, and where the machine's limits cut it.

Pure. A run is a list of rounds; a round visits every size; at every size each subject gets a
fresh server and the same scenarios. Rounds are the outer loop, so what disturbs the machine
for a while disturbs every subject, and the rounds are spread over the whole run.
Starting things and measuring them is not done here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

SCENARIOS = {
    "arrivals": "arrivals: N callers connect, and each is served one line",
    "idle": "idle: 100 busy clients beside N idle ones",
    "echo": "echo: each of N clients has 1 message in flight",
    "echo16": "echo, pipelined: each of N clients has 16 messages in flight",
    "fanout": "fan-out: a room of N, one speaker at a time",
    "burst": "burst: a room of N, ten speakers at full speed",
    "tens": "rooms of ten: N in rooms of ten, one speaker each",
    "chorus": "chorus: a room of N, half of them speak in one turn",
    "blocked": "blocked: 16 KiB of lines past N who do not read",
}

# Those that the sweep does not visit, with the crowds that they are about.
FIXED: dict[str, tuple[int, ...]] = {"tens": (10, 1_000), "chorus": (500,), "blocked": (300,)}
SWEPT = tuple(name for name in SCENARIOS if name not in FIXED)

# What each counts: the unit of "delivered".
UNITS = dict.fromkeys(SCENARIOS, "msgs") | {"arrivals": "conns"}

# A room of one has nobody to deliver to.
ROOM_SCENARIOS = ("fanout", "burst", "chorus")
SMALLEST_ROOM = 2

BUSY_CLIENTS = 100
SWEEP = (1, 10, 100, 1_000, 10_000)

# Descriptors that a process needs beside its connections: standard streams, the poll, the
# listener, a library's own files, and the 32 that a server may hold back for itself.
SPARE_DESCRIPTORS = 64


@dataclass(frozen=True)
class Scale:
    """How much is measured: sizes to visit, rounds, and seconds a measurement."""

    sizes: tuple[int, ...]
    rounds: int
    seconds: float
    warm_up: float
    budget: float  # seconds; no session starts that would probably end after it
    to_the_limit: bool = False
    small: bool = False  # a taste of each: `FIXED` with a tenth of the crowds, for one server


SCALES = {
    "smoke": Scale((20,), rounds=1, seconds=0.1, warm_up=0.03, budget=16, small=True),
    "default": Scale(SWEEP, rounds=3, seconds=0.35, warm_up=0.1, budget=360),
    "full": Scale(SWEEP, rounds=5, seconds=2.0, warm_up=0.5, budget=5_400, to_the_limit=True),
}


@dataclass(frozen=True)
class Limits:
    """What the machine allows one process: descriptors, and ports to call one server from.

    A port is taken for one address of the caller's. On Linux all of 127.0.0.0/8 is this machine, so
    that a large crowd calls from several of them.
    """

    descriptors: int
    ports: int  # of one address
    addresses: int = 1

    def most_connections(self) -> int:
        """The largest N for which N connections and the busy clients beside them fit."""
        most = min(self.descriptors - SPARE_DESCRIPTORS, self.ports * self.addresses)
        return max(1, most - BUSY_CLIENTS)

    def addresses_for(self, connections: int) -> int:
        """How many addresses so many connections, and the busy clients, have to be called from."""
        return min(self.addresses, -(-(connections + BUSY_CLIENTS) // self.ports))

    def reason(self) -> str:
        if self.ports * self.addresses < self.descriptors - SPARE_DESCRIPTORS:
            return f"{self.ports * self.addresses:,} local ports"
        return f"a limit of {self.descriptors:,} descriptors"


def cut(sizes: Sequence[int], limits: Limits, to_the_limit: bool = False) -> tuple[list[int], str]:
    """The sizes that fit, the limit itself in place of those that do not, and a note if cut."""
    most = limits.most_connections()
    kept = [size for size in sizes if size <= most]
    if len(kept) < len(sizes):
        note = f"cut: {limits.reason()} ends the sweep at {most:,} connections, not {max(sizes):,}"
    elif to_the_limit and most > max(sizes):
        note = f"to the limit: {limits.reason()} ends the sweep at {most:,} connections"
    else:
        return kept, ""
    return sorted({*kept, most}), note


def fixed(name: str, small: bool) -> tuple[int, ...]:
    """The sizes at which a scenario outside the sweep is run."""
    return (max(10, FIXED[name][0] // 10),) if small else FIXED[name]


def scenarios_for(size: int, wanted: Sequence[str]) -> list[str]:
    """The wanted scenarios that make sense for `size` connections, in the order they are run."""
    return [
        name
        for name in SWEPT
        if name in wanted and (name not in ROOM_SCENARIOS or size >= SMALLEST_ROOM)
    ]


def rotated(subjects: Sequence[str], turn: int) -> list[str]:
    """The subjects, starting one later each round, so that none always follows the same one."""
    start = turn % len(subjects) if subjects else 0
    return [*subjects[start:], *subjects[:start]]


def burst_batch(members: int, speakers: int) -> int:
    """How many lines a speaker writes at a time: a full window, or less in a large room.

    64 lines of 48 bytes fit any socket buffer. In a large room they are fewer, so that what is
    under way to the whole room stays near 100,000 copies: no server needs unbounded memory to
    hold it, and the slowest still turns it over within a second or so.
    """
    full_window, copies_under_way = 64, 100_000
    return max(1, min(full_window, math.floor(copies_under_way / (members * speakers))))
