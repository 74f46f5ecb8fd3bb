"""The load process that calls over TLS, so many times a second, and hangs up again.

`python -m benchmarks.handshakes JOB`, where JOB is the JSON of a `Job`. It writes `ready`, waits
for a line on standard input, calls for so many seconds, and writes what it did as one JSON line.

Invariants: a call begins when it is due, whether or not those before it have been answered, so a
slow server is not spared; but no more than `AT_ONCE` are open, so that nothing grows without bound.
Every call does a whole handshake: no session is resumed.
"""

import json
import select
import signal
import socket
import ssl
import sys
import time
from dataclasses import asdict, dataclass

from benchmarks.crowd import trusting
from benchmarks.helpers import Done
from benchmarks.usage import cpu_of

AT_ONCE = 200

# Seconds that it waits for one of them to be answered before it looks at the time again.
WAIT = 0.01


@dataclass(frozen=True)
class Job:
    """What is to be done: `rate` calls a second."""

    port: int
    pid: int
    rate: float
    seconds: float
    deadline: int


class Caller:
    """The calls that are under way."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.completed = 0
        self._context = trusting()
        self._poll = select.epoll()
        self._calls: dict[int, ssl.SSLSocket] = {}

    def run(self) -> Done:
        before, began = cpu_of(self.job.pid), time.monotonic()
        until, due = began + self.job.seconds, began
        while (now := time.monotonic()) < until:
            if now >= due and len(self._calls) < AT_ONCE:
                self._call()
                due += 1 / self.job.rate
            wait = due - time.monotonic() if len(self._calls) < AT_ONCE else WAIT
            for fd, _ in self._poll.poll(max(0.0, wait)):
                self._go_on(fd)
        used = cpu_of(self.job.pid).since(before).total
        for fd in list(self._calls):
            self._hang_up(fd)
        return Done(began, time.monotonic(), self.completed, used)

    def _call(self) -> None:
        sock = socket.create_connection(("127.0.0.1", self.job.port))
        sock.setblocking(False)
        call = self._context.wrap_socket(sock, do_handshake_on_connect=False)
        self._calls[call.fileno()] = call
        self._poll.register(call.fileno(), select.EPOLLIN)
        self._go_on(call.fileno())

    def _go_on(self, fd: int) -> None:
        """Take the handshake as far as it gets. Nothing that is written fills a socket's buffer."""
        try:
            self._calls[fd].do_handshake()
        except ssl.SSLWantReadError:
            return
        self.completed += 1
        self._hang_up(fd)

    def _hang_up(self, fd: int) -> None:
        self._poll.unregister(fd)
        self._calls.pop(fd).close()


def main() -> int:
    job = Job(**json.loads(sys.argv[1]))
    signal.alarm(job.deadline)
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        done = Caller(job).run()
    except OSError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(json.dumps(asdict(done)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
