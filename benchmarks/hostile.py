"""How long somebody else's message takes while others do their worst.

`python -m benchmarks hostile`: for each kind of flood (`floods.py`) and number of callers a fresh
server with default options, a process that floods it (`flood.py`), and a process that measures the
round trips of somebody else (`witness.py`): before, meanwhile, and after the flooders have left.

Invariants: witness and load share nothing but a clock, so that a busy load does not pass for a slow
server; a case that failed is reported as failed, never as fast.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks import machine
from benchmarks.flood import Job as FloodJob
from benchmarks.floods import KINDS
from benchmarks.helpers import Done, hear, helper, tell
from benchmarks.request import Request
from benchmarks.servers import PLAIN, Failed, knows, running
from benchmarks.stats import percentile
from benchmarks.witness import Job as WitnessJob
from benchmarks.witness import Sample

# Milliseconds of a round trip at p95 that are good enough, while so many callers flood at most.
GOOD = ((20, 20.0), (300, 100.0))

(_FEW, _FAST), (_, _STILL_GOOD) = GOOD

# Seconds after which nobody may notice any more that they were there.
RECOVERY = 1.0

# Seconds after which the processes of a case, and a while later its server, end themselves.
DEADLINE = 120


@dataclass(frozen=True)
class Times:
    """Seconds of a case: measured before, during and after the flood."""

    before: float
    during: float
    after: float


SCALES = {
    "smoke": (Times(0.1, 0.4, 1.2), ["letters"], (20,)),
    "default": (Times(0.5, 3.0, 3.0), list(KINDS), (20, 300)),
    "full": (Times(1.0, 10.0, 5.0), list(KINDS), (20, 300)),
}


@dataclass(frozen=True)
class Phase:
    """Round trips that began in one stretch of time, in milliseconds."""

    p50: float
    p95: float
    worst: float
    spent: float  # what the server spent of its CPU during one of them, at p95

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> "Phase":
        took = sorted(1000 * sample.took for sample in samples) or [0.0]
        spent = sorted(1000 * sample.spent for sample in samples) or [0.0]
        return cls(percentile(took, 50), percentile(took, 95), took[-1], percentile(spent, 95))


@dataclass(frozen=True)
class Case:
    """What one probe found about one flood."""

    kind: str
    callers: int
    probe: str
    answers: float  # lines a second that the flooders read
    cpu: float  # the server's share of a processor, meanwhile
    before: Phase
    during: Phase
    recovered: Phase  # later than `RECOVERY` after they left
    slow_for: float  # seconds after they left in which a round trip took longer than is good
    still_slow: bool  # when the measurement ended

    @property
    def good(self) -> bool:
        limit = good_for(self.callers)
        return self.during.p95 <= limit and self.recovered.p95 <= _FAST


def good_for(callers: int) -> float:
    return next((limit for most, limit in GOOD if callers <= most), GOOD[-1][1])


def case(
    kind: str,
    callers: int,
    probe: str,
    samples: Sequence[Sample],
    done: Done,
    before: float,
) -> Case:
    """Sort the samples of one probe into what was before, during and after the flood."""

    def between(start: float, end: float) -> list[Sample]:
        return [sample for sample in samples if start <= sample.at < end]

    ends = {sample.at + sample.took: 1000 * sample.took for sample in samples}
    slow = [end for end, took in ends.items() if end > done.left and took > _FAST]
    seconds = done.left - done.began
    return Case(
        kind,
        callers,
        probe,
        done.answers / seconds,
        done.cpu / seconds,
        Phase.of(between(done.began - before, done.began)),
        Phase.of(between(done.began, done.left)),
        Phase.of(between(done.left + RECOVERY, float("inf"))),
        max(slow, default=done.left) - done.left,
        bool(slow) and max(slow) >= max(ends),
    )


def measure(kind: str, callers: int, times: Times, root: Path) -> list[Case]:
    """Run one case. Raises `Failed` if the server, the load or the witness does."""
    subject = replace(PLAIN, arguments=(*PLAIN.arguments, *KINDS[kind].options))
    with running(subject, DEADLINE + 30, root) as server:
        flood_job = FloodJob(server.port, server.pid, kind, callers, times.during, DEADLINE)
        witness_job = WitnessJob(server.port, server.pid, KINDS[kind].also_in_a_room, DEADLINE)
        with (
            helper("flood", asdict(flood_job)) as flood,
            helper("witness", asdict(witness_job)) as witness,
        ):
            hear(flood), hear(witness)  # both are ready
            time.sleep(times.before)
            tell(flood)
            done = Done(**json.loads(hear(flood)))
            time.sleep(times.after)
            tell(witness)
            probes = json.loads(hear(witness))
            tell(flood)
    return [
        case(kind, callers, name, [Sample(*one) for one in samples], done, times.before)
        for name, samples in probes.items()
    ]


COLUMNS = (
    ("flood", 8, "<"),
    ("callers", 7, ">"),
    ("probe", 5, "<"),
    ("answers/s", 10, ">"),
    ("CPU", 5, ">"),
    ("before p95", 10, ">"),
    ("p50", 8, ">"),
    ("p95", 8, ">"),
    ("max", 8, ">"),
    ("CPU p95", 8, ">"),
    ("left p95", 9, ">"),
    ("left max", 9, ">"),
    ("slow for", 8, ">"),
    ("", 6, "<"),
)

LEGEND = f"""\
Round trips of somebody else's message, in ms: before the flood, while it lasts (p50, p95, max),
and those that began {RECOVERY:.0f} s and more after the flooders left. slow for: how long after
they left the last message that took over {_FAST:.0f} ms was through (+: not yet when it ended).
CPU: the server's share of a processor during the flood; CPU p95: what it spent of it during a round
trip, which that would take if nothing else ran. ok: p95 at most {_FAST:.0f} ms with {_FEW} callers,
{_STILL_GOOD:.0f} ms with more, and {_FAST:.0f} ms after they left."""


def header() -> str:
    return _line([name for name, _, _ in COLUMNS])


def row(found: Case) -> str:
    during, recovered = found.during, found.recovered
    milliseconds = [during.p50, during.p95, during.worst, during.spent]
    milliseconds += [recovered.p95, recovered.worst]
    return _line(
        [
            found.kind,
            str(found.callers),
            found.probe,
            f"{found.answers:,.0f}",
            f"{100 * found.cpu:.0f}%",
            f"{found.before.p95:,.1f}",
            *(f"{value:,.1f}" for value in milliseconds),
            f"{found.slow_for:.1f} s{'+' if found.still_slow else ''}",
            "ok" if found.good else "SLOW",
        ]
    )


def _line(cells: Sequence[str]) -> str:
    padded = [
        f"{cell:{side}{width}}" for cell, (_, width, side) in zip(cells, COLUMNS, strict=True)
    ]
    return " ".join(padded).rstrip()


def _able(kind: str, request: Request) -> bool:
    """Return whether the server has what a flood is about, and say so if it has not."""
    missing = [
        option
        for option in KINDS[kind].options
        if option.startswith("--") and not knows(request.root, option)
    ]
    if missing:
        request.say(f"{kind} left out: the server has no option {missing[0]}")
    return not missing


def run(request: Request) -> list[str]:
    """Run and print all cases, one by one. Returns what failed."""
    machine.limits()
    times, kinds, counts = SCALES[request.scale]
    counts = request.sizes or counts
    kinds = [name for name in request.chosen(KINDS, kinds) if _able(name, request)]
    request.say(machine.described(machine.facts()))
    failures: list[str] = []
    print("hostile: a server with default options, flooded at full speed", header(), sep="\n")
    for callers in counts:
        for kind in kinds:
            try:
                cases = measure(kind, callers, times, request.root)
            except Failed as failure:
                failures.append(f"hostile {kind} {callers}: {failure}")
                request.say(f"FAILED: {failures[-1]}")
                continue
            for one in cases:
                print(row(one), flush=True)
    print(LEGEND, flush=True)
    return failures
