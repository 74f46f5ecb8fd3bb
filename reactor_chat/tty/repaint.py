"""What is drawn anew, and from where on: after a change of size, and when the reader asks for it.

Invariants:
- The screen is erased row by row: terminals that clear it as a whole push what was on it into their
  scrollback, and the draft would be there once more for each time.
- What others wrote above the lines, before the start or during a stop, outlasts a change of size.
  Only the reader, who asks for it, gets the whole screen.
- Of a line that has partly scrolled off, nothing is drawn that would scroll off once more.

Not here: which lines are left (`wrapping`), and the draft.
"""

import os
from collections.abc import Iterable
from typing import Final, NamedTuple

from reactor_chat.tty.folding import fold
from reactor_chat.tty.viewport import Row
from reactor_chat.tty.wrapping import ShownLines, rows_before_cursor, rows_of

# To a terminal they are the same; but whoever counts lines counts ends of lines.
_END_OF_LINE: Final = "\r\n"
_NEXT_ROW: Final = "\n\r"

_ERASE_TO_RIGHT: Final = "\x1b[K"
_DOWN: Final = "\x1b[B"  # on the last row it goes nowhere, so it scrolls nothing off
_SAVE_PLACE: Final = "\x1b7"
_RESTORE_PLACE: Final = "\x1b8"


class Repaint(NamedTuple):
    """What to write, and which of the newest lines that draws, perhaps below the end of another."""

    output: str
    lines: list[str]
    below_part: bool = False


class Painter:
    """Draws the lines that `shown` keeps; their rows after the first begin with `indent` blanks."""

    def __init__(self, shown: ShownLines, indent: int) -> None:
        self._shown = shown
        self._indent = indent

    def rows(self, lines: Iterable[str], columns: int) -> list[str]:
        """Return the rows of lines, each with its end."""
        rows = []
        for line in lines:
            *before, last = fold(line, columns, self._indent)
            rows += [row + _NEXT_ROW for row in before]
            rows.append(last + _END_OF_LINE)
        return rows

    def whole_screen(self, draft: Row | None, size: os.terminal_size) -> Repaint:
        """Draw the whole screen, of a line that finds no room the end."""
        room = _room(draft, size)
        left = self._shown.left_of_all(room, size.columns, self._indent)
        lines, rows = left.lines, self.rows(left.lines, size.columns)
        if left.part is not None and len(rows) < room:
            lines = [left.part, *lines]
            rows = self.rows([left.part], size.columns)[len(rows) - room :] + rows
        return Repaint(_over(_from_row(0), size) + "".join(rows), lines)

    def what_is_left(self, draft: Row | None, size: os.terminal_size, pulls: bool) -> Repaint:
        """Draw what is left, as far as that can be told without the terminal."""
        room = _room(draft, size)
        left = self._shown.left(room, size.columns, self._indent, pulls)
        up = left.rows + rows_before_cursor(draft, size.columns)
        if left.part is not None or left.rows >= room:  # the screen is full: the draft is last
            start = _from_row(max(0, room - left.rows))
        else:
            start = f"\r\x1b[{up}A" if up else "\r"
        return self._again(start, size, left.lines, left.part is not None)

    def what_is_above(self, draft: Row | None, size: os.terminal_size, row: int) -> Repaint:
        """Draw what is left, with the cursor in that row, counted from 1."""
        above = row - 1 - rows_before_cursor(draft, size.columns)
        left = self._shown.left(above, size.columns, self._indent, pulls=True)
        start = _from_row(max(0, above - left.rows))
        return self._again(start, size, left.lines, left.part is not None)

    def _again(
        self, start: str, size: os.terminal_size, lines: list[str], below_part: bool
    ) -> Repaint:
        rows = self.rows(lines, size.columns)
        return Repaint(_over(start, size) + "".join(rows), lines, below_part)


def _room(draft: Row | None, size: os.terminal_size) -> int:
    """Count the rows above the draft, which the terminal has wrapped."""
    return size.lines - rows_of(draft.text if draft else "", size.columns)


def _from_row(row: int) -> str:
    return f"\x1b[{row + 1}H"


def _over(start: str, size: os.terminal_size) -> str:
    """Erase all rows from one on, and go back to it."""
    return start + _SAVE_PLACE + (_ERASE_TO_RIGHT + _DOWN) * size.lines + _RESTORE_PLACE
