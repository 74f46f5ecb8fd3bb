"""How much memory a server takes when many do not read: its own, and the kernel's for it.

`rooms`: 2,000 rooms in which 100 lines of 4,000 bytes each are said, with 3,000 members who read
nothing and 1,000 who read a trickle, and private messages to those who read nothing. `stopped`: 100
readers of a busy room who stop. The server runs with default options; this process is the load, and
samples as it goes.

Not here: what an idle connection takes, which the sweep says.
"""

import os
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import machine
from benchmarks.crowd import READ, Crowd, Lost
from benchmarks.request import Request
from benchmarks.servers import PLAIN, Failed, Server, running
from benchmarks.usage import memory_of

SCENARIOS = ("memory", "stopped")

# What the server may take by default, and how much the process may take beside it.
BUDGET, BESIDE = 256 << 20, 64 << 20

LINE = b"x" * 3_990

DEADLINE = 300

# Seconds between two looks at the server's memory.
EVERY = 0.2

# Bytes that one who trickles reads at a time, seconds until the next ones may, and how many groups
# of them take turns: so each reads about once a second.
TRICKLE, BETWEEN, GROUPS = 512, 0.1, 10


@dataclass(frozen=True)
class Size:
    rooms: int = 2_000
    lines: int = 100
    private: int = 40  # messages to somebody who reads nothing, by each speaker
    asleep: int = 3_000
    trickling: int = 1_000
    speakers: int = 20  # of the busy room
    readers: int = 100
    seconds: float = 3.0  # in which they speak, and for which the memory is watched in the end


SIZES = {
    "smoke": Size(20, 20, 20, 30, 10, 5, 10, 0.2),
    "default": Size(),
    "full": Size(seconds=10.0),
}


class Watch:
    """The server's resident memory and the kernel's memory for TCP, now and at most."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.first = self.most = self.last = memory_of(pid)
        self.kernel_first = self.kernel_most = self.kernel = kernel_memory()
        self._due = 0.0

    def look(self) -> None:
        """Sample, if it is time."""
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + EVERY
            self.last, self.kernel = memory_of(self.pid), kernel_memory()
            self.most = max(self.most, self.last)
            self.kernel_most = max(self.kernel_most, self.kernel)

    def described(self) -> str:
        return (
            f"resident {_mib(self.first)} before, {_mib(self.most)} at most, {_mib(self.last)} in "
            f"the end; TCP in the kernel {_mib(self.kernel_most - self.kernel_first)} more at most"
        )


def _mib(count: float) -> str:
    return f"{count / (1 << 20):,.0f} MiB"


def kernel_memory() -> int:
    """Return the bytes that all TCP sockets of this machine take. 0 where no kernel tells."""
    try:
        lines = Path("/proc/net/sockstat").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    fields = next(line.split() for line in lines if line.startswith("TCP:"))
    return int(fields[fields.index("mem") + 1]) * os.sysconf("SC_PAGE_SIZE")


class Load:
    """Connections of one case, and what keeps them going."""

    def __init__(self, server: Server) -> None:
        self.crowd = Crowd(("127.0.0.1", server.port))
        self.watch = Watch(server.pid)
        self.trickling: list[int] = []
        self._turn, self._due = 0, 0.0

    def callers(
        self, count: int, greeting: Callable[[int], str], narrow: bool = False
    ) -> list[int]:
        """Bring in so many, let each say its greeting, and wait until all were answered."""
        fds = [self.crowd.connect(narrow) for _ in range(count)]
        for number, fd in enumerate(fds):
            self.crowd.send[fd](f"{greeting(number)}\n/whoami\n".encode())
        self.hear(fds)
        return fds

    def hear(self, fds: Iterable[int], mark: bytes = b"-> You are ") -> None:
        """Read from all until each of `fds` has read the mark."""
        tails = dict.fromkeys(fds, b"")
        while tails:
            for fd, _ in self.crowd.poll():
                data = self.crowd.recv[fd](READ)
                if not data:
                    raise Lost("the server closed a connection that reads")
                if fd in tails:
                    tails[fd] = tails[fd][-len(mark) :] + data
                    if mark in tails[fd]:
                        del tails[fd]
            self.go_on()

    def say(self, fds: Sequence[int], line: Callable[[int], bytes]) -> None:
        """Let each say a line, and wait until the server has got to the last of them."""
        for number, fd in enumerate(fds):
            self.crowd.send[fd](line(number) + b"\n")
        self.crowd.send[fds[-1]](b"/whoami\n")
        self.hear(fds[-1:])

    def go_on(self) -> None:
        """Look at the memory, and let some of those who trickle read a little."""
        self.watch.look()
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + BETWEEN
        self._turn += 1
        for fd in self.trickling[self._turn % GROUPS :: GROUPS]:
            try:
                self.crowd.sockets[fd].recv(TRICKLE, socket.MSG_DONTWAIT)
            except BlockingIOError:
                continue
            except OSError:
                self.trickling.remove(fd)

    def rest(self, seconds: float) -> None:
        """Go on for a while, without anything that is said."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for fd, _ in self.crowd.poll(0.1):
                if not self.crowd.recv[fd](READ):
                    raise Lost("the server closed a connection that reads")
            self.go_on()

    def closed(self, fds: Iterable[int]) -> int:
        """Return how many of them the server has closed."""
        return sum(_state(self.crowd.sockets[fd]) != ESTABLISHED for fd in fds)


