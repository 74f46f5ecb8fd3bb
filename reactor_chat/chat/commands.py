"""What members type: one line in, and the chat does what it says.

One table of commands both dispatches and writes the help.

Invariants:
- What begins with a slash is never said to anybody, unless it begins with two.
- A command is looked up outside of the `try` that answers errors, so that a defect in it is not
  taken for a spelling mistake.
- Each command has a cost, in the work of one plain line; a client has only so much of that in a
  turn. Twenty who ask for long lists would otherwise make everybody else wait.

Not here: what a command does (`actions`), what the operator types (`moderation`), state.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from reactor_chat.chat import actions
from reactor_chat.chat.accounts import Accounts
from reactor_chat.chat.actions import Request, WrongCall
from reactor_chat.chat.chat import Chat
from reactor_chat.chat.errors import CommandError
from reactor_chat.chat.members import Member
from reactor_chat.wire.framing import OVERLONG, Line
from reactor_chat.wire.protocol import (
    NOT_UTF8,
    TOO_LONG,
    answer,
    is_blank,
    quote,
    sanitise,
    split_command,
    spoken,
)


class Argument(Enum):
    """What a command wants after its word."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True)
class Command:
    """One command: how it is called, what it is for, what it does, and how much work that is."""

    word: str
    usage: str  # the argument, as help shows it
    purpose: str
    argument: Argument
    run: Callable[[Request], None]
    aliases: tuple[str, ...] = ()
    cost: int = 1

    @property
    def call(self) -> str:
        """How to type it."""
        return f"/{self.word} {self.usage}".rstrip()

    @property
    def help(self) -> str:
        """One line about it."""
        also = "".join(f", also /{alias}" for alias in self.aliases)
        return f"{self.call}{also}: {self.purpose}"


def receive(chat: Chat, accounts: Accounts, member: Member, line: Line) -> int:
    """Do what one line from a member says; return how much work that was."""
    if line is OVERLONG:
        member.write(TOO_LONG)
        return 1
    try:
        text = line.decode()
    except UnicodeDecodeError:
        member.write(NOT_UTF8)
        return 1
    if is_blank(text):
        return 1
    text = sanitise(text)
    command = split_command(text)
    if command is not None:
        return _dispatch(Request(chat, accounts, member, command[1]), command[0])
    chat.speak_text(member, spoken(text))
    return 1


def _dispatch(request: Request, word: str) -> int:
    command = COMMANDS.get(word.lower())
    if command is None:
        request.tell(_unknown(word))
        return 1
    missing = command.argument is Argument.REQUIRED and not request.argument
    surplus = command.argument is Argument.NONE and request.argument
    try:
        if missing or surplus:
            raise WrongCall
        command.run(request)
    except WrongCall:
        request.tell(f"Usage: {command.call}")
    except CommandError as error:
        request.tell(str(error))
    return command.cost


def _unknown(word: str) -> str:
    return f"Unknown command /{quote(word)}. /help lists the commands."


def _help(request: Request) -> None:
    if not request.argument:
        request.member.write(b"".join(answer(command.help) for command in _TABLE))
        return
    word = request.argument.removeprefix("/")
    command = COMMANDS.get(word.lower())
    if command is None:
        raise CommandError(_unknown(word))
    request.tell(command.help)


_NONE, _OPTIONAL, _REQUIRED = Argument.NONE, Argument.OPTIONAL, Argument.REQUIRED

# Costs, measured with two thousand people and rooms (benchmarks/README.md).
_LISTS: Final = 16  # a whole turn's share
_TELLS_ROOM: Final = 4

_TABLE: Final = (
    Command("help", "[COMMAND]", "what the commands do", _OPTIONAL, _help, cost=_LISTS),
    Command("whoami", "", "your name, and the rooms you are in", _NONE, actions.whoami),
    Command("nick", "NAME", "take a name", _REQUIRED, actions.nick, cost=_TELLS_ROOM),
    Command(
        "join",
        "ROOM",
        "enter one more room, or make it the one that you talk in",
        _REQUIRED,
        actions.join,
        cost=_LISTS,
    ),
    Command(
        "part",
        "[ROOM]",
        "leave the room, or that room",
        _OPTIONAL,
        actions.part,
        ("leave",),
        _TELLS_ROOM,
    ),
    Command("topic", "[TEXT]", "what the room is about, or say so", _OPTIONAL, actions.topic),
    Command(
        "rooms",
        "",
        "the rooms, and how many are in each",
        _NONE,
        actions.rooms,
        ("list",),
        _LISTS,
    ),
    Command(
        "who",
        "[ROOM]",
        "who is in your room, in that room, or (outside of rooms) everybody",
        _OPTIONAL,
        actions.who,
        ("names",),
        _LISTS,
    ),
    Command(
        "msg", "NAME TEXT", "say something to one person, or Server, alone", _REQUIRED, actions.msg
    ),
    Command("reply", "TEXT", "/msg to whoever last wrote to you", _REQUIRED, actions.reply),
    Command("me", "TEXT", "tell the room what you do", _REQUIRED, actions.me),
    Command(
        "history",
        "[N]",
        "the last lines said in the room",
        _OPTIONAL,
        actions.history,
        cost=_LISTS,
    ),
    Command("ignore", "[NAME]", "see no more of a person, or list whom", _OPTIONAL, actions.ignore),
    Command("unignore", "NAME", "see a person again", _REQUIRED, actions.unignore),
    Command("register", "PASSWORD", "make your name your own", _REQUIRED, actions.register),
    Command("login", "NAME PASSWORD", "take a registered name", _REQUIRED, actions.login),
    Command("password", "PASSWORD", "choose another password", _REQUIRED, actions.password),
    Command("unregister", "", "let your name be free again", _NONE, actions.unregister),
    Command(
        "tags", "on|off", "begin lines with when and where they were said", _REQUIRED, actions.tags
    ),
    Command(
        "resume",
        "ROOM ID",
        "enter a room, and read on after that line",
        _REQUIRED,
        actions.resume,
        cost=_LISTS,
    ),
    # Whoever wants to leave leaves, whatever else the line says.
    Command("quit", "", "leave (CLOSE SOCKET does, too)", _OPTIONAL, actions.leave, ("exit",)),
)

COMMANDS: Final = {word: command for command in _TABLE for word in (command.word, *command.aliases)}
