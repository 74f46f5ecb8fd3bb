"""One connection to a server, as a client sees it: a stream that never blocks, with lines in it.

Invariants:
- Nothing blocks: the caller waits for readiness, and for `due`.
- To send is to append. What waits is in `backlog`, and whoever has a source that never ends
  stops reading it above a bound of his own.
- What one call reads is bounded, and the caller takes lines a few at a time: a server that floods
  does not keep the client from its keys.
- A server whose machine does not answer any more is noticed within about a minute, also while data
  is on its way to it, when keep-alive is silent. One that merely does not read is waited for.
- What TLS has decrypted and nobody has read wakes no `poll`: `has_input` says so.
- Text that no terminator follows is a line once it has been still for `_STILL` seconds, as there
  are servers that end none; but never on a connection whose server is known to end all. Half a line
  shown as one would let its author choose how the next begins, and speak under another name. Half
  a line at the end of such a connection is none: it would count as read, and never be resumed.

Not here: reaching the server (`dialing`), what lines mean beyond that.
"""

import contextlib
import socket
import struct
from collections.abc import Callable
from typing import Final

from reactor_chat.net.tls_stream import ByteStream, TlsStream
from reactor_chat.wire.framing import OVERLONG, LineBuffer
from reactor_chat.wire.protocol import split_tags

_READ_SIZE: Final = 16_384  # bytes: a burst in a few calls, and a few milliseconds to show
_STILL: Final = 0.25  # seconds: longer than the pieces of one line are apart, short for a person

# Bytes. The longest lines of a server list 200 names: longer ones would only take time to draw.
_MAX_LINE: Final = 65_536
_WRITE_SIZE: Final = 65_536  # bytes: what a kernel takes at once
_TOO_LONG: Final = "(a line too long to show)"

_ANSWER: Final = "-> "  # begins what a server of this package answers to a command

# Keep-alive: a peer that is gone without a word is noticed within a minute. See tcp(7).
_KEEP_ALIVE: Final = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
# While data is on its way keep-alive is silent. TCP_USER_TIMEOUT would also end a connection to a
# living server whose window is closed, as it is if that reads slowly (`--rate`); so we look.
_SILENCE: Final = 60.0  # seconds without any sign of life while something is on its way
_LOOK_AGAIN: Final = 10.0  # seconds between two looks

# `tcpi_probes`, `tcpi_unacked`, `tcpi_last_ack_recv` and `tcpi_notsent_bytes` in `struct tcp_info`,
# Linux 4.6.
_TCP_INFO: Final = struct.Struct("=3xB20xI28xI84xI")
# A closed window is probed ever more rarely, down to every two minutes, so the silence between two
# answers says nothing; but so many probes without any answer do.
_UNANSWERED: Final = 3


