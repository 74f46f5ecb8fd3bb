"""Web addresses in a line, so that a terminal can open them, whole even where they are folded.

A terminal that knows hyperlinks (`OSC 8 ; id=ID ; TARGET ST`, then the text, then one without a
target) treats all parts with one id as one link. Others ignore what they do not know.

Invariants:
- The text stays as it is, and the target is that text: nobody can show one address and open
  another.
- A target is printable ASCII (what else a path may hold is percent-encoded), bounded, and begins
  with `http://` or `https://`, in any case. An address that this does not fit is text: one whose
  host has other letters, above all, as those may look like ASCII's.
- Punctuation that ends a sentence is no part of an address, nor is a bracket that opens before it.

Not here: other schemes: what a program does with those is not for strangers to choose.
"""

import re
from collections.abc import Iterator
from itertools import count
from typing import Final
from urllib.parse import quote

_MAX_TARGET: Final = 2000  # characters: what terminals and browsers are sure to take

_ADDRESS: Final = re.compile(r"(?<!\w)https?://(?:[!#-;=?-~]|\w)+", re.IGNORECASE)
_HOST: Final = re.compile(r"https?://[0-9a-z.:@\[\]_-]*[0-9a-z\]](?=[/?#:]|\Z)", re.IGNORECASE)
_PRINTABLE: Final = "".join(map(chr, range(0x21, 0x7F)))

_PUNCTUATION: Final = ".,:;!?'*_~`|\\^"
_BRACKETS: Final = ("()", "[]", "{}")

_END: Final = "\x1b]8;;\x1b\\"


class Links:
    """Makes links, each with an id of its own."""

    def __init__(self) -> None:
        self._ids = count(1)

    def mark(self, text: str) -> str:
        """Make links of the addresses in a text that has no escape sequences."""
        return "".join(
            self._link(piece, target) if (target := target_of(piece)) else piece
            for piece in split(text)
        )

    def _link(self, text: str, target: str) -> str:
        return f"\x1b]8;id={next(self._ids)};{target}\x1b\\{text}{_END}"


def split(text: str) -> Iterator[str]:
    """Split a text into addresses and what stands between them."""
    at = 0
    for match in _ADDRESS.finditer(text):
        address = _without_punctuation(match[0])
        yield text[at : match.start()]
        yield address
        at = match.start() + len(address)
    yield text[at:]


def target_of(text: str) -> str | None:
    """Return what a text opens if all of it is an address; None otherwise."""
    if not _HOST.match(text) or _ADDRESS.fullmatch(text) is None:
        return None
    target = quote(text, safe=_PRINTABLE)
    return target if len(target) <= _MAX_TARGET else None


def _without_punctuation(address: str) -> str:
    """Cut what belongs to the sentence around an address off its end."""
    unopened = {close: address.count(close) - address.count(open_) for open_, close in _BRACKETS}
    end = len(address)
    while end:
        last = address[end - 1]
        if unopened.get(last, 0) > 0:
            unopened[last] -= 1
        elif last not in _PUNCTUATION:
            break
        end -= 1
    return address[:end]
