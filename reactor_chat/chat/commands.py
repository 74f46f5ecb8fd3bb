"""What members type: one line in, and the chat does what it says.

One table of commands both dispatches and writes the help. A command is a function of the chat, the
member, and the text after the command's word; it raises `CommandError` for what cannot be done and
`WrongCall` for what it cannot make sense of.

Invariants:
- What begins with a slash is never said to anybody, unless it begins with two.
- A command is looked up outside of the `try` that answers errors, so that a defect in it is not
  taken for a spelling mistake.

Not here: what the operator types (`moderation`), state.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from reactor_chat.chat.chat import Chat, CommandError
from reactor_chat.chat.rooms import HISTORY, Member, Room, names_of
from reactor_chat.wire.framing import OVERLONG, Line
from reactor_chat.wire.protocol import (
    NOT_UTF8,
    TOO_LONG,
    answer,
    quote,
    sanitise,
    split_command,
    spoken,
)

_HISTORY_SHOWN: Final = 20  # lines of /history without a number: a screenful


class WrongCall(Exception):
    """The argument does not fit the command."""


class Argument(Enum):
    """What a command wants after its word."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True)
class Command:
    """One command: how it is called, what it is for, and what it does."""

    word: str
    usage: str  # the argument, as help shows it
    purpose: str
    argument: Argument
    run: Callable[[Chat, Member, str], None]
    aliases: tuple[str, ...] = ()

    @property
    def call(self) -> str:
        """How to type it."""
        return f"/{self.word} {self.usage}".rstrip()

    @property
    def help(self) -> str:
        """One line about it."""
        also = "".join(f", also /{alias}" for alias in self.aliases)
        return f"{self.call}{also}: {self.purpose}"


def receive(chat: Chat, member: Member, line: Line) -> None:
    """Do what one line from a member says."""
    if line is OVERLONG:
        member.link.write(TOO_LONG)
        return
    try:
        text = sanitise(line.decode())
    except UnicodeDecodeError:
        member.link.write(NOT_UTF8)
        return
    command = split_command(text)
    if command is not None:
        _dispatch(chat, member, *command)
    elif text and not text.isspace():
        chat.speak_text(member, spoken(text))


def _dispatch(chat: Chat, member: Member, word: str, argument: str) -> None:
    command = COMMANDS.get(word.lower())
    if command is None:
        member.tell(_unknown(word))
        return
    missing = command.argument is Argument.REQUIRED and not argument
    surplus = command.argument is Argument.NONE and argument
    try:
        if missing or surplus:
            raise WrongCall
        command.run(chat, member, argument)
    except WrongCall:
        member.tell(f"Usage: {command.call}")
    except CommandError as error:
        member.tell(str(error))


def _unknown(word: str) -> str:
    return f"Unknown command /{quote(word)}. /help lists the commands."


def _help(chat: Chat, member: Member, argument: str) -> None:
    if not argument:
        member.link.write(b"".join(answer(command.help) for command in _TABLE))
        return
    word = argument.removeprefix("/")
    command = COMMANDS.get(word.lower())
    if command is None:
        raise CommandError(_unknown(word))
    member.tell(command.help)


def _whoami(chat: Chat, member: Member, argument: str) -> None:
    room = f", in {member.room.name}" if member.room else ""
    member.tell(f"You are {member.name}{room}.")


def _nick(chat: Chat, member: Member, argument: str) -> None:
    chat.rename(member, argument)


def _join(chat: Chat, member: Member, argument: str) -> None:
    chat.join(member, argument)


def _part(chat: Chat, member: Member, argument: str) -> None:
    room = _room_of(member)
    chat.part(member)
    member.tell(f"You left {room.name}.")


def _rooms(chat: Chat, member: Member, argument: str) -> None:
    rooms = [chat.rooms[key] for key in sorted(chat.rooms)]
    listed = ", ".join(f"{room.name} ({len(room.members)})" for room in rooms)
    member.tell(listed or "There are no rooms.")


def _who(chat: Chat, member: Member, argument: str) -> None:
    room = chat.find_room(argument) if argument else member.room
    member.tell(names_of(room.members if room else chat.members.values()))


