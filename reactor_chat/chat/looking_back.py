"""Which entries come after a line of a given number.

Invariant: nothing is left out and nothing is there twice, though an entry has many lines and the
number may be that of any: otherwise whoever resumes reads a line again, or never.

Not here: how long entries are kept (`log`), and how they are shown (`recall`).
"""

from collections.abc import Iterable

from reactor_chat.wire.dialects import Entry


def entries_after(newest_first: Iterable[Entry], number: int) -> list[Entry]:
    """Return, oldest first, what was said after the line of this number."""
    found: list[Entry] = []
    for entry in newest_first:
        if _last_number(entry) <= number:
            break
        found.append(entry)
    if found and found[-1].first <= number:
        found[-1] = _lines_after(found[-1], number)
    return found[::-1]


def _last_number(entry: Entry) -> int:
    """Return the number of the last line of an entry."""
    return entry.first + entry.lines - 1


def _lines_after(entry: Entry, number: int) -> Entry:
    """Return what of an entry comes after the line of this number."""
    skipped = number - entry.first + 1
    rest = b"\n".join(entry.block.split(b"\n")[skipped:])
    return entry._replace(block=rest, first=number + 1, lines=entry.lines - skipped)
