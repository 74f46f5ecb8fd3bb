"""How much one client may relay: a token bucket. Time comes in as an argument.

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
    """What one client may still say: `rate` lines a second, and four times that at once."""

    __slots__ = ("_level", "_now", "_rate")

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._now = now
        self._level = self._burst

    @property
    def _burst(self) -> float:
        return max(1.0, self._rate * BURST_SECONDS)

    def affords(self, lines: int, now: float) -> bool:
        """Return whether so many lines may pass now."""
        self._level = min(self._burst, self._level + self._rate * (now - self._now))
        self._now = now
        return self._level >= lines

    def charge(self, lines: int) -> None:
        """Count lines that have passed."""
        self._level -= lines

    @property
    def wait(self) -> float:
        """Seconds until the next line may pass, as of the last `affords`."""
        return max(0.0, (1.0 - self._level) / self._rate) + _ROUNDING
