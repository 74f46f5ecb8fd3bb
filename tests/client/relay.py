"""A relay between callers and a server: it passes on what comes, until it drops all of it.

Nobody can tell a relay that drops everything from a quiet server: what is sent is acknowledged, and
goes nowhere. That ends when the relay hangs up.

Invariants:
- What one end does not take makes the relay read the other end later: it holds no more than that.
- It blocks for nothing, as callers and relay share a thread.

Not here: when which of these things happens.
"""

import contextlib
import socket
import struct

from tests.processes import HOST, Sources

_READ_SIZE = 64 * 1024
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # on, 0 s: socket(7)


class End:
    """One end of a relayed connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pending = b""  # to be sent here
        self.pair: Pair | None = None
        self.other = self

    @property
    def wanted(self) -> bool:
        return not self.other.pending

    def fileno(self) -> int:
        return self.socket.fileno()

    def take_in(self) -> None:
        """Pass on what has come, or drop it."""
        pair = self.pair
        if pair is None or pair.ended:
            return  # by what was read just before
        try:
            data = self.socket.recv(_READ_SIZE)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        if not data:
            pair.end()
        elif not pair.swallows:
            self.other.pending += data
            self.other.flush()

    def flush(self) -> None:
        """Send what is taken of what waits."""
        if self.pending:
            with contextlib.suppress(OSError):
                self.pending = self.pending[self.socket.send(self.pending) :]


class Pair:
    """A caller's connection, and the relay's own to the server."""

    def __init__(self, sources: Sources, caller: socket.socket, server: socket.socket) -> None:
        self._sources = sources
        self.ends = End(caller), End(server)
        self.swallows = False
        self.ended = False
        for end, other in (self.ends, self.ends[::-1]):
            end.pair, end.other = self, other
            sources.add(end)

    def flush(self) -> None:
        """Try again to send what waits."""
        for end in self.ends:
            if not self.swallows and not self.ended:
                end.flush()

    def end(self, reset: bool = False) -> None:
        """Hang up on both."""
        if self.ended:
            return
        self.ended = True
        for end in self.ends:
            end.flush()
            self._sources.remove(end)
            if reset:
                end.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            end.socket.close()


class Relay:
    """Passes on what comes between callers and whichever server there is at `target`."""

    wanted = True

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self.target = 0  # a port
        self._pairs: list[Pair] = []
        sources.add(self)

    def fileno(self) -> int:
        return self._listener.fileno()

    def take_in(self) -> None:
        """Take a call, if there is a server."""
        caller, _ = self._listener.accept()
        try:
            server = socket.create_connection((HOST, self.target))
        except OSError:
            caller.close()
        else:
            self._pairs.append(Pair(self._sources, caller, server))

    @property
    def pairs(self) -> list[Pair]:
        """The connections through which something passes."""
        self._pairs = [pair for pair in self._pairs if not pair.ended]
        return [pair for pair in self._pairs if not pair.swallows]

    @property
    def holes(self) -> list[Pair]:
        """The connections in which everything is lost."""
        return [pair for pair in self._pairs if pair.swallows and not pair.ended]

    def flush(self) -> None:
        """Try again to send what waits."""
        for pair in self.pairs:
            pair.flush()

    def close(self) -> None:
        """Hang up on everybody."""
        for pair in self._pairs:
            pair.end()
        self._sources.remove(self)
        self._listener.close()
