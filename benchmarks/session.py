"""One server and its load process, from start to end, and the sequence of them that is a run.

Invariants: a session's server and load are both ended before the next one starts; one that lost
a message or failed is reported and never contributes half its figures; none starts that would
probably end after the time budget.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from benchmarks.load import Job
from benchmarks.plan import Limits, Scale, rotated, scenarios_for
from benchmarks.servers import ROOT, Failed, Subject, running
from benchmarks.stats import Measurement

# Seconds after which a load process, and a while later its server, end themselves: a multiple
# of what the slowest design takes for the largest room.
DEADLINE = 240
SERVER_DEADLINE = DEADLINE + 60


@dataclass(frozen=True)
class Group:
    """One size in one round: a session with each of the subjects, for all of the scenarios."""

    turn: int
    size: int
    scenarios: tuple[str, ...]
    subjects: list[str]


@dataclass
class Outcome:
    """What a run found, and what it could not find."""

    measurements: list[Measurement] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def groups(
    scale: Scale,
    sizes: Sequence[int],
    subjects: Mapping[str, Subject],
    scenarios: Sequence[str],
    fixed: Mapping[str, Sequence[int]],
) -> list[Group]:
    """All of a run, in order: in each round the sweep, then the scenarios with sizes of their own.

    A subject is left out at sizes beyond what it can take.
    """
    everybody = list(subjects)
    few = everybody[:1] if scale.small else everybody
    visits = [(size, tuple(scenarios_for(size, scenarios)), everybody) for size in sizes]
    visits += [(size, (name,), few) for name in scenarios for size in fixed.get(name, ())]
    return [
        Group(
            turn,
            size,
            what,
            [name for name in rotated(those, turn) if fits(subjects[name], size, what)],
        )
        for turn in range(scale.rounds)
        for size, what, those in visits
        if what
    ]


def fits(subject: Subject, size: int, scenarios: Sequence[str]) -> bool:
    return all(subject.fits(size, scenario) for scenario in scenarios)


class Run:
    """A run in progress: what it has found, and how long each size takes.

    A size is visited with all subjects or with none, so all have the same number of rounds.
    """

    def __init__(
        self,
        scale: Scale,
        limits: Limits,
        subjects: Mapping[str, Subject],
        root: Path,
        say: Callable[[str], None],
    ) -> None:
        self.scale, self.limits, self.subjects = scale, limits, subjects
        self.root, self.say = root, say
        self.outcome = Outcome()
        self._began = time.monotonic()
        self._took: dict[tuple[int, tuple[str, ...]], float] = {}

    def visit(self, group: Group) -> None:
        """Run a group's sessions, unless the budget would probably be overrun."""
        started, visit = self._elapsed(), (group.size, group.scenarios)
        if started + self._took.get(visit, 0) > self.scale.budget:
            where = f"round {group.turn + 1} of N={group.size:,}"
            self.outcome.notes.append(f"{self.scale.budget:,.0f} s were spent: left out {where}")
            return
        for subject in group.subjects:
            self._session(group, subject)
        self._took[visit] = self._elapsed() - started

    def _session(self, group: Group, subject: str) -> None:
        where = f"N={group.size:,} {subject}"
        label = f"[{self._elapsed():4.0f} s] round {group.turn + 1}/{self.scale.rounds}  {where}"
        try:
            measured = list(self._measured(subject, group))
        except Failed as failure:
            self.outcome.failures.append(f"{where}: {failure}")
            self.say(f"{label}: FAILED: {failure}")
        else:
            self.outcome.measurements += measured
            self.say(f"{label}: {_brief(measured)}")

    def _measured(self, name: str, group: Group) -> Iterator[Measurement]:
        """Run one session. Raises `Failed` if the server or the load does."""
        subject = self.subjects[name]
        with running(subject, SERVER_DEADLINE, self.root) as server:
            job = Job(
                port=server.port,
                pid=server.pid,
                connections=group.size,
                scenarios=list(group.scenarios),
                seconds=self.scale.seconds,
                warm_up=self.scale.warm_up,
                sources=self.limits.addresses_for(group.size),
                tls=subject.tls,
                deadline=DEADLINE,
            )
            for line in _load(job).splitlines():
                yield replace(Measurement(**json.loads(line)), subject=name)

    def _elapsed(self) -> float:
        return time.monotonic() - self._began


def _load(job: Job) -> str:
    """Put the load on the server and return the JSON lines that the load process wrote."""
    # `run` kills the process and waits for it if an interrupt comes.
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load", json.dumps(asdict(job))],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=ROOT,
        start_new_session=True,
        check=False,
    )
    if done.returncode:
        reason = done.stderr.strip().splitlines() or [f"ended with status {done.returncode}"]
        raise Failed(reason[-1])
    return done.stdout


def _brief(measured: Sequence[Measurement]) -> str:
    return "  ".join(f"{one.scenario} {one.delivered / one.seconds:,.0f}/s" for one in measured)
