"""What Tab may put in the place of the word before the cursor.

Invariants:
- Candidates keep the order in which the names are given, so the caller decides what comes first.
- A candidate ends with what is typed next: a blank, or `: ` after a name that opens the line.

Not here: who is present, and the keys that go through the candidates.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

_TAKES_ROOM: Final = frozenset(
    {"/join", "/part", "/leave", "/who", "/names"}
)  # and nothing after it

_MAX_NAME_WORDS: Final = 2  # a given name has two: `Client 1`

_WORD_START: Final = re.compile(r"(?:\A|(?<=\s))(?=\S|\Z)")


def complete(
    before: str,
    commands: Iterable[str],
    people: Sequence[str],
    rooms: Sequence[str],
    banned: Sequence[str] = (),
) -> tuple[int, list[str]]:
    """Return the index in `before` where the word starts, and the candidates for it, best first."""
    command, blank, argument = before.partition(" ")
    if before.startswith("/") and not blank:
        return 0, [name + " " for name in commands if name.startswith(before.lower())]
    if command == "/help":
        slash = argument.startswith("/")
        return _complete_argument(before, [name if slash else name[1:] for name in commands])
    if command in _TAKES_ROOM or (command == "/say" and " " not in argument):
        return _complete_argument(before, rooms)
    if command == "/unban":
        return _complete_argument(before, banned)
    start, names = _complete_name(before, [*people, *rooms])
    if start == len(before) > 0 and (argument or not before.startswith("/")):
        return start, []  # in a text, a word has to be begun
    return start, [name + (": " if start == 0 and name in people else " ") for name in names]


def _complete_argument(before: str, names: Iterable[str]) -> tuple[int, list[str]]:
    """Complete all that follows the command."""
    start = before.index(" ") + 1
    typed = before[start:].casefold()
    return start, [name + " " for name in names if name.casefold().startswith(typed)]


def _complete_name(before: str, names: Sequence[str]) -> tuple[int, list[str]]:
    """Look for names that start with the last word, or with the last two."""
    starts = [match.start() for match in _WORD_START.finditer(before)]
    for start in starts[-_MAX_NAME_WORDS:]:
        typed = before[start:].casefold()
        if found := [name for name in names if name.casefold().startswith(typed)]:
            return start, found
    return len(before), []
