"""Where one member is in a room's log, and what a log is to those who deliver it.

Invariant: a cursor only moves forward, and never past what may be read.

Not here: who is live and who is behind (`audience`), what else waits (`send_queue`).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from reactor_chat.wire.dialects import Dialect, Entry, Mark, Origin

if TYPE_CHECKING:
    from reactor_chat.net.audience import Audience


class Place:
    """Where one member is in a room's log, and in which dialect it reads it."""

    __slots__ = ("audience", "cursor", "dialect")

    def __init__(self, audience: "Audience", dialect: Dialect) -> None:
        self.audience = audience
        self.dialect = dialect
        self.cursor = audience.log.tip  # means nothing while the member is live

    @property
    def behind_by(self) -> int:
        """Bytes that it may read."""
        return self.audience.turn.size - self.cursor.size

    def take(self, budget: int) -> bytes:
        """Return what it is to read next."""
        audience = self.audience
        data, self.cursor = audience.read(self.cursor, audience.turn, self.dialect, budget)
        return data


class RoomLog(Protocol):
    """A log, as far as its delivery goes (see `chat.log`)."""

    origin: Origin
    tip: Mark
    base: Mark
    pins: int
    kept_size: int  # bytes of what is kept to be shown again

    @property
    def size(self) -> int: ...
    def append(self, block: bytes, lines: int, time: float, keep: bool = True) -> Entry: ...
    def take(
        self, start: Mark, stop: Mark, dialect: Dialect, budget: int
    ) -> tuple[bytes, Mark]: ...
    def render(self, start: Mark, dialect: Dialect) -> bytes: ...
    def split(self, start: Mark, dialect: Dialect, sent: int, begun: int) -> tuple[bytes, Mark]: ...
    def omit(self, start: Mark, dialect: Dialect, skips: Sequence[Mark]) -> bytes: ...
    def end_turn(self) -> None: ...
    def forget(self) -> None: ...
    def trim(self, limit: int) -> bool: ...
    def shrink(self, delivered: bool) -> bool: ...
