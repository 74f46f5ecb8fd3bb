"""The load process: one server, one crowd, every scenario, one JSON line a measurement.

`python -m benchmarks.load JOB`, where JOB is the JSON of a `Job`. It runs apart from the server
and from the harness, with a loop of its own, and samples the CPU of the server and of itself
at the same moments as it counts. Exit status 0, or 1 with the reason as the last line.
An alarm ends it should it ever hang. Servers are not started here.
"""

import gc
import json
import math
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from signal import SIGCONT, SIGSTOP
from time import perf_counter, process_time, sleep

from benchmarks.burst import Burst
from benchmarks.crowd import Crowd, Lost, Stalled, enter_room
from benchmarks.plan import BUSY_CLIENTS, ROOM_SCENARIOS
from benchmarks.rooms import SMALL_ROOM, Blocked, Chorus, Tens
from benchmarks.scenarios import Arrivals, Echo, Fanout, Scenario
from benchmarks.stats import Measurement, percentile
from benchmarks.usage import children_of, cpu_of, memory_of

# Callers that a rate of arrivals is taken from at least; in a smaller crowd most do not stay.
FEWEST_ARRIVALS = 200

# Clients that warm an echo up: the others have been served before, and 16 messages of each of
# 10,000 take seconds.
WARMED_UP = 1_000

# Seconds in which a keeper has written what was said at last.
KEEPING = 0.2

# Callers that come and go before anything is measured, so that the server has all it loads
# lazily when its memory is read.
FIRST_CALLERS = 20


@dataclass(frozen=True)
class Job:
    """What one load process is to do."""

    port: int
    pid: int
    connections: int
    scenarios: list[str]
    seconds: float
    warm_up: float
    sources: int  # addresses to call from
    tls: bool
    deadline: int  # seconds after which the process is to be ended by its alarm


class Load:
    """The crowd at one server, and the measurements made with it."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.crowd = Crowd(("127.0.0.1", job.port), job.sources, job.tls)
        self.fds: list[int] = []
        self.names: dict[int, str] = {}
        self.rooms: list[dict[int, str]] = []
        self.children = children_of(job.pid)

    def run(self) -> None:
        first = Arrivals(self.crowd, FIRST_CALLERS, FIRST_CALLERS)
        self.timed(first, math.inf)
        self.crowd.close(first.fds)
        arrivals = None if self.job.scenarios == ["blocked"] else self.arrive(self.job.connections)
        for name in self.job.scenarios:
            try:
                measured = arrivals if arrivals and name == "arrivals" else self.measure(name)
            except Lost as lost:
                raise Lost(f"{name}: {lost}") from lost
            print(json.dumps(asdict(measured) | {"scenario": name}), flush=True)

    def arrive(self, count: int) -> Measurement:
        """Bring in those who stay, and see by how much the server grows."""
        before = memory_of(self.job.pid)
        fewest = FEWEST_ARRIVALS if "arrivals" in self.job.scenarios else 0
        arrivals = Arrivals(self.crowd, count, max(count, fewest))
        measurement = self.timed(arrivals, math.inf)
        self.fds = arrivals.fds
        memory = (memory_of(self.job.pid) - before) / count
        return replace(measurement, memory=memory)

    def measure(self, name: str) -> Measurement:
        """Warm up with a scenario of the same kind, then measure another."""
        if name == "blocked":  # it has filled the room before it starts
            return self.timed(Blocked(self.crowd, self.job.connections), self.job.seconds)
        if name in ROOM_SCENARIOS and not self.names:
            self.names = enter_room(self.crowd, self.fds)
        if name == "tens" and not self.rooms:
            self.rooms = [
                enter_room(self.crowd, self.fds[start : start + SMALL_ROOM], f"tens{start}", start)
                for start in range(0, len(self.fds), SMALL_ROOM)
            ]
        busy = [self.crowd.connect() for _ in range(BUSY_CLIENTS)] if name == "idle" else []
        talking = busy or self.fds
        self.timed(self.make(name, talking[:WARMED_UP]), self.job.warm_up)
        measurement = self.timed(self.make(name, talking), self.job.seconds)
        self.crowd.close(busy)
        return measurement

    def make(self, name: str, talking: Sequence[int]) -> Scenario:
        """The scenario of that name, with those who talk in it if it is an echo."""
        if name == "burst":
            return Burst(self.crowd, self.names)
        if name == "fanout":
            return Fanout(self.crowd, self.names)
        if name == "chorus":
            stop, go_on = (partial(os.kill, self.job.pid, s) for s in (SIGSTOP, SIGCONT))
            return Chorus(self.crowd, self.names, stop, go_on)
        if name == "tens":
            return Tens(self.crowd, self.rooms)
        return Echo(self.crowd, talking, 16 if name == "echo16" else 1)

    def timed(self, scenario: Scenario, seconds: float) -> Measurement:
        """Run for `seconds` and until nothing is under way any more. Raises `Lost`."""
        keeper = self.keeper_cpu()
        server, own, began = cpu_of(self.job.pid), process_time(), perf_counter()
        scenario.start()
        delivered = self.talk(scenario, began + seconds) + self.drain(scenario)
        ended = perf_counter()
        used, load = cpu_of(self.job.pid).since(server), process_time() - own
        kept = self.keeper_cpu(wait=KEEPING) - keeper if self.children else None
        scenario.check()
        ordered = sorted(scenario.latencies)
        return Measurement(
            connections=self.job.connections,
            delivered=delivered,
            seconds=ended - began,
            cpu=used.total,
            user_ticks=used.user,
            all_ticks=used.ticked,
            load_cpu=load,
            p50=percentile(ordered, 50),
            p99=percentile(ordered, 99),
            worst=ordered[-1],
            keeper=kept,
        )

    def keeper_cpu(self, wait: float = 0.0) -> float:
        """Return what the server's own children have used, once they have had time to finish."""
        if self.children:
            sleep(wait)
        return sum(cpu_of(child).total for child in self.children)

    def talk(self, scenario: Scenario, until: float) -> int:
        """Step until the time is over; a scenario with an end of its own stops talking there."""
        delivered = 0
        while scenario.talking and perf_counter() < until:
            delivered += self.step(scenario)
        scenario.talking = False
        return delivered

    def drain(self, scenario: Scenario) -> int:
        delivered = 0
        while scenario.outstanding():
            delivered += self.step(scenario)
        return delivered

    def step(self, scenario: Scenario) -> int:
        try:
            return scenario.step()
        except Stalled as stalled:
            missing = scenario.outstanding()
            raise Lost(f"{missing:,} messages were lost: {stalled}") from None


def main() -> int:
    job = Job(**json.loads(sys.argv[1]))
    signal.alarm(job.deadline)
    # Nothing here makes cycles, and a collection would pass for a slow server.
    gc.disable()
    try:
        Load(job).run()
    except (Lost, OSError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
