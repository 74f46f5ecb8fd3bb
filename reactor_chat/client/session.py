"""What a client knows of the conversation: who one is, where, and who else was about.

All of it is learnt from the lines that pass, in both directions. After a lost connection it
says what to send so that one is again who and where one was.

Invariants:
- Names and rooms are kept most recently active first, at most `_MAX_KNOWN` of each.
- The answer to the client's own question, who am I, is swallowed once; the person's own is not.

Not here: sockets, the screen, how lines look.
"""

import re
from typing import Final

from reactor_chat.wire.protocol import ACTION, NAME, PRIVATE, SPEECH, split_command

_MAX_KNOWN: Final = 500  # more than anyone completes among, and little memory

# What Tab completes. The server has them all in its table of commands, and is not part of a client.
COMMANDS: Final = (
    "/help", "/whoami", "/nick", "/join", "/part", "/leave", "/rooms", "/who", "/names", "/msg",
    "/reply", "/me", "/history", "/ignore", "/unignore", "/quit", "/exit",
)  # fmt: skip

_FAREWELLS: Final = frozenset({"quit", "exit"})

# The last words of a server that does not want this client: calling again would be a nuisance.
_DISMISSALS: Final = ("-> You were kicked", "-> You are banned.")
# Of one that has no room for it now. A lost connection may be what takes the room.
_NO_ROOM: Final = ("-> Server is full.", "-> Too many connections")

_GIVEN: Final = re.compile(r"Client \d+")
_WHO_AM_I: Final = re.compile(rf"-> You are (?P<name>{NAME})(?:, in (?P<room>\S+))?\.")
_TAKEN: Final = re.compile(r"-> The name \S+ is taken\.")
_RENAMED: Final = re.compile(r"-> You are now (?P<name>\S+)\.")
_JOINED: Final = re.compile(r"-> You joined (?P<room>\S+)\. Here: (?P<names>.*)\.")
_LEFT: Final = re.compile(r"-> You left \S+\.")
_ROOMS: Final = re.compile(r"-> (?P<rooms>\S+ \(\d+\)(?:, \S+ \(\d+\))*)")
_OTHER_RENAMED: Final = re.compile(rf"\* (?P<old>{NAME}) is now known as (?P<new>\S+)")
_OTHER_LEFT: Final = re.compile(rf"\* (?P<name>{NAME}) left")
_OTHER_JOINED: Final = re.compile(rf"\* (?P<name>{NAME}) joined")


def is_farewell(line: str) -> bool:
    """Whether a line asks the server to close the connection."""
    word, _ = split_command(line) or ("", "")
    return word.lower() in _FAREWELLS


def is_refusal(line: str) -> bool:
    """Whether a line from the server says that this client is not wanted."""
    return line.startswith(_DISMISSALS) or lacks_room(line)


def lacks_room(line: str) -> bool:
    """Whether a refusal may be another one later."""
    return line.startswith(_NO_ROOM)


class Recent:
    """Names in the order of their activity."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}  # the latest last

    def touch(self, name: str) -> None:
        """Note that `name` was active just now."""
        self._names.pop(name, None)
        self._names[name] = None
        if len(self._names) > _MAX_KNOWN:
            del self._names[next(iter(self._names))]

    def forget(self, name: str) -> None:
        """Note that there is no `name` any more."""
        self._names.pop(name, None)

    def latest_first(self) -> list[str]:
        """List them, most recently active first."""
        return list(reversed(self._names))


class Session:
    """One person's conversation, over any number of connections."""

    def __init__(self, name: str | None, room: str | None) -> None:
        self.me: str | None = None  # on this connection; None until the server said so
        self.room: str | None = None
        self.people = Recent()
        self.rooms = Recent()
        self._chosen_name = name  # to be taken again on the next connection
        self._chosen_room = room
        self._had_name = False  # the chosen one, on this connection or one before
        self._name_held = False  # by somebody else since this connection began
        self._asked_again = False  # for the name, and the answer is still to come
        self._asked = False  # the answer to the client's own question is still to come

    def connected(self) -> list[str]:
        """Begin a connection; give the lines to send first."""
        self.me = self.room = None
        self._name_held = self._asked_again = False
        self._asked = True
        return [*self.introduction(), "/whoami"]

    def introduction(self) -> list[str]:
        """Give the lines that take one's name and room."""
        lines = []
        if self._chosen_name is not None and not _GIVEN.fullmatch(self._chosen_name):
            lines.append(f"/nick {self._chosen_name}")
        if self._chosen_room is not None:
            lines.append(f"/join {self._chosen_room}")
        return lines

    @property
    def lacks_name(self) -> bool:
        """Whether the name that this person had is held, most likely by the connection lost."""
        return self._had_name and self._name_held and not self._asked

    def ask_again(self) -> str:
        """Give the line that asks for that name once more."""
        self._asked_again = True
        return f"/nick {self._chosen_name}"

    def heard(self, line: str) -> str | None:
        """Learn from a line of the server; give what to show in its place, if anything.

        That is nothing at all, "", where only the client is concerned.
        """
        if self._asked_again and _TAKEN.fullmatch(line):
            self._asked_again = False
            return ""
        if self._asked:
            # Answers keep the order of questions, so all until then are to the introduction.
            self._name_held = self._name_held or _TAKEN.fullmatch(line) is not None
            if welcome := self._welcome(line):
                self._asked = False
                return welcome
        if line.startswith("-> "):
            self._learn_of_self(line)
        else:
            self._learn_of_others(line)
        return None

    def _welcome(self, line: str) -> str | None:
        if match := _WHO_AM_I.fullmatch(line):
            if is_refusal(line):
                return None
            self.me, self.room = match["name"], match["room"]
            where = f", in {self.room}" if self.room else ""
            return f"You are {self.me}{where}. {self._advice()}"
        if line.strip() == "/WHOAMI":
            return "Connected to a server that knows no commands."
        return None

    def _advice(self) -> str:
        # The server may notice later than the client that a connection was lost.
        if self._had_name and self._name_held:
            name = self._chosen_name
            return f"Your lost connection may still hold the name {name}: asking for it again soon."
        if self.room:
            return "/help lists the commands."
        return "/join ROOM to talk with others, /help for more."

    def _learn_of_self(self, line: str) -> None:
        if match := _RENAMED.fullmatch(line):
            self.me = self._chosen_name = match["name"]
            self._had_name = True
            self._name_held = self._asked_again = False
        elif match := _JOINED.fullmatch(line):
            self.room = self._chosen_room = match["room"]
            self.rooms.touch(match["room"])
            for name in match["names"].split(", "):
                self._touch_person(name)
        elif _LEFT.fullmatch(line):
            self.room = self._chosen_room = None
        elif match := _ROOMS.fullmatch(line):
            for entry in reversed(match["rooms"].split(", ")):
                self.rooms.touch(entry.partition(" ")[0])

    def _learn_of_others(self, line: str) -> None:
        if match := _OTHER_RENAMED.fullmatch(line):
            self.people.forget(match["old"])
            self._touch_person(match["new"])
        elif match := _OTHER_LEFT.fullmatch(line):
            self.people.forget(match["name"])
        elif (match := self._author(line)) and match["name"] != "Server":
            self._touch_person(match["name"])

    def _author(self, line: str) -> re.Match[str] | None:
        match = _OTHER_JOINED.fullmatch(line) or ACTION.match(line) or PRIVATE.match(line)
        # Outside of a room, what looks like speech is an echo.
        return SPEECH.match(line) if match is None and self.room else match

    def _touch_person(self, name: str) -> None:
        if name != self.me:
            self.people.touch(name)
