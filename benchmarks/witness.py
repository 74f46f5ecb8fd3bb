"""The witness process: how long somebody else's message takes, every 10 ms.

`python -m benchmarks.witness JOB`, where JOB is the JSON of a `Job`. It connects, writes `ready`,
measures until a line, or the end, is on its standard input, and writes its samples as one JSON
line: for each probe the moment at which each line was sent, the seconds until it was heard, and the
CPU time that the server spent meanwhile, which says what the seconds would be if the server had
a processor to itself.

Invariants: a line is sent when it is due, whether or not the one before has been answered:
otherwise a server that is away for a second would count as one slow message among many fast ones.
What has not come in the end counts as long as it has been waited for. Who makes the server busy
is none of its business, and runs elsewhere (`flood.py`).
"""

import json
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from benchmarks.usage import cpu_of

# Seconds from one line to the next.
EVERY = 0.01

# Those in the witness's own room speak in turn, so that each stays below the 50 lines a second that
# a server lets one client relay by default.
SPEAKERS = 3

# Bytes of a line.
LENGTH = 8

READ = 65_536

# Seconds for a server that is not busy yet to answer.
STARTING = 10.0


@dataclass(frozen=True)
class Job:
    port: int
    pid: int
    in_a_room: bool
    deadline: int


class Sample(NamedTuple):
    """One line: when it was sent, and the seconds, and the server's CPU, until it was heard."""

    at: float
    took: float
    spent: float


class Probe:
    """Lines under way from `say` to `hear`. Those of several speakers may overtake each other."""

    def __init__(
        self,
        speakers: Sequence[socket.socket],
        listener: socket.socket,
        spent: Callable[[], float],
    ) -> None:
        self.speakers, self.listener = speakers, listener
        self.samples: list[Sample] = []
        self._spent = spent  # seconds of CPU, by the server
        self._waiting: dict[bytes, tuple[float, float]] = {}
        self._said = 0
        self._rest = b""

    def say(self) -> None:
        speaker = self.speakers[self._said % len(self.speakers)]
        self._said += 1
        line = b"W%07d" % self._said
        self._waiting[line] = time.monotonic(), self._spent()
        speaker.send(line + b"\n")

    def hear(self) -> None:
        data = self.listener.recv(READ)
        now, spent = time.monotonic(), self._spent()
        if not data:
            raise ConnectionError("the server closed the witness's connection")
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            said = self._waiting.pop(line[-LENGTH:], None)
            if said is None:
                raise ConnectionError(f"nobody said {line[:80]!r}")
            self.samples.append(Sample(said[0], now - said[0], spent - said[1]))

    def end(self) -> None:
        """Count what has not come."""
        now, spent = time.monotonic(), self._spent()
        self.samples += [Sample(at, now - at, spent - by) for at, by in self._waiting.values()]


def connected(port: int) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port), timeout=STARTING)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def ask(sock: socket.socket, question: bytes, mark: bytes) -> None:
    """Ask, and read until `mark` was in the answer's last line."""
    sock.sendall(question)
    heard = b""
    while mark not in heard or not heard.endswith(b"\n"):
        data = sock.recv(READ)
        if not data:
            raise ConnectionError("the server closed the witness's connection")
        heard += data


def echo(port: int, spent: Callable[[], float]) -> Probe:
    """Somebody outside all rooms, who is answered in uppercase."""
    sock = connected(port)
    ask(sock, b"hello\n", b"HELLO\n")
    return Probe([sock], sock, spent)


def in_a_room(port: int, spent: Callable[[], float]) -> Probe:
    """Some who speak in turn in a room of their own, and one who hears them."""
    *speakers, listener = [connected(port) for _ in range(SPEAKERS + 1)]
    for sock in (*speakers, listener):
        ask(sock, b"/join parlour\n", b"-> You joined parlour.")
    # The listener came last, so that nothing is under way to it. What the speakers hear of each
    # other is read by nobody: some 10 KB a second at most, which the kernel holds.
    return Probe(speakers, listener, spent)


def measure(probes: dict[str, Probe]) -> None:
    poll = select.epoll()
    poll.register(0, select.EPOLLIN)
    by_fd = {probe.listener.fileno(): probe for probe in probes.values()}
    for fd in by_fd:
        poll.register(fd, select.EPOLLIN)
    due = time.monotonic()
    while True:
        for fd, _ in poll.poll(max(0.0, due - time.monotonic())):
            if fd == 0:
                return
            by_fd[fd].hear()
        if time.monotonic() >= due:
            for probe in probes.values():
                probe.say()
            due = max(due + EVERY, time.monotonic())


def main() -> int:
    job = Job(**json.loads(sys.argv[1]))
    signal.alarm(job.deadline)

    def spent() -> float:
        return cpu_of(job.pid).total

    try:
        probes = {"echo": echo(job.port, spent)}
        if job.in_a_room:
            probes["room"] = in_a_room(job.port, spent)
        print("ready", flush=True)
        measure(probes)
    except OSError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    for probe in probes.values():
        probe.end()
    print(json.dumps({name: probe.samples for name, probe in probes.items()}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
