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

# The first server in the table is the one that ratios refer to; another state of it beside it.
OURS, BEFORE = "ours", "before"


@dataclass(frozen=True)
class Subject:
    """One design: its command, and the most connections it can be asked to serve."""

    name: str
    arguments: tuple[str, ...]  # {scratch}: a directory of its own
    most: int | None = None
    cannot: tuple[str, ...] = ()  # scenarios that it would never get through

    what: str = ""
    doors: int = 1  # lines that say where it listens
    root: Path | None = None  # the checkout that it is always taken from
    tls: bool = False  # it speaks TLS, with {scratch}/cert.pem and key.pem

    @property
    def ours(self) -> bool:
        return self.arguments[0] == "reactor_chat"

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
            what="reactor_chat",
        ),
        Subject("asyncio", ("benchmarks.asyncio_server",), what="asyncio.Protocol"),
        Subject(
            "uvloop",
            ("benchmarks.asyncio_server", "--loop", "uvloop"),
            what="asyncio.Protocol on uvloop",
        ),
        # With 10,000 threads the interpreter lock changes hands so slowly that some clients wait
        # for their first answer for longer than the load's patience; and whoever speaks
        # to a client that does not read waits for it.
        Subject("threads", ("benchmarks.thread_server",), 1_000, ("blocked",), "a thread a client"),
    )
}


@dataclass(frozen=True)
class Server:
    """A running server. `ports` are all that it listens on, in the order in which it says so."""

    pid: int
    ports: tuple[int, ...]
    scratch: Path  # a directory that ends with it

    @property
    def port(self) -> int:
        return self.ports[0]


class Failed(Exception):
    """A server did not start, or said that something went wrong."""


def variant(name: str, *arguments: str, doors: int = 1, tls: bool = False) -> Subject:
    """Our server with other options."""
    return Subject(name, ("reactor_chat", "server", *arguments), what=name, doors=doors, tls=tls)


# As somebody would run it: no option but where to listen.
PLAIN = variant("plain", "--host", "127.0.0.1", "--port", "0")


def knows(root: Path, option: str) -> bool:
    """Return whether the server of that checkout has such an option."""
    command = [sys.executable, "-m", "reactor_chat", "server", "--help"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return option in done.stdout


def available() -> list[str]:
    """The subjects that can be run here; uvloop may not be installed."""
    return [name for name in SUBJECTS if name != "uvloop" or importlib.util.find_spec("uvloop")]


@contextmanager
def running(subject: Subject, deadline: int, root: Path = ROOT) -> Iterator[Server]:
    """Start a server, and end it with the block. Raises `Failed` if it does not start or fails.

    Our own is taken from the checkout in `root`; the others are those of this one.
    """
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as scratch,
        tempfile.TemporaryFile() as log,
    ):
        if subject.tls:
            _make_certificate(Path(scratch))
        arguments = [argument.format(scratch=scratch) for argument in subject.arguments]
        where = subject.root or (root if subject.ours else ROOT)
        with _process(arguments, deadline, log, where) as process:
            yield Server(process.pid, _ports(process, log, subject.doors), Path(scratch))
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


def _make_certificate(directory: Path) -> None:
    """Make a self-signed certificate with an elliptic key, as `cert.pem` and `key.pem`."""
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
        "-subj /CN=localhost -keyout key.pem -out cert.pem"
    )
    try:
        subprocess.run(command.split(), cwd=directory, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failed(f"no certificate: {error}") from error


def _ports(process: subprocess.Popen[bytes], log: IO[bytes], doors: int) -> tuple[int, ...]:
    """Wait until it says where it listens: the first lines of its output, a line an address."""
    said = re.compile(rb"(listening on \S+:\d+( \(TLS\))?\n){%d}" % doors)
    give_up = time.monotonic() + STARTING
    while time.monotonic() < give_up and process.poll() is None:
        if found := said.match(_contents(log)):
            return tuple(map(int, re.findall(rb":(\d+)(?: \(TLS\))?\n", found[0])))
        time.sleep(0.01)
    *_, last = _contents(log).decode(errors="replace").rstrip().split("\n")
    raise Failed(f"no address from it; it said last: {last!r}")


def _contents(log: IO[bytes]) -> bytes:
    """All of the file, without moving the offset that the server shares and writes at."""
    return os.pread(log.fileno(), os.fstat(log.fileno()).st_size, 0)
