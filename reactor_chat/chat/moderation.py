"""What the operator types: speaking to everybody, looking around, and putting people out.

One table of commands both dispatches and writes the help, as for members. A command is a function
of the `Operator` and the text after the command's word; it gives the lines to show to the operator.

Invariants:
- A ban is of an address, never of a name: names are free to take.
- Whoever is put out reads why, as the last thing.

Not here: the terminal on which this is typed, connections, figures (they are handed in).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from reactor_chat.chat.chat import Chat, CommandError
from reactor_chat.chat.rooms import Member, names_of
from reactor_chat.wire.addresses import canonical
from reactor_chat.wire.protocol import answer, quote, sanitise, split_command, spoken

BANNED: Final = answer("You are banned.")


@dataclass(frozen=True)
class _Command:
    usage: str
    purpose: str
    run: Callable[["Operator", str], list[str]]
    needs_argument: bool


class Operator:
    """The one at the server's console.

    `stats` gives the server's figures as lines, `shut_down` ends it, and `reload` reads its
    configuration anew and gives what came of that. Bans live here.
    """

    def __init__(
        self, chat: Chat, stats: Callable[[], list[str]], shut_down: Callable[[], None]
    ) -> None:
        self.chat = chat
        self.stats = stats
        self.shut_down = shut_down
        self.reload: Callable[[], list[str]] = lambda: ["There is nothing to reload."]
        self.bans: dict[str, None] = {}  # addresses

    def receive(self, line: str) -> list[str]:
        """Do what a line says; give what the operator is to read in answer."""
        text = sanitise(line)
        parts = split_command(text) if text.startswith("/") else None
        if parts is None:
            if text and not text.isspace():
                self.chat.broadcast(spoken(text))
            return []
        word, argument = parts
        command = _COMMANDS.get(word.lower())
        if command is None:
            return [f"Unknown command /{quote(word)}. /help lists the commands."]
        if command.needs_argument and not argument:
            return [f"Usage: {command.usage}"]
        try:
            return command.run(self, argument)
        except CommandError as error:
            return [str(error)]

    def bans_host(self, host: str) -> bool:
        """Tell whether callers from there are to be turned away."""
        return bool(self.bans) and canonical(host) in self.bans

    def put_out(self, member: Member, last_word: bytes, reason: str) -> None:
        """End a member's stay; the last word is the last thing that it reads."""
        self.chat.leave(member)
        member.link.finish(reason, last_word)


def _help(operator: Operator, argument: str) -> list[str]:
    commands = _COMMANDS.values()
    width = max(len(command.usage) for command in commands)
    plain = f"{'TEXT':{width}}  say it to everybody, as Server"
    return [plain, *(f"{command.usage:{width}}  {command.purpose}" for command in commands)]


def _who(operator: Operator, argument: str) -> list[str]:
    people = sorted(operator.chat.members.values(), key=lambda member: member.key)
    lines = []
    for member in people:
        room = f", in {member.room.name}" if member.room else ""
        muted = ", muted" if member.muted else ""
        lines.append(f"{member.name} from {member.host}{room}{muted}")
    return lines or ["Nobody is here."]


def _rooms(operator: Operator, argument: str) -> list[str]:
    rooms = operator.chat.rooms
    lines = [f"{rooms[key].name}: {names_of(rooms[key].members)}" for key in sorted(rooms)]
    return lines or ["There are no rooms."]


def _say(operator: Operator, argument: str) -> list[str]:
    name, *text = argument.split(None, 1)
    if not text:
        raise CommandError(f"Usage: {_COMMANDS['say'].usage}")
    operator.chat.say_in_room(operator.chat.find_room(name), text[0])
    return []


def _kick(operator: Operator, argument: str) -> list[str]:
    member, reason = operator.chat.find(argument)
    why = ": ".join(filter(None, ("You were kicked", reason.rstrip("."))))
    operator.put_out(member, answer(f"{why}."), "kicked")
    return [f"{member.name} was kicked."]


def _ban(operator: Operator, argument: str) -> list[str]:
    host = canonical(argument) or canonical(operator.chat.find(argument)[0].host)
    operator.bans[host] = None
    there = [one for one in operator.chat.members.values() if canonical(one.host) == host]
    for member in there:
        operator.put_out(member, BANNED, "banned")
    return [f"{host} is banned.", *(f"{member.name} was put out." for member in there)]


def _unban(operator: Operator, argument: str) -> list[str]:
    host = canonical(argument)
    if host not in operator.bans:
        raise CommandError(f"{quote(argument)} is not banned.")
    del operator.bans[host]
    return [f"{host} is no longer banned."]


def _bans(operator: Operator, argument: str) -> list[str]:
    return sorted(operator.bans) or ["Nobody is banned."]


def _mute(operator: Operator, argument: str) -> list[str]:
    member, _ = operator.chat.find(argument)
    if not member.muted:
        member.muted = True
        member.tell("You were muted: nobody hears what you say.")
    return [f"{member.name} is muted."]


def _unmute(operator: Operator, argument: str) -> list[str]:
    member, _ = operator.chat.find(argument)
    if member.muted:
        member.muted = False
        member.tell("You are no longer muted.")
    return [f"{member.name} is not muted."]


def _reload(operator: Operator, argument: str) -> list[str]:
    return operator.reload()


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
    "kick": _Command("/kick NAME [REASON]", "put somebody out", _kick, True),
    "ban": _Command("/ban NAME|ADDRESS", "put out and keep out an address", _ban, True),
    "unban": _Command("/unban ADDRESS", "let an address in again", _unban, True),
    "bans": _Command("/bans", "the banned addresses", _bans, False),
    "mute": _Command("/mute NAME", "let nobody hear what somebody says", _mute, True),
    "unmute": _Command("/unmute NAME", "let somebody be heard again", _unmute, True),
    "reload": _Command("/reload", "read the configuration anew", _reload, False),
    "stats": _Command("/stats", "figures about the server", _stats, False),
    "quit": _Command("/quit", "end the server", _quit, False),
}

COMMAND_WORDS: Final = tuple(f"/{word}" for word in _COMMANDS)
