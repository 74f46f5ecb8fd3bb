"""Which part of the draft the last row of the screen shows, and where the cursor is in it.

A draft that is too wide scrolls sideways, by half a screen at a time, so that it stands still
while one types. `<` and `>` stand where more of it is hidden.

Invariants:
- The row takes one column less than the screen has: what stands in the last column makes
  terminals wrap.
- The cursor is in the row, and the view depends on the draft and the cursor alone.
- A cluster is shown whole or not at all.

Not here: escape codes, writing.
"""

from itertools import accumulate
from typing import Final, NamedTuple

from reactor_chat.tty.columns import cluster_width, clusters, visible, width

# Columns. With fewer than these beside it, the prompt gives way to the draft.
_MIN_ROOM: Final = 12

# Columns. A narrower screen is drawn as if it had these: the marks and a few clusters need them.
_MIN_COLUMNS: Final = 8

_BEFORE: Final = "<"
_AFTER: Final = ">"


class Row(NamedTuple):
    """What to draw, and the cursor's column in it, from 0."""

    text: str
    cursor: int


def last_row(prompt: str, text: str, cursor: int, columns: int) -> Row:
    """Fit a draft with its cursor (an index into it) behind the prompt, into `columns` columns."""
    columns = max(columns, _MIN_COLUMNS)
    room = columns - 1 - width(prompt)
    if room < _MIN_ROOM:
        prompt, room = "", columns - 1
    before = width(text[:cursor])
    shown = Row(visible(text), before) if width(text) <= room else _scrolled(text, before, room)
    return Row(prompt + shown.text, width(prompt) + shown.cursor)


def _scrolled(text: str, cursor: int, room: int) -> Row:
    """Show `room` columns of a text that has more; `cursor` is a column of the text."""
    parts = clusters(text)
    ends = list(accumulate(map(cluster_width, parts)))
    inner = room - width(_BEFORE + _AFTER)
    step = inner // 2
    start = max(0, cursor // step - 1) * step
    shown = [
        part
        for part, end in zip(parts, ends, strict=True)
        if start <= end - cluster_width(part) and end <= start + inner
    ]
    # A wide cluster across the edge is hidden; a blank keeps its column, and so the cursor's place.
    gap = min((at for at in (0, *ends) if at >= start), default=start) - start
    mark = _BEFORE if start else ""
    body = mark + " " * gap + visible("".join(shown))
    more = _AFTER if ends[-1] > start + inner else ""
    return Row(body + more, min(cursor - start + len(mark), room - 1))
