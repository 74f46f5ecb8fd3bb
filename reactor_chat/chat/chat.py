"""People, what they say, and who reads it. Pure: no sockets, no files, and it is told the time.

What a member says goes in; what is to be read comes out through each member's `link`, and for a
whole room through its `audience`. A message is formatted and encoded once, whatever the number of
its readers, and a batch of messages at once.

Invariants:
- What is said in a room goes to the archive before it goes to anybody else.
- A member does not read what it says itself, unless it asked for tags: then that is the receipt.
- Nobody is looked up per reader unless somebody ignores the speaker.
- Who is muted cannot be read by others in any way, nor who is ignored by who ignores it: a name, a
  topic, or the name of a room would do to say something.
- After everybody has left, every table is empty.

Not here: what people type (`commands`, `moderation`), entering rooms (`visits`), taking a name
(`naming`), what is said to one person (`private`) or to everybody (`announcements`), and how much a
link can take.
"""

from collections.abc import Callable

from reactor_chat.chat.archive import Archive, NoArchive
from reactor_chat.chat.errors import MUTED, CommandError
from reactor_chat.chat.journal import Journal
from reactor_chat.chat.links import Audience, Link
from reactor_chat.chat.log import Log
from reactor_chat.chat.members import Member
from reactor_chat.chat.people import Ignoring, People
from reactor_chat.chat.rooms import Room, Rooms
from reactor_chat.wire.protocol import answer, frame, notice, prefixed


class Chat:
    """Everybody present, and what they say to one another.

    `new_audience` makes the audience of a log; `clock` returns seconds since 1970, UTC.
    """

    def __init__(
        self,
        new_audience: Callable[[Log], Audience],
        journal: Journal,
        archive: Archive,
        clock: Callable[[], float],
    ) -> None:
        self.journal = journal
        self._entered = 0
        self.archive = archive
        self._keep = None if isinstance(archive, NoArchive) else archive.keep
        self.clock = clock
        self.people = People()
        self.ignoring = Ignoring()
        self.rooms = Rooms(new_audience, archive)
        self.relayed = 0  # lines that somebody else was to read

    # -- coming and going -------------------------------------------------------------------------

    def enter(self, link: Link, host: str) -> Member:
        """Let somebody in, under a given name that was never used before."""
        self._entered += 1
        member = Member(f"Client {self._entered}", link, host)
        self.people.add(member)
        return member

    def leave(self, member: Member, how: str = "left") -> None:
        """Let somebody go; harmless if it is gone already."""
        if member not in self.people:
            return
        # First out of every table, whatever becomes of telling others about it: a ghost would keep
        # its name for ever.
        self.people.remove(member)
        member.reply_to = None  # or those who are gone would keep one another in memory
        rooms = member.rooms[::-1]
        for room in rooms:
            self._take_out(member, room)
        try:
            for room in rooms:
                self.note("left", room, f"{member.name} {how}", member)
        finally:
            self.ignoring.forget(member)

    def part(self, member: Member, room: Room) -> None:
        """Take a member out of a room, and tell the others."""
        self._take_out(member, room)
        self.note("left", room, f"{member.name} left", member)

    def _take_out(self, member: Member, room: Room) -> None:
        member.rooms.remove(room)
        self.rooms.remove_member(room, member)
        room.audience.remove(member.link)

    # -- speaking ---------------------------------------------------------------------------------

    def speak(self, member: Member, batch: bytes, lines: int) -> None:
        """Say so many whole lines that are plain (see `protocol.is_plain`)."""
        if not member.rooms:
            self.answer_batch(member, batch, batch.upper())
        elif member.muted:
            member.write(answer(MUTED) * lines)
        else:
            prefix = member.prefix
            self._say(member, prefix + batch if lines == 1 else prefixed(prefix, batch), lines)

    def answer_batch(self, member: Member, batch: bytes, shout: bytes) -> None:
        """Answer a batch that was said outside of rooms with `protocol.shouted` of it."""
        member.link.write(shout if member.stamp is None else member.dress(shout))
        if not self.journal.quiet:
            self.journal.said(member.given, member.name, "", batch)

    def speak_text(self, member: Member, text: str) -> None:
        """Say one line of any sanitised text."""
        if member.rooms:
            self.speak(member, frame(text), 1)
        else:
            self.answer_batch(member, frame(text), frame(text.upper()))

    def act(self, member: Member, text: str) -> None:
        """Show an action to the member's room."""
        self.room_of(member)
        if member.muted:
            raise CommandError(MUTED)
        self._say(member, frame(f"** {member.name} {text}"), 1)

    def note(self, kind: str, room: Room, what: str, about: Member, tell_too: bool = False) -> None:
        """Tell a room and the log what a member did; not who ignores it, nor mostly itself."""
        here = about in room.members
        ignorers = self.ignoring.ignorers(about) or ()
        skip = [one.link for one in ignorers if room in one.rooms]
        if here and not tell_too:
            skip.append(about.link)
        text = f"[{room.name}] * {what}"
        self.journal.event(kind, text, about.given, name=about.name, room=room.name)
        if not room.members:
            return
        room.audience.say(notice(what), 1, self.clock(), False, skip)
        if len(room.members) > here:
            self.relayed += 1

    def _say(self, member: Member, data: bytes, lines: int) -> None:
        """Say lines in the member's current room."""
        room = member.rooms[-1]
        skip: list[Link] = [] if member.stamp else [member.link]
        if ignorers := self.ignoring.ignorers(member):
            skip += [one.link for one in ignorers if room in one.rooms]
        entry = room.audience.say(data, lines, self.clock(), True, skip)
        if self._keep is not None:
            self._keep(room.name, entry.first, entry.time, data)
        if len(room.members) > 1:
            self.relayed += lines
        if not self.journal.quiet:
            self.journal.said(member.given, member.name, room.name, data)

    def room_of(self, member: Member) -> Room:
        """Return the member's current room; raise `CommandError` if it is in none."""
        if member.room is None:
            raise CommandError("You are not in a room. /join ROOM enters one.")
        return member.room
