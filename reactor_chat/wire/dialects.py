"""How an entry of a room's log is written for those who read it.

A *dialect* is a function from an entry and the log that it stands in to bytes. What a room says in
a turn is rendered at most once in each dialect, whatever the number of readers:

    current     `alice: hi`             for whom it is the current room
    other       `[tea] alice: hi`       for whom it is another of one's rooms
    tagged      `@time=…;room=tea;id=… alice: hi`    for who asked for tags

Invariants:
- Rendering adds to each line and changes none, so the number of lines is the same in all dialects,
  and a count of missed lines does not depend on the reader.
- What stands in a tag cannot end it: times, names of rooms and ids have neither `;` nor a blank.

Not here: who reads which dialect (`chat`), and how much of a log one is sent (`net`).
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple

from reactor_chat.wire.protocol import prefixed

_DAY: Final = 24 * 60 * 60  # seconds

EPOCH_DIGITS: Final = 8  # of an epoch in hexadecimal: two lives of a log never share one by chance


class Mark(NamedTuple):
    """A place between two entries of a log: how much came before it since the log began."""

    entries: int
    lines: int
    size: int  # bytes, as in the dialect `current`


class Entry(NamedTuple):
    """What was said at once: whole lines."""

    block: bytes
    end: Mark  # the place after it
    first: int  # the number of its first line, counted from 1; 0: a notice, whose lines have none
    time: float  # seconds since 1970, UTC
    lines: int


class Origin(NamedTuple):
    """Where the entries of a log come from, as tags say it."""

    room: str
    epoch: str


Dialect = Callable[[Entry, Origin], bytes]


def current(entry: Entry, origin: Origin) -> bytes:
    """Return the lines as they were said."""
    return entry.block


def other(entry: Entry, origin: Origin) -> bytes:
    """Return the lines under the room's name."""
    return prefixed(f"[{origin.room}] ".encode(), entry.block)


def tagged(entry: Entry, origin: Origin) -> bytes:
    """Return the lines with their tags."""
    if not entry.first:
        return tag_lines(entry.block, entry.time, origin.room)
    head = f"@time={format_time(entry.time)};room={origin.room};id={origin.epoch}-".encode()
    lines = entry.block[:-1].split(b"\n")
    return b"".join(
        [b"%b%d %b\n" % (head, id_, line) for id_, line in enumerate(lines, entry.first)]
    )


def tag_lines(lines: bytes, time: float, room: str = "", last: str = "") -> bytes:
    """Return whole lines that stand in no log, with the time and, if given, room and last id."""
    place = (f";room={room}" if room else "") + (f";last={last}" if last else "")
    return prefixed(f"@time={format_time(time)}{place} ".encode(), lines)


def gap(missed: int, room: str, dialect: Dialect, time: float) -> bytes:
    """Return the notice that so many lines of a room (or of none) were left out."""
    return notice_of(f"You missed {missed} messages.", room, dialect, time)


def notice_of(text: str, room: str, dialect: Dialect, time: float) -> bytes:
    """Return one notice of a room (or of none) that stands in no log."""
    line = f"* {text}\n".encode()
    return (
        dialect(Entry(line, Mark(0, 1, len(line)), 0, time, 1), Origin(room, "")) if room else line
    )


@lru_cache(maxsize=64)  # what is said in a turn has one time
def format_time(time: float) -> str:
    """Return a time as in `2026-11-27T20:47:00.123Z` (RFC 3339)."""
    seconds, rest = divmod(milliseconds(time), 1000)
    days, seconds = divmod(seconds, _DAY)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{_format_day(days)}T{hours:02d}:{minutes:02d}:{seconds:02d}.{rest:03d}Z"


@lru_cache(maxsize=64)  # a long history has a time for each line, but few days
def _format_day(days: int) -> str:
    return f"{datetime.fromtimestamp(days * _DAY, UTC):%Y-%m-%d}"


def milliseconds(time: float) -> int:
    """Return the milliseconds that stand for a time, in tags and in an archive.

    The nearest one: what is cut off instead gets lower each time that it passes through a float.
    """
    return round(time * 1000)


def parse_id(text: str) -> tuple[str, int] | None:
    """Return the epoch and the number of an id, or None if `text` is none."""
    epoch, _, number = text.partition("-")
    is_epoch = len(epoch) == EPOCH_DIGITS and set(epoch) <= set("0123456789abcdef")
    # The digits are counted first: converting very many of them takes quadratic time.
    if is_epoch and number.isascii() and number.isdigit() and len(number) <= len(str(2**63)):
        return epoch, int(number)
    return None
