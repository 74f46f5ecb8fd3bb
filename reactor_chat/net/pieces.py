"""What waits in a send queue and is not bytes yet.

A piece is made into bytes only when it is its turn to leave, and then no more of it than one `send`
takes. So a reader that is far behind costs a few words, not a copy of what it has not read.

Invariants:
- A piece that has nothing now, but is not done, holds up what follows it: the order is kept.
- A stretch pins its log until it is read or dropped: its room may be gone by then.

Not here: the order of pieces, and when they leave (`send_queue`).
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, Protocol

from reactor_chat.wire.dialects import Dialect, Mark

if TYPE_CHECKING:
    from reactor_chat.net.audience import Audience


# How many pieces may wait before the stretches among them are given up for a count. Only a peer
# that reads nothing gets there, while others take turns in speaking whom it ignores.
MOST_PIECES: Final = 1024


class Piece(Protocol):
    """What waits in a queue, but for bytes."""

    @property
    def size(self) -> int:
        """How many bytes it keeps in memory for this peer alone."""

    @property
    def done(self) -> bool:
        """Whether it has no more to come."""

    def take(self, budget: int) -> bytes:
        """Return the next bytes, about as many as the budget; none, if they are not there yet."""


class Stretch:
    """A part of a room's log. An empty one holds up what follows until all may read up to there."""

    __slots__ = ("_cursor", "_dialect", "_stop", "audience", "done")

    size = 0  # the log is everybody's

    def __init__(self, audience: "Audience", start: Mark, stop: Mark, dialect: Dialect) -> None:
        self.audience = audience
        self._cursor = start
        self._stop = stop
        self._dialect = dialect
        self.done = False
        audience.log.pins += 1

    def take(self, budget: int) -> bytes:
        """Return the next part; if it is trimmed, the count of all that is left of the stretch."""
        stop = min(self._stop, self.audience.turn)
        data, self._cursor = self.audience.read(self._cursor, stop, self._dialect, budget)
        if self._cursor.entries == self._stop.entries <= self.audience.turn.entries:
            self.drop()
        return data

    def drop(self) -> int:
        """Discard it; return how many lines are left of it."""
        if not self.done:
            self.done = True
            self.audience.size.unpin()
        return self._stop.lines - self._cursor.lines

    def render_missed(self, lines: int) -> bytes:
        """Return the notice that lines of this room were left out."""
        return self.audience.render_missed(lines, self._dialect)


class Missed:
    """How many lines were left out here, of a room or of none; `render` writes the notice."""

    __slots__ = ("audience", "done", "lines", "render")

    size = 0

    def __init__(
        self, lines: int, render: Callable[[int], bytes], audience: "Audience | None" = None
    ) -> None:
        self.lines = lines
        self.render = render
        self.audience = audience
        self.done = False

    def take(self, budget: int) -> bytes:
        """Return the notice."""
        self.done = True
        return self.render(self.lines)


def size_of(piece: bytes | Piece) -> int:
    """Return how many bytes of memory a piece keeps for its peer alone."""
    return len(piece) if isinstance(piece, bytes) else piece.size


def drop_all(pieces: list[bytes | Piece]) -> None:
    """Give up all of them."""
    for piece in pieces:
        if isinstance(piece, Stretch):
            piece.drop()
    pieces.clear()


def collapse(pieces: Iterable[bytes | Piece]) -> list[bytes | Piece]:
    """Return few pieces for many: one count for all stretches of a room, and bytes joined."""
    gaps: dict[Audience | None, Missed] = {}
    kept: list[bytes | Piece] = []
    run: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, bytes):
            run.append(piece)
            continue
        if isinstance(piece, Stretch):
            piece = Missed(piece.drop(), piece.render_missed, piece.audience)
        if isinstance(piece, Missed):
            if not piece.lines:
                continue
            gap = gaps.setdefault(piece.audience, piece)
            if gap is not piece:
                gap.lines += piece.lines
                continue
        if run:
            kept.append(b"".join(run))
            run.clear()
        kept.append(piece)
    return [*kept, b"".join(run)] if run else kept
