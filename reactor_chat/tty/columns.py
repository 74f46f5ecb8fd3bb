"""How many columns of a terminal text takes, and where it may be cut.

What a person sees as one character may be many code points: a letter and its accents, a flag, a
family of emoji held together by joiners. Such a *cluster* is the unit here: the cursor never
stops inside one, and it is shown whole or not at all. The rules are those of Unicode Standard
Annex 29, as far as text in a chat needs them, and widths are those of Annex 11 and of Unicode
Technical Standard 51.

Invariants:
- The clusters of a text, put together, are the text.
- Where terminals disagree, a width is what those take that join nothing, so that no row wraps where
  it was not meant to. (Characters of ambiguous width are taken to be narrow.)
- The width of a text is the sum of the widths of its clusters, each 1 or more.
- `visible` text holds nothing that a terminal obeys, and is as wide as the text that it stands for.
- Finding a boundary looks at its neighbourhood, not at the whole text: a long draft would make
  every key slower than the one before it.

Not here: cursor movement, and what is done about text that is too wide.
"""

from collections.abc import Iterator
from enum import IntEnum
from functools import lru_cache
from typing import Final
from unicodedata import category, east_asian_width

_JOINER: Final = "\u200d"
_NON_JOINER: Final = "\u200c"
_EMOJI_STYLE: Final = "\ufe0f"  # asks for the picture of the character before it: two columns

# Joined to what stands before them although their category does not say so.
_SKIN_TONES: Final = range(0x1F3FB, 0x1F400)
_TAGS: Final = range(0xE0020, 0xE0080)  # the flags of England, Scotland, Wales
_HANGUL_TAILS: Final = (range(0x1160, 0x1200), range(0xD7B0, 0xD800))  # vowels and finals

_FLAG_LETTERS: Final = range(0x1F1E6, 0x1F200)
_FLAGS: Final = "".join(map(chr, _FLAG_LETTERS))

# Emoji younger than this Python's Unicode tables are unassigned to it, and wide all the same.
_EMOJI_BLOCKS: Final = range(0x1F300, 0x1FB00)

_MARKS: Final = frozenset({"Mn", "Me", "Mc"})
# Controls, formatting characters, surrogates, and the line and paragraph separators.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})

_CACHED: Final = 8192  # characters whose properties are kept: those of any conversation


class _Kind(IntEnum):
    """What a character does to the cluster before it."""

    STARTS = 0  # a new one, whatever that is
    EXTENDS = 1
    TONE = 2
    FLAG = 3  # half of one
    PICTURE = 4


# -- clusters --------------------------------------------------------------------------------------


def clusters(text: str) -> list[str]:
    """Split a text between the characters that a person sees."""
    return list(text) if text.isascii() else list(clusters_from(text, 0))


def clusters_from(text: str, start: int) -> Iterator[str]:
    """Split a text from a boundary on, as far as the caller goes."""
    kind_of = _kind
    for at in range(start + 1, len(text)):
        if not kind_of(text[at]) or not _joins(text, start, at):
            yield text[start:at]
            start = at
    if start < len(text):
        yield text[start:]


def sure_boundary(text: str, index: int) -> int:
    """Return the last index up to `index` that is a boundary whatever stands before it."""
    while index > 0 and not _is_sure(text, index):
        if _kind(text[index]) is _Kind.FLAG:  # two and two, from the first of them on
            return index - (index - len(text[:index].rstrip(_FLAGS))) % 2
        index -= 1
    return index


def cluster_start(text: str, index: int) -> int:
    """Return where the cluster begins that holds the character at `index`."""
    start = sure_boundary(text, index)
    for at in range(start + 1, index + 1):
        if not _joins(text, start, at):
            start = at
    return start


def cluster_end(text: str, index: int) -> int:
    """Return where the cluster ends that holds the character at `index`."""
    start, end = cluster_start(text, index), index + 1
    while end < len(text) and _joins(text, start, end):
        end += 1
    return end


def boundary_from(text: str, index: int) -> int:
    """Return the first boundary that is not before `index`."""
    if index >= len(text) or cluster_start(text, index) == index:
        return index
    return cluster_end(text, index)


