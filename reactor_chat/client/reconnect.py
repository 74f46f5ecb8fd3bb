"""After a lost connection: when to call again, whom, and what to say about it.

Invariants:
- Each attempt looks the name up anew: the server may have moved. If that fails, the addresses that
  were found last are tried.
- The pauses grow until one is welcome again: a server that answers and closes is not up.
- A night without a server does not fill the screen: with the longest pause, nothing more is said.

Not here: the attempt itself (`attempt`), and whether to call again at all.
"""

import random
from collections.abc import Callable
from typing import Final

from reactor_chat.client.attempt import Attempt
from reactor_chat.client.destination import Destination
from reactor_chat.client.resolving import Address
from reactor_chat.client.trust import Trust

# Seconds between attempts: from half a second, doubling. With the jitter, 30 at most.
_FIRST_PAUSE: Final = 0.5
_LAST_PAUSE: Final = 24.0
_JITTER: Final = 0.25  # of a pause: so that the clients of a server that restarts come one by one


class Reconnection:
    """The attempts to come, at one server."""

    def __init__(
        self,
        server: Destination,
        clock: Callable[[], float],
        rng: random.Random,
        trust: Trust | None = None,
    ) -> None:
        self._server = server
        self._trust = trust
        self._clock = clock
        self._rng = rng
        self._known: list[Address] = []
        self._pause = _FIRST_PAUSE
        self._attempts = 0  # since one was last welcome
        self.due: float | None = None  # when to `call`, by the clock

    @property
    def is_under_way(self) -> bool:
        """Whether there was a connection, and one like it is being sought."""
        return self._attempts > 0

    def schedule(self, why: str) -> str | None:
        """Put the next attempt off by a pause; return what to say of that, if anything."""
        pause, self._pause = self._pause, min(_LAST_PAUSE, 2 * self._pause)
        wait = pause * (1 + _JITTER * self._rng.random())
        self.due = self._clock() + wait
        if pause == _LAST_PAUSE:
            return None
        what = "Still no connection" if self._attempts else "Connection lost"
        return f"{what}{why}. Trying again in {wait:.1f} s."

    def call(self) -> Attempt:
        """Begin the next attempt."""
        self.due = None
        self._attempts += 1
        return Attempt(self._server, self._clock, self._known, self._trust)

    def on_reached(self, addresses: list[Address]) -> None:
        """An attempt reached a server; remember its addresses."""
        self._known = addresses

    def on_welcome(self) -> None:
        """One is connected as before."""
        self._attempts = 0
        self._pause = _FIRST_PAUSE
