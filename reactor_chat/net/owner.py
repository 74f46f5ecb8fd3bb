"""What a connection tells whoever it belongs to.

Not here: what becomes of it (`server.session`).
"""

from typing import Final


class Owner:
    """Who a connection belongs to. As it stands here, nobody who cares."""

    __slots__ = ()

    def on_batch(self, batch: bytes) -> None:
        """Whole lines have come, and nothing waits before them."""

    def on_lines(self) -> None:
        """Lines may be there to be taken; `Connection.pause_reading` says: not now."""

    def on_unfinished(self, begun: bytes) -> None:
        """The peer has ended no line so far, and has begun this one."""

    def on_end(self) -> None:
        """The peer will say no more, and all its lines were taken: time for `close`."""

    def on_closed(self, reason: str) -> None:
        """The connection is gone, for this reason."""

    def on_error(self, error: Exception) -> None:
        """A handler raised this, and the connection is aborted for it."""


# The owner of a connection that is not open yet, or gone.
NOBODY: Final = Owner()
