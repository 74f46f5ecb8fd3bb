"""What is shown again: a room's lines, out of memory or out of an archive, in their place.

A `Recall` is a piece of a member's send queue. It keeps entries, not bytes, so that a long history
costs a slow reader little more than the room's log does. What is only in the archive is asked for a
slice at a time, once the slice before has left; until it comes, what follows in the queue waits.

Invariants:
- The heading is shown if a line is, and only then.
- Each line that is asked for is shown, or counted where it would be: lines may be missing in the
  middle, too, if a full disk could not take them.
- One slice at most is in memory for each reader: one that asks for a history after the other has
  the next one read when it is its turn to leave.

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

    They are those after the line `after`. `missed`, if it is given, is asked for a notice of how
    many there are not.
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
        self._missed = missed
        self._passed = after  # the last line that was shown or counted
        self._end = _last(self._entries[-1]) if self._entries else after
        self._slice: list[Entry] = []  # out of the archive
        self._asked = self._next = after  # the last line that was asked for, and that came
        self._last = after  # in the archive
        self._read: ReadSlice | None = None
        self._reader: Reader | None = None

    def read_first(self, read: ReadSlice, after: int, last: int, reader: Reader) -> None:
        """Before the entries, show what an archive has after one line and up to another."""
        self._read, self._last, self._reader = read, last, reader
        self._asked = self._next = after
        self._end = max(self._end, last)

    @property
    def size(self) -> int:
        """Bytes of the entries that it keeps."""
        return sum(len(entry.block) for entry in self._entries)

    @property
    def done(self) -> bool:
        """Whether all was taken."""
        return self._is_exhausted and not (self._missed and self._passed < self._end)

    @property
    def _is_exhausted(self) -> bool:
        return not (self._entries or self._slice) and self._next == self._last

    def take(self, budget: int) -> bytes:
        """Return what fits; nothing while a slice is on its way."""
        if not self._slice and self._next < self._last:
            if self._asked == self._next:
                self._ask()
            return b""
        source = self._slice or self._entries
        blocks: list[bytes] = []
        for entry in source:
            if budget <= 0:
                break
            blocks.append(self._pass_to(entry.first - 1) + self._heading)
            blocks[-1] += self._dialect(entry, self._origin)
            self._heading = b""
            self._passed = _last(entry)
            budget -= len(blocks[-1])
        del source[: len(blocks)]
        if self._is_exhausted:
            blocks.append(self._pass_to(self._end))
        return b"".join(blocks)

    def _pass_to(self, number: int) -> bytes:
        """Return the count of the lines up to this one that there are not."""
        missing, self._passed = number - self._passed, number
        return self._missed(missing) if self._missed and missing > 0 else b""

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


def _last(entry: Entry) -> int:
    return entry.first + entry.lines - 1
