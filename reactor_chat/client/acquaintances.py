"""Whom and what a client has seen pass by, for completion, and whom its person ignores.

Invariants:
- Names are kept most recently active first, at most `_MAX_KNOWN` of each kind.
- An ignored person who takes another name is still ignored under that, as on the server.

Not here: who one is oneself, the commands themselves.
"""

import re
from collections.abc import Sequence
from typing import Final

from reactor_chat.client.tags import TaggedLine
from reactor_chat.client.words import COMMANDS
from reactor_chat.tty.completion import complete
from reactor_chat.wire.protocol import ACTION, NAME, PRIVATE, SPEECH

_MAX_KNOWN: Final = 500  # more than anyone completes among, and little memory

_RENAMED: Final = re.compile(rf"\* (?P<old>{NAME}) is now known as (?P<name>\S+)")
_LEFT: Final = re.compile(rf"\* (?P<name>{NAME}) (?:left|was kicked)")
_JOINED: Final = re.compile(rf"\* (?P<name>{NAME}) joined")
_DEAF: Final = re.compile(r"-> You no longer see (?P<name>.+)\.")
_NOBODY: Final = re.compile(r"-> There is nobody called (?P<name>.+)\.")
_HEARING: Final = re.compile(r"-> You see (?P<name>.+) again\.")
_HERE: Final = re.compile(r"-> You joined (?P<room>\S+)\. Here: (?P<names>.*)\.")
_ROOMS: Final = re.compile(r"-> (?P<rooms>\S+ \(\d+\)(?:, \S+ \(\d+\))*)(?: and \d+ more)?")


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


class Acquaintances:
    """The people and rooms that one has met, and those people whom one ignores."""

    def __init__(self) -> None:
        self.people = Recent()
        self.rooms = Recent()
        self.ignored: dict[str, None] = {}
        self._unreached: set[str] = set()  # ignored, and not found when they were ignored anew
        self._asked: set[str] = set()  # of these, whom the server was asked to ignore since then

    def complete(self, before: str) -> tuple[int, Sequence[str]]:
        """Complete the word at the end of a draft, as `tty.editor` asks."""
        return complete(before, COMMANDS, self.people.latest_first(), self.rooms.latest_first())

    def lose(self, name: str) -> None:
        """Somebody who is ignored could not be found: try again when there is a sign of life."""
        self._unreached.add(name)

    def hear_answer(self, text: str, me: str | None) -> bool:
        """Learn from an answer of the server's; return whether nobody else wants to know it."""
        if match := _HERE.fullmatch(text):
            self.rooms.touch(match["room"])
            for name in match["names"].split(", "):
                self._touch(name, me)
        elif match := _ROOMS.fullmatch(text):
            for entry in reversed(match["rooms"].split(", ")):
                self.rooms.touch(entry.partition(" ")[0])
        elif match := _DEAF.fullmatch(text):
            self.ignored[match["name"]] = None
            self._unreached.discard(match["name"])
            self._asked.discard(match["name"])
        elif match := _HEARING.fullmatch(text):
            self.ignored.pop(match["name"], None)
        elif (match := _NOBODY.fullmatch(text)) and match["name"] in self._asked:
            # What looked like a sign of life was an old line.
            self._asked.discard(match["name"])
            self.lose(match["name"])
            return True
        return False

    def hear(self, line: TaggedLine, me: str | None, in_room: bool) -> str | None:
        """Learn from what others say and do; return whom to ignore anew, if anybody."""
        text = line.text
        if match := _RENAMED.fullmatch(text):
            self.people.forget(match["old"])
            self._touch(match["name"], me)
            if match["old"] in self.ignored:
                del self.ignored[match["old"]]
                self.ignored[match["name"]] = None
        elif match := _LEFT.match(text):
            self.people.forget(match["name"])
            return None
        elif (match := _author(text, in_room)) and match["name"] != "Server":
            self._touch(match["name"], me)
        return self._reached(match["name"]) if match else None

    def _reached(self, name: str) -> str | None:
        if name not in self._unreached:
            return None
        self._unreached.discard(name)
        self._asked.add(name)
        return name

    def _touch(self, name: str, me: str | None) -> None:
        if name != me:
            self.people.touch(name)


def _author(text: str, in_room: bool) -> re.Match[str] | None:
    match = _JOINED.fullmatch(text) or ACTION.match(text) or PRIVATE.match(text)
    # Outside of a room, what looks like speech is an echo.
    return SPEECH.match(text) if match is None and in_room else match
