"""People, rooms, and who hears what. Pure: it knows neither sockets nor time.

What a member says goes in; what is to be heard comes out through each member's `link`, and for a
whole room through its `audience`. A message is formatted and encoded once, whatever the number of
its recipients, and a run of messages at once.

Invariants:
- Every member present stands in `members` under its name's key; every room in `rooms` has members,
  and their links are its audience.
- One is in at most one room, and hears nothing of what oneself says there.
- Nobody is looked up per recipient unless somebody ignores the speaker.
- A room's history begins with the room and ends with it.
- After everybody has left, every table is empty.

Not here: what people type (`commands`, `moderation`), the form of names (`names`), and how much a
link can take.
"""

from collections.abc import Callable
from typing import Final

from reactor_chat.chat.names import BadName, check_name, check_room_name, name_key, room_key
from reactor_chat.chat.rooms import Audience, Link, Member, Room, names_of
from reactor_chat.wire.protocol import answer, frame, notice, prefixed, quote

RECENT: Final = 10  # lines shown on joining: they fit on a screen with what comes before

_MUTED: Final = answer("You are muted.")
_SERVER: Final = b"Server: "


class CommandError(Exception):
    """What a person asked for cannot be done; the message tells why."""


class Chat:
    """Everybody present, and what they say to one another.

    `gather` makes the audience of a new room. `log_event` is given what happens, as text; `log_run`
    what is said, as whole lines that name the room and the speaker. Without `log_run` that work is
    left undone.
    """

    def __init__(
        self,
        gather: Callable[[], Audience],
        log_event: Callable[[str], None],
        log_run: Callable[[bytes], None] | None = None,
    ) -> None:
        self._gather = gather
        self._log_event = log_event
        self._log_run = log_run
        self._entered = 0
        self.members: dict[str, Member] = {}
        self.rooms: dict[str, Room] = {}
        # Who is ignored, and by whom: dicts for their order (sets would make a replay differ).
        self.deaf_to: dict[Member, dict[Member, None]] = {}
        self.relayed = 0  # lines that somebody else was to hear

    # -- coming and going -------------------------------------------------------------------------

    def enter(self, link: Link, host: str) -> Member:
        """Let somebody in, under a given name that was never used before."""
        self._entered += 1
        member = Member(f"Client {self._entered}", link, host)
        self.members[member.key] = member
        return member

    def leave(self, member: Member) -> None:
        """Let somebody go; harmless if it is gone already."""
        if not self.has(member):
            return
        self.part(member)
        del self.members[member.key]
        self.deaf_to.pop(member, None)
        for other in self.ignored_by(member):
            self.unignore(member, other)
        member.correspondent = None  # or those who are gone would keep one another in memory

    def close(self) -> None:
        """Let everybody go at once, without a word to anybody."""
        for member in self.members.values():
            member.room = None
        self.members.clear()
        self.rooms.clear()
        self.deaf_to.clear()

    def rename(self, member: Member, wanted: str) -> None:
        """Give the member the name it wants; raise `CommandError` if it cannot have it."""
        try:
            name = check_name(wanted)
        except BadName as error:
            raise CommandError(str(error)) from error
        holder = self.members.get(name_key(name))
        if holder is not None and holder is not member:
            raise CommandError(f"The name {holder.name} is taken.")
        old = member.name
        del self.members[member.key]
        member.take_name(name)
        self.members[member.key] = member
        member.tell(f"You are now {name}.")
        if name != old:
            self._note(member.room, f"{old} is now known as {name}", member)

    def join(self, member: Member, wanted: str) -> None:
        """Take the member into a room, which comes into being if need be."""
        room = self.rooms.get(room_key(wanted))
        if room is None:
            try:
                room = Room(check_room_name(wanted), self._gather())
            except BadName as error:
                raise CommandError(str(error)) from error
        if room is member.room:
            raise CommandError(f"You are already in {room.name}.")
        self.part(member)
        self.rooms[name_key(room.name)] = room
        room.members[member] = None
        room.audience.add(member.link)
        member.room = room
        member.tell(f"You joined {room.name}. Here: {names_of(room.members)}.")
        if recent := room.history.last(RECENT):
            member.link.write(answer("Recent messages:") + recent)
        self._note(room, f"{member.name} joined", member)

    def part(self, member: Member) -> None:
        """Take the member out of its room, if it is in one; an empty room ends."""
        room, member.room = member.room, None
        if room is None:
            return
        del room.members[member]
        room.audience.remove(member.link)
        if not room.members:
            del self.rooms[name_key(room.name)]
        self._note(room, f"{member.name} left")

    # -- speaking ---------------------------------------------------------------------------------

    def speak(self, member: Member, run: bytes) -> None:
        """Say a run of plain lines (see `protocol.is_plain`)."""
        room = member.room
        if room is None:
            self.answer_run(member, run, run.upper())
        elif member.muted:
            member.link.write(_MUTED * run.count(b"\n"))
        else:
            self._say(member, room, prefixed(member.prefix, run), run.count(b"\n"))

    def answer_run(self, member: Member, run: bytes, shout: bytes) -> None:
        """Answer a run that was said outside of rooms with `protocol.shouted` of it."""
        member.link.write(shout)
        if self._log_run:
            self._log_run(prefixed(member.prefix, run))

    def speak_text(self, member: Member, text: str) -> None:
        """Say one line of any sanitised text."""
        if member.room is not None:
            self.speak(member, frame(text))
            return
        member.link.write(frame(text.upper()))
        if self._log_run:
            self._log_run(member.prefix + frame(text))

    def act(self, member: Member, text: str) -> None:
        """Show an action to the member's room."""
        if member.room is None:
            raise CommandError("You are not in a room. /join ROOM enters one.")
        if member.muted:
            raise CommandError("You are muted.")
        self._say(member, member.room, frame(f"** {member.name} {text}"), 1)

    def write_private(self, sender: Member, recipient: Member, text: str) -> None:
        """Say something to one person alone."""
        if sender.muted:
            raise CommandError("You are muted.")
        if not recipient.link.keeps_up():
            raise CommandError(f"{recipient.name} is not reading; your message was not delivered.")
        if recipient not in self.deaf_to.get(sender, ()):
            recipient.correspondent = sender
            recipient.link.write(frame(f"[PM from {sender.name}] {text}"))
        sender.tell(f"[PM to {recipient.name}] {text}")
        self.relayed += 1

    def broadcast(self, text: str) -> None:
        """Let the operator speak to everybody."""
        data = _SERVER + frame(text)
        for member in self.members.values():
            member.link.overhear(data, 1)
        if self._log_run:
            self._log_run(data)

    def say_in_room(self, room: Room, text: str) -> None:
        """Let the operator speak in one room."""
        data = _SERVER + frame(text)
        room.history.add(data, 1)
        room.audience.tell(data, 1)
        if self._log_run:
            self._log_run(prefixed(f"[{room.name}] ".encode(), data))

    def _say(self, member: Member, room: Room, data: bytes, lines: int) -> None:
        room.history.add(data, lines)
        deaf = self.deaf_to.get(member, ())
        but = [member.link, *[other.link for other in deaf if other.room is room]]
        room.audience.tell(data, lines, but)
        if len(room.members) > 1:
            self.relayed += lines
        if self._log_run:
            self._log_run(prefixed(f"[{room.name}] ".encode(), data))

    def _note(self, room: Room | None, what: str, of: Member | None = None) -> None:
        """Tell a room, but for the member concerned, and the log."""
        if room is None:
            self._log_event(f"* {what}")
            return
        self._log_event(f"[{room.name}] * {what}")
        room.audience.tell(notice(what), 1, [of.link] if of else ())
        if len(room.members) > (of is not None):
            self.relayed += 1

    # -- finding people ---------------------------------------------------------------------------

    def has(self, member: Member) -> bool:
        """Tell whether the member is still here."""
        return self.members.get(member.key) is member

    def find(self, text: str) -> tuple[Member, str]:
        """Split `text` (not blank) into the longest name of somebody present and the rest.

        Given names have a space; so the first two words are tried before the first. Raises
        `CommandError` if nobody present is meant.
        """
        words = text.split(None, 2)
        for count in (2, 1):
            member = self.members.get(name_key(" ".join(words[:count])))
            if member is not None:
                rest = text.split(None, count)[count:]
                return member, rest[0].strip() if rest else ""
        meant = words[:2] if name_key(words[0]) == "client" else words[:1]
        raise CommandError(f"There is nobody called {quote(' '.join(meant))}.")

    def find_room(self, name: str) -> Room:
        """Find a room by its name; raise `CommandError` if there is none."""
        room = self.rooms.get(room_key(name))
        if room is None:
            raise CommandError(f"There is no room {quote(name)}.")
        return room

    # -- ignoring ---------------------------------------------------------------------------------

    def ignore(self, member: Member, other: Member) -> None:
        """Keep what `other` says from the member."""
        self.deaf_to.setdefault(other, {})[member] = None

    def unignore(self, member: Member, other: Member) -> None:
        """Undo `ignore`; harmless where there was none."""
        deaf = self.deaf_to.get(other, {})
        deaf.pop(member, None)
        if not deaf:
            self.deaf_to.pop(other, None)

    def ignored_by(self, member: Member) -> list[Member]:
        """Tell whom the member ignores."""
        return [other for other, deaf in self.deaf_to.items() if member in deaf]
