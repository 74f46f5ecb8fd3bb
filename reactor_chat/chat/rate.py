"""How much one client may relay, or put into the log: a token bucket. Time comes in as an argument.

Invariants:
- What was relayed is charged afterwards, so a line that costs more than was left is not torn; the
  debt is paid by waiting.
- Over any stretch of `t` seconds, at most `burst` + `rate` * `t` lines pass, give or take the last.

Not here: what is charged for, and how the waiting is done.
"""

from typing import Final

# A burst of this many seconds' worth is let through: pasting a page should not be slowed.
BURST_SECONDS: Final = 4

# Seconds. Waits are rounded up by more than what rounding makes of them: whoever came back a hair
# too early would be sent away again, and a clock that jumps to deadlines would never get past that.
_ROUNDING: Final = 0.001


class Bucket:
    """What one client may still say: `rate` lines a second, and `seconds` worth of it at once."""

    __slots__ = ("_burst", "_level", "_now", "_rate", "_seconds")

    def __init__(self, rate: float, now: float, seconds: float = BURST_SECONDS) -> None:
        self._seconds = seconds
        self._now = now
        self._rate = rate
        self._level = self._burst = self._at_once(rate)

    def resize(self, rate: float) -> None:
        """Go by another rate from now on."""
        self._rate = rate
        self._burst = self._at_once(rate)
        self._level = min(self._level, self._burst)

    def _at_once(self, rate: float) -> float:
        return max(1.0, rate * self._seconds)

    def level(self, now: float) -> float:
        """Return how many lines may pass now; less than 0 if others are to be made up for."""
        level = self._level + self._rate * (now - self._now)
        if level > self._burst:  # on the path of every message: min() takes longer
            level = self._burst
        self._level = level
        self._now = now
        return level

    def affords(self, lines: int, now: float) -> bool:
        """Return whether so many lines may pass now."""
        return self.level(now) >= lines

    def charge(self, lines: int) -> None:
        """Count lines that have passed."""
        self._level -= lines

    def is_full(self, now: float) -> bool:
        """Return whether it holds as much as it ever does."""
        return self.level(now) >= self._burst

    @property
    def wait(self) -> float:
        """Seconds until the next line may pass, as of the last `affords` or `level`."""
        return max(0.0, (1.0 - self._level) / self._rate) + _ROUNDING
