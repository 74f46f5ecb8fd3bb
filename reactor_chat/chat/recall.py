"""What is shown again: a room's lines, out of memory or out of an archive, in their place.

A `Recall` is a piece of a member's send queue. It keeps entries, not bytes, so that a long history
costs a slow reader little more than the room's log does. What is only in the archive is asked for a
slice at a time, once the slice before has left; until it comes, what follows in the queue waits.

Invariants:
- The heading is shown if a line is, and only then.
- One slice at most is in memory for each reader.

Not here: which lines are meant (`chat`), where the archive is.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from reactor_chat.wire.dialects import Dialect, Entry, Mark, Origin

SLICE_LINES: Final = 200  # lines that are asked for at once: at most 800 KB, mostly some KB

_NOWHERE: Final = Mark(0, 0, 0)  # an entry out of an archive has no place in the log

# What an archive answers with: number, time in seconds, and line with its LF, in order.
Kept = tuple[int, float, bytes]
OnSlice = Callable[[Sequence[Kept]], None]

# Asks for the lines after one number and up to another.
ReadSlice = Callable[[int, int, OnSlice], None]


class Reader(Protocol):
    """Whose queue it is: `wake` says that there is more to send."""

    def wake(self) -> None: ...


class Recall:
    """Lines out of an archive, then `entries`.

    `missed`, if it is given, is asked for a notice of how many lines there are not, when the first
    that is found is not the one after `after`.
    """

    def __init__(
        self,
        heading: bytes,
        entries: Sequence[Entry],
        origin: Origin,
        dialect: Dialect,
        after: int,
        missed: Callable[[int], bytes] | None = None,
    ) -> None:
        self._heading = heading
        self._entries = list(entries)
        self._origin = origin
        self._dialect = dialect
        self._after = after
        self._missed = missed
        self._slice: list[Entry] = []  # out of the archive
        self._asked = self._next = after  # the last line that was asked for, and that came
        self._last = after  # in the archive
        self._read: ReadSlice | None = None
        self._reader: Reader | None = None

    def read_first(self, read: ReadSlice, last: int, reader: Reader) -> None:
        """Before the entries, show what an archive has up to a line of this number."""
        self._read, self._last, self._reader = read, last, reader
        self._ask()

    @property
    def size(self) -> int:
        """Bytes of the entries that it keeps."""
        return sum(len(entry.block) for entry in self._entries)

    @property
    def done(self) -> bool:
        """Whether all was taken."""
        return not (self._entries or self._slice) and self._next == self._last

    def take(self, budget: int) -> bytes:
        """Return what fits; nothing while a slice is on its way."""
        if self._asked > self._next:
            return b""
        source = self._slice or self._entries
        blocks: list[bytes] = []
        for entry in source:
            if budget <= 0:
                break
            blocks.append(self._open(entry.first) + self._dialect(entry, self._origin))
            budget -= len(blocks[-1])
        del source[: len(blocks)]
        if not self._slice and self._next < self._last:
            self._ask()
        return b"".join(blocks)

    def _open(self, first: int) -> bytes:
        """Return what stands before the first line of all."""
        heading, self._heading = self._heading, b""
        missed, self._missed = self._missed, None
        left_out = first - self._after - 1
        return (missed(left_out) if missed and left_out > 0 else b"") + heading

    def _ask(self) -> None:
        assert self._read is not None
        self._asked = min(self._next + SLICE_LINES, self._last)
        self._read(self._next, self._asked, self._on_slice)

    def _on_slice(self, lines: Sequence[Kept]) -> None:
        assert self._reader is not None
        self._next = self._asked
        self._slice = [Entry(line, _NOWHERE, number, time, 1) for number, time, line in lines]
        if not self._slice and self._next < self._last:
            self._ask()  # what was there is too old to be kept
        self._reader.wake()
