"""The load's connections to one server, and the poll that watches them.

Invariants: every descriptor in `recv` and `send` is open and registered; sockets block, which
never waits, as they are read only when readable and what is under way to a server is bounded.
The load must be cheaper than the server it measures, so there is no callback, no object an
event and no selector: scenarios loop over `poll()` and call `recv[fd]` and `send[fd]`.
A TLS socket, too, is read only when readable: no record is larger than what is asked for, so that
nothing waits inside it; and where only a session ticket has come, an answer is under way.
What is said over the connections is not decided here, apart from entering a room.
"""

import select
import socket
import ssl
from collections.abc import Callable, Iterable, Sequence

# Seconds without any progress after which what is missing counts as lost.
PATIENCE = 20.0

# More than any scenario has under way to one client but for a burst, which reads again.
READ = 16_384

# How many enter the room at a time. A server may announce each to all who are there, so a room
# of N costs N * N / 2 notices to fill; those of many arrivals can leave together.
JOIN_AT_ONCE = 1_000

# Bytes: the receive buffer, and the segments, of a connection that is to be blocked soon.
NARROW, SEGMENT = 4_096, 1_000

# From linux/in.h; the module `socket` has it from Python 3.12 on.
IP_BIND_ADDRESS_NO_PORT = 24

ROOM = "bench"


class Lost(Exception):
    """A message that was to come did not, or one that was not to come did."""


class Stalled(Lost):
    """Nothing at all has come for all of `PATIENCE`."""


class Crowd:
    """Connections to one address, by file descriptor."""

    def __init__(self, address: tuple[str, int], sources: int = 1, tls: bool = False) -> None:
        self.address, self.sources = address, sources
        self._tls = trusting() if tls else None
        self.sockets: dict[int, socket.socket] = {}
        self.recv: dict[int, Callable[[int], bytes]] = {}
        self.recv_into: dict[int, Callable[[memoryview], int]] = {}
        self.send: dict[int, Callable[[bytes], int]] = {}
        # epoll counts its timeout in seconds, poll in milliseconds.
        self._epoll = hasattr(select, "epoll")
        self._poll = select.epoll() if self._epoll else select.poll()

    def connect(self, narrow: bool = False) -> int:
        """Open one more connection and return its descriptor.

        For a `narrow` one the kernel holds some 10 KB at either end, not megabytes: small segments
        keep the sender's buffer small, too.
        """
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.settimeout(PATIENCE)
        if narrow:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
        if self.sources > 1:
            self._choose_source(sock)
        sock.connect(self.address)
        if self._tls:
            sock = self._tls.wrap_socket(sock)
        sock.settimeout(None)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        fd = sock.fileno()
        self.sockets[fd] = sock
        self.recv[fd], self.recv_into[fd], self.send[fd] = sock.recv, sock.recv_into, sock.send
        self._poll.register(fd, select.EPOLLIN if self._epoll else select.POLLIN)
        return fd

    def _choose_source(self, sock: socket.socket) -> None:
        """Let callers take turns to call from 127.0.0.2, 127.0.0.3, … (Linux)."""
        # Otherwise `bind` would take a port that nobody else uses, whatever they call.
        sock.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        sock.bind((f"127.0.0.{2 + len(self.sockets) % self.sources}", 0))

    def poll(self, seconds: float = PATIENCE) -> Sequence[tuple[int, int]]:
        """Wait for what is readable. Raises `Stalled` if nothing is."""
        ready = self._poll.poll(seconds if self._epoll else seconds * 1000)
        if not ready and seconds >= PATIENCE:
            raise Stalled(f"nothing came for {PATIENCE:.0f} s")
        return ready

    def close(self, fds: Iterable[int]) -> None:
        for fd in list(fds):
            self._poll.unregister(fd)
            self.sockets.pop(fd).close()
            del self.recv[fd], self.recv_into[fd], self.send[fd]

    def listen(self, fds: Iterable[int], yes: bool) -> None:
        """Say whether `poll` is to tell of them."""
        reading = select.EPOLLIN if self._epoll else select.POLLIN
        for fd in fds:
            self._poll.modify(fd, reading if yes else 0)

    def must_be_silent(self) -> None:
        """Raise `Lost` if anything more has come."""
        for fd, _ in self.poll(0):
            raise Lost(f"one message too many: {self.recv[fd](READ)[:80]!r}")


def trusting() -> ssl.SSLContext:
    """Return a context for a server whose certificate nobody vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def enter_room(
    crowd: Crowd, fds: Sequence[int], room: str = ROOM, first: int = 0
) -> dict[int, str]:
    """Name everyone, bring them into one room, and return the names, all of one length.

    When this returns nothing is under way: two last lines have gone round, so everyone has heard
    one, and what a server announced about those who came in stood before it.
    """
    names = {fd: f"m{number:05d}" for number, fd in enumerate(fds, first)}
    for start in range(0, len(fds), JOIN_AT_ONCE):
        batch = fds[start : start + JOIN_AT_ONCE]
        for fd in batch:
            crowd.send[fd](f"/nick {names[fd]}\n/join {room}\n".encode())
        _wait_for(f"-> You joined {room}.".encode(), crowd, batch)
    for speaker in fds[:2]:
        line = f"all here, {names[speaker]} says\n".encode()
        crowd.send[speaker](line)
        _wait_for(line, crowd, [fd for fd in fds if fd != speaker])
    return names


def _wait_for(mark: bytes, crowd: Crowd, fds: Iterable[int]) -> None:
    """Read from everyone until each of `fds` has heard `mark`; what the others hear is dropped."""
    heard = dict.fromkeys(fds, b"")
    while heard:
        for fd, _ in crowd.poll():
            data = crowd.recv[fd](READ)
            if not data:
                raise Lost("the server closed a connection while the room filled")
            if fd in heard:
                heard[fd] = heard[fd][-len(mark) :] + data
                if mark in heard[fd]:
                    del heard[fd]
