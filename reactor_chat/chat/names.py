"""What a name may be, and when two names are the same.

The aim is that nobody can pass for somebody else. A name is kept in NFKC (Unicode Standard Annex
15), which undoes full-width and other look-alike forms; it has letters and digits of any script,
and `_`, `-`, `.` inside; combining marks, spaces and everything invisible are out; and it does not
mix the three alphabets whose letters look alike. Two names are the same if their case-folded forms
are.

Not here: who has which name at the moment.
"""

from typing import Final
from unicodedata import category, name, normalize

MAX_NAME: Final = 24  # characters: leaves most of a terminal's line for what is said

# `Server: …` is the operator. `Client` could forge a given name: its "/me 7 waves" would read
# "** Client 7 waves".
_RESERVED: Final = frozenset({"server", "client"})

# Unicode calls these letters, but they are drawn as nothing: the Hangul fillers, and (since Unicode
# 15) the blanks among the hieroglyphs.
_INVISIBLE_LETTERS: Final = frozenset("\u115f\u1160\u3164\uffa0\U00013441\U00013442")

# The alphabets with letters in common to the eye, as they stand in Unicode's character names.
_LOOKALIKE_SCRIPTS: Final = frozenset({"LATIN", "CYRILLIC", "GREEK"})

_RULES: Final = (
    f"A name has 1 to {MAX_NAME} letters, digits, '_', '-' or '.', "
    "and starts with a letter or digit."
)


class BadName(ValueError):
    """The text cannot be a name; the message tells the person why."""


def name_key(text: str) -> str:
    """Give the form under which names are compared."""
    return normalize("NFKC", normalize("NFKC", text).casefold())


def check_name(text: str) -> str:
    """Give the name that `text` spells, in NFKC; raise `BadName` if it spells none."""
    chosen = normalize("NFKC", text)
    if not 1 <= len(chosen) <= MAX_NAME or not all(map(_may_stand_in_name, chosen)):
        raise BadName(_RULES)
    if chosen[0] in "_-.":
        raise BadName(_RULES)
    if name_key(chosen) in _RESERVED:
        raise BadName(f"The name {chosen} is reserved.")
    if len(_scripts(chosen)) > 1:
        raise BadName("A name may not mix Latin, Cyrillic and Greek letters.")
    return chosen


def _may_stand_in_name(char: str) -> bool:
    kind = category(char)
    return char in "_-." or ((kind[0] == "L" or kind == "Nd") and char not in _INVISIBLE_LETTERS)


def _scripts(text: str) -> set[str]:
    return {word for char in text for word in name(char, "").split() if word in _LOOKALIKE_SCRIPTS}
