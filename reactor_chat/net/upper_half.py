"""What a send queue expects of the connection that it is a part of.

Invariant: a send queue asks these and decides nothing of the kind itself. With two places that
abort or ask for interest, one would forget what the other knows. What an error of `send` means is
decided here for the same reason.

Not here: how the connection does it (`connection`, `tls`).
"""

from reactor_chat.loop.reactor import Handler
from reactor_chat.loop.reasons import reason_for


class UpperHalf(Handler):
    """The life of a connection, as its send queue sees it."""

    __slots__ = ()

    @property
    def closed(self) -> bool:
        """Whether it is dead, so that nothing leaves any more."""
        raise NotImplementedError

    @property
    def owed(self) -> int:
        """How many bytes of what the kernel did not take must be offered to it again (TLS)."""
        return 0

    def on_flushed(self) -> None:
        """Nothing waits any more."""
        raise NotImplementedError

    def abort(self, reason: str) -> None:
        """Die now, and discard what waits."""
        raise NotImplementedError

    def update_interest(self) -> None:
        """Ask the reactor for what the state demands."""
        raise NotImplementedError

    def on_send_error(self, error: Exception) -> int:
        """Abort on a fatal error of `send`, otherwise wait until writable: nothing was sent, 0."""
        if not isinstance(error, OSError):
            self.on_crash(error)
        elif not isinstance(error, BlockingIOError | InterruptedError):
            self.abort(reason_for(error))
        return 0
