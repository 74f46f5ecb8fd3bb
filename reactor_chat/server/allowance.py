"""How much one client may relay to others now, and when it may go on.

Its rate limits it, so that a few who flood do not fill everybody's screen. The archive does, when
the disk is slower than the rooms, so that what waits for it stays bounded; and what already waits
for the client itself, which the archive has yet to read, does so alike.

Invariants:
- Only what others are to read is charged: who talks to the server alone disturbs nobody.
- At most one timer waits for leave. Each new one would live on beside those before it.

Not here: serving lines (`session`), and how a bucket fills (`chat.rate`).
"""

from typing import TYPE_CHECKING, Final

from reactor_chat.chat.members import Member
from reactor_chat.chat.rate import Bucket
from reactor_chat.net.connection import Connection

if TYPE_CHECKING:
    from reactor_chat.server.server import Server
    from reactor_chat.server.session import Session


# What may wait for one client before it is served more: the room's whole past waits for an archive,
# in a few words each time that it is asked for.
_MOST_ASKED_FOR: Final = 32


class Allowance:
    """What one client has left of its rate."""

    __slots__ = ("_bucket", "_connection", "_member", "_server", "_waits")

    def __init__(self, server: "Server", member: Member, connection: Connection) -> None:
        self._server = server
        self._member = member
        self._connection = connection
        self._bucket: Bucket | None = None
        self._waits = False  # for leave to relay more

    def reset(self) -> None:
        """Go by the settings, with nothing relayed so far."""
        rate = self._server.settings.rate
        self._bucket = Bucket(rate, self._server.reactor.now) if rate else None

    @property
    def is_unlimited(self) -> bool:
        """Whether there is no rate, and no keeper that could lag."""
        return self._bucket is None and not self._server.keeps

    def covers(self, lines: int) -> bool:
        """Return whether so many lines may be said now, and charge for them."""
        if self._server.archive_lags:
            return False
        room = self._member.room
        if self._bucket is None or room is None or self._member.muted:
            return True
        if not self._bucket.affords(lines, self._server.reactor.now):
            return False
        if len(room.members) > 1:
            self._bucket.charge(lines)
        return True

    def charge(self, lines: int) -> None:
        """Count lines that were relayed."""
        if self._bucket is not None:
            self._bucket.charge(lines)

    def must_wait(self, session: "Session") -> bool:
        """Return whether nothing may be relayed now; then the client is served again in time."""
        server, connection = self._server, self._connection
        if connection.above_high_water or len(connection.pieces) > _MOST_ASKED_FOR:
            connection.pause_reading()  # it resumes once that has left
            return True
        if server.archive_lags and self._member.rooms:
            connection.pause_reading()
            server.held_up[session] = None
            return True
        if self._bucket is None or self._bucket.affords(1, server.reactor.now):
            return False
        connection.pause_reading()
        if not self._waits:
            self._waits = True
            server.reactor.call_later(self._bucket.wait, connection, self._go_on)
        return True

    def _go_on(self) -> None:
        self._waits = False
        self._connection.resume_reading()
