"""A server and its clients on real loopback sockets, in one process, whose loop is turned by hand.

    peers (sockets)  <- loopback ->  ObservedSocket  ->  Server on an ObservedReactor  ->  Recorder

Invariants:
- Everything waits for a descriptor, never for some time to pass: what a peer has sent has arrived
  before the loop is turned, so a turn shows the same on a slow machine.
- The loop's clock stands still while the reader looks at a page. Otherwise timers would fire that
  nobody has waited for.

Not here: what the scenes are (`chapters`), and how they look (`view`).
"""

import contextlib
import select
import socket
import time
from collections.abc import Iterator, Sequence
from typing import Final, cast

from reactor_chat.lesson.peer import PATIENCE, Peer
from reactor_chat.lesson.recorder import Recorder, Seen
from reactor_chat.loop.observed import ObservedReactor
from reactor_chat.loop.reactor import Handler
from reactor_chat.net.audience import Audience
from reactor_chat.net.connection import Connection
from reactor_chat.net.listener import Listener, bind_all
from reactor_chat.net.observed import ObservedSocket
from reactor_chat.net.pieces import Piece
from reactor_chat.net.shared import Limits
from reactor_chat.server.server import Server
from reactor_chat.server.session import Session
from reactor_chat.server.settings import Settings

_GLANCE: Final = 0.05  # seconds for the kernel to find out that a peer has room again

_TIME: Final = 1_795_890_000.0  # of day, for what is shown not to change


class LessonClock:
    """Seconds that pass only while the loop is turned."""

    def __init__(self) -> None:
        self._lost = 0.0
        self._stopped: float | None = None

    def __call__(self) -> float:
        now = time.monotonic() if self._stopped is None else self._stopped
        return now - self._lost

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Let no time pass."""
        self._stopped = time.monotonic()
        try:
            yield
        finally:
            self._lost += time.monotonic() - self._stopped
            self._stopped = None


class _NoLog:
    """The server's log, of which only defects matter here."""

    quiet = True

    def enter(self, by: str, source: str) -> None:
        """Nobody reads it."""

    def forget(self, by: str) -> None:
        """Nobody reads it."""

    def event(self, kind: str, text: str, by: str = "", **fields: str) -> None:
        """Nobody reads it."""

    def said(self, by: str, name: str, room: str, block: bytes) -> None:
        """Nobody reads it."""

    def failure(self, who: str, error: Exception) -> None:
        """A lesson about a server that fails by accident teaches nothing."""
        raise AssertionError(f"a defect with {who}") from error