class ServerLink:
    """A connection over `sock`, which is connected, and over whose TLS, if there is any."""

    def __init__(
        self, sock: socket.socket, clock: Callable[[], float], tls: TlsStream | None = None
    ) -> None:
        self.ended = False  # nothing more will come
        self.failure: OSError | None = None  # why, if it was not the server's decision
        self.received = 0  # bytes
        self._sock = sock
        self._tls = tls
        self._stream: ByteStream = sock if tls is None else tls
        self._clock = clock
        self._buffer = LineBuffer(_MAX_LINE)
        self._out = bytearray()
        self._broken: OSError | None = None  # nothing can be sent any more
        self._half_closes = False
        self._half_closed = False
        self._ends_lines = False  # the server is known to end every line
        self._touched = clock()  # when something last came in
        self._look_at: float | None = None  # when to look whether the server's machine lives
        sock.setblocking(False)
        _tune(sock)

    def fileno(self) -> int:
        """The descriptor, for `wait`."""
        return self._sock.fileno()

    def close(self) -> None:
        """Close it, whatever waits."""
        self._stream.close()
        self.ended = True

    # -- out -------------------------------------------------------------------------------------

    @property
    def backlog(self) -> int:
        """The bytes that wait to be sent."""
        return len(self._out)

    @property
    def backlog_lines(self) -> int:
        """The lines that wait to be sent."""
        return self._out.count(b"\n")

    @property
    def wants_write(self) -> bool:
        """Whether to call `on_writable` when it is."""
        if self.ended or self._broken:
            return False
        return bool(self._out) or self._has_to_half_close

    @property
    def _has_to_half_close(self) -> bool:
        return self._half_closes and not self._half_closed

    def send(self, data: bytes) -> None:
        """Append bytes to what waits."""
        if self._broken:
            return
        self._out += data
        self._watch()

    def send_line(self, line: str) -> None:
        """Append a line to what waits."""
        self.send(line.encode("utf-8", "replace") + b"\n")

    def end_input(self) -> None:
        """Tell the server, once all is sent, that nothing will follow."""
        self._half_closes = True
        self._watch()

    def on_writable(self) -> None:
        """Send what the kernel takes."""
        try:
            self._send_some()
        except BlockingIOError:
            pass
        except OSError as failure:
            # The server may have said why before it closed, so reading goes on to the end.
            self._broken = failure
            self._out.clear()

    def _send_some(self) -> None:
        if self._out:
            del self._out[: self._stream.send(bytes(self._out[:_WRITE_SIZE]))]
        elif self._has_to_half_close:
            self._stream.shutdown(socket.SHUT_WR)
            self._half_closed = True

    # -- in --------------------------------------------------------------------------------------

    @property
    def due(self) -> float | None:
        """When to call `on_due` if nothing happens before, by the clock."""
        if self.ended:
            return None
        dues = [due for due in (self._still_due, self._look_at) if due is not None]
        return min(dues, default=None)

    @property
    def _still_due(self) -> float | None:
        is_still = bool(self._buffer.unfinished) and not self._ends_lines
        return self._touched + _STILL if is_still else None

    def on_due(self) -> None:
        """Take a text that is still for a line; look whether the server's machine lives."""
        now = self._clock()
        if self._still_due is not None and now >= self._still_due:
            self._buffer.finish()
        if self._look_at is not None and now >= self._look_at:
            self._look(now)

    def _watch(self) -> None:
        if self._look_at is None:
            self._look_at = self._clock() + _LOOK_AGAIN

    def _look(self, now: float) -> None:
        waits, silence = _outstanding(self._sock)
        self._look_at = now + _LOOK_AGAIN if waits or self._out else None
        if waits and silence > _SILENCE:
            self._end(TimeoutError("no answer"))

    def on_readable(self) -> None:
        """Read once. At the end, what has no terminator may be a line too."""
        try:
            data = self._stream.recv(_READ_SIZE)
        except BlockingIOError:
            return
        except OSError as failure:
            self._end(failure)
            return
        self._touched = self._clock()
        self.received += len(data)
        if data:
            self._buffer.feed(data)
        else:
            self._end(self._broken)

    @property
    def has_input(self) -> bool:
        """Whether to call `on_readable` though no descriptor will say so."""
        return self._tls is not None and self._tls.buffered and not self.ended

    @property
    def has_lines(self) -> bool:
        """Whether `next_line` has something to give."""
        return self._buffer.ready

    def next_line(self) -> str | None:
        """Take the next line that is whole; None if there is none."""
        line = self._buffer.next_line()
        if line is None:
            return None
        text = _TOO_LONG if line is OVERLONG else line.decode("utf-8", "replace")
        self._learn(text)
        return text

    def _learn(self, line: str) -> None:
        # A server of this package ends all its lines. That one has ended does not prove it such a
        # server: others end none of their own, and echo our LF. But they echo in capitals, so an
        # arrow with other letters behind it is no echo.
        if self._ends_lines or not self._buffer.terminated:
            return
        _, text = split_tags(line)
        if text.startswith(_ANSWER) and text != text.upper():
            self._ends_lines = True

    def _end(self, failure: OSError | None) -> None:
        self.failure = failure
        self.ended = True
        if not self._ends_lines:
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


def _outstanding(sock: socket.socket) -> tuple[bool, float]:
    """Return whether data is on its way, and for how many seconds nothing has answered it."""
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
        probes, unacknowledged, silence, unsent = _TCP_INFO.unpack(info)
    except (AttributeError, OSError, struct.error):  # another system, not TCP, an older Linux
        return False, 0.0
    is_answered = not unacknowledged and probes < _UNANSWERED  # its window is closed, no more
    return bool(unacknowledged or unsent), 0.0 if is_answered else silence / 1000
