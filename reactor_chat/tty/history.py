"""What was typed before, and the draft that waits while one looks through it.

Invariants:
- Looking through the lines changes none of them, and going down past the newest gives the draft
  back.
- At most `MAX_HISTORY` lines are kept; a line that repeats the one before it is kept once.
- No password is kept: lines are redacted on their way in.

Not here: keys, files (`history_file`).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from reactor_chat.wire.redaction import redact

MAX_HISTORY: Final = 1000  # lines: weeks of talk, and 100 KB of file

# Characters. More is no line that the server takes, but a paste, and a thousand such would weigh.
MAX_LINE: Final = 8192


def _forget(_lines: Sequence[str]) -> None:
    pass


class History:
    """The lines of one editor, oldest first. `keep` is called with those that are new."""

    def __init__(
        self, lines: Iterable[str] = (), keep: Callable[[Sequence[str]], None] = _forget
    ) -> None:
        self._lines = list(lines)[-MAX_HISTORY:]
        self._keep = keep
        self._at = len(self._lines)  # the line that is shown; their number when it is the draft
        self._draft = ""

    def add(self, lines: Iterable[str]) -> None:
        """Keep lines that were sent, and go back to the draft."""
        new: list[str] = []
        last = self._lines[-1] if self._lines else ""
        for line in map(redact, lines):
            if line not in ("", last) and len(line) <= MAX_LINE:
                new.append(line)
                last = line
        del new[:-MAX_HISTORY]
        self._lines += new
        del self._lines[:-MAX_HISTORY]
        self.leave()
        if new:
            self._keep(new)

    def leave(self) -> None:
        """Go back to an empty draft."""
        self._at = len(self._lines)
        self._draft = ""

    def older(self, shown: str) -> str | None:
        """Return the line before the one that is shown; None if there is none."""
        return self.go_to(self._at - 1, shown) if self._at else None

    def newer(self) -> str | None:
        """Return the line after the one that is shown, at last the draft; None beyond it."""
        if self._at == len(self._lines):
            return None
        self._at += 1
        return self._draft if self._at == len(self._lines) else self._lines[self._at]

    def go_to(self, index: int, shown: str) -> str:
        """Return the line at `index`, which is shown from now on in the place of `shown`."""
        if self._at == len(self._lines):
            self._draft = shown
        self._at = index
        return self._lines[index]

    def find(self, text: str, before: int | None = None) -> int | None:
        """Return the index of the newest line with `text` in it, in any case; None without one.

        With `before`, only lines that are older than that one count.
        """
        wanted = text.casefold()
        for index in range(len(self._lines) if before is None else before, 0, -1):
            if wanted in self._lines[index - 1].casefold():
                return index - 1
        return None

    def line(self, index: int) -> str:
        """Return the line at an index that `find` has returned."""
        return self._lines[index]