ESTABLISHED = 1  # linux/tcp_states.h


def _state(sock: socket.socket) -> int:
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]


def rooms(server: Server, size: Size) -> list[str]:
    """Fill many rooms past many who do not read. Returns what there is to say."""
    load = Load(server)
    speakers = load.callers(size.rooms, lambda n: f"/join r{n}")
    asleep = load.callers(size.asleep, lambda n: f"/nick s{n}\n/join r{n % size.rooms}", True)
    load.crowd.listen(asleep, False)
    trickling = load.callers(size.trickling, lambda n: f"/join r{n % size.rooms}", True)
    load.crowd.listen(trickling, False)
    load.trickling = list(trickling)
    for _ in range(size.lines):
        load.say(speakers, lambda n: LINE)
    for _ in range(size.private):
        load.say(speakers, lambda n: f"/msg s{n % size.asleep} ".encode() + LINE)
    load.rest(size.seconds)
    verdict = "within" if load.watch.most <= BUDGET + BESIDE else "OVER"
    said = size.rooms * size.lines * (len(LINE) + 1) / 1e6
    return [
        f"{size.rooms:,} rooms, {size.lines} lines of {len(LINE):,} bytes in each, {said:,.0f} MB; "
        f"{size.asleep:,} read nothing, {size.trickling:,} trickle:",
        f"  {load.watch.described()}",
        f"  {verdict} the default budget of {_mib(BUDGET)} and {_mib(BESIDE)} beside it; closed by "
        f"the server: {load.closed(asleep):,} who read nothing, {load.closed(trickling):,} who "
        "trickle",
    ]


def stopped(server: Server, size: Size) -> list[str]:
    """Let all but the speakers of a busy room stop reading. Returns what there is to say."""
    load = Load(server)
    speakers = load.callers(size.speakers, lambda n: "/join busy")
    readers = load.callers(size.readers, lambda n: "/join busy")
    load.rest(0.1)
    load.crowd.listen(readers, False)
    watch = load.watch = Watch(server.pid)
    until, said = time.monotonic() + size.seconds, 0
    while time.monotonic() < until:
        load.say(speakers, lambda n: LINE)
        said += len(speakers) * (len(LINE) + 1)
    load.rest(size.seconds)
    return [
        f"{size.readers} readers of a busy room who stop, {said / 1e6:,.0f} MB were said to each:",
        f"  {watch.described()}, {_mib(watch.kernel - watch.kernel_first)} more in the end",
    ]


CASES = {"memory": rooms, "stopped": stopped}


def run(request: Request) -> list[str]:
    """Run both cases. Returns what failed."""
    size, failures = SIZES[request.scale], []
    needed = size.rooms + size.asleep + size.trickling
    if machine.limits().descriptors < needed + 64:
        request.say(f"memory left out: it needs {needed:,} descriptors")
        return []
    print("memory, default options", machine.described(machine.facts()), sep="\n", flush=True)
    for name in request.chosen(SCENARIOS):
        try:
            with running(PLAIN, DEADLINE, request.root) as server:
                print("\n".join(CASES[name](server, size)), flush=True)
        except (Failed, Lost, OSError) as failure:
            failures.append(f"{name}: {failure}")
            request.say(f"FAILED: {failures[-1]}")
    return failures
