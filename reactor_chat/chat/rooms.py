"""Rooms, and which of them there are.

Invariants:
- A room in `Rooms` has members. One whose members have left is kept in `empty`, with what was said
  there, until it can be read again from the archive, or memory is short.
- A room that is opened again goes on counting its lines, or has another epoch: no number is given
  to two lines of one epoch.

Not here: who enters and leaves (`visits`), what is said (`chat`).
"""

from collections.abc import Callable, Iterator

from reactor_chat.chat.archive import Archive, KnownRoom
from reactor_chat.chat.errors import CommandError
from reactor_chat.chat.links import Audience
from reactor_chat.chat.log import Log
from reactor_chat.chat.members import Member
from reactor_chat.chat.names import name_key
from reactor_chat.chat.roster import Roster
from reactor_chat.wire.dialects import Origin
from reactor_chat.wire.protocol import quote


class Room:
    """A room, who is in it, and what was said there."""

    def __init__(self, name: str, log: Log, audience: Audience, topic: str = "") -> None:
        self.name = name
        self.key = name_key(name)
        self.log = log
        self.audience = audience
        self.topic = topic
        self.members: dict[Member, None] = {}  # a dict for its order
        self.roster = Roster()


class Rooms:
    """All rooms. `new_audience` makes the audience of a log."""

    def __init__(self, new_audience: Callable[[Log], Audience], archive: Archive) -> None:
        self._new_audience = new_audience
        self._archive = archive
        self._by_key: dict[str, Room] = {}
        self._roster = Roster()
        self.empty: dict[str, Room] = {}  # the longest empty one first

    def __len__(self) -> int:
        return len(self._by_key)

    def __iter__(self) -> Iterator[Room]:
        return iter(self._by_key.values())

    def get(self, name: str) -> Room | None:
        """Return the room of that name, if somebody is in it."""
        return self._by_key.get(name_key(name.removeprefix("#")))

    def find(self, name: str) -> Room:
        """Return the room of that name; raise `CommandError` if nobody is in one."""
        room = self.get(name)
        if room is None:
            raise CommandError(f"There is no room {quote(name)}.")
        return room

    def first(self) -> list[Room]:
        """Return the rooms that are shown in a list, by name."""
        return [self._by_key[key] for key in self._roster.first()]

    def open(self, name: str) -> Room:
        """Return a room in which nobody is yet: one that is kept, or a new one."""
        key = name_key(name)
        if key in self.empty:
            return self.empty[key]
        floor = self._archive.floor
        known = self._archive.room(key) or KnownRoom(name, floor, "", floor)
        log = Log(Origin(known.name, self._archive.epoch_of(key)), known.said)
        return Room(known.name, log, self._new_audience(log), known.topic)

    def add_member(self, room: Room, member: Member) -> None:
        """Note that somebody is in a room."""
        if room.key not in self._by_key:
            self.empty.pop(room.key, None)
            self._by_key[room.key] = room
            self._roster.add(room.key, room.name)
        room.members[member] = None
        room.roster.add(member.key, member.name)

    def remove_member(self, room: Room, member: Member) -> None:
        """Note that somebody is not in a room any more."""
        del room.members[member]
        room.roster.remove(member.key)
        if room.members:
            return
        del self._by_key[room.key]
        self._roster.remove(room.key)
        if (room.log.said or room.topic) and not self._archive.can_read(room.key):
            self.empty[room.key] = room
        else:
            room.audience.release()

    def forget(self, room: Room) -> None:
        """Forget a room in which nobody is."""
        del self.empty[room.key]
        room.audience.release()
