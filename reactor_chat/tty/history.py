"""What was typed before, and the draft that waits while one looks through it.

Invariants:
- Looking through the lines changes none of them, and going down past the newest gives the draft
  back.
- At most `MAX_HISTORY` lines are kept; a line that repeats the one before it is kept once.

Not here: keys, files.
"""

from typing import Final

MAX_HISTORY: Final = 500  # lines: more than anyone walks through with the Up key


class History:
    """The lines of one editor, oldest first."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._at = 0  # the line that is shown; the number of lines when it is the draft
        self._draft = ""

    def add(self, line: str) -> None:
        """Keep a line that was sent, and go back to the draft."""
        if line and self._lines[-1:] != [line]:
            self._lines.append(line)
            del self._lines[:-MAX_HISTORY]
        self.leave()

    def leave(self) -> None:
        """Go back to an empty draft."""
        self._at = len(self._lines)
        self._draft = ""

    def older(self, shown: str) -> str | None:
        """Give the line before the one that is shown; None if there is none."""
        if self._at == 0:
            return None
        if self._at == len(self._lines):
            self._draft = shown
        self._at -= 1
        return self._lines[self._at]

    def newer(self) -> str | None:
        """Give the line after the one that is shown, at last the draft; None beyond it."""
        if self._at == len(self._lines):
            return None
        self._at += 1
        return self._draft if self._at == len(self._lines) else self._lines[self._at]
