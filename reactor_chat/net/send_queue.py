"""The outgoing half of a connection: a queue of pieces that leaves in one `send` a turn.

What a peer will be sent is, in this order:

    sending      bytes that the kernel has refused so far
    answer       bytes of its own, if there is nothing else: in most turns, and it costs no list
    pieces       bytes of its own, stretches of logs, and counts of what it missed
    places       for each room that it is in: the live range, from its cursor to the log's tip

Writing only appends and asks for the end of the turn: it makes no system call, cannot fail and
closes nothing. What a room says goes to its log alone. Before a peer is told anything else, the
live range is *cut*: what it was to read so far becomes a piece, and the answer comes after that.

Most peers have nothing waiting at the end of most turns. Those are *live*: an `Audience` sends them
the news without looking at their queue. Everybody else is *behind*, with a cursor of its own.

Invariants:
- Live means that nothing waits, and a peer is live in all of its rooms or in none. Otherwise an
  answer could overtake the room's lines before it.
- There is an answer only while there are no pieces and nothing is blocked: it is among the pieces
  as soon as anything follows it.
- The selector is asked for room to write exactly while the kernel has refused something.
- What one peer pins is bounded. A stretch costs a few words; when there are too many of them, they
  become one count of missed lines for each room. Private bytes are bounded by `Limits.backlog`,
  beyond which what is said to all is left out and counted.
- A full backlog has to move within `Limits.stall` seconds; any other may take its time.

This is the lower half of `connection.Connection`; `upper_half` lists what it expects of the other.
Not here: what comes in, a connection's life, what leaves next (`gathering`), readers (`audience`).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from reactor_chat.net.gathering import gather
from reactor_chat.net.pieces import MOST_PIECES, Missed, Piece, Stretch, collapse, drop_all, size_of
from reactor_chat.net.shared import Shared
from reactor_chat.net.stall import StallWatch
from reactor_chat.net.tls_stream import ByteStream
from reactor_chat.net.upper_half import UpperHalf
from reactor_chat.wire.dialects import Mark

if TYPE_CHECKING:
    from reactor_chat.net.audience import Audience
    from reactor_chat.net.place import Place


class SendQueue(UpperHalf):
    """A non-blocking stream socket and what waits to leave through it."""

    __slots__ = (
        "_asked",
        "_sending",
        "_shared",
        "_stall",
        "answer",
        "blocked",
        "fast",
        "live",
        "pieces",
        "places",
        "socket",
        "unframed",
        "waiting",
    )

    def __init__(self, shared: Shared, sock: ByteStream) -> None:
        super().__init__(sock.fileno())
        self._shared = shared
        self.socket = sock
        self.answer = b""  # what waits if nothing else does, for the end of the turn
        self.pieces: list[bytes | Piece] = []
        self.places: dict[Audience, Place] = {}
        self._sending: memoryview | bytes = b""
        self._asked = False  # for the end of the turn, by something other than an answer
        self.blocked = False
        self.waiting = 0  # private bytes, counted while it is blocked
        self.live = False
        self.fast = False  # on the fast path: open, read, framed, with nothing that waits
        self.unframed = False  # the peer ends no lines, so the last one of a block is not ended
        self._stall: StallWatch | None = None  # of a backlog that has to move

    # -- writing ----------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Append whole lines."""
        if self.places:
            self.cut_all()
        if self.blocked:
            self._count(len(data))
            if self.waiting >= self._shared.limits.backlog:
                self.expect_progress()
        elif self.answer:
            self._move_answer()
        elif not self.pieces:
            self.answer = data
            self._shared.reactor.at_end_of_turn(self)
            return
        self.pieces.append(data)

    def _move_answer(self) -> None:
        if self.answer:
            self.pieces.append(self.answer)
            self.answer = b""

    def push(self, piece: Piece) -> None:
        """Append what is made into bytes later, and may show what a room has only just said."""
        self.cut_all()
        for audience, place in self.places.items():
            self.wait_for_news(audience, place)
        self._append(piece)

    def wait_for_news(self, audience: "Audience", place: "Place") -> None:
        """Let what follows wait until all that a room has said by now may be read."""
        if audience.has_news:
            tip = audience.log.tip
            self._append(Stretch(audience, tip, tip, place.dialect))

    def write_or_skip(self, data: bytes, lines: int, render: Callable[[int], bytes]) -> None:
        """Append lines that all are told, or count them as missed if too much waits already."""
        if not self.full:
            self.write(data)
            return
        last = self.pieces[-1] if self.pieces else None
        if isinstance(last, Missed) and last.render == render:
            last.lines += lines
        else:
            self.push(Missed(lines, render))
        self.expect_progress()

    def cut(self, place: "Place", upto: Mark) -> None:
        """Make a piece of what the peer is to read in one of its rooms up to a mark."""
        if self.live:
            self.fall_behind()
        if place.cursor.entries < upto.entries:
            self._append(Stretch(place.audience, place.cursor, upto, place.dialect))
            place.cursor = upto

    def cut_all(self) -> None:
        """Make pieces of what the peer is to read by now in all of its rooms."""
        if self.live:
            self.fall_behind()
        for place in self.places.values():
            self.cut(place, place.audience.log.tip)

    def wake(self) -> None:
        """There is something to send that was not there yet."""
        if not self._asked:
            self._asked = True
            self._shared.reactor.at_end_of_turn(self)

    def _append(self, piece: Piece) -> None:
        self._move_answer()
        self.pieces.append(piece)
        if self.blocked:
            self._count(piece.size)
        else:
            self.wake()
        if self.blocked and len(self.pieces) > MOST_PIECES:
            self.pieces = collapse(self.pieces)

    # -- live or behind ---------------------------------------------------------------------------

    def fall_behind(self) -> None:
        """Take a cursor of its own in each of its rooms: something else comes first."""
        self.live = False
        for audience, place in self.places.items():
            audience.note_behind(self, place)

    def go_live(self) -> None:
        """Let the audiences send it their news directly, if nothing at all waits for it."""
        if self.live or self.blocked or self.answer or self.pieces or self.unframed or self.closed:
            return
        places = self.places
        for audience, place in places.items():
            if audience.has_news or place.cursor.entries != audience.turn.entries:
                return
        for audience, place in places.items():
            audience.note_live(self, place)
        self.live = bool(places)

    @property
    def full(self) -> bool:
        """Whether what is said to all is left out, as too much waits already."""
        if not self.blocked:
            return False
        limit = self._shared.limits.backlog
        if self.waiting >= limit or (self.pieces and isinstance(self.pieces[-1], Missed)):
            return True
        return any(place.behind_by >= limit for place in self.places.values())

    def _count(self, size: int) -> None:
        self.waiting += size
        self._shared.count_waiting(size)

    # -- for the reactor --------------------------------------------------------------------------

    def on_end_of_turn(self) -> None:
        """Send what the turn has produced, in one system call."""
        data = self.answer
        if not data or not self.fast or self.places:
            self._asked = False
            self._flush()
            return
        self.answer = b""
        try:
            sent = self.socket.send(data)
        except OSError as error:
            sent = self.on_send_error(error)
        if sent != len(data):
            self.keep(memoryview(data)[sent:])

    def on_writable(self) -> None:
        """Send more of what the kernel did not take before."""
        if not self.blocked:
            return
        if self._sending:
            sent = self._send(self._sending)
            self._count(-sent)
            self._sending = self._sending[sent:]
            if sent and self._stall is not None:
                self._stall.note_progress()
        if not self._sending and not self.closed:
            self._unblock()
            self._flush()
            self.update_interest()

    def keep(self, rest: memoryview | bytes) -> None:
        """Keep what the kernel did not take; no longer after a death."""
        if self.closed:
            return
        self._sending = rest
        self.blocked = True
        self._count(len(rest) + sum(map(size_of, self.pieces)))
        if self._stall is not None:
            self._stall.note_progress()
        elif self.full:
            self.expect_progress()
        self.update_interest()

    def _unblock(self) -> None:
        self.blocked = False
        self._sending = b""  # an empty view would keep the bytes
        self._count(-self.waiting)

    def _flush(self) -> None:
        self._move_answer()
        while not self.blocked and not self.closed:
            data = gather(self.pieces, self.places.values())
            if not data:
                if not self.pieces:
                    self.on_flushed()
                    self.go_live()
                return
            sent = self._send(data)
            if sent < len(data):
                self.keep(memoryview(data)[sent:])

    def _send(self, data: bytes | memoryview) -> int:
        """Offer bytes to the kernel; return how many are dealt with, 0 after a death."""
        last = self.unframed and data[-1:] == b"\n" and not self._has_more
        try:
            sent = self.socket.send(memoryview(data)[:-1] if last else data)
        except Exception as error:
            return self.on_send_error(error)
        return sent + 1 if last and sent == len(data) - 1 else sent

    @property
    def _has_more(self) -> bool:
        """Whether something follows what was gathered last."""
        return bool(self.pieces) or any(place.behind_by > 0 for place in self.places.values())

    def discard(self) -> None:
        """Drop all that waits."""
        self.answer = b""
        drop_all(self.pieces)
        self._unblock()

    def discard_pieces(self) -> None:
        """Drop all that waits, but for the rest of a line of which the peer has the beginning."""
        self.cut_all()
        self.answer = b""
        drop_all(self.pieces)
        if self.blocked:
            self._sending = bytes(self._sending)
            self._sending = self._sending[: self._sending.find(b"\n", max(self.owed - 1, 0)) + 1]
            self._count(len(self._sending) - self.waiting)

    # -- readers that stall -----------------------------------------------------------------------

    def expect_progress(self) -> None:
        """Begin to watch a backlog that has to move: it is full, or was overrun."""
        if self._stall is None and self.blocked:
            self._stall = StallWatch(self._shared, self)

    def end_stall_watch(self) -> None:
        """Stop watching it."""
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
