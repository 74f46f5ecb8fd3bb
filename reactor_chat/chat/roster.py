"""Names in order, and as a list for people to read.

Invariant: the order is kept while names come and go, and the text until one does. Sorting two
thousand names for each who asks would make everybody else wait.

Not here: whose names they are.
"""

from bisect import bisect_left, insort

from reactor_chat.chat.members import SHOWN_NAMES, shorten


class Roster:
    """Names in the order of their keys."""

    def __init__(self) -> None:
        self._keys: list[str] = []
        self._names: dict[str, str] = {}
        self._text: str | None = None

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: str, name: str) -> None:
        """Add a name."""
        insort(self._keys, key)
        self._names[key] = name
        self._text = None

    def remove(self, key: str) -> None:
        """Remove a name."""
        del self._keys[bisect_left(self._keys, key)]
        del self._names[key]
        self._text = None

    def first(self) -> list[str]:
        """Return the keys that are shown."""
        return self._keys[:SHOWN_NAMES]

    @property
    def text(self) -> str:
        """The names as a list for people to read."""
        if self._text is None:
            self._text = shorten([self._names[key] for key in self.first()], len(self))
        return self._text
