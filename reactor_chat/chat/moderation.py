"""What the operator types: speaking to everybody, looking around, and evicting people.

One table of commands both dispatches and writes the help, as for members. A command is a function
of the `Operator` and the text after the command's word; it returns the lines to show the operator.

Invariants:
- A ban is of addresses, never of a name: names are free to take. The ban of somebody present is of
  that person's address, whatever the name looks like.
- Who is evicted reads why, as the last thing, and the rooms read it, too.

Not here: the terminal on which this is typed, connections, figures (they are handed in).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from reactor_chat.chat.actions import WrongCall
from reactor_chat.chat.announcements import broadcast, say_in_room
from reactor_chat.chat.archive import Verdict
from reactor_chat.chat.bans import BanList
from reactor_chat.chat.chat import Chat
from reactor_chat.chat.errors import CommandError
from reactor_chat.chat.members import Member, for_each
from reactor_chat.chat.names import name_key
from reactor_chat.chat.private import write_as_operator
from reactor_chat.wire.addresses import format_network, parse_ban
from reactor_chat.wire.protocol import (
    answer,
    is_blank,
    quote,
    sanitise,
    split_command,
    spoken,
)

BANNED: Final = answer("You are banned.")


@dataclass(frozen=True)
class _Command:
    usage: str
    purpose: str
    run: Callable[["Operator", str], list[str]]
    needs_argument: bool


class Operator:
    """The one at the server's console.

    `stats` returns the server's figures as lines, `shut_down` ends it, and `reload` reads its
    configuration anew and returns what came of that.
    """

    def __init__(
        self,
        chat: Chat,
        stats: Callable[[], list[str]],
        shut_down: Callable[[], None],
    ) -> None:
        self.chat = chat
        self.stats = stats
        self.reload: Callable[[], list[str]] = lambda: ["There is nothing to reload."]
        self.shut_down = shut_down
        self.bans = BanList()
        for text in chat.archive.bans():
            if network := parse_ban(text):
                self.bans.add(network)

    def receive(self, line: str) -> list[str]:
        """Do what a line says; return what the operator is to read in answer."""
        text = sanitise(line)
        parts = split_command(text) if text.startswith("/") else None
        if parts is None:
            if not is_blank(text):
                broadcast(self.chat, spoken(text))
            return []
        word, argument = parts
        command = _COMMANDS.get(word.lower())
        if command is None:
            return [f"Unknown command /{quote(word)}. /help lists the commands."]
        try:
            if command.needs_argument and not argument:
                raise WrongCall
            return command.run(self, argument)
        except WrongCall:
            return [f"Usage: {command.usage}"]
        except CommandError as error:
            return [str(error)]

    def evict(self, member: Member, last_word: bytes, how: str, reason: str) -> None:
        """End a member's stay; the last word is the last thing that it reads.

        What fails with it costs it alone: the operator may be evicting others, too.
        """

        def end(member: Member) -> None:
            self.chat.leave(member, how)
            member.link.close(reason, member.dress(last_word))

        for_each([member], end)


def _help(operator: Operator, argument: str) -> list[str]:
    commands = _COMMANDS.values()
    width = max(len(command.usage) for command in commands)
    plain = f"{'TEXT':{width}}  say it to everybody, as Server"
    return [plain, *(f"{command.usage:{width}}  {command.purpose}" for command in commands)]


def _who(operator: Operator, argument: str) -> list[str]:
    people = sorted(operator.chat.people, key=lambda member: member.key)
    return [_describe(member) for member in people] or ["Nobody is here."]


def _describe(member: Member) -> str:
    given = f" ({member.given})" if member.given != member.name else ""
    rooms = f", in {', '.join(room.name for room in member.rooms[::-1])}" if member.rooms else ""
    account = ", logged in" if member.account else ""
    muted = ", muted" if member.muted else ""
    return f"{member.name}{given} from {member.host}{rooms}{account}{muted}"


def _rooms(operator: Operator, argument: str) -> list[str]:
    rooms = sorted(operator.chat.rooms, key=lambda room: room.key)
    return [f"{room.name}: {room.roster.text}" for room in rooms] or ["There are no rooms."]


def _say(operator: Operator, argument: str) -> list[str]:
    name, *text = argument.split(None, 1)
    if not text or is_blank(text[0]):
        raise WrongCall
    say_in_room(operator.chat, operator.chat.rooms.find(name), text[0])
    return []


def _person(operator: Operator, argument: str) -> Member:
    """Return who is meant by an argument that is a name and nothing more."""
    member, rest = operator.chat.people.find(argument)
    if rest:
        raise WrongCall
    return member


def _kick(operator: Operator, argument: str) -> list[str]:
    member, reason = operator.chat.people.find(argument)
    reason = reason.rstrip(". ")
    why = f": {reason}" if reason else ""
    operator.evict(member, answer(f"You were kicked{why}."), f"was kicked{why}", "kicked")
    return [f"{member.name} was kicked."]


def _ban(operator: Operator, argument: str) -> list[str]:
    banned = argument
    if operator.chat.people.named(argument) or parse_ban(argument) is None:
        banned = _person(operator, argument).host
    network = parse_ban(banned)
    if network is None:
        raise CommandError(f"{quote(banned)} is not an address.")
    operator.bans.add(network)
    text = format_network(network)
    operator.chat.archive.ban(text)
    there = [one for one in operator.chat.people if operator.bans.bans(one.host)]
    for one in there:
        operator.evict(one, BANNED, "was banned", "banned")
    return [f"{text} is banned.", *(f"{member.name} was evicted." for member in there)]


def _unban(operator: Operator, argument: str) -> list[str]:
    network = parse_ban(argument)
    if network is None or not operator.bans.remove(network):
        raise CommandError(f"{quote(argument)} is not banned.")
    text = format_network(network)
    operator.chat.archive.unban(text)
    return [f"{text} is no longer banned."]


def _bans(operator: Operator, argument: str) -> list[str]:
    return operator.bans.texts() or ["Nobody is banned."]


def _mute(operator: Operator, argument: str) -> list[str]:
    member = _person(operator, argument)
    if not member.muted:
        member.muted = True
        member.tell("You were muted: nobody hears what you say.")
    return [f"{member.name} is muted."]


def _unmute(operator: Operator, argument: str) -> list[str]:
    member = _person(operator, argument)
    if member.muted:
        member.muted = False
        member.tell("You are no longer muted.")
    return [f"{member.name} is not muted."]


def _reload(operator: Operator, argument: str) -> list[str]:
    return operator.reload()


def _msg(operator: Operator, argument: str) -> list[str]:
    member, text = operator.chat.people.find(argument)
    if not text:
        raise WrongCall
    write_as_operator(member, text)
    return [f"[PM to {member.name}] {text}"]


def _accounts(operator: Operator, argument: str) -> list[str]:
    return operator.chat.archive.accounts() or ["No name is registered."]


def _forget(operator: Operator, argument: str) -> list[str]:
    archive, key = operator.chat.archive, name_key(argument)
    if not archive.is_registered(key):
        raise CommandError(f"The name {quote(argument)} is not registered.")

    def done(verdict: Verdict) -> None:
        if verdict.granted:
            for member in operator.chat.people:
                if member.account == key:
                    member.account = ""
        operator.chat.journal.event("forgotten", _outcome(argument, verdict))

    archive.forget(key, done)
    return []


def _outcome(name: str, verdict: Verdict) -> str:
    if verdict.granted:
        return f"The name {name} is free again."
    return f"The name {name} is not free: {verdict.problem or 'it is not registered.'}"


def _stats(operator: Operator, argument: str) -> list[str]:
    return operator.stats()


def _quit(operator: Operator, argument: str) -> list[str]:
    operator.shut_down()
    return []


_COMMANDS: Final = {
    "help": _Command("/help", "this list", _help, False),
    "who": _Command("/who", "who is here, and from where", _who, False),
    "rooms": _Command("/rooms", "the rooms, and who is in them", _rooms, False),
    "say": _Command("/say ROOM TEXT", "say it in one room, as Server", _say, True),
    "kick": _Command("/kick NAME [REASON]", "evict somebody", _kick, True),
    "ban": _Command("/ban NAME|ADDRESS", "evict and keep out an address", _ban, True),
    "unban": _Command("/unban ADDRESS", "let an address in again", _unban, True),
    "bans": _Command("/bans", "the banned addresses", _bans, False),
    "mute": _Command("/mute NAME", "let nobody hear what somebody says", _mute, True),
    "unmute": _Command("/unmute NAME", "let somebody be heard again", _unmute, True),
    "reload": _Command("/reload", "read the configuration anew", _reload, False),
    "msg": _Command("/msg NAME TEXT", "say something to one person alone", _msg, True),
    "accounts": _Command("/accounts", "the registered names", _accounts, False),
    "forget": _Command("/forget NAME", "let a registered name be free again", _forget, True),
    "stats": _Command("/stats", "figures about the server", _stats, False),
    "quit": _Command("/quit", "end the server", _quit, False),
}

COMMAND_WORDS: Final = tuple(f"/{word}" for word in _COMMANDS)
