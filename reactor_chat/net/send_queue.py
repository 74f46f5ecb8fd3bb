"""The outgoing half of a connection: a backlog that leaves in one `send` a turn.

Speaking is appending. `write` and `overhear` put bytes on the backlog and note that the end of the
turn has work; they make no system call, cannot fail and close nothing. The bytes are shared, never
copied, between those who are to receive them. What is said to many may wait, for most of them, at a
`Channel` until the end of the turn, and leave from there without a stay on the backlog.

Invariants:
- The backlog is `first`, then `rest`; nothing waits if `first` is empty. `blocked` says that the
  kernel has refused some of it; then, and only then, the selector is asked when more can be sent.
- What is merely overheard is not added to a backlog that is blocked and would get longer than
  `Limits.backlog`. Once a line had to be left out, those after it are left out too, until
  something else is written or the listener has read all that waits: then, at that very place, it
  is told how many lines it missed.
  (Whoever is not blocked has read everything so far, and gets all of a turn, however much it is.)
- A backlog that is full has to move within `Limits.stall` seconds: the peer has to take something.
  It did when the kernel announces room for more. A slow peer may take too little for that, so what
  it has acknowledged is looked at, too; not whether the kernel would take more, as it may have had
  that room, unannounced, all the time.

This is the lower half of `connection.Connection`; what the upper half provides is marked below.

Not here: what comes in, the states of a connection's life, and what a room hears (`tape`).
"""

import socket
from dataclasses import dataclass
from typing import Final

from reactor_chat.loop.reactor import Handler, Reactor, reason_for
from reactor_chat.loop.timers import Timer
from reactor_chat.net.tcp_info import acknowledged

# A waiting piece of this size leaves alone, instead of being copied together with what follows it.
_LARGE_PIECE: Final = 64 * 1024

# How many times within `Limits.stall` to look whether a slow peer has acknowledged something. So
# whoever takes nothing any more is found out at most a quarter late.
_LOOKS: Final = 4

Piece = bytes | memoryview


@dataclass(frozen=True)
class Limits:
    """What a connection may cost, in bytes and seconds."""

    backlog: int = 1024 * 1024  # hours of ordinary talk for a reader who has stalled
    hold: int = 64 * 1024  # more answers than this wait only for a peer that does not read them
    stall: float = 30.0  # longer than the hiccups of mobile networks
    linger: float = 5.0  # for a peer to read the last word and close: a slow link's round trips
    quiet: float = 0.25  # an unterminated text that is still for so long is a message


class Streams:
    """What the connections of one server share."""

    def __init__(self, reactor: Reactor, limits: Limits) -> None:
        self.reactor = reactor
        self.limits = limits
        self.missed = 0  # lines left out, over all connections and all time


class Channel:
    """What many overhear; it is kept until the end of the turn, or until somebody asks for it."""

    __slots__ = ()

    def play_to(self, outlet: "Outlet") -> None:
        """Let the outlet overhear what is kept, from its `place` on."""


