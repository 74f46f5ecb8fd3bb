"""One byte stream on the reactor: lines come in, the outlet's backlog goes out, and it dies once.

A life is one value: OPEN; then DRAINING, when nothing more is served, what was said leaves, the
write side is shut, and input is thrown away until the peer's end, so that no reset destroys a last
word (a socket closed with unread input sends one: RFC 2525, 2.17); then CLOSED.

Invariants:
- `finish` and `close` only mark, and may be called from anywhere, at any time, again; `on_bury`
  alone frees. After its death a connection does nothing more.
- `update_interest` alone derives what to wait for: input while OPEN and not held, or DRAINING, and
  until the peer has ended; output exactly while the backlog is blocked. It also derives `ordinary`,
  so that the everyday case asks one question instead of five (only `close` clears it, too).
- A peer is read a bounded slice a turn. Lines that the owner does not want yet stay where they are,
  and meanwhile nothing is read.
- Draining ends: the backlog has to keep moving, and then the peer has `Limits.linger` seconds.

Not here: what a line means, who hears it, addresses, when a client is to be held back.
"""

import socket
from enum import Enum
from typing import Final

from reactor_chat.loop.reactor import NOTHING, READ, WRITE, reason_for
from reactor_chat.loop.timers import Timer
from reactor_chat.net.send_queue import Outlet, Streams
from reactor_chat.wire.framing import MAX_LINE, LineBuffer

# What one turn reads of one peer: four of the longest lines. A flood is thus taken in slices, and
# the others are served in between.
READ_SIZE: Final = 16 * 1024

# What is read of a peer that has never filled so much: a line that people type. With its header
# such an object still comes from Python's own allocator (512 bytes at most), not from malloc, which
# saves 0.1 to 0.2 us a read (benchmarks/README.md).
FIRST_READ_SIZE: Final = 448


class Life(Enum):
    """The states of a connection, in their order."""

    OPEN = "open"
    DRAINING = "draining"
    CLOSED = "closed"


# The members of an Enum are looked up slowly, and these are asked for at each event.
OPEN: Final = Life.OPEN
DRAINING: Final = Life.DRAINING
CLOSED: Final = Life.CLOSED


class Owner:
    """Who a connection belongs to. As it stands here, nobody who cares."""

    __slots__ = ()

    def on_run(self, run: bytes) -> None:
        """Whole lines have come, and nothing waits before them."""

    def on_lines(self) -> None:
        """Lines may be there to be taken; `Connection.hold` says: not now."""

    def on_end(self) -> None:
        """The peer will say no more, and all its lines were taken: time for `finish`."""

    def on_missed(self, missed: int) -> None:
        """So many lines were left out here: say so, before anything else is written."""

    def on_closed(self, reason: str) -> None:
        """The connection is gone, for this reason."""

    def on_error(self, error: Exception) -> None:
        """A handler raised this, and the connection is closed for it."""


# The owner of a connection that is not open yet, or gone.
_NOBODY: Final = Owner()


