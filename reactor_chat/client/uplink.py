"""The way to the server: a connection, or the attempts to have one again.

    link -- lost --> reconnection.due -- call --> attempt -- reached --> link

Invariants:
- At most one of the three is under way: a connection, an attempt, a pause before the next.
- One whose certificate is not trusted is not used, and ends the search.
- The connection that was lost is closed before another one is sought.

Not here: what is sent and shown, and whether a lost connection is sought again.
"""

from collections.abc import Callable

from reactor_chat.client.attempt import Attempt
from reactor_chat.client.reconnect import Reconnection
from reactor_chat.client.resolving import reason
from reactor_chat.client.server_link import ServerLink
from reactor_chat.client.waiting import Ready, Waitable


class Uplink:
    """The connection of one client, now and later."""

    def __init__(
        self, link: ServerLink, reconnection: Reconnection, clock: Callable[[], float]
    ) -> None:
        self.link: ServerLink | None = link
        self.is_new = True  # nothing was said on this connection yet
        self.distrust: str | None = None  # why whoever answers is not to be spoken to, ever
        self.reconnection = reconnection
        self._attempt: Attempt | None = None
        self._clock = clock

    @property
    def is_trying(self) -> bool:
        """Whether an attempt is under way."""
        return self._attempt is not None

    def readers(self, listens: bool) -> list[Waitable]:
        """What to wait for until it can be read; the server only if one listens to it."""
        if self._attempt:
            return list(self._attempt.readers)
        may_read = self.link and listens and not self.link.has_lines
        return [self.link] if self.link and may_read else []

    def writers(self) -> list[Waitable]:
        """What to wait for until it can be written."""
        if self._attempt:
            return list(self._attempt.writers)
        return [self.link] if self.link and self.link.wants_write else []

    def due(self, listens: bool) -> float | None:
        """When to call `serve` if nothing happens before, by the clock."""
        if self._attempt:
            return self._attempt.due
        if self.link:
            # The other half of a line may wait in a socket that is not read.
            return self.link.due if listens else None
        return self.reconnection.due

    def serve(self, ready: Ready, listens: bool) -> str | None:
        """Go on with what is ready or due; return why an attempt failed, if one did."""
        due = self.due(listens)
        is_due = due is not None and self._clock() >= due
        if self.link:
            _serve(self.link, ready, is_due, listens)
        elif self._attempt:
            self._attempt.serve(ready)
        elif is_due:
            self._attempt = self.reconnection.call()
        return self._take_result(self._attempt) if self._attempt else None

    def _take_result(self, attempt: Attempt) -> str | None:
        if not attempt.is_over:
            return None
        self._attempt = None
        if attempt.verdict is not None:
            # Whoever answers there now, it is not the server that the person chose.
            self.distrust = attempt.verdict.refusal or attempt.verdict.text
            if attempt.link:
                attempt.link.close()
        elif attempt.link:
            self.reconnection.on_reached(attempt.addresses)
            self.link = attempt.link
            self.is_new = True
        return reason(attempt.failure) if attempt.failure else None

    def close(self) -> None:
        """Close the connection, or end the attempt to have one."""
        if self.link:
            self.link.close()
        if self._attempt:
            self._attempt.close()
        self.link = self._attempt = None


def _serve(link: ServerLink, ready: Ready, is_due: bool, listens: bool) -> None:
    if ready.can_write(link):
        link.on_writable()
    if ready.can_read(link) or (listens and link.has_input and not link.has_lines):
        link.on_readable()
    elif is_due and not link.ended:
        link.on_due()
