"""The servers under test: how each is started, found and ended.

A server is any command whose first line of output is `listening on ADDRESS:PORT`. It runs as a
process of its own, with its output in a temporary file, so that nobody need read a pipe while
it is measured. Invariant: whoever starts a server ends it, by its own id, however the block is
left; and an alarm set before `exec` ends it even if the harness is killed outright (alarm(2):
alarms survive execve).
"""

import importlib.util
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent

# Seconds a server may take to print its address, and to end when told to.
STARTING, ENDING = 15.0, 5.0

# The first server in the table is the one that ratios refer to.
OURS = "ours"


@dataclass(frozen=True)
class Subject:
    """One design: its command, and the most connections it can be asked to serve."""

    name: str
    arguments: tuple[str, ...]
    what: str
    most: int | None = None
    cannot: tuple[str, ...] = ()  # scenarios that it would never get through

    def fits(self, size: int, scenario: str = "") -> bool:
        return (self.most is None or size <= self.most) and scenario not in self.cannot


SUBJECTS = {
    subject.name: subject
    for subject in (
        Subject(
            OURS,
            (
                *("reactor_chat", "server", "--host", "127.0.0.1", "--port", "0"),
                *("--quiet", "--rate", "0"),
            ),
            "reactor_chat",
        ),
        Subject("asyncio", ("benchmarks.asyncio_server",), "asyncio.Protocol"),
        Subject(
            "uvloop",
            ("benchmarks.asyncio_server", "--loop", "uvloop"),
            "asyncio.Protocol on uvloop",
        ),
        # With 10,000 threads the interpreter lock changes hands so slowly that some clients wait
        # for their first answer for longer than the load's patience; and whoever speaks
        # to a client that does not read waits for it.
        Subject("threads", ("benchmarks.thread_server",), "a thread a client", 1_000, ("blocked",)),
    )
}


@dataclass(frozen=True)
class Server:
    """A running server."""

    pid: int
    port: int


class Failed(Exception):
    """A server did not start, or said that something went wrong."""


def available() -> list[str]:
    """The subjects that can be run here; uvloop may not be installed."""
    return [name for name in SUBJECTS if name != "uvloop" or importlib.util.find_spec("uvloop")]


@contextmanager
def running(subject: Subject, deadline: int, root: Path = ROOT) -> Iterator[Server]:
    """Start a server from the checkout in `root`, and end it with the block.

    Raises `Failed` if it does not start or fails.
    """
    with tempfile.TemporaryFile() as log:
        with _process(subject.arguments, deadline, log, root) as process:
            yield Server(process.pid, _port(process, log))
        if b"Traceback" in _contents(log):
            raise Failed(f"{subject.name} logged:\n{_contents(log).decode(errors='replace')}")


@contextmanager
def _process(
    arguments: Sequence[str], deadline: int, log: IO[bytes], root: Path
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd=root,
        start_new_session=True,  # a Ctrl-C is for the harness, which then ends its children
        preexec_fn=lambda: signal.alarm(deadline),
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(ENDING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _port(process: subprocess.Popen[bytes], log: IO[bytes]) -> int:
    give_up = time.monotonic() + STARTING
    while time.monotonic() < give_up and process.poll() is None:
        if found := re.match(rb"listening on \S+:(\d+)\n", _contents(log)):
            return int(found[1])
        time.sleep(0.01)
    raise Failed(f"no address from it; it said: {_contents(log).decode(errors='replace')!r}")


def _contents(log: IO[bytes]) -> bytes:
    """All of the file, without moving the offset that the server shares and writes at."""
    return os.pread(log.fileno(), os.fstat(log.fileno()).st_size, 0)
