"""How a line that is longer than the screen is wide stands on several rows.

Terminals would fold it at the last column and begin the next row in the first. Then a line could be
written so that its second row looks like somebody else's. So rows after the first are indented, and
a row breaks between words where it can.

Invariants:
- No row is wider than the screen, whatever the terminal makes of it, unless there is nothing but
  one character in it, beside the indentation.
- Every row but the first begins with the indentation, which no line of the chat begins with.
- SGR sequences take no column and stay where they are.

Not here: how wide characters are (`columns`), and which lines there are.
"""

import re
from collections.abc import Iterator

from reactor_chat.tty.columns import clusters, most_columns

_SGR = re.compile(r"(\x1b\[[0-9;]*m)")


def fold(line: str, columns: int, indent: int) -> list[str]:
    """Give the rows of a line on a screen of so many columns, at least one."""
    if len(line) <= columns and line.isascii():
        return [line]
    indent = min(indent, max(0, columns - 2))  # leave room for a wide character
    rows: list[str] = []
    row, used = "", 0
    for piece, width in _pieces(line):
        if used + width > columns:
            kept, rest = ("", "") if piece == " " else _break(row, columns - indent - width)
            rows.append(kept or row)
            row, used = " " * indent + rest, indent + _width(rest)
            if piece == " ":
                continue
        row += piece
        used += width
    return [*rows, row]


def _break(row: str, room: int) -> tuple[str, str]:
    """Split a row after its last word, if that fits into `room` columns; else not at all."""
    kept, blank, word = row.rpartition(" ")
    fits = blank and kept.strip(" ") and _width(word) <= room
    return (kept.rstrip(" "), word) if fits else (row, "")


def _pieces(line: str) -> Iterator[tuple[str, int]]:
    for part in _SGR.split(line):
        if part.startswith("\x1b"):
            yield part, 0
        else:
            for cluster in clusters(part):
                yield cluster, most_columns(cluster)


def _width(text: str) -> int:
    return sum(width for _, width in _pieces(text))
