"""What the connections of one server share: limits, the time, and how much memory they take.

Invariant: what waits, and what the rooms' logs take, is counted where it grows and shrinks, so that
nobody has to walk over all connections to know whether memory is short.

Not here: what is done about it (`server.memory`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reactor_chat.loop.reactor import Handler, Reactor

if TYPE_CHECKING:
    from reactor_chat.net.audience import Audience


# What one turn reads of one peer, four of the longest lines: a flood is taken in slices.
READ_SIZE: Final = 16 * 1024
# The same while many have sent more than is served: what is read of them has to wait in memory.
BUSY_READ_SIZE: Final = 4 * 1024


@dataclass(frozen=True)
class Limits:
    """What a connection may cost, in bytes and seconds."""

    backlog: int = 1024 * 1024  # hours of ordinary talk for a reader who has stalled
    hold: int = 64 * 1024  # more answers than this wait only for a peer that does not read them
    stall: float = 30.0  # longer than the hiccups of mobile networks
    farewell: float = 30.0  # in all, for a peer that is leaving to read what it was told
    linger: float = (
        5.0  # for a peer to close once it was told everything: a slow link's round trips
    )
    quiet: float = 0.25  # an unterminated text that is still for so long is a message


class Shared:
    """What the connections of one server share. `clock` returns seconds since 1970, UTC."""

    def __init__(self, reactor: Reactor, limits: Limits, clock: Callable[[], float]) -> None:
        self.reactor = reactor
        self.limits = limits
        self.clock = clock
        self.read_size = READ_SIZE
        self.missed = 0  # lines left out, over all connections and all time
        self.waiting = 0  # private bytes of all those of whom the kernel has refused something
        self.logs = 0  # bytes of all rooms and their logs
        self.guard: Handler | None = None  # is called once both together are over its limit
        # Asked before a room's news is sent. Who refuses sees to it that `publish_later` is called.
        self.may_publish: Callable[[Audience], bool] | None = None
        self.memory = 0

    def count_waiting(self, size: int) -> None:
        """Count private bytes that wait, or wait no more."""
        self.waiting += size
        self._check()

    def count_log(self, size: int) -> None:
        """Count bytes by which a log has grown or shrunk."""
        self.logs += size
        self._check()

    def _check(self) -> None:
        if self.guard is not None and self.waiting + self.logs > self.memory:
            self.reactor.at_end_of_turn(self.guard)
