"""Leaving without losing what was said last.

Who leaves has often just pasted something, and the server takes it at its own pace. So the client
waits as long as there is progress: something is taken, or something comes.

Invariants:
- A server that makes no progress is not waited for longer than `_STALLED` seconds, and not longer
  than `_GOODBYE` if nothing is left that it could take.
- It is never waited for against a person's will: asking once more leaves at once.

Not here: what is asked of the server, and what is said about what was left.
"""

from collections.abc import Callable, Hashable
from typing import Final

_GOODBYE: Final = 2.0  # seconds for the server to close: a slow link's round trips
_STALLED: Final = 15.0  # seconds for it to take another line: it may allow one in a few (`--rate`)


class Leaving:
    """Whether one is leaving, and for how long that may still take."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._progress: Hashable = None
        self.due: float | None = None  # when to stop waiting, by the clock

    @property
    def has_begun(self) -> bool:
        """Whether one is leaving."""
        return self.due is not None

    def begin(self) -> None:
        """Leave from now on."""
        if self.due is None:
            self.due = self._clock() + _GOODBYE

    def observe(self, left: int, progress: Hashable) -> None:
        """Note how much is left, and something that changes if and only if there is progress."""
        if self.due is None or progress == self._progress:
            return
        self._progress = progress
        self.due = self._clock() + (_STALLED if left else _GOODBYE)

    @property
    def is_over(self) -> bool:
        """Whether there was no progress for too long."""
        return self.due is not None and self._clock() >= self.due
