"""A server as one would explain it: each line is appended to the list of all who are to read it.

A `Reader` holds such a list against what its peer really receives. What is said in one room keeps
its order, and so does what is told to one reader alone; the second kind also stands where it was
told among the lines of all its rooms. Two rooms have no order between them but that.

Not here: who does what (`stage`), and any part of the delivery that is tested.
"""

import re
from dataclasses import dataclass, field

from reactor_chat.wire.dialects import Dialect

# Each line ends with this, so that a peer who is sent no line feeds can be understood, too.
_FRAME = re.compile(rb".*?~\n?", re.DOTALL)
_GAP = re.compile(rb"missed (\d+) of (\w+) in (\w+)~")
_SKIPPED = re.compile(rb"skipped (\d+)~")


def render_gap(missed: int, room: str, dialect: Dialect, time: int) -> bytes:
    """Return the notice that lines of a room were left out, in words that cannot be mistaken."""
    return b"missed %d of %b in %b~\n" % (missed, room.encode(), _name(dialect))


def _name(dialect: Dialect) -> bytes:
    return getattr(dialect, "__name__", "").encode()


def render_skipped(lines: int) -> bytes:
    """Return the notice that lines which all are told were left out."""
    return b"skipped %d~\n" % lines


@dataclass
class NaiveRoom:
    """A room, as far as its readers can tell."""

    name: str
    said: list[bytes] = field(default_factory=list, repr=False)  # what is kept, by number
    published: int = 0  # entries that may be read by now
    entries: int = 0
    trimmed: int = 0  # entries that the log has let go of


@dataclass
class Due:
    """A line that is to come. `room` is None for what a reader was told alone."""

    line: bytes
    room: NaiveRoom | None
    entry: int = 0
    dialect: bytes = b""
    skipped: bool = False  # told to all while too much waited: it comes as a count


class Reader:
    """What one peer has to receive. It may be `overrun` by pieces: see `collapses`."""

    def __init__(self, current: dict[str, NaiveRoom], collapses: bool, ends_lines: bool) -> None:
        self.due: list[Due] = []
        self.received = 0
        self.missed = 0
        self._rooms = current
        self._collapses = collapses
        self._ends_lines = ends_lines
        self._tail = b""

    def expect(self, lines: bytes, skipped: bool = False) -> None:
        """Have whole lines that it alone is told appended to what is to come."""
        self.due += [Due(line, None, skipped=skipped) for line in lines.split(b"\n")[:-1]]

    def expect_of(self, room: NaiveRoom, lines: bytes, dialect: Dialect) -> None:
        """The same with what was said in a room just now."""
        for line in lines.split(b"\n")[:-1]:
            self.due.append(Due(line, room, room.entries, _name(dialect)))

    def feed(self, data: bytes) -> None:
        """Take what the peer has received; raise AssertionError for what was not to come."""
        text = self._tail + data
        ends = 0
        for found in _FRAME.finditer(text):
            if self._ends_lines and not found[0].endswith(b"\n"):
                break
            if found.end() == len(text) and not found[0].endswith(b"\n"):
                break  # its line feed may come, or not
            self._hear(found[0].strip(b"\n"))
            ends = found.end()
        self._tail = text[ends:]

    def end(self) -> None:
        """Raise AssertionError if something is still to come."""
        if not self._ends_lines and self._tail.strip(b"\n"):
            self._hear(self._tail.strip(b"\n"))
            self._tail = b""
        assert not self._tail.strip(b"\n"), f"half a line: {self._tail!r}"
        assert not self.due, f"never came: {self.due[0].line!r} and {len(self.due) - 1} more"

    def _hear(self, line: bytes) -> None:
        self.received += 1
        if gap := _GAP.fullmatch(line):
            self._miss(gap)
        elif skipped := _SKIPPED.fullmatch(line):
            self._skip(int(skipped[1]))
        else:
            self._take(line)

    def _take(self, line: bytes) -> None:
        rooms: list[NaiveRoom] = []
        for index, due in enumerate(self.due):
            if due.room is None:
                if index == 0 and due.line == line and not due.skipped:
                    del self.due[0]
                    return
                break
            if due.room in rooms:
                continue
            if due.line == line:
                assert due.entry <= due.room.published, f"{line!r} came before it was published"
                del self.due[index]
                return
            rooms.append(due.room)
        raise AssertionError(f"{line!r} came instead of {_short(self.due)}")

    def _miss(self, gap: re.Match[bytes]) -> None:
        """A stretch was left out: exactly so many lines of that room, in that dialect."""
        count, room = int(gap[1]), self._rooms[gap[2].decode()]
        places = self._lines_of(room)[:count]
        assert len(places) == count, f"{gap[0]!r}, but to come are {_short(self.due)}"
        first = self.due[places[0]]
        assert first.dialect == gap[3], f"{gap[0]!r} instead of {first.line!r}"
        if not self._collapses:
            assert first.entry <= room.trimmed, f"{gap[0]!r}, but {first.line!r} is still there"
        self._remove(places)

    def _lines_of(self, room: NaiveRoom) -> list[int]:
        """Return where the lines of a room are that may be left out with one count."""
        found = []
        for index, due in enumerate(self.due):
            if due.room is room:
                found.append(index)
            elif due.room is None and not self._collapses:
                break
        return found

    def _skip(self, count: int) -> None:
        places = []
        for index, due in enumerate(self.due):
            if due.room is None and not due.skipped:
                if self._collapses:
                    continue
                break
            if due.room is None:
                places.append(index)
            elif not places and not self._collapses:
                raise AssertionError(f"skipped {count} before {due}")
        assert len(places) >= count, f"skipped {count}, but to come are {_short(self.due)}"
        self._remove(places[:count])

    def _remove(self, places: list[int]) -> None:
        self.missed += len(places)
        for index in reversed(places):
            del self.due[index]


def _short(due: list[Due]) -> list[tuple[str, str, int]]:
    """Return what is to come in few words, for a failure."""
    return [
        (one.line.strip(b".~").decode()[-20:], one.room.name if one.room else "", one.entry)
        for one in due[:12]
    ]
