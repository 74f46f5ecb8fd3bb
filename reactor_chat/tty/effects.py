"""What key strokes lead to: what a terminal does, and what its caller has to act on.

Not here: which key has which effect (`editor`).
"""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Submit:
    """Lines to send, none of them blank."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """A password that was asked for; None if the question was refused."""

    text: str | None


@dataclass(frozen=True, slots=True)
class Switch:
    """Go to another room: -1 to the one before, +1 to the one after."""

    step: int


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Ctrl-C on an empty line, for the `times`-th time in a row."""

    times: int


@dataclass(frozen=True, slots=True)
class End:
    """Ctrl-D on an empty line."""


@dataclass(frozen=True, slots=True)
class Suspend:
    """Ctrl-Z."""


@dataclass(frozen=True, slots=True)
class HungUp:
    """There is no terminal any more. (No key does that.)"""


@dataclass(frozen=True, slots=True)
class Redraw:
    """Ctrl-L."""


@dataclass(frozen=True, slots=True)
class Ring:
    """The key could do nothing."""


@dataclass(frozen=True, slots=True)
class Show:
    """Lines of the editor's own, to appear above the draft."""

    lines: tuple[str, ...]


Effect = Submit | Answered | Switch | Interrupt | End | Suspend | Redraw | Ring | Show


class View(NamedTuple):
    """What to draw on the last row."""

    prompt: str | None  # None: the one of the chat
    text: str
    cursor: int  # an index into the text
