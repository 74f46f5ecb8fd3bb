"""What the tags of a line mean: `@time=…;room=tea;id=0badcafe-17 bob: hi`.

Invariants:
- Whatever has not the form of a tag, or of its value, is left out rather than guessed: a client
  skips what a newer server may say.

Not here: how tags are written (`wire.protocol`), whether a connection has any, and what follows.
"""

import re
from datetime import datetime
from typing import Final, NamedTuple

from reactor_chat.wire.protocol import split_tags

_ID: Final = re.compile(r"([0-9a-f]{8})-([0-9]{1,18})")


class LineId(NamedTuple):
    """The place of a line among those said in its room, for the life of that numbering."""

    epoch: str
    number: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.number}"


class TaggedLine(NamedTuple):
    """A line as it is without tags, and what they say."""

    text: str
    time: float | None = None  # when it was said (Unix time)
    room: str | None = None
    id: LineId | None = None
    last: LineId | None = None  # on joining: the last line that was said in the room


def untag(line: str) -> TaggedLine:
    """Take the tags off a line; one without any stays as it is."""
    tags, text = split_tags(line)
    time, room, id, last = (tags.get(key, "") for key in ("time", "room", "id", "last"))
    return TaggedLine(text, _time(time), room or None, line_id(id), line_id(last))


def line_id(text: str) -> LineId | None:
    """Read `EPOCH-N`; None if it is something else."""
    match = _ID.fullmatch(text)
    return LineId(match[1], int(match[2])) if match else None


def _time(text: str) -> float | None:
    try:
        said = datetime.fromisoformat(text)
        return said.timestamp() if said.tzinfo else None
    except (ValueError, OverflowError):
        return None
