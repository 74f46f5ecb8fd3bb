"""A room's log: everything that was said and happened there, in one order that all read.

A reader is a cursor into it. Whoever keeps up needs no cursor of its own: all of them stand at the
same mark. The log has two ends, with a life of their own:

              base                    turn           tip
                |                       |             |
    entries     [ for who is behind ..... | this turn ]     what is still to be delivered
    kept        [ .. the last lines that were said .. ]     what is shown on joining, and again

Invariants:
- Marks only grow, and count from the log's beginning. So what a reader missed is the difference of
  two marks, whatever became of the entries between: counting along would go wrong at each of the
  ways to leave a line out (one's own, an ignored speaker's, a trimmed one).
- Notices (`* bob joined`) are delivered in their place, but not kept: they would drive out what
  people say.
- A stretch that is partly trimmed is gone for its reader as a whole, with one count, and the reader
  goes on at the stretch's end. At the log's base it would be overrun again, and again.
- What is new in a turn is rendered once in each dialect, and every stretch of it is a slice.

Not here: who reads it, and how much memory all logs together may take.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from typing import Final

from reactor_chat.chat.looking_back import entries_after
from reactor_chat.chat.rendering import Rendering
from reactor_chat.wire.dialects import Dialect, Entry, Mark, Origin, current

KEPT_LINES: Final = 100  # an evening's talk, at most 400 KB
_KEPT_SLACK: Final = 20  # more may be kept: to drop some at once costs less than one a line
# With memory short, so many lines of each room stay: who joins sees what the talk is about.
SPARED_LINES: Final = 10

# What an entry takes beside its bytes: the objects and their places in two lists.
ENTRY_OVERHEAD: Final = 350

START: Final = Mark(0, 0, 0)

# Makes a named tuple without the call of a function in Python: 0.1 us each, twice a message.
_new: Final = tuple.__new__


class Log:
    """What was said in one room, whose name and epoch are in `origin`.

    `said` is how many lines were said there before, so that numbers go on where they were.
    """

    def __init__(self, origin: Origin, said: int = 0) -> None:
        self.origin = origin
        self.said = said  # the number of the last line
        self.tip = START
        self.base = START  # what comes before it is trimmed
        self.pins = 0  # stretches that somebody still has to read, though it may have left
        self._entries: list[Entry] = []  # from the base to the tip
        self._kept: deque[Entry] = deque()
        self._kept_lines = 0
        self.kept_size = 0  # bytes of these
        self._rendered: dict[Dialect, Rendering] = {}

    def append(self, block: bytes, lines: int, time: float, keep: bool = True) -> Entry:
        """Add whole lines; those that are said are numbered and kept, a notice's are not."""
        entries, before, size = self.tip
        self.tip = tip = _new(Mark, (entries + 1, before + lines, size + len(block)))
        entry = _new(Entry, (block, tip, self.said + 1 if keep else 0, time, lines))
        self._entries.append(entry)
        if keep:
            self.said += lines
            self._kept.append(entry)
            self._kept_lines += lines
            self.kept_size += len(block) + ENTRY_OVERHEAD
            if self._kept_lines > KEPT_LINES + _KEPT_SLACK:
                self._drop_kept(KEPT_LINES)
        return entry

    @property
    def size(self) -> int:
        """Bytes that it takes, about."""
        waiting = self.tip.size - self.base.size + ENTRY_OVERHEAD * len(self._entries)
        return waiting + self.kept_size

    # -- reading on -------------------------------------------------------------------------------

    def take(self, start: Mark, stop: Mark, dialect: Dialect, budget: int) -> tuple[bytes, Mark]:
        """Return what stands from `start` on, at least one entry, and the mark where it ends.

        It ends at `stop`, or as soon as it has `budget` bytes. The start is not before the base.
        """
        rendered = self._rendered.get(dialect)
        if rendered is not None and rendered.covers(start.entries, stop.entries):
            data, last = rendered.slice(start.entries, stop.entries, budget)
            if last < stop.entries:
                stop = self._entries[last - 1 - self.base.entries].end
            return data, stop
        first, end = start.entries - self.base.entries, stop.entries - self.base.entries
        blocks: list[bytes] = []
        for entry in self._entries[first:end]:
            block = dialect(entry, self.origin)
            blocks.append(block)
            budget -= len(block)
            if budget <= 0:
                return b"".join(blocks), entry.end
        return b"".join(blocks), stop

    def render(self, start: Mark, dialect: Dialect) -> bytes:
        """Return all from `start` on, and keep it for those who are to be sent parts of it."""
        first = start.entries - self.base.entries
        if first == len(self._entries) - 1:  # in most turns one line is said
            entry = self._entries[first]
            return entry.block if dialect is current else dialect(entry, self.origin)
        return self._render(start, dialect).block

    def _render(self, start: Mark, dialect: Dialect) -> Rendering:
        rendered = self._rendered.get(dialect)
        if rendered is None or rendered.start != start.entries:
            entries = self._entries[start.entries - self.base.entries :]
            blocks = [dialect(entry, self.origin) for entry in entries]
            rendered = self._rendered[dialect] = Rendering(start.entries, blocks)
        return rendered

    def split(self, start: Mark, dialect: Dialect, sent: int, begun: int) -> tuple[bytes, Mark]:
        """Return what follows `sent` bytes from `start` on, to the end of an entry, and that end.

        It is the entry in which `begun` bytes end: there is at least one, and whoever has read, or
        must read, the beginning of an entry reads all of it.
        """
        rendered = self._render(start, dialect)
        index = bisect_left(rendered.ends, begun)
        entry = self._entries[rendered.start + index - 1 - self.base.entries]
        return rendered.block[sent : rendered.ends[index]], entry.end

    def omit(self, start: Mark, dialect: Dialect, skips: Sequence[Mark]) -> bytes:
        """Return all from `start` on but what stands between each two of these marks."""
        return self._render(start, dialect).omit([mark.entries for mark in skips])

    def end_turn(self) -> None:
        """Forget what was rendered."""
        self._rendered.clear()

    def forget(self) -> None:
        """Forget all that was to be delivered: everybody has read it."""
        self.base = self.tip
        self._entries.clear()
        if self._rendered:
            self._rendered.clear()

    def trim(self, limit: int) -> bool:
        """Forget all but the last `limit` bytes that are to be delivered; return if any went."""
        excess = self.tip.size - limit
        if self.base.size >= excess:
            return False
        count = bisect_left(self._entries, excess, key=lambda entry: entry.end.size) + 1
        self.base = self._entries[count - 1].end
        del self._entries[:count]
        return True

    # -- looking back -----------------------------------------------------------------------------

    def since(self, number: int) -> list[Entry]:
        """Return what was said after the line of this number, as far as it is kept."""
        return entries_after(reversed(self._kept), max(number, self.forgotten))

    @property
    def forgotten(self) -> int:
        """The number of the last line that is not kept any more."""
        return self.said - min(self._kept_lines, KEPT_LINES)

    def shrink(self, delivered: bool) -> bool:
        """Let go of the older half of what is kept, but for the last lines; return if any went.

        The same of what is to be delivered, if that was sent to all who keep up.
        """
        before = self.size
        self._drop_kept(max(SPARED_LINES, self._kept_lines // 2))
        if delivered:
            self.trim((self.tip.size - self.base.size) // 2)
        return self.size < before

    def _drop_kept(self, spared: int) -> None:
        kept = self._kept
        while kept and self._kept_lines - kept[0].lines >= spared:
            entry = kept.popleft()
            self._kept_lines -= entry.lines
            self.kept_size -= len(entry.block) + ENTRY_OVERHEAD
