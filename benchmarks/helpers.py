"""Processes that take part in a measurement beside the server: started, told to go on, heard.

A helper is a module of this package that is run with the JSON of its job as its argument. It writes
lines to standard output, and goes on when a line is on its standard input. Invariant: whoever
starts one ends it, however the block is left.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any

from benchmarks.servers import ROOT, Failed


@dataclass(frozen=True)
class Done:
    """What a load did: when, on the clock that all processes share, and how much."""

    began: float
    left: float
    answers: int  # what it counts
    cpu: float  # seconds of the server's, meanwhile


@contextmanager
def helper(name: str, job: dict[str, Any]) -> Iterator[subprocess.Popen[bytes]]:
    """One of the processes of a case, which ends with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"benchmarks.{name}", json.dumps(job)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        cwd=ROOT,
        start_new_session=True,
    )
    with process:  # closes the pipes, and waits
        try:
            yield process
        finally:
            process.terminate()


def hear(process: subprocess.Popen[bytes]) -> str:
    """The next line of a process. Raises `Failed` with its last words if it has ended."""
    line = _pipe(process.stdout).readline()
    if not line:
        words = _pipe(process.stderr).read().decode().strip().splitlines()
        raise Failed(words[-1] if words else f"ended with status {process.wait()}")
    return line.decode()


def tell(process: subprocess.Popen[bytes]) -> None:
    """Let a process go on. One that has ended says why when it is next heard."""
    with suppress(BrokenPipeError):
        _pipe(process.stdin).write(b"\n")


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
