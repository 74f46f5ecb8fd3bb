"""What each command of a member does.

An action is a function of a `Request`. It raises `CommandError` for what cannot be done and
`WrongCall` for an argument that it cannot make sense of; whoever called it answers both.

Not here: how a line becomes a request, and the table of commands (`commands`).
"""

from typing import Final, NamedTuple

from reactor_chat.chat import naming, private, visits
from reactor_chat.chat.accounts import Accounts
from reactor_chat.chat.chat import Chat
from reactor_chat.chat.errors import MUTED, CommandError
from reactor_chat.chat.members import SHOWN_NAMES, Member, shorten
from reactor_chat.chat.rooms import Room
from reactor_chat.wire.dialects import parse_id
from reactor_chat.wire.protocol import is_blank, quote

_HISTORY_SHOWN: Final = 20  # lines of /history without a number: a screenful


class WrongCall(Exception):
    """The argument does not fit the command."""


class Request(NamedTuple):
    """A command that somebody has given."""

    chat: Chat
    accounts: Accounts
    member: Member
    argument: str

    def tell(self, text: str) -> None:
        """Answer it."""
        self.member.tell(text)


def whoami(request: Request) -> None:
    """Say who one is, and where."""
    rooms = [room.name for room in request.member.rooms]
    current = f", in {rooms[-1]}" if rooms else ""
    others = f"; also in {', '.join(sorted(rooms[:-1]))}" if rooms[1:] else ""
    request.tell(f"You are {request.member.name}{current}{others}.")


def nick(request: Request) -> None:
    """Take a name."""
    naming.rename(request.chat, request.member, request.argument)


def join(request: Request) -> None:
    """Enter a room."""
    visits.join(request.chat, request.member, request.argument)


def resume(request: Request) -> None:
    """Enter a room, and read on after a line."""
    name, _, place = request.argument.partition(" ")
    parsed = parse_id(place.strip())
    if parsed is None:
        raise WrongCall
    visits.resume(request.chat, request.member, name, *parsed)


def part(request: Request) -> None:
    """Leave the current room, or the one that is named."""
    chat, member = request.chat, request.member
    room: Room | None = chat.room_of(member)
    if request.argument:
        room = chat.rooms.get(request.argument)
    if room not in member.rooms:
        raise CommandError(f"You are not in {quote(request.argument)}.")
    assert room is not None
    visits.part(chat, member, room)


def topic(request: Request) -> None:
    """Say what the room is about, or ask."""
    chat, member, text = request.chat, request.member, request.argument
    room = chat.room_of(member)
    if not text:
        told = f"The topic of {room.name} is: {room.topic}" if room.topic else ""
        member.tell(told or f"{room.name} has no topic.", room)
        return
    if member.muted:
        raise CommandError(MUTED)
    room.topic = text
    chat.archive.set_topic(room.name, text)
    chat.note("topic", room, f"{member.name} set the topic: {text}", member, tell_too=True)


def rooms(request: Request) -> None:
    """List the rooms."""
    there = request.chat.rooms
    shown = [f"{room.name} ({len(room.members)})" for room in there.first()]
    request.tell(shorten(shown, len(there)) or "There are no rooms.")


def who(request: Request) -> None:
    """List who is in a room, or everybody."""
    chat, member = request.chat, request.member
    room = chat.rooms.find(request.argument) if request.argument else member.room
    request.tell(room.roster.text if room else chat.people.roster.text)


def msg(request: Request) -> None:
    """Write to one person, or to the operator."""
    word, _, rest = request.argument.partition(" ")
    if len(word) == len("server") and word.casefold() == "server":
        if is_blank(rest):
            raise WrongCall
        private.write_operator(request.chat, request.member, rest.strip())
        return
    recipient, text = request.chat.people.find(request.argument)
    if not text:
        raise WrongCall
    private.write_private(request.chat, request.member, recipient, text)


def reply(request: Request) -> None:
    """Write to who has written last."""
    private.reply(request.chat, request.member, request.argument)


def me(request: Request) -> None:
    """Say what one does."""
    request.chat.act(request.member, request.argument)


def history(request: Request) -> None:
    """Show what was said in the room."""
    count = _parse_count(request.argument) if request.argument else _HISTORY_SHOWN
    room = request.chat.room_of(request.member)
    if not room.log.said:
        raise CommandError("Nothing was said here yet.")
    visits.recall(request.chat, request.member, room, room.log.said - count, b"")


def _parse_count(argument: str) -> int:
    # The digits are counted first: converting very many of them takes quadratic time.
    digits = argument.lstrip("0")
    if not (argument.isascii() and argument.isdigit() and digits):
        raise WrongCall
    most = visits.MAX_HISTORY
    return min(int(digits), most) if len(digits) <= len(str(most)) else most


def tags(request: Request) -> None:
    """Ask for tags, or for none."""
    wanted = {"on": True, "off": False}.get(request.argument.lower())
    if wanted is None:
        raise WrongCall
    visits.use_tags(request.chat, request.member, wanted)
    request.tell(f"Lines carry {'tags' if wanted else 'no tags'} now.")


def ignore(request: Request) -> None:
    """Read no more of somebody, or list of whom."""
    chat, member = request.chat, request.member
    if not request.argument:
        names = chat.ignoring.list(member)
        request.tell(f"You ignore {shorten(names[:SHOWN_NAMES], len(names)) or 'nobody'}.")
        return
    someone, rest = chat.people.find(request.argument)
    if rest:
        raise WrongCall
    if someone is member:
        raise CommandError("That is you.")
    chat.ignoring.ignore(member, someone)
    request.tell(f"You no longer see {someone.name}.")


def unignore(request: Request) -> None:
    """Read somebody again."""
    chat, name = request.chat, request.argument
    present = chat.people.named(name)
    name = present.name if present else name
    if chat.ignoring.unignore(request.member, name):
        request.tell(f"You see {quote(name)} again.")
    elif present:
        raise CommandError(f"You do not ignore {name}.")
    else:
        raise CommandError(f"There is nobody called {quote(name)}.")


def register(request: Request) -> None:
    """Make one's name one's own."""
    request.accounts.register(request.member, request.argument)


def login(request: Request) -> None:
    """Take a name that is registered."""
    name, _, password = request.argument.partition(" ")
    if not password.strip():
        raise WrongCall
    request.accounts.login(request.member, name, password.strip())


def password(request: Request) -> None:
    """Choose another password."""
    request.accounts.change_password(request.member, request.argument)


def unregister(request: Request) -> None:
    """Let one's name be free again."""
    request.accounts.unregister(request.member)


def leave(request: Request) -> None:
    """Leave the server."""
    request.chat.leave(request.member)
    request.member.link.close("quit")
