"""One byte stream on the reactor: lines come in, a send queue goes out, and it dies once.

A life is one value:

    OPEN  --close-->  DRAINING  --all is sent and the peer has ended, or time is up-->  CLOSED
       \\________________________________abort_______________________________________/

While DRAINING nothing more is served, what was said leaves, the write side is shut, and input is
thrown away until the peer's end. A socket that is closed with unread input sends a reset (RFC 2525,
2.17), and that would destroy the last word on its way.

Invariants:
- `close` and `abort` only mark, and may be called from anywhere, at any time, again; `on_dispose`
  alone frees. Otherwise a descriptor could be reused while others of this turn still mean it.
- `update_interest` alone derives what to wait for: input while OPEN and not paused, or DRAINING,
  and until the peer has ended; output exactly while the kernel has refused some. Interest that is
  left on without need makes the loop spin.
- A peer is read a bounded slice a turn. Lines that the owner does not want yet stay where they are,
  and meanwhile nothing is read: what a peer sends too fast waits in its own kernel.
- Draining ends within `Limits.farewell` seconds in all, so that one who trickles does not keep its
  place after a kick.

Not here: what a line means, who reads it, addresses, when a client is to be held back.
"""

import contextlib
import socket
from enum import Enum
from typing import Final

from reactor_chat.loop.reactor import NOTHING, READ, WRITE
from reactor_chat.loop.reasons import reason_for
from reactor_chat.net.farewell import Farewell
from reactor_chat.net.owner import NOBODY, Owner
from reactor_chat.net.quiet import QuietTimer
from reactor_chat.net.send_queue import SendQueue
from reactor_chat.net.shared import Shared
from reactor_chat.net.tls_stream import ByteStream
from reactor_chat.wire.framing import LF, MAX_LINE, LineBuffer
from reactor_chat.wire.telnet import TIMING_MARK_REFUSED

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


