"""What a log has gained in a turn, written in one dialect, for everybody who is to be sent it.

Invariants:
- It is made once a dialect and turn, whatever the number of readers: rendering costs more than
  sending does.
- Every reader who is sent a part is sent a slice of it. The slice is a copy: a view would keep the
  whole turn in memory for one slow reader.

Places are numbers of entries, counted from the log's beginning, as in `Mark.entries`.

Not here: the entries, and when a rendering is forgotten (`log`).
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate


class Rendering:
    """What a log has from one entry on, in one dialect, and where each entry ends in it."""

    __slots__ = ("_blocks", "_ends", "block", "start")

    def __init__(self, start: int, blocks: Sequence[bytes]) -> None:
        self.start = start
        self.block = b"".join(blocks) if len(blocks) > 1 else blocks[0]
        self._blocks = blocks
        self._ends: list[int] = []

    @property
    def ends(self) -> list[int]:
        """Where each entry ends; the first is where none has. In most turns nobody asks."""
        if not self._ends:
            self._ends = [0, *accumulate(map(len, self._blocks))]
        return self._ends

    def covers(self, start: int, stop: int) -> bool:
        """Return whether all between two places is here."""
        return start >= self.start and stop <= self.start + len(self._blocks)

    def slice(self, start: int, stop: int, budget: int) -> tuple[bytes, int]:
        """Return what stands between two places, and where that ends.

        That is before `stop` if the budget ends there, but not before one entry.
        """
        ends, first = self.ends, self.start
        begin, end = ends[start - first], ends[stop - first]
        if end > begin + budget:
            stop = max(first + bisect_left(ends, begin + budget), start + 1)
            end = ends[stop - first]
        return self.block[begin:end], stop

    def omit(self, places: Sequence[int]) -> bytes:
        """Return the block but for what stands between each two of these places."""
        cuts = [0, *[self.ends[place - self.start] for place in places], len(self.block)]
        parts = [self.block[cuts[i] : cuts[i + 1]] for i in range(0, len(cuts), 2)]
        return b"".join(parts)
