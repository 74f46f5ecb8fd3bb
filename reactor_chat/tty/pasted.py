"""Several lines that were pasted at once, and wait to be confirmed.

They are confirmed by `y` alone. Enter is in one's fingers after a paste, and many a paste ends with
the one that belongs to its last line: it does nothing.

Not here: the draft that the lines join, and sending.
"""

from typing import Final

from reactor_chat.tty.columns import visible
from reactor_chat.tty.keys import MAX_PASTE, Key, Keystroke, Text
from reactor_chat.wire.redaction import redact

CUT_NOTE: Final = f"The paste was cut after {MAX_PASTE} characters."

_MAX_SHOWN: Final = 12  # lines: enough to recognise them, and half a screen
_MAX_SHOWN_OF_LINE: Final = 200  # characters

_YES: Final = (Text("y"), Text("Y"))
_NO: Final = (Key("escape"), Key("ctrl-c"), Key("ctrl-d"), Key("ctrl-g"), Text("n"), Text("N"))


class PastedLines:
    """Lines, none of them blank."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        self.lines = lines

    @property
    def question(self) -> str:
        """What to ask in the place of the draft."""
        return f"Send {len(self.lines)} lines? (y/n) "  # short, for narrow screens

    def answer(self, stroke: Keystroke) -> bool | None:
        """Return whether they are to be sent; None if the key does not say."""
        return True if stroke in _YES else False if stroke in _NO else None

    def excerpt(self) -> tuple[str, ...]:
        """Return what to show of them, each line behind a bar."""
        shown = tuple("| " + _beginning(line) for line in self.lines[:_MAX_SHOWN])
        hidden = len(self.lines) - len(shown)
        return (*shown, f"| and {hidden} more") if hidden else shown


def _beginning(line: str) -> str:
    cut = line[:_MAX_SHOWN_OF_LINE]
    return visible(redact(cut) + ("…" if len(cut) < len(line) else ""))