class Scene:
    """One server, its clients by name, and the loop."""

    def __init__(
        self, clock: LessonClock, limits: Limits | None = None, send_buffer: int | None = None
    ) -> None:
        self.recorder = Recorder(self.name_of, self.describe, self.queues, clock)
        self.reactor = ObservedReactor(self.recorder, clock=clock)
        settings = Settings(max_clients=10_000, rate=0, limits=limits or Limits())
        self.server = Server(self.reactor, settings, _NoLog(), clock=lambda: _TIME)
        [sock] = bind_all("127.0.0.1", 0)
        if send_buffer is not None:  # those that are accepted inherit it
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        listener = self.server.listen(ObservedSocket(sock, self.recorder))
        self._port = listener.address[1]
        self.peers: dict[str, Peer] = {}
        self._sessions: dict[str, Session] = {}

    def close(self) -> None:
        """Give everything back."""
        for peer in self.peers.values():
            peer.sock.close()
        self.server.close()
        self.reactor.close()

    # -- the clients ------------------------------------------------------------------------------

    def enter(
        self, *names: str, room: str | None = "tea", receive_buffer: int | None = None
    ) -> None:
        """Let clients connect, take names, and enter a room."""
        for name in names:
            self.connect(name, receive_buffer)
        for name in names:
            self.peers[name].send(f"/nick {name}\n" + (f"/join {room}\n" if room else ""))
        self.arrive(*names)
        self.turn_until_idle()
        self.read_all()

    def connect(self, name: str, receive_buffer: int | None = None) -> None:
        """Let one client connect, and be accepted."""
        self.peers[name] = Peer(self._port, receive_buffer)
        before = len(self.server.sessions)
        end = time.monotonic() + PATIENCE
        while len(self.server.sessions) == before:
            if time.monotonic() > end:
                raise TimeoutError(f"{name} is not accepted")
            self.reactor.turn(PATIENCE)
        self._sessions[name] = list(self.server.sessions)[-1]

    def say(self, name: str, text: str) -> None:
        """Let a client send bytes, and see them arrive in the server's kernel."""
        self.peers[name].send(text)
        self.arrive(name)

    def pour(self, name: str, data: bytes) -> None:
        """Let a client send more than the kernel takes at once, while the loop turns."""
        left = memoryview(data)
        while left:
            with contextlib.suppress(BlockingIOError):
                left = left[self.peers[name].sock.send(left, socket.MSG_DONTWAIT) :]
            self.reactor.turn(PATIENCE if left else 0)
        self.turn_until_idle()

    def arrive(self, *names: str) -> None:
        """Wait until the server could read something from each of these."""
        for name in names:
            poll = select.poll()
            poll.register(self.connection(name).fd, select.POLLIN)
            if not poll.poll(PATIENCE * 1000):
                raise TimeoutError(f"nothing arrives from {name}")

    def read_all(self) -> dict[str, bytes]:
        """Let all clients read what has arrived."""
        return {name: peer.read() for name, peer in self.peers.items()}

    def connection(self, name: str) -> Connection:
        """Return the server's side of a client."""
        return self._sessions[name].connection

    def behind(self, name: str) -> tuple[int, int]:
        """Return how many bytes of its room's log a client has to come, and how many are left."""
        [place] = self.connection(name).places.values()
        log = place.audience.log
        return place.behind_by, min(place.behind_by, log.tip.size - log.base.size)

    def catch_up(self, name: str) -> bytes:
        """Let a client read until it has everything; return what it has read."""
        peer, connection = self.peers[name], self.connection(name)
        data = peer.read()
        while connection.blocked or peer.received < self.recorder.sent[connection.fd]:
            self.reactor.turn(_GLANCE)
            data += peer.read()
        return data

    @property
    def present(self) -> list[str]:
        """Who is connected."""
        here = self.server.sessions
        return [name for name, session in self._sessions.items() if session in here]

    # -- the loop ---------------------------------------------------------------------------------

    def turn(self, path: bool = False, patience: float = PATIENCE) -> list[Seen]:
        """Do one turn; return what was seen of it."""
        return self.recorder.record(lambda: self.reactor.turn(patience), path)

    def turn_until_idle(self) -> int:
        """Turn until a turn has nothing to do; return how many turns that took."""
        turns = 0
        while True:
            before = self._work_seen()
            self.reactor.turn(0)
            if self._work_seen() == before:
                return turns
            turns += 1

    def _work_seen(self) -> int:
        counts = self.recorder.counts
        return counts["recv"] + counts["send"] + counts["timers"]

    # -- who is who -------------------------------------------------------------------------------

    def name_of(self, fd: int) -> str:
        """Return whose connection a descriptor is."""
        for name, session in self._sessions.items():
            if session.connection.fd == fd and session in self.server.sessions:
                return name
        return "a caller"

    def describe(self, subject: object) -> str:
        """Return what a handler is, in a word or two."""
        if isinstance(subject, Audience):
            return f"the room {subject.log.origin.room}"
        if isinstance(subject, Listener):
            return "the listening socket"
        if isinstance(subject, Handler) and subject.fd >= 0:
            return self.name_of(subject.fd)
        return "the server"

    def audience(self, room: str = "tea") -> Audience:
        """Return who delivers what is said in a room."""
        found = self.server.chat.rooms.get(room)
        assert found is not None, room
        return cast(Audience, found.audience)

    def queues(self) -> list[str]:
        """Return what waits in each queue, a line each."""
        lines = []
        for room in self.server.chat.rooms:
            audience = cast(Audience, room.audience)
            if audience.has_news:
                new = audience.log.tip.lines - audience.turn.lines
                size = audience.log.tip.size - audience.turn.size
                said = f"{new:,} line{'s' if new > 1 else ''}, {size:,} bytes"
                lines.append(f"the log of {room.name}: {said}, once for all")
        waiting = [(name, _waiting(self.connection(name))) for name in self.present]
        return lines + [f"{name}: {text}" for name, text in waiting if text]


def _waiting(connection: Connection) -> str:
    parts = []
    pieces = [*filter(None, [connection.answer]), *connection.pieces]
    if pieces:
        parts.append(f"pieces {_sizes(pieces)}")
    if connection.blocked:
        parts.append(f"{connection.waiting:,} bytes wait for room in the kernel")
    if not connection.live and connection.places:
        behind = sum(place.behind_by for place in connection.places.values())
        if behind > 0 and connection.blocked:
            parts.append(f"{behind:,} more in the log")
    return ", ".join(parts)


def _sizes(pieces: Sequence[bytes | Piece]) -> str:
    return ", ".join(
        f"{len(piece)} bytes" if isinstance(piece, bytes) else type(piece).__name__
        for piece in pieces[:4]
    ) + (", …" if len(pieces) > 4 else "")