def _is_sure(text: str, at: int) -> bool:
    kind = _kind(text[at])
    return not kind or (kind is _Kind.PICTURE and text[at - 1] != _JOINER)


def _joins(text: str, start: int, at: int) -> bool:
    """Whether the character at `at` belongs to the cluster that began at `start`."""
    kind, first = _kind(text[at]), text[start]
    if kind is _Kind.STARTS:
        return False
    if kind is _Kind.FLAG:
        return at - start == 1 and _kind(first) is _Kind.FLAG
    # What is drawn in the place of a character carries no marks, but for a tab's blank.
    if first != "\t" and (category(first) in _UNSEEN or first == "\ufffd"):
        return False
    if kind is _Kind.TONE:
        return _kind(first) is _Kind.PICTURE
    return kind is _Kind.EXTENDS or text[at - 1] == _JOINER


@lru_cache(maxsize=_CACHED)
def _kind(char: str) -> _Kind:
    code, kind = ord(char), category(char)
    if code in _FLAG_LETTERS:
        return _Kind.FLAG
    if code in _SKIN_TONES:
        return _Kind.TONE
    if kind in _MARKS or char in (_JOINER, _NON_JOINER) or code in _TAGS or _is_hangul_tail(char):
        return _Kind.EXTENDS
    # U+FFFD is a symbol too, but it stands for what must not be drawn.
    if (kind == "So" and char != "\ufffd") or code in _EMOJI_BLOCKS:
        return _Kind.PICTURE
    return _Kind.STARTS


def _is_hangul_tail(char: str) -> bool:
    return any(ord(char) in tails for tails in _HANGUL_TAILS)


# -- widths ----------------------------------------------------------------------------------------


def width(text: str) -> int:
    """Count the columns that `visible(text)` takes at most."""
    return len(text) if text.isascii() else sum(map(most_columns, clusters_from(text, 0)))


def joined_width(text: str) -> int:
    """Count the columns that `visible(text)` takes where the terminal joins all that it can."""
    return len(text) if text.isascii() else sum(map(_joined_columns, clusters_from(text, 0)))


def most_columns(cluster: str) -> int:
    """Count the columns that one cluster takes at most, 1 at least: some terminals join nothing."""
    first = _char_width(cluster[0])
    if len(cluster) == 1 and first:
        return first
    blank = 0 if first else 1  # what has nothing to stand on gets one
    return max(_joined_columns(cluster), blank + sum(map(_lone_width, cluster)))


def _joined_columns(cluster: str) -> int:
    """Count the columns of a cluster where a terminal draws it as one character."""
    picture = _JOINER in cluster or _EMOJI_STYLE in cluster or ord(cluster[0]) in _FLAG_LETTERS
    if picture and cluster[0] not in " \t" and _char_width(cluster[0]):
        return 2
    # A spacing mark has a column of its own in most terminals.
    return max(1, _char_width(cluster[0])) + sum(category(char) == "Mc" for char in cluster[1:])


def _lone_width(char: str) -> int:
    if ord(char) in _FLAG_LETTERS:
        return 2
    return 1 if _is_hangul_tail(char) else _char_width(char)


@lru_cache(maxsize=_CACHED)
def _char_width(char: str) -> int:
    if category(char) in ("Mn", "Me") or _is_hangul_tail(char):
        return 0
    if east_asian_width(char) in "WF":
        return 2
    return 2 if category(char) == "Cn" and ord(char) in _EMOJI_BLOCKS else 1


# -- drawing ---------------------------------------------------------------------------------------


def visible(text: str) -> str:
    """Return what to draw: a blank for a tab, and U+FFFD for all else that would not be seen."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_visible_cluster, clusters_from(text, 0)))


def _visible_cluster(cluster: str) -> str:
    first = cluster[0]
    if first == "\t":
        return " " + cluster[1:]
    if category(first) in _UNSEEN:
        return "\ufffd"
    # A mark with nothing to stand on gets a blank, or it would change the character before the
    # text.
    return cluster if _char_width(first) else " " + cluster