class Connection(SendQueue):
    """A non-blocking stream socket, with its lines, its send queue, and its life."""

    __slots__ = (
        "_farewell",
        "_owner",
        "_paused",
        "_peer_ended",
        "_quiet",
        "_read_size",
        "_reason",
        "_resumes",
        "_shut",
        "life",
        "lines",
    )

    def __init__(self, shared: Shared, sock: ByteStream) -> None:
        super().__init__(shared, sock)
        self.life = OPEN
        self.lines = LineBuffer()
        self._owner: Owner = NOBODY
        self._read_size = FIRST_READ_SIZE
        self._paused = False  # the owner wants no lines now
        self._resumes = False  # in the next turn, if nothing else happens
        self._peer_ended = False
        self._shut = False  # we have ended
        self._reason = ""
        self._quiet: QuietTimer | None = None  # for a peer that has ended no line
        self._farewell: Farewell | None = None  # while DRAINING

    # -- for the owner ----------------------------------------------------------------------------

    def open(self, owner: Owner) -> None:
        """Begin to read, on behalf of `owner`."""
        self._owner = owner
        self.update_interest()

    def pause_reading(self) -> None:
        """Leave the lines where they are, and read no more, until `resume_reading`."""
        self._paused = True
        self.update_interest()

    def resume_soon(self) -> None:
        """Let the owner take lines again once the others had their turn."""
        if not self._resumes:  # or each that asks would beget others
            self._resumes = True
            self._shared.reactor.call_soon(self, self._resume)

    def _resume(self) -> None:
        self._resumes = False
        self.resume_reading()

    def resume_reading(self) -> None:
        """Let the owner take lines again."""
        if self.life is not OPEN:
            return
        self._paused = False
        self._offer(b"")
        if self._peer_ended and not self._paused:
            self._owner.on_end()
        self.update_interest()

    def close(self, reason: str, last_word: bytes = b"") -> None:
        """Serve nothing more; deliver what was said and `last_word`; then close."""
        if self.life is not OPEN:
            return
        if last_word:
            self.write(last_word)
        self.cut_all()
        self.life = DRAINING
        self._reason = reason
        self._cancel_timers()
        self._farewell = Farewell(self._shared, self, reason)
        self._shared.reactor.at_end_of_turn(self)
        self.update_interest()

    def cut_short(self, reason: str, last_word: bytes) -> None:
        """Like `close`, but what waits is discarded, up to the end of a line that is begun."""
        self.discard_pieces()
        self.close(reason, last_word)

    def abort(self, reason: str) -> None:
        """Die now, and discard what waits. The end of the turn frees everything."""
        if self.life is CLOSED:
            return
        self.life = CLOSED
        self._reason = reason
        self.fast = False
        self._cancel_timers()
        self.end_stall_watch()
        if self.live:  # nobody is to send to it directly any more
            self.fall_behind()
        self.discard()
        self._shared.reactor.dispose(self)

    # -- for the reactor --------------------------------------------------------------------------

    def on_readable(self) -> None:
        """Take in one slice of what has arrived."""
        if not self.fast and self.life is CLOSED:
            return
        try:
            data = self.socket.recv(self._read_size)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self.abort(self._reason or reason_for(error))  # the first reason stands
            return
        if len(data) >= FIRST_READ_SIZE:
            self._read_size = self._shared.read_size
        if not data:
            self._on_end_of_input()
        elif self.fast and data[-1] == LF and len(data) <= MAX_LINE and 0xFF not in data:
            self._owner.on_batch(data)  # whole lines, and an empty buffer before them
        elif self.life is OPEN:
            self._take_in(data)

    def on_dispose(self) -> None:
        """Free everything, and the references that would form cycles."""
        self.discard()  # what it was told after it was aborted
        self.socket.close()
        owner, self._owner = self._owner, NOBODY
        try:
            owner.on_closed(self._reason)
        except Exception as error:
            with contextlib.suppress(Exception):  # as in `on_crash`
                owner.on_error(error)

    def on_crash(self, error: Exception) -> None:
        """Pay with this connection's life for a defect that showed itself here."""
        self.abort("internal error")
        # If reporting it fails as well, there is nobody left to tell.
        with contextlib.suppress(Exception):
            self._owner.on_error(error)

    def on_flushed(self) -> None:
        """Go on with whatever waited for the queue to be empty."""
        if self.life is DRAINING:
            self._shut_down()
        elif not self.fast:
            if self._paused:
                self.resume_soon()
            self.update_interest()

    def update_interest(self) -> None:
        """Ask the reactor for what the state demands; nothing else here does."""
        self.fast = False
        if self.life is CLOSED:
            return
        wants_input = not self._peer_ended and not (self.life is OPEN and self._paused)
        interest = (READ if wants_input else NOTHING) | (WRITE if self.blocked else NOTHING)
        try:
            self._shared.reactor.watch(self, interest)
        except OSError as error:  # ENOSPC, ENOMEM of epoll_ctl(2): whoever called is not to pay
            self.abort(reason_for(error))
            return
        if self.life is OPEN and self.interest == READ:
            self.fast = self.lines.transparent and not self.unframed

    @property
    def above_high_water(self) -> bool:
        """Whether so much waits that the peer should read before it asks for more."""
        limits = self._shared.limits
        return self.blocked and self.waiting >= min(limits.hold, limits.backlog)

    @property
    def closed(self) -> bool:
        """Whether its life is over."""
        return self.life is CLOSED

    # -- input that is not just whole lines -------------------------------------------------------

    def _take_in(self, data: bytes) -> None:
        self._offer(data)
        if self.lines.mark_wanted:
            self.lines.mark_wanted = False
            if not self.unframed:
                self.write(TIMING_MARK_REFUSED)
        self._expect_more()
        self.update_interest()

    def _offer(self, data: bytes) -> None:
        """Offer the owner what has waited and what has come: a batch if possible, else lines."""
        if self.above_high_water:
            self.lines.feed(data)  # only keep it: `on_lines`, below, will pause the client
        elif batch := self.lines.take(data):
            self._owner.on_batch(batch)
        if self.lines.ready and not self._paused:
            self._owner.on_lines()

    # -- the end ----------------------------------------------------------------------------------

    def _on_end_of_input(self) -> None:
        self._peer_ended = True
        self.lines.finish()
        self.resume_reading()
        if self._shut:
            self.abort(self._reason)
        self.update_interest()

    def _shut_down(self) -> None:
        """Everything was delivered: end our side, and give the peer time to end its own."""
        if not self._shut:
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except BlockingIOError:  # TLS ends with a last record, and there is no room for it
                self.blocked = True
                self.update_interest()
                return
            except OSError:  # the peer is gone already
                self._peer_ended = True
            self._shut = True
            self.end_stall_watch()
            if self._farewell is not None:
                self._farewell.end_within(self._shared.limits.linger)
        if self._peer_ended:
            self.abort(self._reason)
        self.update_interest()

    def _cancel_timers(self) -> None:
        for timer in (self._quiet, self._farewell):
            if timer is not None:
                timer.cancel()
        self._quiet = self._farewell = None

    # -- peers that end no lines ------------------------------------------------------------------

    def _expect_more(self) -> None:
        """Adapt to a peer that has ended no line so far, and may never do so."""
        if self.lines.terminated:
            self.unframed = False
        elif self.lines.unfinished or self.lines.skipping:
            self._owner.on_unfinished(self.lines.unfinished)
            if self.life is OPEN:
                self._quiet = self._quiet or QuietTimer(self._shared, self)
                self._quiet.note_input()
