"""What is left on a screen whose size has changed, which its terminal has wrapped anew.

Nearly all terminals do that: a row that has become too long goes on in the next one, and what finds
no room at the top is pushed into the scrollback. Whoever draws it once more has it there twice.

Invariants:
- A line that is still on the screen, be it in part, is among those that are returned.

Not here: terminals that cut rows instead. They lose nothing but what they cut.
"""

from collections.abc import Iterable
from typing import NamedTuple

from reactor_chat.tty.columns import width
from reactor_chat.tty.folding import fold, without_escapes
from reactor_chat.tty.viewport import Row


class Left(NamedTuple):
    """The lines that are left, oldest first, and the number of rows that they take."""

    lines: list[str]
    rows: int


def rows_of(row: str, columns: int) -> int:
    """Count the rows that a terminal makes of one when it wraps it at so many columns."""
    return max(1, -(-width(without_escapes(row)) // columns))


def rows_before_cursor(row: Row, columns: int) -> int:
    """Count the rows of a wrapped row that stand above the one with the cursor."""
    at = width(row.before)
    return (at - 1 if row.before == row.text and at else at) // columns


def lines_left(newest_first: Iterable[str], room: int, old: int, new: int, indent: int) -> Left:
    """Return the lines that stand in the last `room` rows above the draft.

    They were drawn on a screen of `old` columns, which has `new` ones now.
    """
    lines: list[str] = []
    rows = 0
    for line in newest_first:
        if rows >= room:
            break
        rows += sum(rows_of(row, new) for row in fold(line, old, indent))
        lines.append(line)
    return Left(lines[::-1], rows)
