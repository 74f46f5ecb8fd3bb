"""Which descriptors are ready: any selector's answer, and a short cut to epoll's.

Two ways to ask the same question. Registering goes through the selector in both, so a simulated
selector works as a real one does, and the reactor does not know which it has.

Invariant: one `poll` reports at most `MAX_EVENTS` descriptors. More would make a turn so long that
the first peers wait for the last.

Not here: who is registered, and what happens to whoever is ready (`reactor`).
"""

import os
import select
import selectors
from collections.abc import Sequence
from typing import Final, Protocol

# How many descriptors one `select` may report. The kernel rotates among those that are ready, so
# nobody starves. It bounds what one turn reads (to 4 MB), and keeps what a turn touches in the
# processor's caches: with 1,000 busy clients, 1024 cost 4 % more CPU and half as much again of p99.
MAX_EVENTS: Final = 256

Ready = Sequence[tuple[int, int]]


class Readiness(Protocol):
    """Who is ready, as the kernel tells it."""

    def poll(self, limit: float | None) -> Ready:
        """Wait for at most `limit` seconds; return which descriptors are ready, and for what."""

    def meaning(self, mask: int) -> int:
        """Return what a mask of `poll` means: EVENT_READ, EVENT_WRITE, or both."""

    def close(self) -> None:
        """Close the descriptor that it opened, if any."""


class SelectorReadiness(Readiness):
    """Readiness as the `selectors` module tells it: portable, and open to simulation."""

    def __init__(self, selector: selectors.BaseSelector) -> None:
        self._selector = selector

    def poll(self, limit: float | None) -> Ready:
        return [(key.fd, mask) for key, mask in self._selector.select(limit)]

    def meaning(self, mask: int) -> int:
        return mask

    def close(self) -> None:
        pass


class EpollReadiness(Readiness):
    """The same, asked of the selector's epoll through a second handle on the same kernel object.

    `EpollSelector.select` asks it too, and then makes a key, a tuple and a look-up for each event:
    benchmarks/README.md has what that costs. Read readiness has the same number in both.
    """

    def __init__(self, selector: "selectors.EpollSelector") -> None:
        self._epoll = select.epoll.fromfd(os.dup(selector.fileno()))

    def poll(self, limit: float | None) -> Ready:
        return self._epoll.poll(limit, MAX_EVENTS)

    def meaning(self, mask: int) -> int:
        # Errors and hang-ups wake whoever waits for either: the next call tells them.
        readable = selectors.EVENT_READ if mask & ~select.EPOLLOUT else 0
        return readable | (selectors.EVENT_WRITE if mask & ~select.EPOLLIN else 0)

    def close(self) -> None:
        self._epoll.close()


def fastest_readiness(selector: selectors.BaseSelector) -> Readiness:
    """Return the cheapest way to ask what a selector watches."""
    if hasattr(selectors, "EpollSelector") and isinstance(selector, selectors.EpollSelector):
        return EpollReadiness(selector)
    return SelectorReadiness(selector)
