"""How many columns of a terminal text takes, and where it may be cut.

What a person sees as one character may be many code points: a letter and its accents, a flag, a
family of emoji held together by joiners. Such a *cluster* is the unit here: the cursor never
stops inside one, and it is shown whole or not at all. The rules are those of Unicode Standard
Annex 29, as far as text in a chat needs them, and widths are those of Annex 11 and of Unicode
Technical Standard 51.

Invariants:
- The clusters of a text, put together, are the text.
- The width of a text is the sum of the widths of its clusters, each 1 or more.
- `visible` text holds nothing that a terminal obeys, and takes as many columns as `width` says.
- Where terminals disagree, `cluster_width` is what most of today's take, so that the cursor stands
  where it should; `most_columns` is what those take that join nothing, so that no line wraps where
  it was not meant to. (Characters of ambiguous width are taken to be narrow.)

Not here: cursor movement, and what is done about text that is too wide.
"""

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

# Emoji younger than this Python's Unicode tables are unassigned to it, and wide all the same.
_EMOJI_BLOCKS: Final = range(0x1F900, 0x1FB00)

_MARKS: Final = frozenset({"Mn", "Me", "Mc"})
# Controls, formatting characters, surrogates, and the line and paragraph separators.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def clusters(text: str) -> list[str]:
    """Split a text between the characters that a person sees."""
    if text.isascii():
        return list(text)
    found: list[str] = []
    for char in text:
        if found and _joins(found[-1], char):
            found[-1] += char
        else:
            found.append(char)
    return found


def width(text: str) -> int:
    """Count the columns that `visible(text)` takes."""
    return len(text) if text.isascii() else sum(map(cluster_width, clusters(text)))


def cluster_width(cluster: str) -> int:
    """Count the columns that one cluster takes, 1 at least."""
    if len(cluster) == 1:
        return max(1, _char_width(cluster))
    picture = _JOINER in cluster or _EMOJI_STYLE in cluster or ord(cluster[0]) in _FLAG_LETTERS
    if picture and cluster[0] not in " \t" and _char_width(cluster[0]):
        return 2
    # A spacing mark has a column of its own in most terminals.
    return max(1, _char_width(cluster[0])) + sum(category(char) == "Mc" for char in cluster[1:])


def most_columns(cluster: str) -> int:
    """Count the columns that one cluster takes at most: some terminals join nothing."""
    if len(cluster) == 1:
        return cluster_width(cluster)
    return max(cluster_width(cluster), sum(map(_lone_width, cluster)))


def _lone_width(char: str) -> int:
    if ord(char) in _FLAG_LETTERS:
        return 2
    return 1 if _is_hangul_tail(char) else _char_width(char)


def visible(text: str) -> str:
    """Give what to draw: a blank for a tab, and U+FFFD for all else that would not be seen."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_visible_cluster, clusters(text)))


def _visible_cluster(cluster: str) -> str:
    first = cluster[0]
    if first == "\t":
        return " " + cluster[1:]
    if category(first) in _UNSEEN:
        return "\ufffd"
    # A mark with nothing to stand on gets a blank, or it would change the character before the
    # text.
    return cluster if _char_width(first) else " " + cluster


def _joins(before: str, char: str) -> bool:
    if ord(char) in _FLAG_LETTERS:
        return len(before) == 1 and ord(before) in _FLAG_LETTERS
    # What is drawn in the place of a character carries no marks, but for a tab's blank.
    if before[0] != "\t" and (category(before[0]) in _UNSEEN or before[0] == "\ufffd"):
        return False
    if ord(char) in _SKIN_TONES:
        return _is_picture(before[0])
    return _extends(char) or (before[-1] == _JOINER and _is_picture(char))


def _extends(char: str) -> bool:
    code = ord(char)
    return (
        category(char) in _MARKS
        or char in (_JOINER, _NON_JOINER)
        or code in _TAGS
        or _is_hangul_tail(char)
    )


def _is_hangul_tail(char: str) -> bool:
    return any(ord(char) in tails for tails in _HANGUL_TAILS)


def _is_picture(char: str) -> bool:
    # U+FFFD is a symbol too, but it stands for what must not be drawn.
    return (category(char) == "So" and char != "\ufffd") or ord(char) in _EMOJI_BLOCKS


def _char_width(char: str) -> int:
    if category(char) in ("Mn", "Me") or _is_hangul_tail(char):
        return 0
    if east_asian_width(char) in "WF":
        return 2
    return 2 if category(char) == "Cn" and ord(char) in _EMOJI_BLOCKS else 1
