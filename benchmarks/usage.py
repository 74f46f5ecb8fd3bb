"""The CPU time and the memory of another process, read from outside it.

On Linux the process's CPU-time clock gives nanoseconds, and `/proc` the resident memory. Where
those are missing `ps` gives both, coarser and without the split. Nothing is asked of the
process itself, so a server under test needs no support for being measured.
"""

import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

# The low bits of a per-process clock id (linux/posix-timers.h): user and system time by the
# tick, user time by the tick, and run time by the scheduler.
_CLOCK_TICKS, _CLOCK_USER, _CLOCK_SCHEDULER = 0, 1, 2


class Cpu(NamedTuple):
    """Seconds of CPU a process has used. `user` and `ticked` are sampled by the timer tick."""

    total: float
    user: float
    ticked: float

    def since(self, before: "Cpu") -> "Cpu":
        return Cpu(self.total - before.total, self.user - before.user, self.ticked - before.ticked)


def cpu_of(pid: int) -> Cpu:
    """CPU seconds of every thread of `pid`, past ones included. OSError if there is no such one."""
    if sys.platform != "linux":
        return Cpu(_seconds(_ps(pid, "time")), 0.0, 0.0)
    return Cpu(*(_clock(pid, kind) for kind in (_CLOCK_SCHEDULER, _CLOCK_USER, _CLOCK_TICKS)))


def children_of(pid: int) -> list[int]:
    """Return the processes that `pid` has started and that still run. None are known of elsewhere
    than on Linux."""
    try:
        paths = list(Path(f"/proc/{pid}/task").glob("*/children"))
        return [int(child) for path in paths for child in path.read_text().split()]
    except OSError:
        return []


def memory_of(pid: int) -> int:
    """Resident bytes of `pid`.

    `smaps_rollup` counts pages; the figure in `statm` may lag by some dozens a CPU (proc(5)).
    """
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
            return next(int(line.split()[1]) for line in rollup if line.startswith("Rss:")) * 1024
    except OSError:
        return int(_ps(pid, "rss")) * 1024


def _clock(pid: int, kind: int) -> float:
    """A process clock's id is its inverted pid above three bits of kind: clock_getcpuclockid(3)."""
    return time.clock_gettime((~pid << 3) | kind)


def _ps(pid: int, column: str) -> str:
    command = ["ps", "-o", f"{column}=", "-p", str(pid)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    if not answer:
        raise ProcessLookupError(f"ps knows no process {pid}")
    return answer


def _seconds(clock: str) -> float:
    """`[[days-]hours:]minutes:seconds`, as ps writes it, in seconds."""
    days, _, rest = clock.rpartition("-")
    total = float(days or 0) * 24
    parts = [float(part) for part in rest.split(":")]
    hours, minutes, seconds = [0.0] * (3 - len(parts)) + parts
    return ((total + hours) * 60 + minutes) * 60 + seconds
