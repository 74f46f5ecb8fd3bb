"""Samples to figures: percentiles, medians, spread. Pure.

A `Measurement` is what one load process found in one round. A `Row` is what a table shows: the
rounds of one subject, scenario and size brought together. Seconds and bytes everywhere, but for
the CPU times of a `Row`, which are microseconds a delivered message.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

# A process this busy has no time to spare: the rest goes to the scheduler and to other programs.
SATURATED = 0.9

# The tick samples user and system time 100 times a second or so: fewer ticks than this say nothing.
ENOUGH_TICKS = 0.1

# Smaller crowds grow a server's memory by little more than its allocator takes at a time.
ENOUGH_FOR_MEMORY = 1_000


@dataclass(frozen=True)
class Measurement:
    """One scenario, once: counts, seconds of CPU, latencies in seconds."""

    connections: int
    delivered: int
    seconds: float
    cpu: float
    user_ticks: float
    all_ticks: float
    load_cpu: float
    p50: float
    p99: float
    worst: float
    memory: float | None = None  # resident bytes a connection
    keeper: float | None = None  # seconds of CPU of the processes that the server has started
    scenario: str = ""
    subject: str = ""


@dataclass(frozen=True)
class Spread:
    """A median and the extremes around it."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(median(values), min(values), max(values))

    def percent(self) -> float:
        """Half the distance between the extremes, as a percentage of the median."""
        return 50 * (self.high - self.low) / self.median if self.median else 0.0


@dataclass(frozen=True)
class Row:
    """All rounds of one subject, scenario and size."""

    scenario: str
    subject: str
    connections: int
    rounds: int
    rate: Spread
    cpu: Spread
    user: float | None
    system: float | None
    p50: float
    p99: Spread
    worst: float
    memory: float | None
    keeper: float | None
    load_was_the_limit: bool


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of an ordered, non-empty sequence."""
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(0, int(rank) - 1)]


def brought_together(measurements: Iterable[Measurement]) -> list[Row]:
    """One row for each scenario, size and subject, in the order in which they first appear."""
    groups: dict[tuple[str, int, str], list[Measurement]] = {}
    for one in measurements:
        groups.setdefault((one.scenario, one.connections, one.subject), []).append(one)
    return [_row(rounds) for rounds in groups.values()]


def _row(rounds: list[Measurement]) -> Row:
    first = rounds[0]
    cpu = Spread.of([1e6 * one.cpu / one.delivered for one in rounds])
    share = _user_share(rounds)
    memory = [one.memory for one in rounds if one.memory is not None]
    kept = [(one.keeper, one.delivered) for one in rounds if one.keeper is not None]
    return Row(
        scenario=first.scenario,
        subject=first.subject,
        connections=first.connections,
        rounds=len(rounds),
        rate=Spread.of([one.delivered / one.seconds for one in rounds]),
        cpu=cpu,
        user=None if share is None else cpu.median * share,
        system=None if share is None else cpu.median * (1 - share),
        p50=median(one.p50 for one in rounds),
        p99=Spread.of([one.p99 for one in rounds]),
        worst=max(one.worst for one in rounds),
        memory=median(memory) if memory and first.connections >= ENOUGH_FOR_MEMORY else None,
        keeper=median(1e6 * cpu / delivered for cpu, delivered in kept) if kept else None,
        load_was_the_limit=_load_was_the_limit(rounds),
    )


def _user_share(rounds: list[Measurement]) -> float | None:
    ticks = sum(one.all_ticks for one in rounds)
    return sum(one.user_ticks for one in rounds) / ticks if ticks >= ENOUGH_TICKS else None


def _load_was_the_limit(rounds: list[Measurement]) -> bool:
    """Return whether the load had no time to spare while the server had."""
    load = median(one.load_cpu / one.seconds for one in rounds)
    server = median(one.cpu / one.seconds for one in rounds)
    return load >= SATURATED > server