class Outlet(Handler):
    """A non-blocking stream socket and what waits to leave through it."""

    __slots__ = (
        "_acknowledged",
        "_deadline",
        "_progress",
        "_rest_size",
        "_streams",
        "_unsettled",
        "blocked",
        "channel",
        "first",
        "missed",
        "ordinary",
        "place",
        "rest",
        "socket",
        "unframed",
    )

    def __init__(self, streams: Streams, sock: socket.socket) -> None:
        super().__init__(sock.fileno())
        self._streams = streams
        self.socket = sock
        self._unsettled = streams.reactor.unsettled
        # In most turns there is one piece for each peer: it costs no list, and no count.
        self.first: Piece = b""
        self.rest: list[Piece] = []
        self._rest_size = 0  # bytes
        self.missed = 0  # lines left out since it was full
        self.blocked = False
        self.ordinary = False  # open, read, and with nothing special about what leaves
        self.channel: Channel | None = None
        self.place = 0  # how much of what the channel keeps is done with, heard or not to be heard
        self.unframed = False  # the peer ends no lines, so the last one of a block is not ended
        self._progress = 0.0  # when the peer last took something, as far as is known
        self._acknowledged = 0  # bytes, when that was last looked at
        # For the kernel to take something again; once all has left, for the peer to end.
        self._deadline: Timer | None = None

    def write(self, data: bytes) -> None:
        """Append whole lines to the backlog."""
        if self.channel is not None:  # `catch_up`, without a call for those who have none
            self.channel.play_to(self)
        if self.missed:
            self.tell_missed()
        if self.first:
            self.rest.append(data)
            self._rest_size += len(data)
        else:
            self.first = data
            self._unsettled.append(self)

    def catch_up(self) -> None:
        """Append what the channel keeps, before anything else happens to the backlog."""
        if self.channel is not None:
            self.channel.play_to(self)

    def overhear(self, data: bytes, lines: int) -> None:
        """Append that many whole lines, which others hear too, or count them as missed."""
        self.catch_up()
        if self.blocked and (self.missed or self.size + len(data) > self._streams.limits.backlog):
            self._miss(lines)
        else:
            self.write(data)

    def keeps_up(self) -> bool:
        """Tell whether nothing that it was to hear up to now is being left out."""
        self.catch_up()
        return not self.full

    @property
    def size(self) -> int:
        """How many bytes wait."""
        return len(self.first) + self._rest_size

    @property
    def full(self) -> bool:
        """Whether overheard lines are being left out."""
        return self.blocked and (self.missed > 0 or self.size >= self._streams.limits.backlog)

    @property
    def crowded(self) -> bool:
        """Whether so much waits that the peer should read before it asks for more."""
        limits = self._streams.limits
        return self.size >= min(limits.hold, limits.backlog)

    def _miss(self, lines: int) -> None:
        self.missed += lines
        self._streams.missed += lines
        self._expect_progress()

    # -- what the other half provides -------------------------------------------------------------

    @property
    def closed(self) -> bool:
        """Whether it is dead, so that nothing leaves any more."""
        raise NotImplementedError

    def on_flushed(self) -> None:
        """The backlog is empty, and something was waiting for that."""
        raise NotImplementedError

    def tell_missed(self) -> None:
        """Tell the peer how many lines were left out, if any were."""
        raise NotImplementedError

    def close(self, reason: str) -> None:
        """Die."""
        raise NotImplementedError

    def update_interest(self) -> None:
        """Ask the reactor for what the state demands."""
        raise NotImplementedError

    @property
    def _must_progress(self) -> bool:
        """Whether a backlog that does not move is a reason to end the connection."""
        return self.full

    # -- for the reactor --------------------------------------------------------------------------

    def on_settle(self) -> None:
        """Send what the turn has produced, in one system call."""
        if not self.ordinary:
            self._settle_otherwise()
            return
        if self.rest:
            self._join()
        data = self.first
        try:
            sent = self.socket.send(data)
        except OSError as error:
            sent = self.on_refusal(error)
        if sent == len(data):
            self.first = b""
        else:
            self.keep(data, sent)

    def on_writable(self) -> None:
        """Send more of what the kernel did not take before."""
        if not self.blocked:
            return
        self.catch_up()
        if self.rest and len(self.first) < _LARGE_PIECE:
            self._join()
        sent = self._send_first()
        if sent:
            self._take_off(sent)
            self._note_progress()
        if not self.first:
            self.blocked = False
            self.on_flushed()

    def on_refusal(self, error: OSError) -> int:
        """Die of what `send` has raised, or wait; either way it has sent nothing, so give 0."""
        if not isinstance(error, BlockingIOError | InterruptedError):
            self.close(reason_for(error))
        return 0

    def keep(self, data: Piece, sent: int) -> None:
        """Keep what the kernel did not take of `data`, all that waits; no longer after a death."""
        if self.closed:
            return
        self.first = memoryview(data)[sent:]
        self.blocked = True
        self._note_progress()
        if self.full:
            self._expect_progress()
        self.update_interest()

    def _join(self) -> None:
        """Make one piece of all."""
        self.first = b"".join([self.first, *self.rest])
        self.rest.clear()
        self._rest_size = 0

    def _take_off(self, sent: int) -> None:
        """Drop so much of the first piece; when it is used up, the next one takes its place."""
        if sent < len(self.first):
            self.first = memoryview(self.first)[sent:]
            return
        self.first = self.rest.pop(0) if self.rest else b""  # an empty view would hold the bytes
        self._rest_size -= len(self.first)

    def _drop_backlog(self) -> None:
        self.first = b""
        self.rest.clear()
        self._rest_size = self.missed = 0
        self.blocked = False

    def _settle_otherwise(self) -> None:
        if self.blocked or self.closed:
            return
        if self.first:
            if self.rest:
                self._join()
            sent = self._send_first()
            if sent < len(self.first):
                self.keep(self.first, sent)
                return
            self.first = b""  # all was sent, or it has died, and there is nothing to send
        self.on_flushed()

    def _send_first(self) -> int:
        """Offer the first piece to the kernel, and tell how much is dealt with; 0 after a death."""
        data, last = self.first, self.unframed and not self.rest
        try:
            sent = self.socket.send(memoryview(data)[:-1] if last else data)
        except OSError as error:
            return self.on_refusal(error)
        return sent + 1 if last and sent == len(data) - 1 else sent

    # -- readers that stall -----------------------------------------------------------------------

    def _expect_progress(self) -> None:
        """Begin to watch a backlog that has to move."""
        if self._deadline is None:
            self._set_deadline(self._streams.limits.stall)
            self._note_progress()

    def _note_progress(self) -> None:
        self._progress = self._streams.reactor.now
        if self._deadline is not None:  # or nobody would look at it
            self._acknowledged = acknowledged(self.socket)

    def _set_deadline(self, remaining: float) -> None:
        delay = min(remaining, self._streams.limits.stall / _LOOKS)
        self._deadline = self._streams.reactor.call_later(delay, self, self._check_progress)

    def _check_progress(self) -> None:
        self._deadline = None
        if not self._must_progress:
            return
        limits, now = self._streams.limits, self._streams.reactor.now
        before, self._acknowledged = self._acknowledged, acknowledged(self.socket)
        if self._acknowledged > before:
            self._progress = now
        # This timer may have been set for an earlier full backlog: measure from the last progress.
        since = self._progress if self.blocked else now
        remaining = since + limits.stall - now
        if remaining > 0:
            self._set_deadline(remaining)
        else:
            self.close("stopped reading")

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
