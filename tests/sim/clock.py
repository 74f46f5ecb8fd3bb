"""A clock that stands still until a test moves it.

Invariant: time never runs backwards, as with `time.monotonic`.
What does not belong here: deciding when to move it. That is the driver's.
"""

# Far from zero, so that code which takes 0.0 for "never" is found out.
START = 1_000.0


class Clock:
    """Call it for the time, in seconds."""

    def __init__(self, now: float = START) -> None:
        self._now = now

    def __call__(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        """Move forward by `seconds`. Raises AssertionError if they are negative."""
        assert seconds >= 0, f"monotonic time cannot go back by {-seconds} s"
        self._now += seconds
