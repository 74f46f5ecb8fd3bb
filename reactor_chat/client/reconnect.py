"""After a lost connection: when to call again, whom, and what to say about it.

Invariants:
- The pauses grow until one is welcome again: a server that answers and closes is not up.
- A night without a server does not fill the screen: with the longest pause, nothing more is said.

Not here: the connection itself (`link`), and whether to call again at all.
"""

import random
from collections.abc import Callable, Sequence
from typing import Final

from reactor_chat.client.link import Address, Link

# Seconds between attempts: from half a second, doubling. With the jitter, 30 at most.
_FIRST_PAUSE: Final = 0.5
_LAST_PAUSE: Final = 24.0
_JITTER: Final = 0.25  # of a pause: so that the clients of a server that restarts come one by one


class Reconnection:
    """The attempts to come. `addresses` are tried in turn, the first one first."""

    def __init__(
        self, addresses: Sequence[Address], clock: Callable[[], float], rng: random.Random
    ) -> None:
        self._addresses = addresses
        self._clock = clock
        self._rng = rng
        self._pause = _FIRST_PAUSE
        self._attempts = 0  # since one was last welcome
        self.due: float | None = None  # when to `dial`, by the clock

    @property
    def is_under_way(self) -> bool:
        """Whether there was a connection, and one like it is being sought."""
        return self._attempts > 0

    def schedule(self, why: str) -> str | None:
        """Put the next attempt off by a pause; give what to say of that, if anything."""
        pause, self._pause = self._pause, min(_LAST_PAUSE, 2 * self._pause)
        wait = pause * (1 + _JITTER * self._rng.random())
        self.due = self._clock() + wait
        if pause == _LAST_PAUSE:
            return None
        what = "Still no connection" if self._attempts else "Connection lost"
        return f"{what}{why}. Trying again in {wait:.1f} s."

    def call(self) -> Link:
        """Begin the next attempt. Raises OSError, as `Link.dial` does."""
        self.due = None
        address = self._addresses[self._attempts % len(self._addresses)]
        self._attempts += 1
        return Link.call(address, self._clock)

    def on_welcome(self) -> None:
        """One is connected as before."""
        self._attempts = 0
        self._pause = _FIRST_PAUSE
