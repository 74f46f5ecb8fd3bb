"""How a turn looks on a screen of 80 columns: what was seen, under the line that did it.

Invariant: no row is wider than the screen. A terminal would fold it, and a page would not fit.

Not here: what is shown (`recorder`), and when it goes on (`tour`).
"""

import textwrap
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Final

from reactor_chat.lesson.recorder import Seen

WIDTH: Final = 79  # a terminal of 80 may fold at the last column
_CELL: Final = 25  # columns of one cell; three of them fit
_SOURCE: Final = 25  # columns for a file and a line
_KIND: Final = 10

# Of steps that follow one another and are of one kind and line, so many are shown.
_ALIKE: Final = 3

_LABELS: Final = {
    "ready": "dispatch",
    "early": "end, early",
    "end": "end",
    "set": "timer set",
    "timer": "timer due",
}

_DIM: Final = "2"
_BOLD: Final = "1"

Paint = Callable[[str, str], str]


def painter(colours: bool) -> Paint:
    """Return what gives a text a colour, or leaves it as it is."""
    return (lambda text, code: f"\x1b[{code}m{text}\x1b[0m") if colours else lambda text, code: text


def cut(text: str, width: int = WIDTH) -> str:
    """Return a text that fits into so many columns."""
    return text if len(text) <= width else text[: width - 1] + "…"


def render_turn(seen: Sequence[Seen], paint: Paint) -> Iterator[str]:
    """Return the rows of one turn."""
    last = ""
    for _, group in groupby(seen, key=_sort):
        alike = list(group)
        for one in alike if len(alike) <= _ALIKE + 1 else alike[:_ALIKE]:
            place = one.place
            source = f"  {place.file}:{place.line}".ljust(_SOURCE) + place.text if place else last
            if source != last:
                yield paint(cut(source), _DIM)
                last = source
            if one.kind != "call":
                yield _row(one.kind, one.text, paint)
        if len(alike) > _ALIKE + 1:
            yield _row("", f"… and so {len(alike) - _ALIKE} times more", paint)


def _sort(one: Seen) -> tuple[str, object]:
    return one.kind, (one.place if one.kind != "call" else id(one))


def _row(kind: str, text: str, paint: Paint) -> str:
    label = _LABELS.get(kind, kind).ljust(_KIND)
    return paint(label, _BOLD) + " " + cut(text, WIDTH - _KIND - 1)


def render_prose(text: str) -> list[str]:
    """Return the rows of a paragraph."""
    return textwrap.wrap(" ".join(text.split()), WIDTH)


def render_title(text: str, paint: Paint) -> str:
    """Return a row that begins something."""
    return paint(f"== {text} ".ljust(WIDTH, "="), _BOLD)


def render_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows in columns, the first to the left, the others to the right."""
    table = [[cut(cell, _CELL) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    return [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]


def render_diff(lines: Sequence[str], paint: Paint) -> list[str]:
    """Return a change, with what is taken away in red and what is new in green."""
    colours = {"-": "31", "+": "32"}
    return [paint(cut(line), colours.get(line[:1], _DIM)) for line in lines]
