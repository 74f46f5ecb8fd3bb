"""Coming into rooms, looking back, and going.

Functions of the chat and a member, for what `commands` has read.

Invariants:
- Whoever enters reads the answer, then what was said before, then what is said from now on, with
  nothing twice and nothing left out.
- The current room and the others are read in two dialects, so whenever the current one changes,
  both readings are cut there.

Not here: what is said (`chat`), and how a log is read (`net`).
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from reactor_chat.chat.chat import Chat
from reactor_chat.chat.errors import MUTED, CommandError
from reactor_chat.chat.members import Member
from reactor_chat.chat.names import BadName, check_room_name
from reactor_chat.chat.recall import Recall
from reactor_chat.chat.rooms import Room
from reactor_chat.wire.dialects import Dialect, current, other, tagged
from reactor_chat.wire.protocol import answer, notice

RECENT: Final = 10  # lines shown on joining: they fit on a screen with what comes before
MAX_HISTORY: Final = 10_000  # lines of /history and /resume: what an archive is searched for
MAX_ROOMS: Final = (
    20  # of one member: more than anybody follows, and what a member costs is bounded
)

Greeting = Callable[[Chat, Member, Room], None]


def show_recent(chat: Chat, member: Member, room: Room) -> None:
    """Show the last lines of a room to whoever enters it."""
    recall(chat, member, room, room.log.said - RECENT, answer("Recent messages:"))


def join(chat: Chat, member: Member, wanted: str, greet: Greeting | None = None) -> None:
    """Take the member into a room, or make it the current one; `greet` shows what was said.

    Raises `CommandError` if that cannot be.
    """
    room = _find_or_open(chat, member, wanted)
    if room in member.rooms:
        focus(member, room)
        member.tell(f"You are in {room.name} now.", room)
        if greet:
            greet(chat, member, room)
        return
    if len(member.rooms) >= MAX_ROOMS:
        raise CommandError(f"You are in {MAX_ROOMS} rooms already.")
    _enter(chat, member, room)
    # From here on one can resume, also if nothing was said yet, and the last lines are not shown.
    last = f"{room.log.origin.epoch}-{room.log.said}"
    member.tell(f"You joined {room.name}. Here: {room.roster.text}.", room, last)
    if room.topic:
        member.tell(f"Topic: {room.topic}", room)
    (greet or show_recent)(chat, member, room)
    chat.note("joined", room, f"{member.name} joined", member)


def resume(chat: Chat, member: Member, wanted: str, epoch: str, number: int) -> None:
    """Take the member into a room, and show what was said there after a line that it has."""

    def greet(chat: Chat, member: Member, room: Room) -> None:
        log = room.log
        known = chat.archive.room(room.key)
        # Numbers from before are those of a room of that name which was forgotten: how far they
        # went, nobody knows any more.
        began = known.began if known else chat.archive.floor
        if epoch == log.origin.epoch and began <= number <= log.said:
            recall(chat, member, room, number, answer("Since then:"), count_missed=True)
        else:
            member.write(notice("Some messages may be missing here."), room)
            show_recent(chat, member, room)

    join(chat, member, wanted, greet)


def part(chat: Chat, member: Member, room: Room) -> None:
    """Take the member out of a room, and make the one before it the current one."""
    chat.part(member, room)
    if member.room:
        focus(member, member.room)
    now = f" You are in {member.room.name} now." if member.room else ""
    member.tell(f"You left {room.name}.{now}")


def focus(member: Member, room: Room) -> None:
    """Make one of the member's rooms the current one."""
    before = member.rooms[-1]
    member.rooms.remove(room)
    member.rooms.append(room)
    for one in (before, room):
        one.audience.set_dialect(member.link, _dialect_of(member, one))


def use_tags(chat: Chat, member: Member, wanted: bool) -> None:
    """Put tags on the member's lines from now on, or none."""
    member.stamp = chat.clock if wanted else None
    for room in member.rooms:
        room.audience.set_dialect(member.link, _dialect_of(member, room))


def recall(
    chat: Chat, member: Member, room: Room, after: int, heading: bytes, count_missed: bool = False
) -> None:
    """Show a member what was said in a room after the line of this number, under a heading."""
    log = room.log
    start = max(after, log.said - MAX_HISTORY, 0)

    def missed(lines: int) -> bytes:
        return member.dress(notice(f"You missed {lines} messages."), room)

    piece = Recall(
        member.dress(heading, room) if heading else b"",
        log.since(start),
        log.origin,
        tagged if member.stamp else current,
        after,
        missed if count_missed else None,
    )
    if start < log.forgotten and chat.archive.room(room.key):
        piece.read_first(partial(chat.archive.read, room.name), start, log.forgotten, member.link)
    if not piece.done:
        member.link.push(piece)


def _find_or_open(chat: Chat, member: Member, wanted: str) -> Room:
    room = chat.rooms.get(wanted)
    if room is not None:
        return room
    try:
        name = check_room_name(wanted)
    except BadName as error:
        raise CommandError(str(error)) from error
    if member.muted:
        raise CommandError(MUTED)
    return chat.rooms.open(name)


def _enter(chat: Chat, member: Member, room: Room) -> None:
    before = member.room
    chat.rooms.add_member(room, member)
    member.rooms.append(room)
    room.audience.add(member.link, _dialect_of(member, room))
    if before:
        before.audience.set_dialect(member.link, _dialect_of(member, before))


def _dialect_of(member: Member, room: Room) -> Dialect:
    if member.stamp:
        return tagged
    return current if room is member.room else other
