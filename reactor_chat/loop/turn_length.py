"""What a turn of the loop took, and what it was spent on.

Not here: measuring it (`reactor`), and showing it to the operator (`server.stats`).
"""

from typing import NamedTuple


class TurnLength(NamedTuple):
    """What a turn took, in seconds and without the sleep, and how many descriptors were ready."""

    serving: float  # handlers of what was ready, and timers
    sending: float  # the end of the turn
    ready: int

    @property
    def total(self) -> float:
        """Seconds in all."""
        return self.serving + self.sending
