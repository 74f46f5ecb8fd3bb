"""The line that is being typed, and where in it one is.

Invariants:
- `cursor` is an index into `text`, from 0 to its length, and never inside a cluster.
- A text leaves the draft only by an operation that deletes it or replaces it.

Words are what they are to readline: runs of letters and digits; Ctrl-W alone goes by white space.

Not here: which key does what, what came before this line, the screen.
"""

from collections.abc import Callable

from reactor_chat.tty.columns import boundary_from, cluster_end, cluster_start


class Draft:
    """A line of text with a cursor, and the text that was last killed."""

    __slots__ = ("cursor", "killed", "text")

    def __init__(self) -> None:
        self.text = ""
        self.cursor = 0
        self.killed = ""

    @property
    def before(self) -> str:
        """The text to the left of the cursor."""
        return self.text[: self.cursor]

    # -- text ------------------------------------------------------------------------------------

    def replace(self, text: str) -> None:
        """Put `text` in the place of the whole line, the cursor at its end."""
        self.text = text
        self.cursor = len(text)

    def insert(self, text: str) -> None:
        """Put `text` in at the cursor, which comes to stand behind it."""
        self.splice(self.cursor, text)

    def splice(self, start: int, text: str) -> None:
        """Put `text` in the place of what is between `start` and the cursor."""
        after = self.text[self.cursor :]
        self.text = self.text[:start] + text + after
        # What follows may have become part of the last cluster.
        self.cursor = self._boundary_from(start + len(text))

    def delete_left(self) -> None:
        """Delete the cluster before the cursor."""
        self._delete(self._cluster_left(), self.cursor)

    def delete_right(self) -> None:
        """Delete the cluster at the cursor."""
        self._delete(self.cursor, self._cluster_right())

    # -- movement --------------------------------------------------------------------------------

    def left(self) -> None:
        """Go back by one cluster."""
        self.cursor = self._cluster_left()

    def right(self) -> None:
        """Go on by one cluster."""
        self.cursor = self._cluster_right()

    def home(self) -> None:
        """Go to the start."""
        self.cursor = 0

    def end(self) -> None:
        """Go to the end."""
        self.cursor = len(self.text)

    def word_left(self) -> None:
        """Go back to the start of a word."""
        self.cursor = self._word_left(_is_word)

    def word_right(self) -> None:
        """Go on to the end of a word."""
        self.cursor = self._word_right()

    # -- killing and yanking ---------------------------------------------------------------------

    def kill_left(self) -> None:
        """Kill from the start to the cursor."""
        self._kill(0, self.cursor)

    def kill_right(self) -> None:
        """Kill from the cursor to the end."""
        self._kill(self.cursor, len(self.text))

    def kill_word_left(self) -> None:
        """Kill back to the start of a word."""
        self._kill(self._word_left(_is_word), self.cursor)

    def kill_word_right(self) -> None:
        """Kill to the end of a word."""
        self._kill(self.cursor, self._word_right())

    def kill_blank_left(self) -> None:
        """Kill back to the white space before a word."""
        self._kill(self._word_left(_is_not_blank), self.cursor)

    def yank(self) -> None:
        """Insert what was killed last."""
        self.insert(self.killed)

    # -- parts -----------------------------------------------------------------------------------

    def _kill(self, start: int, end: int) -> None:
        if start < end:
            self.killed = self.text[start:end]
            self._delete(start, end)

    def _delete(self, start: int, end: int) -> None:
        self.text = self.text[:start] + self.text[end:]
        # What now meets may have become one cluster.
        self.cursor = self._boundary_from(start)

    def _boundary_from(self, index: int) -> int:
        return boundary_from(self.text, index)

    def _cluster_left(self) -> int:
        return cluster_start(self.text, self.cursor - 1) if self.cursor else 0

    def _cluster_right(self) -> int:
        return cluster_end(self.text, self.cursor) if self.cursor < len(self.text) else self.cursor

    def _word_left(self, belongs: Callable[[str], bool]) -> int:
        at = self.cursor
        while at and not belongs(self.text[at - 1]):
            at -= 1
        while at and belongs(self.text[at - 1]):
            at -= 1
        return self._boundary_from(at)

    def _word_right(self) -> int:
        at, end = self.cursor, len(self.text)
        while at < end and not _is_word(self.text[at]):
            at += 1
        while at < end and _is_word(self.text[at]):
            at += 1
        return self._boundary_from(at)


def _is_word(char: str) -> bool:
    return char.isalnum()


def _is_not_blank(char: str) -> bool:
    return not char.isspace()
