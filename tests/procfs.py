"""What the kernel tells about a process, through Linux's /proc (proc(5)).

Not here: what the figures should be.
"""

import contextlib
import os
import select
import stat
import time
from pathlib import Path
from typing import NamedTuple

# Where `_fields` has the state (S: asleep), and the time in user and in system mode.
_STATE, _USER_TICKS, _SYSTEM_TICKS = 0, 11, 12

_LISTENING = "0A"  # the state TCP_LISTEN in /proc/PID/net/tcp

# Seconds. A loop that spins takes all of such a span, one that polls shows its sleeps in it.
A_WHILE = 0.3


class Work(NamedTuple):
    """What a process has done so far, or in a span of time."""

    seconds: float  # of the processor, in steps of 10 ms
    sleeps: int  # how often it has waited for something


def work(pid: int) -> Work:
    """Tell what a process has done since it began."""
    fields = _fields(pid)
    ticks = int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS])
    return Work(ticks / os.sysconf("SC_CLK_TCK"), _status(pid, "voluntary_ctxt_switches"))


def work_in_a_while(pid: int) -> Work:
    """Let `A_WHILE` pass, and tell what the process has done in it."""
    deadline = time.monotonic() + A_WHILE
    while _fields(pid)[_STATE] != "S" and time.monotonic() < deadline:
        pass  # perhaps it has to end the turn of its last answer
    before = work(pid)
    select.select([], [], [], A_WHILE)
    after = work(pid)
    return Work(after.seconds - before.seconds, after.sleeps - before.sleeps)


def descriptors(pid: int) -> int:
    """Count the open descriptors."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def resident(pid: int) -> int:
    """Tell how much memory is in use, in KiB."""
    return _status(pid, "VmRSS")


def listening_port(pid: int) -> int | None:
    """Find the IPv4 port on which a process listens; None if there is none yet."""
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
            found = entry.stat()
            if stat.S_ISSOCK(found.st_mode):
                inodes.add(str(found.st_ino))
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == _LISTENING and fields[9] in inodes:
            return int(fields[1].partition(":")[2], 16)
    return None


def _fields(pid: int) -> list[str]:
    """Give the fields of /proc/PID/stat after the command's name, which may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _status(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0])
    raise KeyError(name)
