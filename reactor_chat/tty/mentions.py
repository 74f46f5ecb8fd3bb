"""Where a line speaks of somebody: the name as a whole, not as a part of another name.

Names hold letters and digits with their marks, `_`, `-` and `.`. So `ann` is not meant by `anna`,
`ann-marie`, `dr.ann` or `mary-ann`; but it is by `ann.` and `ann?`, as a full stop or a dash at a
name's end is most likely punctuation. As everywhere, names are the same whose NFKC casefold is.

Not here: what is done about a mention.
"""

from collections.abc import Iterator
from typing import Final
from unicodedata import category, normalize

_Span = tuple[int, int]

_TAIL: Final = ".-"  # what may end a name, or follow it


def mentions(text: str, name: str) -> list[_Span]:
    """Return where in a text the name stands, in order."""
    if _key(name) not in _key(text):
        return []
    body, tail = _split_tail(name)
    words = list(map(_key, body.split(" ")))  # a given name has two: `Client 1`
    runs = list(_runs(text))
    found = []
    for at in range(len(runs) - len(words) + 1):
        some = runs[at : at + len(words)]
        if _are_words(text, some, words) and text.startswith(tail, some[-1][1]):
            found.append((some[0][0], some[-1][1] + len(tail)))
    return found


def _are_words(text: str, runs: list[_Span], words: list[str]) -> bool:
    """Whether runs of a text are these words, with one blank between two of them."""
    for number, ((start, end), word) in enumerate(zip(runs, words, strict=True)):
        if _key(text[start:end]) != word:
            return False
        if number and text[runs[number - 1][1] : start] != " ":
            return False
    return True


def _runs(text: str) -> Iterator[_Span]:
    """Find what could be names, without the punctuation at their ends."""
    start: int | None = None
    for at, char in enumerate(text + " "):
        if start is None and char.isalnum():
            start = at
        elif start is not None and not _is_of_name(char):
            yield start, start + len(text[start:at].rstrip(_TAIL))
            start = None


def _is_of_name(char: str) -> bool:
    return char.isalnum() or char in "_-." or category(char).startswith("M")


def _split_tail(name: str) -> tuple[str, str]:
    body = name.rstrip(_TAIL)
    return body, name[len(body) :]


def _key(text: str) -> str:
    return text.casefold() if text.isascii() else normalize("NFKC", text).casefold()
