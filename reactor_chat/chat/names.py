"""What a name may be, and when two names are the same.

The aim is that nobody can pass for somebody else, and that people can bear their own names. A name
is kept in NFKC (Unicode Standard Annex 15), which undoes full-width and other styled forms. Two
names are the same if their case-folded forms are, and look alike if their skeletons are equal.

A name has letters and digits of one script (or of scripts that people write together: Unicode
Technical Standard 39, *highly restrictive*), the marks that belong to the letters, and `_`, `-`,
`.`. What a character is follows from its category and its name in Unicode, so the rules hold for
every version of the tables that a Python brings along.

Invariants:
- The length comes first. Normalising 4 KB of marks takes 100 ms, and anybody may send such a line.
- Whoever is refused reads the reason that applies.
- What is granted stays as it is: `check_name` returns a name that it has returned.

Not here: who has which name at the moment, and what letters look like (`lookalikes`).
"""

import re
from functools import lru_cache
from typing import Final
from unicodedata import category, name, normalize

from reactor_chat.chat.lookalikes import skeleton
from reactor_chat.wire.addresses import looks_like_address

MAX_NAME: Final = 24  # characters: leaves most of a terminal's line for what is said

# A letter of most scripts bears one or two (a vowel and a tone); more make towers that cover the
# lines above.
MAX_MARKS: Final = 2

# `Server: …` is the operator. `Client` could forge a given name: its "/me 7 waves" would read
# "** Client 7 waves".
_RESERVED: Final = {skeleton(word): word for word in ("Server", "Client")}

# Most names, which need no more than this.
_ASCII_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")

# Whatever follows the last letter, except for its marks.
_AFTER_LETTERS: Final = re.compile(r"[\W\d_]+\Z")

# Letters and marks that are drawn as nothing say so in their names in Unicode.
_INVISIBLE: Final = re.compile(r"\b(?:FILLER|SELECTOR|JOINER|INHERENT|BLANK)\b")

# Letters that are drawn like punctuation of ASCII, or like a middle dot (Unicode's confusables.txt
# 17.0). Not the letters of living alphabets that resemble a sign, such as Hebrew yod or Cree `ᐳ`.
_PUNCTUATION: Final = frozenset(
    map(
        chr,
        (
            *(0x01C0, 0x01C1, 0x01C2, 0x01C3, 0xA78C, 0xA78F),  # clicks, saltillo, middle dot
            *(0x0640, 0x07F4, 0x07F5, 0x07FA),  # Arabic and N'Ko: bars, apostrophes
            *(0xA4F8, 0xA4F9, 0xA4FA, 0xA4FB, 0xA4FC, 0xA4FD),  # tones of Lisu: `.`, `,`, `:`
            *(0x16B2, 0x16CC, 0x2CB2, 0x2CB3, 0x2CBA, 0x2CBB, 0x2CC6, 0x2CC7),  # runes, old Coptic
            *(0x2D48, 0x2D51, 0x1029B, 0x1031F, 0x16F3F),  # of other scripts
        ),
    )
)

# Names in Unicode begin with the script; these words stand for no script or for another's, ...
_SCRIPTS: Final = {
    **dict.fromkeys(("CJK", "IDEOGRAPHIC", "VIETNAMESE"), "Han"),
    **dict.fromkeys(("HIRAGANA", "KATAKANA", "HENTAIGANA", "KATAKANA-HIRAGANA"), "kana"),
    "COMBINING": "kana",  # the voiced marks; `_kind` sees to all others
    **dict.fromkeys(("ARABIC-INDIC", "EXTENDED"), "Arabic"),
}
# ... these have no script, and are drawn like signs whatever their category says, ...
_SIGNS: Final = frozenset(
    (
        *("CARON", "MASU", "MODIFIER", "MUSICAL", "PHAISTOS", "ROMAN", "TURNED"),
        *("VARIATION", "VEDIC", "VERTICAL", "ZNAMENNY"),
    )
)
# ... and these begin the names of several scripts.
_SHARED_WORDS: Final = frozenset(["INSCRIPTIONAL", "LINEAR", "MEROITIC", "OLD", "TAI"])

# The marks that go with several scripts. Other combining ones are for symbols, phonetics and old
# manuscripts.
_DIACRITICS: Final = frozenset(map(chr, range(0x0300, 0x0370)))

# The mixtures that people write (UTS 39, 5.2).
_MIXTURES: Final = (
    frozenset({"Latin", "Han", "kana"}),
    frozenset({"Latin", "Han", "Bopomofo"}),
    frozenset({"Latin", "Han", "Hangul"}),
)

# What `_kind` tells apart; every other kind is the script of a letter, digit or mark.
_COMMON: Final = "common"
_INHERITED: Final = "inherited"  # a mark that goes with letters of several scripts
_SIGN: Final = "sign"
_UNSEEN: Final = "unseen"
_OTHER: Final = "other"


class BadName(ValueError):
    """The text cannot be a name; the message tells the person why."""


def name_key(text: str) -> str:
    """Return the form under which names are compared; "" for what is too long to be one."""
    if len(text) > MAX_NAME:
        return ""
    return normalize("NFKC", normalize("NFKC", text).casefold())


def room_key(text: str) -> str:
    """Return `name_key` of a room's name; one `#` before it is dropped."""
    return name_key(text.removeprefix("#"))


