"""Looking backwards for what was typed, as one types (Ctrl-R).

Invariants:
- The history and the draft are not changed by looking.
- What is found has all of the text that was typed in it; if nothing has, `found` is None.

Not here: which key does what, and the screen.
"""

from typing import Final

from reactor_chat.tty.columns import clusters
from reactor_chat.tty.history import History

_SHOWN: Final = 20  # characters of what is looked for that the prompt repeats: the last ones


class Search:
    """A search through a history, which begins with `text`."""

    def __init__(self, history: History, text: str = "") -> None:
        self._history = history
        self.text = text
        self.found = history.find(text) if text else None  # an index into the history

    @property
    def prompt(self) -> str:
        """What stands before the line that is found."""
        failed = bool(self.text) and self.found is None
        return f"{'no match' if failed else 'search'} '{self.text[-_SHOWN:]}'> "

    def narrow(self, text: str) -> bool:
        """Look for more; return whether anything fits."""
        self.text += text
        start = None if self.found is None else self.found + 1
        self.found = self._history.find(self.text, start)
        return self.found is not None

    def widen(self) -> None:
        """Take the last character back, and look again from the newest line on."""
        self.text = "".join(clusters(self.text)[:-1])
        self.found = self._history.find(self.text) if self.text else None

    def go_on(self) -> bool:
        """Look further back; return whether anything fits. If nothing does, nothing changes."""
        if not self.text or self.found is None:
            return False
        older = self._history.find(self.text, self.found)
        if older is not None:
            self.found = older
        return older is not None

    def column(self, line: str) -> int:
        """Return the index in a line where what is looked for begins."""
        return min(len(line), max(0, line.casefold().find(self.text.casefold())))
