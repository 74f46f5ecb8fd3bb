"""Which part of the draft the last row of the screen shows, and what of it is before the cursor.

A draft that is too wide scrolls sideways, by half a screen at a time, so that it stands still
while one types. `<` and `>` stand where more of it is hidden.

Invariants:
- The row takes one column less than the screen has, whatever the terminal joins: what stands in
  the last column makes terminals wrap.
- The cursor is in the row, and the view depends on the draft and the cursor alone.
- A cluster is shown whole or not at all.
- Only about a screen's width of the draft is looked at, however long it is.

Not here: escape codes, writing.
"""

from typing import Final, NamedTuple

from reactor_chat.tty.columns import (
    boundary_from,
    clusters,
    clusters_from,
    most_columns,
    sure_boundary,
    visible,
    width,
)

# Columns that the prompt leaves to the draft, whatever it says; and half of the screen at least.
_MIN_ROOM: Final = 12

# Columns. A narrower screen is drawn as if it had these: the marks and a few clusters need them.
_MIN_COLUMNS: Final = 8

_BEFORE: Final = "<"
_AFTER: Final = ">"

_CUT: Final = "…"
_PROMPT_END: Final = 2  # characters of a prompt that stay when it is shortened: its `> `


class Row(NamedTuple):
    """What to draw, and the part of it that stands before the cursor."""

    text: str
    before: str


def last_row(prompt: str, text: str, cursor: int, columns: int) -> Row:
    """Fit a draft with its cursor (an index into it) behind the prompt, into `columns` columns."""
    columns = max(columns, _MIN_COLUMNS)
    prompt = _shortened(prompt, min(columns // 2, columns - 1 - _MIN_ROOM))
    room = columns - 1 - width(prompt)
    start, end = 0, _end_of_view(text, 0, room)
    if end < len(text):
        inner = room - len(_BEFORE + _AFTER)
        start = _start_of_view(text, cursor, inner)
        end = _end_of_view(text, start, inner)
    head = prompt + (_BEFORE if start else "")
    tail = _AFTER if end < len(text) else ""
    before = head + visible(text[start : min(cursor, end)])
    return Row(head + visible(text[start:end]) + tail, before)


def _shortened(prompt: str, room: int) -> str:
    """Cut a prompt in its middle, or leave it away where not even that fits."""
    if width(prompt) <= room:
        return prompt
    end = _CUT + prompt[-_PROMPT_END:]
    if room <= width(end):
        return ""
    return prompt[: _end_of_view(prompt, 0, room - width(end))] + end


def _end_of_view(text: str, start: int, room: int) -> int:
    """Return where the text ends that fits into `room` columns from `start` on."""
    if text.isascii():
        return min(len(text), start + room)
    for cluster in clusters_from(text, start):
        room -= most_columns(cluster)
        if room < 0:
            break
        start += len(cluster)
    return start


def _start_of_view(text: str, cursor: int, room: int) -> int:
    """Return from where on to show a text, so that what is before the cursor fits into `room`."""
    first = _first_to_fit(text, cursor, room)
    # Half a screen of characters, at two columns each where they may be wide.
    step = room // 2 if text[first:cursor].isascii() else room // 4
    start = boundary_from(text, -(-first // step) * step)
    return start if start < cursor else first


def _first_to_fit(text: str, cursor: int, room: int) -> int:
    """Return the first boundary from which on the text up to the cursor fits into `room`."""
    at = cursor
    while at:
        for cluster in reversed(clusters(text[sure_boundary(text, at - 1) : at])):
            room -= most_columns(cluster)
            if room < 0:
                return at
            at -= len(cluster)
    return 0