def _msg(chat: Chat, member: Member, argument: str) -> None:
    recipient, text = chat.find(argument)
    if not text:
        raise WrongCall
    chat.write_private(member, recipient, text)


def _reply(chat: Chat, member: Member, argument: str) -> None:
    recipient = member.correspondent
    if recipient is None:
        raise CommandError("Nobody has written to you.")
    if not chat.has(recipient):
        raise CommandError(f"{recipient.name} has left.")
    chat.write_private(member, recipient, argument)


def _me(chat: Chat, member: Member, argument: str) -> None:
    chat.act(member, argument)


def _history(chat: Chat, member: Member, argument: str) -> None:
    count = _line_count(argument) if argument else _HISTORY_SHOWN
    lines = _room_of(member).history.last(count)
    if not lines:
        raise CommandError("Nothing was said here yet.")
    member.link.write(lines)


def _line_count(argument: str) -> int:
    # The digits are counted first: converting very many of them takes quadratic time.
    if not (argument.isascii() and argument.isdigit()):
        raise WrongCall
    digits = argument.lstrip("0")
    if not digits:
        raise WrongCall
    return int(digits) if len(digits) <= len(str(HISTORY)) else HISTORY


def _ignore(chat: Chat, member: Member, argument: str) -> None:
    if not argument:
        names = names_of(chat.ignored_by(member))
        member.tell(f"You ignore {names or 'nobody'}.")
        return
    other = _one_person(chat, argument)
    if other is member:
        raise CommandError("That is you.")
    chat.ignore(member, other)
    member.tell(f"You no longer see {other.name}.")


def _unignore(chat: Chat, member: Member, argument: str) -> None:
    other = _one_person(chat, argument)
    if other not in chat.ignored_by(member):
        raise CommandError(f"You do not ignore {other.name}.")
    chat.unignore(member, other)
    member.tell(f"You see {other.name} again.")


def _quit(chat: Chat, member: Member, argument: str) -> None:
    chat.leave(member)
    member.link.finish("quit")


def _one_person(chat: Chat, argument: str) -> Member:
    person, rest = chat.find(argument)
    if rest:
        raise WrongCall
    return person


def _room_of(member: Member) -> Room:
    if member.room is None:
        raise CommandError("You are not in a room. /join ROOM enters one.")
    return member.room


_TABLE: Final = (
    Command("help", "[COMMAND]", "what the commands do", Argument.OPTIONAL, _help),
    Command("whoami", "", "your name, and the room you are in", Argument.NONE, _whoami),
    Command("nick", "NAME", "take a name", Argument.REQUIRED, _nick),
    Command("join", "ROOM", "enter a room, and leave the one before", Argument.REQUIRED, _join),
    Command("part", "", "leave the room", Argument.NONE, _part, ("leave",)),
    Command("rooms", "", "the rooms, and how many are in each", Argument.NONE, _rooms),
    Command(
        "who",
        "[ROOM]",
        "who is in your room, in that room, or (outside of rooms) everybody",
        Argument.OPTIONAL,
        _who,
        ("names",),
    ),
    Command("msg", "NAME TEXT", "say something to one person alone", Argument.REQUIRED, _msg),
    Command("reply", "TEXT", "/msg to whoever last wrote to you", Argument.REQUIRED, _reply),
    Command("me", "TEXT", "tell the room what you do", Argument.REQUIRED, _me),
    Command("history", "[N]", "the last lines said in the room", Argument.OPTIONAL, _history),
    Command(
        "ignore", "[NAME]", "see no more of a person, or list whom", Argument.OPTIONAL, _ignore
    ),
    Command("unignore", "NAME", "see a person again", Argument.REQUIRED, _unignore),
    # Whoever wants to leave leaves, whatever else the line says.
    Command("quit", "", "leave (CLOSE SOCKET does, too)", Argument.OPTIONAL, _quit, ("exit",)),
)

COMMANDS: Final = {word: command for command in _TABLE for word in (command.word, *command.aliases)}
