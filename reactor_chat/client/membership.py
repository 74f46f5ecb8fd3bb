"""The rooms that one is in: which is the current one, how far each was read, what is unread.

Invariants:
- A room's cursor only goes forward: a line that is recalled (`/history`) does not move it back.
- A room in which nothing was said yet has a cursor, too, where the server tells it: otherwise who
  is cut off before the first line could not ask for all that was said since.
- The rooms outlast a lost connection, cursors included: from them one returns to all of them.
- Rooms keep the order in which they were entered, so that moving among them is predictable.

Not here: the commands by which one enters and leaves, what lines look like.
"""

from dataclasses import dataclass
from typing import Final

from reactor_chat.client.tags import LineId, TaggedLine

_MAX_LABELS: Final = 3  # rooms with something unread that the prompt names: it has one row


@dataclass(slots=True)
class _Room:
    entered_at: float  # the server's time; what is older was said before
    cursor: LineId | None = None  # of the last line that was shown
    shown_at: float = 0.0  # when that was said
    unread: int = 0

    def is_news(self, id: LineId, time: float) -> bool:
        """Whether a line comes after all that was shown."""
        if self.cursor is not None and self.cursor.epoch == id.epoch:
            return id.number > self.cursor.number
        return time >= max(self.entered_at, self.shown_at)

    def advance(self, id: LineId, time: float) -> None:
        same_epoch = self.cursor is not None and self.cursor.epoch == id.epoch
        if id.number > self.cursor.number if same_epoch and self.cursor else time >= self.shown_at:
            self.cursor, self.shown_at = id, time


class Membership:
    """One person's rooms, over any number of connections."""

    def __init__(self) -> None:
        self._rooms: dict[str, _Room] = {}
        self.current: str | None = None

    @property
    def names(self) -> list[str]:
        """The rooms in the order in which they were entered."""
        return list(self._rooms)

    def enter(
        self, room: str, time: float | None = None, last: LineId | None = None
    ) -> None:
        """Be in a room from some time on, `last` being what was said there before, if known."""
        known = self._rooms.setdefault(room, _Room(0.0))
        known.entered_at = time or 0.0
        if last and (known.cursor is None or known.cursor.epoch != last.epoch):
            known.cursor = last

    def move_to(self, room: str | None) -> None:
        """Make a room the current one; with None, be outside."""
        self.current = room
        if room is not None:
            self._rooms.setdefault(room, _Room(0.0)).unread = 0

    def leave(self, room: str) -> None:
        """Be in a room no more, and outside if it was the current one."""
        self._rooms.pop(room, None)
        if self.current == room:
            self.current = None

    def keep_only(self, rooms: set[str]) -> None:
        """Leave all rooms but some."""
        for room in self.names:
            if room not in rooms:
                self.leave(room)

    def hear(self, line: TaggedLine, own: bool = False) -> bool:
        """Note a line that is about to be shown; return whether it comes after all before."""
        room = self._rooms.get(line.room) if line.room is not None else None
        if room is None or line.id is None:
            return False
        time = line.time or 0.0
        is_news = room.is_news(line.id, time)
        room.advance(line.id, time)
        if is_news and not own and line.room != self.current:
            room.unread += 1
        return is_news

    def returning(self) -> list[str]:
        """Return the commands that bring one back into all rooms, the current one last."""
        rooms = sorted(self._rooms, key=lambda room: room == self.current)
        return [self._return_to(room) for room in rooms]

    def _return_to(self, room: str) -> str:
        cursor = self._rooms[room].cursor
        return f"/join {room}" if cursor is None else f"/resume {room} {cursor}"

    def neighbour(self, step: int) -> str | None:
        """Return the room so many places after the current one, round and round."""
        names = self.names
        if not names or names == [self.current]:
            return None
        if self.current not in self._rooms:
            return names[0 if step > 0 else -1]
        return names[(names.index(self.current) + step) % len(names)]

    @property
    def label(self) -> str:
        """What the prompt says of the rooms: `tea (games 3)`."""
        unread = [f"{name} {room.unread}" for name, room in self._rooms.items() if room.unread]
        if len(unread) > _MAX_LABELS:
            unread[_MAX_LABELS:] = ["…"]
        parts = [self.current or "", f"({', '.join(unread)})" if unread else ""]
        return " ".join(part for part in parts if part)
