"""How long a connection that is being closed may take to deliver what was said.

Invariant: it ends within `Limits.farewell` seconds in all, whatever deadline is set after that.
Otherwise a peer that reads a byte now and then would keep its place after a kick.

Not here: what is delivered, and when the peer's end is awaited (`connection`).
"""

from typing import TYPE_CHECKING

from reactor_chat.loop.timers import Timer
from reactor_chat.net.shared import Shared

if TYPE_CHECKING:
    from reactor_chat.net.connection import Connection


class Farewell:
    """The deadline of one connection that drains; then it is aborted."""

    __slots__ = ("_connection", "_end_by", "_reason", "_shared", "_timer")

    def __init__(self, shared: Shared, connection: "Connection", reason: str) -> None:
        self._shared = shared
        self._connection = connection
        self._reason = reason
        self._end_by = shared.reactor.now + shared.limits.farewell
        self._timer = self._call_within(shared.limits.farewell)

    def end_within(self, seconds: float) -> None:
        """Abort after so long, or earlier if the farewell is over by then."""
        self._timer.cancel()
        self._timer = self._call_within(seconds)

    def cancel(self) -> None:
        """It has ended."""
        self._timer.cancel()

    def _call_within(self, seconds: float) -> Timer:
        reactor = self._shared.reactor
        delay = min(seconds, self._end_by - reactor.now)
        return reactor.call_later(delay, self._connection, self._end)

    def _end(self) -> None:
        self._connection.abort(self._reason)