class Connection(Outlet):
    """A non-blocking stream socket, with its lines, its backlog, and its life."""

    __slots__ = (
        "_held",
        "_last_input",
        "_owner",
        "_peer_ended",
        "_quiet",
        "_read_size",
        "_reason",
        "_shut",
        "life",
        "lines",
    )

    def __init__(self, streams: Streams, sock: socket.socket) -> None:
        super().__init__(streams, sock)
        self.life = OPEN
        self.lines = LineBuffer()
        self._owner: Owner = _NOBODY
        self._read_size = FIRST_READ_SIZE
        self._held = False  # the owner wants no lines now
        self._peer_ended = False
        self._shut = False  # we have ended
        self._reason = ""
        self._quiet: Timer | None = None  # for an unterminated text to be a message
        self._last_input = 0.0

    # -- for the owner ----------------------------------------------------------------------------

    def open(self, owner: Owner) -> None:
        """Begin to read, on behalf of `owner`."""
        self._owner = owner
        try:
            self.update_interest()
        except OSError as error:  # no more can be watched (ENOSPC of epoll_ctl(2))
            self.close(reason_for(error))

    def hold(self) -> None:
        """Leave the lines where they are, and read no more, until `serve`."""
        self._held = True
        self.update_interest()

    def serve(self) -> None:
        """Let the owner take lines again."""
        if self.life is not OPEN:
            return
        self._held = False
        self._offer(b"")
        if self._peer_ended and not self._held:
            self._owner.on_end()
        self.update_interest()

    def finish(self, reason: str, last_word: bytes = b"") -> None:
        """Serve nothing more; deliver what was said and `last_word`; then close."""
        if self.life is not OPEN:
            return
        self.catch_up()
        self.tell_missed()
        if last_word:
            self.write(last_word)
        self.life = DRAINING
        self._reason = reason
        self._forget_quiet()
        self._expect_progress()
        if not self.first:  # or it is on that list already, or blocked
            self._unsettled.append(self)
        self.update_interest()

    def close(self, reason: str) -> None:
        """Die now; what waits in the backlog is lost. The end of the turn frees everything."""
        if self.life is CLOSED:
            return
        self.life = CLOSED
        self._reason = reason
        self.ordinary = False
        self._forget_quiet()
        self._forget_deadline()
        self._drop_backlog()
        self._streams.reactor.dying.append(self)

    # -- for the reactor --------------------------------------------------------------------------

    def on_readable(self) -> None:
        """Take in one slice of what has arrived."""
        if not self.ordinary and self.life is CLOSED:
            return
        try:
            data = self.socket.recv(self._read_size)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self.close(reason_for(error))
            return
        if len(data) >= FIRST_READ_SIZE:
            self._read_size = READ_SIZE
        if self.ordinary and data[-1:] == b"\n" and len(data) <= MAX_LINE:
            self._owner.on_run(data)  # whole lines, and an empty buffer before them
        elif not data:
            self._on_end_of_input()
        elif self.life is OPEN:
            self._take_in(data)

    def on_bury(self) -> None:
        """Free everything, and the references that would form cycles."""
        self.socket.close()
        self._owner.on_closed(self._reason)
        self._owner = _NOBODY
        self.channel = None

    def on_crash(self, error: Exception) -> None:
        """Pay with this connection's life for a defect that showed itself here."""
        self.close("internal error")
        self._owner.on_error(error)

    def on_flushed(self) -> None:
        """Go on with whatever waited for the backlog to be empty."""
        if self.life is DRAINING:
            self._shut_down()
        elif self.life is OPEN:
            self.tell_missed()
            if self._held:
                self._streams.reactor.call_soon(self, self.serve)
            self.update_interest()

    def update_interest(self) -> None:
        """Ask the reactor for what the state demands; nothing else here does."""
        self.ordinary = False
        if self.life is CLOSED:
            return
        wants_input = not self._peer_ended and not (self.life is OPEN and self._held)
        read = READ if wants_input else NOTHING
        write = WRITE if self.blocked else NOTHING
        self._streams.reactor.watch(self, read | write)
        if self.life is OPEN and self.interest == READ:
            self.ordinary = self.lines.transparent and not self.missed and not self.unframed

    @property
    def closed(self) -> bool:
        """Whether its life is over."""
        return self.life is CLOSED

    @property
    def _must_progress(self) -> bool:
        return self.life is DRAINING or (self.life is OPEN and self.full)

    # -- input that is not just whole lines -------------------------------------------------------

    def _take_in(self, data: bytes) -> None:
        self._offer(data)
        self._expect_more()
        self.update_interest()

    def _offer(self, data: bytes) -> None:
        """Offer the owner what has waited and what has come: a run if possible, else lines."""
        if self.crowded:
            self.lines.feed(data)  # only keep it: `on_lines`, below, will hold the client
        elif run := self.lines.take(data):
            self._owner.on_run(run)
        if self.lines.ready and not self._held:
            self._owner.on_lines()

    # -- the end ----------------------------------------------------------------------------------

    def _on_end_of_input(self) -> None:
        self._peer_ended = True
        self.lines.finish()
        self.serve()
        if self._shut:
            self.close(self._reason)
        self.update_interest()

    def _shut_down(self) -> None:
        """Everything was delivered: end our side, and give the peer time to end its own."""
        if not self._shut:
            self._shut = True
            self._forget_deadline()
            linger = self._streams.limits.linger
            self._deadline = self._streams.reactor.call_later(linger, self, self._end_linger)
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except OSError:  # the peer is gone already
                self._peer_ended = True
        self._drop_backlog()  # what came after the last word
        if self._peer_ended:
            self.close(self._reason)
        self.update_interest()

    def _end_linger(self) -> None:
        self.close(self._reason)

    def tell_missed(self) -> None:
        """Let the owner say how many lines were left out, if any were."""
        if self.missed:
            missed, self.missed = self.missed, 0
            self._owner.on_missed(missed)

    # -- peers that end no lines ------------------------------------------------------------------

    def _expect_more(self) -> None:
        """Adapt to a peer that has ended no line so far, and may never do so."""
        if self.lines.terminated:
            self.unframed = False
        elif self.lines.unfinished or self.lines.skipping:
            self._last_input = self._streams.reactor.now
            if self._quiet is None:
                self._set_quiet_timer(self._streams.limits.quiet)

    def _set_quiet_timer(self, delay: float) -> None:
        self._quiet = self._streams.reactor.call_later(delay, self, self._check_quiet)

    def _check_quiet(self) -> None:
        """Take the unfinished line for a message, if it has been still."""
        self._quiet = None
        if not self._held:
            self.on_readable()  # after the process was suspended, the rest may wait unread
        lines = self.lines
        begun = lines.unfinished or lines.skipping
        if lines.terminated or not begun or self._quiet or self.life is not OPEN:
            return
        remaining = self._last_input + self._streams.limits.quiet - self._streams.reactor.now
        if remaining > 0:
            self._set_quiet_timer(remaining)
            return
        self.unframed = True
        lines.finish()
        self.serve()

    def _forget_quiet(self) -> None:
        if self._quiet is not None:
            self._quiet.cancel()
            self._quiet = None