def check_name(text: str) -> str:
    """Return the name that `text` spells, in NFKC; raise `BadName` if it spells none."""
    return _check(text, "A name")


def check_room_name(text: str) -> str:
    """Return the room's name that `text` spells, without a `#` before it; or raise `BadName`."""
    return _check(text.removeprefix("#"), "A room's name")


def _check(text: str, what: str) -> str:
    chosen = text
    if not 1 <= len(text) <= MAX_NAME:
        raise BadName(f"{what} has 1 to {MAX_NAME} characters.")
    if not _ASCII_NAME.fullmatch(text):
        chosen = normalize("NFKC", text)
        if len(chosen) > MAX_NAME:
            raise BadName(f"{what} has 1 to {MAX_NAME} characters.")
        _check_characters(chosen, text, what)
        _check_marks(chosen, what)
        _check_scripts(chosen, what)
    _check_meaning(chosen, what)
    return chosen


def _check_characters(chosen: str, typed: str, what: str) -> None:
    """Refuse a character that stands in no name, and a name that begins with none that may."""
    for char in chosen:
        kind = _kind(char)
        if kind not in (_SIGN, _UNSEEN, _OTHER):
            continue
        shown = _shown(_origin(char, typed))
        if kind == _SIGN:
            raise BadName(f"{what} cannot have {shown}, which is drawn like punctuation.")
        if kind == _UNSEEN:
            raise BadName(f"{what} cannot have {shown}, which cannot be seen.")
        allowed = "letters, digits, '_', '-' and '.'"
        raise BadName(f"{what} has only {allowed}, not {shown}.")
    if chosen[0] in "_-." or _is_mark(chosen[0]):
        raise BadName(f"{what} starts with a letter or digit.")


def _check_marks(chosen: str, what: str) -> None:
    """Refuse marks that belong to no letter, or too many on one."""
    letter, marks = "", 0
    for char in chosen:
        if not _is_mark(char):
            letter, marks = char, 0
            continue
        if not letter.isalpha() or not _belongs(char, letter):
            raise BadName(f"{what} cannot have {_shown(char)} after '{letter}'.")
        # Those that NFKC made part of the letter count, too, once there are others.
        marks = (marks or len(normalize("NFD", letter)) - 1) + 1
        if marks > MAX_MARKS:
            raise BadName(f"{what} has at most {MAX_MARKS} marks after a letter.")


def _check_scripts(chosen: str, what: str) -> None:
    """Refuse a mixture that nobody writes."""
    # A dict for its order: the scripts are told as they come.
    scripts = dict.fromkeys(map(_kind, chosen))
    for shared in (_COMMON, _INHERITED):
        scripts.pop(shared, None)
    if len(scripts) > 1 and not any(scripts.keys() <= mixture for mixture in _MIXTURES):
        *others, last = scripts
        raise BadName(f"{what} may not mix {', '.join(others)} and {last} letters.")


def _check_meaning(chosen: str, what: str) -> None:
    """Refuse what would be taken for the operator, a given name, or an address."""
    stem = _AFTER_LETTERS.sub("", chosen)
    word = _RESERVED.get(skeleton(stem))
    if word is not None:
        if name_key(stem) == word.lower():
            raise BadName(f"The name {chosen} is reserved.")
        raise BadName(f"The name {chosen} looks too much like {word}.")
    if looks_like_address(chosen):
        raise BadName(f"{what} cannot be an address.")


@lru_cache(maxsize=4096)
def _kind(char: str) -> str:
    """Return the script of a letter, digit or mark, or what else the character is."""
    kind = category(char)
    if char.isascii():
        return "Latin" if char.isalpha() else _COMMON if char.isdigit() or char in "_-." else _OTHER
    if kind[0] != "L" and kind not in ("Nd", "Mn", "Mc"):
        return _UNSEEN if kind == "Cf" else _OTHER
    # All letters and marks have names, but for those of Tangut (until Python 3.14).
    full_name = name(char, "TANGUT")
    if _INVISIBLE.search(full_name):
        return _UNSEEN
    word, _, rest = full_name.partition(" ")
    if word in _SIGNS or char in _PUNCTUATION:
        return _SIGN
    if word == "COMBINING" and not rest.startswith("KATAKANA"):
        return _INHERITED if char in _DIACRITICS else _OTHER
    return _script(word, rest)


def _script(word: str, rest: str) -> str:
    """Return the script with which the name of a character begins."""
    if word in _SHARED_WORDS:
        return f"{word} {rest.partition(' ')[0]}".title()
    return _SCRIPTS.get(word, word.title())


def _is_mark(char: str) -> bool:
    return not char.isascii() and category(char)[0] == "M"


def _belongs(mark: str, letter: str) -> bool:
    """Return whether a mark goes with a letter; general ones go with letters that have case."""
    return _kind(mark) != _INHERITED or letter.lower() != letter.upper()


def _origin(char: str, typed: str) -> str:
    """Return the character that was typed and became `char`: an acute accent becomes a space."""
    return next((one for one in typed if char in normalize("NFKC", one)), char)


def _shown(char: str) -> str:
    """Return how an error shows a character that may be of any kind."""
    if char.isspace():
        return "spaces"
    if char.isprintable() and not _is_mark(char) and _kind(char) != _UNSEEN:
        return f"'{char}'"
    return f"U+{ord(char):04X}"
