"""A terminal's screen in memory: bytes in, what a person would see out.

It understands what the programs under test write, and raises on any other sequence, so that nothing
unknown reaches a terminal unnoticed. It wraps lines as terminals do: a character in the last column
leaves the cursor there, and the next one wraps. A change of width wraps rows anew or cuts them, as
terminals of either kind do, and one that `pulls` takes rows back out of its scrollback when it has
room for them. Widths are worked out here once more, on purpose.

Not here: what colours look like. Each cell keeps the SGR sequences that were in force.
"""

import codecs
import re
from unicodedata import category, east_asian_width

_SEQUENCE = re.compile(r"\x1b\[(?P<parameters>[0-?]*)(?P<final>[@-~])")
_HYPERLINK = re.compile(r"\x1b\]8;(?P<link>[ -~]*)\x1b\\")
_SAVE, _RESTORE = "\x1b7", "\x1b8"
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*|\][ -~]*\x1b?)?\Z")

Cell = tuple[str, str]  # the character, and the SGR sequence in force
_BLANK: Cell = (" ", "")
_WIDE_END: Cell = ("", "")  # the second column of a wide character


class Screen:
    """A screen of `columns` by `lines`; `reflows` tells whether it wraps rows anew when resized."""

    def __init__(
        self, columns: int = 40, lines: int = 8, reflows: bool = True, pulls: bool = False
    ) -> None:
        self.columns = columns
        self.lines = lines
        self.reflows = reflows
        self.pulls = pulls
        self.bells = 0
        self.answers = ""  # what the terminal would type
        self.pastes_bracketed = False
        self.row = 0
        self.column = 0
        self.scrolled_off: list[str] = []
        self._off: list[tuple[list[Cell], bool]] = []  # the same, to be pulled
        self.links: list[tuple[str, str]] = []  # each link and its text, in the order of writing
        self._saved = (0, 0)  # a row and a column
        self._sgr = ""
        self._in_link = False
        self._wraps_next = False
        self._decode = codecs.getincrementaldecoder("utf-8")("strict").decode
        self._held = ""
        self._rows: list[list[Cell]] = [[]]
        self._wrapped: list[bool] = [False]  # whether the row goes on in the next one

    # -- what is seen ----------------------------------------------------------------------------

    @property
    def rows(self) -> list[str]:
        """The rows down to the last one in use, without blanks at their ends."""
        used = max((at for at, row in enumerate(self._rows) if _text(row)), default=0)
        return [_text(row) for row in self._rows[: max(used, self.row) + 1]]

    @property
    def cells(self) -> list[list[Cell]]:
        """The same rows as characters with their styles; the end of a wide one is empty."""
        return [list(row) for row in self._rows[: len(self.rows)]]

    @property
    def last(self) -> str:
        """The row that the cursor is in."""
        return _text(self._rows[self.row])

    @property
    def above(self) -> list[str]:
        """The rows above the cursor."""
        return self.rows[: self.row]

    def styled(self, text: str) -> str:
        """The SGR sequence in force where `text` begins; raises ValueError if it is not shown."""
        for row in self._rows:
            at = "".join(char or "\0" for char, _ in row).find(text)
            if at >= 0:
                return row[at][1]
        raise ValueError(f"{text!r} is not on the screen")

    # -- what is written -------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Do what a terminal does with these bytes."""
        text, self._held = self._held + self._decode(data), ""
        at = 0
        while at < len(text):
            if match := _SEQUENCE.match(text, at):
                self._obey(match["parameters"], match["final"])
                at = match.end()
            elif match := _HYPERLINK.match(text, at):
                self._begin_link(match["link"])
                at = match.end()
            elif text.startswith((_SAVE, _RESTORE), at):
                self._save() if text.startswith(_SAVE, at) else self._restore()
                at += len(_SAVE)
            elif _UNFINISHED.match(text, at):
                self._held = text[at:]
                return
            else:
                self._take(text[at])
                at += 1

    def resize(self, columns: int, lines: int) -> None:
        """Change the size, wrapping rows anew or cutting them."""
        before, self.columns, self.lines = self.columns, columns, lines
        if self.pulls:
            self._pull()
        if columns == before:
            pass
        elif self.reflows:
            self._reflow()
        else:
            self._rows = [row[:columns] for row in self._rows]
        self.column = min(self.column, columns - 1)
        self._wraps_next = False
        self._scroll()

    def _pull(self) -> None:
        """Take everything back; what finds no room scrolls off again."""
        self.row += len(self._off)
        self._rows = [row for row, _ in self._off] + self._rows
        self._wrapped = [wrapped for _, wrapped in self._off] + self._wrapped
        self._off.clear()
        self.scrolled_off.clear()

    def _reflow(self) -> None:
        rows, wrapped = self._rows, self._wrapped
        self._rows, self._wrapped = [], []
        line: list[Cell] = []
        for index, (row, goes_on) in enumerate(zip(rows, wrapped, strict=True)):
            if index == self.row:
                cursor_at = len(line) + self.column
                mark = len(self._rows)
            line += row
            if goes_on and index + 1 < len(rows):
                continue
            pieces = [line[at : at + self.columns] for at in range(0, len(line), self.columns)]
            self._rows += pieces or [[]]
            self._wrapped += [True] * (len(pieces) - 1) + [False]
            line = []
        self.row = mark + cursor_at // self.columns
        self.column = cursor_at % self.columns
        self._make_row()

    def _take(self, char: str) -> None:
        if char == "\r":
            self.column, self._wraps_next = 0, False
        elif char == "\n":
            self._next_row()
        elif char == "\a":
            self.bells += 1
        elif category(char) in ("Cc", "Zl", "Zp") or char in "\u202a\u202b\u202c\u202d\u202e":
            raise AssertionError(f"{char!r} was written to the terminal")
        else:
            self._put(char)

    def _begin_link(self, link: str) -> None:
        self._in_link = link != ";"
        if self._in_link:
            self.links.append((link, ""))

    def _put(self, char: str) -> None:
        if self._in_link:
            link, text = self.links[-1]
            self.links[-1] = (link, text + char)
        row = self._rows[self.row]
        last = self._last_cell()
        if last is not None and (_is_joined(char) or row[last][0].endswith("\u200d")):
            row[last] = (row[last][0] + char, row[last][1])
            return
        wide = 2 if east_asian_width(char) in "WF" else 1
        if self._wraps_next or self.column + wide > self.columns:
            self._wrapped[self.row] = True
            self.column = 0
            self._next_row()
            row = self._rows[self.row]
        row += [_BLANK] * (self.column + wide - len(row))
        row[self.column : self.column + wide] = [(char, self._sgr), _WIDE_END][:wide]
        self._wraps_next = self.column + wide == self.columns
        self.column = min(self.column + wide, self.columns - 1)

    def _last_cell(self) -> int | None:
        """The index of the cell that was written before the cursor; None at the start of a row."""
        row = self._rows[self.row]
        at = self.column if self._wraps_next else self.column - 1
        while 0 <= at < len(row) and row[at] is _WIDE_END:
            at -= 1
        return at if 0 <= at < len(row) else None

    def _next_row(self) -> None:
        self.row += 1
        self._wraps_next = False
        self._make_row()
        self._scroll()

    def _save(self) -> None:
        self._saved = self.row, self.column

    def _restore(self) -> None:
        self.row, self.column = self._saved
        self._wraps_next = False

    def _make_row(self) -> None:
        while len(self._rows) <= self.row:
            self._rows.append([])
            self._wrapped.append(False)

    def _scroll(self) -> None:
        while self.row >= self.lines:
            row, wrapped = self._rows.pop(0), self._wrapped.pop(0)
            self.scrolled_off.append(_text(row))
            if self.pulls:
                self._off.append((row, wrapped))
            self.row -= 1

    def _obey(self, parameters: str, final: str) -> None:
        self._wraps_next = False
        if final == "m":
            self._sgr = "" if parameters in ("", "0") else self._sgr + parameters + ";"
        elif final == "G":
            self.column = min(int(parameters or 1), self.columns) - 1
        elif final == "A" and parameters.isdecimal():
            self.row = max(0, self.row - int(parameters))
        elif final == "B" and not parameters:
            self.row = min(self.row + 1, self.lines - 1)
            self._make_row()
        elif final == "K" and not parameters:
            del self._rows[self.row][self.column :]
            self._wrapped[self.row] = False
        elif final == "H" and parameters.isdecimal():
            self.row, self.column = min(int(parameters), self.lines) - 1, 0
            self._make_row()
        elif final == "H" and not parameters:
            self.row = self.column = 0
        elif final == "n" and parameters == "6":
            self.answers += f"\x1b[{self.row + 1};{self.column + 1}R"
        elif final == "J" and parameters == "2":
            self._rows, self._wrapped = [[]], [False]
            self._make_row()
        elif parameters == "?2004" and final in "hl":
            self.pastes_bracketed = final == "h"
        else:
            raise AssertionError(f"unknown sequence: ESC [ {parameters} {final}")


def _text(row: list[Cell]) -> str:
    return "".join(char for char, _ in row).rstrip(" ")


def _is_joined(char: str) -> bool:
    return category(char) in ("Mn", "Me", "Cf") or 0x1F3FB <= ord(char) <= 0x1F3FF
