"""What is left on a screen whose size has changed, which its terminal has wrapped anew.

Nearly all terminals do that: a row that has become too long goes on in the next one, and what finds
no room at the top is pushed into the scrollback. Whoever draws it once more has it there twice.

Invariants:
- A line is known to be whole on the screen, to be there in part, or not to be there: the first can
  be drawn anew, the second would stand in the scrollback twice, the third is left alone.
- How many rows a line takes follows from the width that it was drawn for, which need not be the
  last one: a terminal that becomes higher may pull lines out of its scrollback.
- Where terminals disagree, a line takes as few rows as it can. If its height is overestimated, the
  line above it is erased. If it is underestimated, one stale row stays.
- A change of size never reaches above the last fence. What stands there, a shell has written.

Not here: terminals that cut rows instead. They lose nothing but what they cut.
"""

from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from reactor_chat.tty.columns import joined_width
from reactor_chat.tty.folding import fold, without_escapes
from reactor_chat.tty.viewport import Row


class Left(NamedTuple):
    """The lines that are left, oldest first, and the number of rows that they take."""

    lines: list[str]
    rows: int
    part: str | None  # the line before them, if only its end is left


class ShownLines:
    """The last lines that were shown above the draft, `kept` at most."""

    def __init__(self, kept: int) -> None:
        self._lines: deque[tuple[str, int]] = deque(maxlen=kept)  # with the width of the screen
        self._visible = 0  # of these, how many may be on the screen: the newest
        self._unfenced = 0  # of these, how many have nothing of others below them: the newest

    def add(self, lines: Sequence[str], columns: int) -> None:
        """Note lines that are drawn for so many columns, below the others."""
        self._lines.extend((line, columns) for line in lines)
        self._visible += len(lines)
        self._unfenced += len(lines)

    def fence(self) -> None:
        """Note that others may have written below the lines."""
        self._unfenced = 0

    def draw_again(self, lines: Sequence[str], columns: int, below_part: bool) -> None:
        """Note that the newest lines are drawn once more, perhaps below the end of another."""
        for _ in lines:
            self._lines.pop()
        self._visible = int(below_part)
        self._unfenced = max(0, self._unfenced - len(lines))
        self.add(lines, columns)

    def left(self, room: int, columns: int, indent: int, pulls: bool) -> Left:
        """Return what stands in the last `room` rows above the draft, now that the width is this.

        `pulls` tells whether the terminal may have pulled lines out of its scrollback.
        """
        known = len(self._lines) if pulls else self._visible
        return self._last(min(known, self._unfenced), room, columns, indent)

    def left_of_all(self, room: int, columns: int, indent: int) -> Left:
        """Return what would stand there if others had written nothing."""
        return self._last(self._visible, room, columns, indent)

    def _last(self, known: int, room: int, columns: int, indent: int) -> Left:
        lines: list[str] = []
        rows = 0
        for line, drawn_for in islice(reversed(self._lines), known):
            if rows >= room:
                break
            taken = sum(rows_of(row, columns) for row in fold(line, drawn_for, indent))
            if rows + taken > room:
                return Left(lines[::-1], rows, line)
            rows += taken
            lines.append(line)
        return Left(lines[::-1], rows, None)


def rows_of(row: str, columns: int) -> int:
    """Count the rows that a terminal makes of one when it wraps it at so many columns."""
    return max(1, -(-joined_width(without_escapes(row)) // columns))


def rows_before_cursor(row: Row | None, columns: int) -> int:
    """Count the rows of a wrapped row, if it is drawn, that stand above the one with the cursor."""
    if row is None:
        return 0
    at = joined_width(row.before)
    return (at - 1 if row.before == row.text and at else at) // columns
