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

Not here: what people type (`commands`, `moderation`), entering rooms (`visits`), the form of names
(`names`), passwords (`accounts`), and how much a link can take.
"""

from collections.abc import Callable, Iterable
from typing import Final

from reactor_chat.chat.archive import Archive, NoArchive
from reactor_chat.chat.journal import Journal
from reactor_chat.chat.log import Log
from reactor_chat.chat.members import Link, Member
from reactor_chat.chat.names import BadName, check_name, name_key
from reactor_chat.chat.people import Ignoring, People
from reactor_chat.chat.rooms import Audience, Room, Rooms
from reactor_chat.wire.protocol import answer, frame, notice, prefixed, quote

MUTED: Final = "You are muted."
_SERVER: Final = b"Server: "


class CommandError(Exception):
    """What a person asked for cannot be done; the message says why."""


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
        self._journal = journal
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

    def rename(self, member: Member, wanted: str) -> None:
        """Give the member the name that it wants; raise `CommandError` if it cannot have it."""
        if member.muted:
            raise CommandError(MUTED)
        try:
            name = check_name(wanted)
        except BadName as error:
            raise CommandError(str(error)) from error
        self._check_free(member, name)
        if name_key(name) != member.account:
            member.account = ""
        self.take_name(member, name)

    def take_name(self, member: Member, name: str) -> None:
        """Let the member have a name that it may have."""
        old, old_key = member.name, member.key
        self.people.rename(member, name)
        self.ignoring.note_name(member)
        for room in member.rooms:
            room.roster.remove(old_key)
            room.roster.add(member.key, name)
        member.tell(f"You are now {name}.")
        if name == old:
            return
        what = f"{old} is now known as {name}"
        if not member.rooms:
            self._journal.event("renamed", f"* {what}", member.given, name=name)
        for room in member.rooms:
            self.note("renamed", room, what, member)

    def _check_free(self, member: Member, name: str) -> None:
        holder = self.people.named(name)
        if holder is not None and holder is not member:
            raise CommandError(f"The name {holder.name} is taken.")
        key = name_key(name)
        if key != member.account and self.archive.is_registered(key):
            raise CommandError(f"The name {name} is registered: /login {name} PASSWORD takes it.")
        holder = self.people.looking_like(name)
        like = holder.name if holder and holder is not member else self.archive.name_like(name)
        if like and name_key(like) not in (key, member.account):
            raise CommandError(f"The name {name} looks too much like {like}.")

    # -- speaking ---------------------------------------------------------------------------------

    def speak(self, member: Member, batch: bytes) -> None:
        """Say a batch of plain lines (see `protocol.is_plain`)."""
        if not member.rooms:
            self.answer_batch(member, batch, batch.upper())
        elif member.muted:
            member.write(answer(MUTED) * batch.count(b"\n"))
        else:
            self._say(member, prefixed(member.prefix, batch), batch.count(b"\n"))

    def answer_batch(self, member: Member, batch: bytes, shout: bytes) -> None:
        """Answer a batch that was said outside of rooms with `protocol.shouted` of it."""
        member.link.write(shout if member.stamp is None else member.dress(shout))
        if not self._journal.quiet:
            self._journal.said(member.given, member.name, "", batch)

    def speak_text(self, member: Member, text: str) -> None:
        """Say one line of any sanitised text."""
        if member.rooms:
            self.speak(member, frame(text))
        else:
            self.answer_batch(member, frame(text), frame(text.upper()))

    def act(self, member: Member, text: str) -> None:
        """Show an action to the member's room."""
        self.room_of(member)
        if member.muted:
            raise CommandError(MUTED)
        self._say(member, frame(f"** {member.name} {text}"), 1)

    def set_topic(self, member: Member, text: str) -> None:
        """Let a member say what its current room is about."""
        room = self.room_of(member)
        if member.muted:
            raise CommandError(MUTED)
        room.topic = text
        self.archive.set_topic(room.name, text)
        self.note("topic", room, f"{member.name} set the topic: {text}", member, tell_too=True)

    def write_private(self, sender: Member, recipient: Member, text: str) -> None:
        """Say something to one person alone."""
        if sender.muted:
            raise CommandError(MUTED)
        if recipient.link.full:
            name = recipient.name
            raise CommandError(f"{name} is not reading; your message was not delivered.")
        if recipient not in (self.ignoring.ignorers(sender) or ()):
            recipient.reply_to = sender
            recipient.write(frame(f"[PM from {sender.name}] {text}"))
        sender.tell(f"[PM to {recipient.name}] {text}")
        self.relayed += 1

    def write_operator(self, sender: Member, text: str) -> None:
        """Say something to the operator alone."""
        if sender.muted:
            raise CommandError(MUTED)
        line = f"[PM from {sender.name}] {text}"
        self._journal.event("message", line, sender.given, name=sender.name)
        sender.tell(f"[PM to Server] {text}")
        self.relayed += 1

    def broadcast(self, text: str) -> None:
        """Let the operator speak to everybody."""
        line = _SERVER + frame(text)
        self.each(self.people, lambda member: member.write_or_skip(line))
        self._journal.said("", "Server", "", frame(text))

    def announce(self, text: str) -> None:
        """Tell everybody what happens to the server."""
        line = notice(text)
        self.each(self.people, lambda member: member.write(line))

    def say_in_room(self, room: Room, text: str) -> None:
        """Let the operator speak in one room."""
        data = _SERVER + frame(text)
        entry = room.audience.say(data, 1, self.clock(), True, [])
        if self._keep is not None:
            self._keep(room.name, entry.first, entry.time, data)
        self._journal.said("", "Server", room.name, data)

    @staticmethod
    def each(members: Iterable[Member], act: Callable[[Member], object]) -> None:
        """Do something with each of many; a failure with one is that one's, and costs it alone."""
        for member in list(members):
            try:
                act(member)
            except Exception as error:
                member.link.on_crash(error)

    def note(self, kind: str, room: Room, what: str, about: Member, tell_too: bool = False) -> None:
        """Tell a room and the log what a member did; not who ignores it, nor mostly itself."""
        here = about in room.members
        ignorers = self.ignoring.ignorers(about) or ()
        skip = [one.link for one in ignorers if room in one.rooms]
        if here and not tell_too:
            skip.append(about.link)
        text = f"[{room.name}] * {what}"
        self._journal.event(kind, text, about.given, name=about.name, room=room.name)
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
        if not self._journal.quiet:
            self._journal.said(member.given, member.name, room.name, data)

    # -- finding ----------------------------------------------------------------------------------

    def find(self, text: str) -> tuple[Member, str]:
        """Split `text` (not blank) into the longest name of somebody present and the rest.

        Given names have a space; so the first two words are tried before the first. Raises
        `CommandError` if nobody present is meant.
        """
        words = text.split(None, 2)
        for count in (2, 1):
            member = self.people.named(" ".join(words[:count]))
            if member is not None:
                rest = text.split(None, count)[count:]
                return member, rest[0].strip() if rest else ""
        meant = words[:2] if words[0][:7].casefold() == "client" else words[:1]
        raise CommandError(f"There is nobody called {quote(' '.join(meant))}.")

    def find_room(self, name: str) -> Room:
        """Return a room by its name; raise `CommandError` if there is none."""
        room = self.rooms.get(name)
        if room is None:
            raise CommandError(f"There is no room {quote(name)}.")
        return room

    def room_of(self, member: Member) -> Room:
        """Return the member's current room; raise `CommandError` if it is in none."""
        if member.room is None:
            raise CommandError("You are not in a room. /join ROOM enters one.")
        return member.room
