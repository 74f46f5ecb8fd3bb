"""One connection to a server, as a client sees it: a stream that never blocks, with lines in it.

Invariants:
- Nothing blocks but `connect`, before anything is shown: the caller waits for readiness, and
  for `due`.
- To send is to append. What waits is in `backlog`, and whoever has a source that never ends
  stops reading it above a bound of his own.
- Text that no terminator follows is a line once it has been still for `_STILL` seconds, as there
  are servers that end none; but never on a connection whose server is known to end all. Half a line
  shown as one would let its author choose how the next begins, and speak under another name.

Not here: what the lines mean beyond that, when to connect again and to whom.
"""

import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any, Final

from reactor_chat.wire.framing import OVERLONG, LineBuffer

Address = tuple[socket.AddressFamily, Any]  # the family, and what `socket.connect` takes

_READ_SIZE: Final = 65_536  # bytes: a burst in a few calls, and little to hold
_PATIENCE: Final = 10.0  # seconds for one address to answer: two repeated SYNs
_STILL: Final = 0.25  # seconds: longer than the pieces of one line are apart, short for a person

# Bytes. The longest line of a server is the answer to /who: ten thousand long names fit.
_MAX_LINE: Final = 1024 * 1024
_TOO_LONG: Final = "(a line too long to show)"

_ANSWER: Final = "-> "  # begins what a server of this package answers to a command

# Keep-alive: a peer that is gone without a word is noticed within a minute. See tcp(7).
_KEEP_ALIVE: Final = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))


def resolve(host: str, port: int) -> list[Address]:
    """Look up a server's addresses. Raises OSError for a host that is not known."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:  # from the IDNA codec, for a label that is empty or too long
        raise OSError(f"not a host name: {host!r}") from None
    return [(family, address) for family, _, _, _, address in found]


def connect(addresses: list[Address]) -> tuple[socket.socket, Address]:
    """Connect to the first address that answers. Raises OSError, the last one's, if none does."""
    error = OSError("no address")
    for address in addresses:
        try:
            return _connected(address), address
        except OSError as failure:
            error = failure
    raise error


def _connected(address: Address) -> socket.socket:
    family, where = address
    sock = socket.socket(family, socket.SOCK_STREAM)  # fails where the machine lacks the family
    try:
        sock.settimeout(_PATIENCE)
        sock.connect(where)
    except BaseException:
        sock.close()
        raise
    return sock


def reason(error: OSError) -> str:
    """Say what went wrong; not every error comes from the system with its words."""
    return error.strerror or str(error)


class Link:
    """A connection over `sock`, which is connected, or (`dial`) about to be."""

    def __init__(
        self, sock: socket.socket, clock: Callable[[], float], connecting: bool = False
    ) -> None:
        self.connecting = connecting
        self.ended = False  # nothing more will come
        self.failure: OSError | None = None  # why, if it was not the server's decision
        self._sock = sock
        self._clock = clock
        self._buffer = LineBuffer(_MAX_LINE)
        self._out = bytearray()
        self._broken: OSError | None = None  # nothing can be sent any more
        self._half_closes = False
        self._half_closed = False
        self._ends_lines = False  # the server is known to end every line
        self._touched = clock()  # when something last came in, or the attempt began
        sock.setblocking(False)
        _tune(sock)

    @classmethod
    def call(cls, address: Address, clock: Callable[[], float]) -> "Link":
        """Begin to connect; how it went shows in `connecting` and `failure`.

        Raises OSError if there is no socket to be had: no such family here, or no descriptor.
        """
        family, where = address
        link = cls(socket.socket(family, socket.SOCK_STREAM), clock, connecting=True)
        try:
            link._sock.connect(where)
        except BlockingIOError:
            pass
        except OSError as failure:
            link._end(failure)
        return link

    def fileno(self) -> int:
        """The descriptor, for `select`."""
        return self._sock.fileno()

    def close(self) -> None:
        """Close it, whatever waits."""
        self._sock.close()
        self.ended = True

    # -- out -------------------------------------------------------------------------------------

    @property
    def backlog(self) -> int:
        """The bytes that wait to be sent."""
        return len(self._out)

    @property
    def wants_write(self) -> bool:
        """Whether to call `on_writable` when it is."""
        if self.ended or self._broken:
            return False
        return self.connecting or bool(self._out) or self._has_to_half_close

    @property
    def _has_to_half_close(self) -> bool:
        return self._half_closes and not self._half_closed

    def send(self, data: bytes) -> None:
        """Append bytes to what waits."""
        if not self._broken:
            self._out += data

    def send_line(self, line: str) -> None:
        """Append a line to what waits."""
        self.send(line.encode("utf-8", "replace") + b"\n")

    def end_input(self) -> None:
        """Tell the server, once all is sent, that nothing will follow."""
        self._half_closes = True

    def on_writable(self) -> None:
        """Finish connecting, or send what the kernel takes."""
        if self.connecting:
            self._finish_connecting()
            return
        try:
            self._send_some()
        except BlockingIOError:
            pass
        except OSError as failure:
            # The server may have said why before it closed, so reading goes on to the end.
            self._broken = failure
            self._out.clear()

    def _finish_connecting(self) -> None:
        if number := self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._end(OSError(number, os.strerror(number)))
        else:
            self.connecting = False

    def _send_some(self) -> None:
        if self._out:
            del self._out[: self._sock.send(self._out)]
        elif self._has_to_half_close:
            self._half_closed = True
            self._sock.shutdown(socket.SHUT_WR)

    # -- in --------------------------------------------------------------------------------------

    @property
    def due(self) -> float | None:
        """When to call `on_due` if nothing happens before, by the clock."""
        if self.ended:
            return None
        if self.connecting:
            return self._touched + _PATIENCE
        is_still = bool(self._buffer.unfinished) and not self._ends_lines
        return self._touched + _STILL if is_still else None

    def on_due(self) -> None:
        """Give up an attempt that takes too long; take a text that is still for a line."""
        if self.connecting:
            self._end(TimeoutError("no answer"))
        else:
            self._buffer.finish()

    def on_readable(self) -> None:
        """Read once. At the end, what has no terminator is a line too."""
        try:
            data = self._sock.recv(_READ_SIZE)
        except BlockingIOError:
            return
        except OSError as failure:
            self._end(failure)
            return
        self._touched = self._clock()
        if data:
            self._buffer.feed(data)
        else:
            self._end(self._broken)

    def lines(self) -> Iterator[str]:
        """Take the lines that are whole."""
        while (line := self._buffer.next_line()) is not None:
            text = _TOO_LONG if line is OVERLONG else line.decode("utf-8", "replace")
            self._learn(text)
            yield text

    def _learn(self, line: str) -> None:
        # A server of this package ends all its lines. That one has ended does not prove it such a
        # server: others end none of their own, and echo our LF. But they echo in capitals, so an
        # arrow with other letters behind it is no echo.
        if self._buffer.terminated and line.startswith(_ANSWER) and line != line.upper():
            self._ends_lines = True

    def _end(self, failure: OSError | None) -> None:
        self.failure = failure
        self.ended = True
        self._buffer.finish()


def _tune(sock: socket.socket) -> None:
    # Over something that is no TCP (a test's socket pair) these do not apply.
    with contextlib.suppress(OSError):
        # A line that was typed leaves at once.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEP_ALIVE:
            if hasattr(socket, option):  # macOS lacks one of them
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
