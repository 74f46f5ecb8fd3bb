"""Lines of the log that wait to be drawn on the console's screen.

Whoever floods the log must not hold up the operator's keys: a line is coloured and folded only when
the terminal is about to take it, a slice at a time, and a key is drawn behind one slice at most.

Invariants:
- Lines come out in the order in which they went in.
- At most `_MAX_WAITING` characters wait. Once a line has found no room, all are left out and
  counted until the last one that waits is taken, so there is one gap, and its width is known.

Not here: drawing, and when there is room.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final

# Characters: some thousand lines, for a terminal that is away for a moment.
_MAX_WAITING: Final = 256 * 1024
_LINE_COST: Final = 16  # characters that a line counts for beside its own, so that none is free


class WaitingLines:
    """A queue of lines, bounded by their length."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque()
        self._size = 0
        self.left_out = 0

    def __bool__(self) -> bool:
        return bool(self._lines)

    def add(self, lines: Iterable[str]) -> None:
        """Let lines wait, or count them."""
        for line in lines:
            cost = len(line) + _LINE_COST
            if self.left_out or (self._lines and self._size + cost > _MAX_WAITING):
                self.left_out += 1
            else:
                self._lines.append(line)
                self._size += cost

    def take(self, size: int) -> list[str]:
        """Take about so many characters of lines, one at least if there is any."""
        taken = []
        while self._lines and size > 0:
            line = self._lines.popleft()
            cost = len(line) + _LINE_COST
            self._size -= cost
            size -= cost
            taken.append(line)
        return taken

    def take_left_out(self) -> int:
        """Return how many lines were left out, once nothing waits before the gap; begin anew."""
        if self._lines:
            return 0
        count, self.left_out = self.left_out, 0
        return count
