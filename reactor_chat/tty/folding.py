"""How a line that is longer than the screen is wide stands on several rows.

Terminals would fold it at the last column and begin the next row in the first. Then a line could be
written so that its second row looks like somebody else's. So rows after the first are indented, and
a row breaks between words where it can.

Invariants:
- No row is wider than the screen, whatever the terminal makes of it, unless there is nothing but
  one character in it, beside the indentation.
- Every row but the first begins with the indentation, which no line of the chat begins with.
- SGR sequences and hyperlinks (OSC 8) take no column and stay where they are. What is open where a
  row ends is closed there, and opened again behind the indentation: a row can be drawn by itself.
- The work is linear in the line's length.

Not here: how wide characters are (`columns`), and which lines there are.
"""

import re
from collections import deque
from collections.abc import Iterator
from typing import Final

from reactor_chat.tty.columns import cluster_end, clusters_from, most_columns, width

_ESCAPE: Final = re.compile(r"(\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*\x1b\\)")
_RESET: Final = "\x1b[0m"
_LINK: Final = "\x1b]"
_LINK_END: Final = "\x1b]8;;\x1b\\"

_Span = tuple[int, int]  # of the text without its escape sequences


def fold(line: str, columns: int, indent: int) -> list[str]:
    """Return the rows of a line on a screen of so many columns, at least one."""
    if len(line) <= columns and line.isascii():
        return [line]
    parts = _ESCAPE.split(line)
    text = "".join(parts[::2])
    indent = min(indent, max(0, columns - 2))  # leave room for a wide character
    spans = _spans(text, columns, indent)
    if spans == [(0, len(text))]:
        return [line]
    rows = _dressed(parts, spans)
    return [rows[0], *(" " * indent + row for row in rows[1:])]


def without_escapes(line: str) -> str:
    """Return what of a line is to be read."""
    return _ESCAPE.sub("", line)


def _spans(text: str, columns: int, indent: int) -> list[_Span]:
    """Return what of the text stands on each row."""
    spans: list[_Span] = []
    start, room = 0, columns
    while (end := _overflow(text, start, room)) < len(text):
        room = columns - indent
        if text[end] == " " and cluster_end(text, end) == end + 1:
            after = end + 1  # the blank is lost in the break
        else:
            end, after = _between_words(text, start, end, room) or (end, end)
        spans.append((start, end))
        start = after
    return [*spans, (start, len(text))] if start < len(text) or not spans else spans


def _overflow(text: str, start: int, room: int) -> int:
    """Return the index of what does not fit into `room` any more; one cluster always does."""
    if text.isascii():
        return min(len(text), start + max(1, room))
    at = start
    for cluster in clusters_from(text, start):
        room -= most_columns(cluster)
        if room < 0 and at > start:
            break
        at += len(cluster)
    return at


def _between_words(text: str, start: int, end: int, room: int) -> _Span | None:
    """Return where the last word before `end` ends and the next begins, if that can move down."""
    blank = text.rfind(" ", start, end)
    if blank < 0 or not (kept := text[start:blank].rstrip(" ")).strip(" "):
        return None
    word = text[blank + 1 : cluster_end(text, end)]
    return (start + len(kept), blank + 1) if width(word) <= room else None


def _dressed(parts: list[str], spans: list[_Span]) -> list[str]:
    """Cut a line, split at its escape sequences, into rows that each undo what they open."""
    text, escapes = "".join(parts[::2]), deque(_placed(parts))
    colour = link = ""
    rows = []
    for start, end in spans:
        row, at = colour + link, start
        while escapes and _belongs(escapes[0], end, end == len(text)):
            place, escape = escapes.popleft()
            row += text[at:place] + escape
            at = max(at, place)
            if escape.startswith(_LINK):
                link = "" if escape == _LINK_END else escape
            else:
                colour = "" if escape == _RESET else colour + escape
        row += text[at:end] + (_LINK_END if link else "") + (_RESET if colour else "")
        rows.append(row)
    return rows


def _placed(parts: list[str]) -> Iterator[tuple[int, str]]:
    """Yield each escape sequence behind its place in the text."""
    place = 0
    for text, escape in zip(parts[::2], parts[1::2], strict=False):
        place += len(text)
        yield place, escape


def _belongs(placed: tuple[int, str], end: int, is_last: bool) -> bool:
    """Whether an escape sequence stands in a row that ends at `end`: what opens there does not."""
    place, escape = placed
    return place < end or is_last or (place == end and escape in (_RESET, _LINK_END))
