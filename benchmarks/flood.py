"""The hostile load process: callers who send at full speed and read whatever comes.

`python -m benchmarks.flood JOB`, where JOB is the JSON of a `Job`. It brings in its callers and
bystanders, writes `ready`, waits for a line on standard input, floods for so many seconds, lets the
callers leave at once, and writes what it did as one JSON line. One epoll loop serves all of them.

Invariants: no socket blocks, so a server that stops reading one caller holds up no other; what
comes is read and dropped, so that no flood is slowed by its own answers. The bystanders stay until
another line, or the end, is on standard input. How others fare is not measured here: `witness.py`
does that, in a process of its own.
"""

import json
import select
import signal
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from benchmarks.floods import KINDS
from benchmarks.helpers import Done
from benchmarks.usage import Cpu, cpu_of

READ = 262_144

# Seconds for all who are to be there to come in.
ARRIVING = 60.0

# What a bystander asks at the end of its greeting, and how the answer begins.
QUESTION, ANSWER = b"/whoami\n", b"-> You are "


@dataclass(frozen=True)
class Job:
    """What one flood is to do."""

    port: int
    pid: int
    kind: str
    callers: int
    seconds: float
    deadline: int


class Caller:
    """A connection that sends as much as the kernel takes."""

    def __init__(self, sock: socket.socket, number: int, blocks: Iterator[bytes]) -> None:
        self.sock, self.number = sock, number
        self._blocks = blocks
        self._rest = memoryview(b"")

    def flood(self) -> None:
        """Send until the kernel takes no more, or a block is gone: others have their turn."""
        if not self._rest:
            block = next(self._blocks)
            self._rest = memoryview(block)
        try:
            count = self.sock.send(self._rest)
        except BlockingIOError:
            return
        self._rest = self._rest[count:]


class Flood:
    """All connections of this process to one server."""

    def __init__(self, job: Job) -> None:
        self.job, self.kind = job, KINDS[job.kind]
        self.callers: dict[int, Caller] = {}
        self.bystanders: dict[int, socket.socket] = {}
        self.answers = 0
        self._poll = select.epoll()
        self._buffer = bytearray(READ)

    def run(self) -> None:
        self.bystanders = dict(self._connected() for _ in range(self.kind.bystanders))
        self._greet()
        for number in range(self.job.callers):
            self._call(number, select.EPOLLIN)
        print("ready", flush=True)
        self._until_told()
        print(json.dumps(asdict(self._flood())), flush=True)
        self._until_told()

    def _call(self, number: int, events: int) -> None:
        fd, sock = self._connected()
        self._poll.modify(fd, events)
        self.callers[fd] = Caller(sock, number, self.kind.blocks(number))

    def _connected(self) -> tuple[int, socket.socket]:
        sock = socket.create_connection(("127.0.0.1", self.job.port), timeout=ARRIVING)
        sock.setblocking(False)
        self._poll.register(sock.fileno(), select.EPOLLIN)
        return sock.fileno(), sock

    def _greet(self) -> None:
        """Let each bystander say its greeting, and wait until all have been answered."""
        for number, sock in enumerate(self.bystanders.values()):
            sock.send(self.kind.greeting(number) + QUESTION)
        tails = dict.fromkeys(self.bystanders, b"")
        give_up = time.monotonic() + ARRIVING
        while tails:
            if time.monotonic() > give_up:
                raise TimeoutError(f"{len(tails):,} bystanders were not answered")
            for fd, _ in self._poll.poll(1.0):
                data = self.bystanders[fd].recv(READ)
                if fd in tails:
                    tails[fd] = tails[fd][-len(ANSWER) :] + data
                    if ANSWER in tails[fd]:
                        del tails[fd]

    def _until_told(self) -> None:
        """Drain what comes until a line, or the end, is on standard input."""
        self._poll.register(0, select.EPOLLIN)
        while True:
            for fd, _ in self._poll.poll():
                if fd == 0:
                    self._poll.unregister(0)
                    sys.stdin.readline()
                    return
                self._drain(fd)

    def _flood(self) -> Done:
        before: Cpu = cpu_of(self.job.pid)
        began = time.monotonic()
        until = began + self.job.seconds
        for fd in self.callers:
            self._poll.modify(fd, select.EPOLLIN | select.EPOLLOUT)
        while time.monotonic() < until:
            for fd, events in self._poll.poll(0.1):
                try:
                    if events & ~select.EPOLLOUT:
                        self._drain(fd)
                    if events & select.EPOLLOUT:
                        self.callers[fd].flood()
                except ConnectionError:
                    if not self.kind.comes_back:
                        raise
                    self._call_again(fd)
        used = cpu_of(self.job.pid).since(before).total
        left = time.monotonic()
        for caller in self.callers.values():
            caller.sock.close()
        self.callers = {}
        return Done(began, left, self.answers, used)

    def _call_again(self, fd: int) -> None:
        caller = self.callers.pop(fd)
        caller.sock.close()
        self._call(caller.number, select.EPOLLIN | select.EPOLLOUT)

    def _drain(self, fd: int) -> None:
        caller = self.callers.get(fd)
        count = (caller.sock if caller else self.bystanders[fd]).recv_into(self._buffer)
        if not count:
            raise ConnectionError(f"the server closed a connection during {self.job.kind}")
        if caller:
            self.answers += self._buffer.count(b"\n", 0, count)


def main() -> int:
    job = Job(**json.loads(sys.argv[1]))
    signal.alarm(job.deadline)
    try:
        Flood(job).run()
    except OSError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
