"""What Tab may put in the place of the word before the cursor.

Invariants:
- Candidates keep the order in which the names are given, so the caller decides what comes first.
- A candidate ends with what is typed next: a blank, or `: ` after a name that opens the line.

Not here: who is present, and the keys that go through the candidates.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

# Their first argument is a room, as far as clients and the console know any.
_ROOM_COMMANDS: Final = frozenset({"/join", "/who", "/names", "/say"})

_MAX_NAME_WORDS: Final = 2  # a given name has two: `Client 1`

_WORD_START: Final = re.compile(r"(?:\A|(?<=\s))(?=\S|\Z)")


def complete(
    before: str, commands: Iterable[str], people: Sequence[str], rooms: Sequence[str]
) -> tuple[int, list[str]]:
    """Give the index in `before` where the word starts, and the candidates for it, best first."""
    command, blank, argument = before.partition(" ")
    if before.startswith("/") and not blank:
        return 0, [name + " " for name in commands if name.startswith(before.lower())]
    if command == "/help":
        offered = [name.removeprefix("/") for name in commands]
        return _matching(before, len(command) + 1, offered, " ")
    if command in _ROOM_COMMANDS and " " not in argument:
        return _matching(before, len(command) + 1, rooms, " ")
    start, names = _matching(before, 0, [*people, *rooms], "")
    return start, [name + (": " if start == 0 and name in people else " ") for name in names]


def _matching(before: str, floor: int, names: Iterable[str], end: str) -> tuple[int, list[str]]:
    """Look for names that start with the last word, or with the last two."""
    names = list(names)
    starts = [match.start() for match in _WORD_START.finditer(before) if match.start() >= floor]
    for start in starts[-_MAX_NAME_WORDS:]:
        typed = before[start:].casefold()
        if found := [name + end for name in names if name.casefold().startswith(typed)]:
            return start, found
    return len(before), []
