"""Somebody present, as the chat keeps it: data, and the way to tell it something.

Invariants:
- A member's `name`, `key` and `prefix` belong together: `take_name` sets all three.
- The last of a member's rooms is the current one, and the one before it will be that again.
- What is not in a room's log goes through `dress`, so that who asked for tags finds them on every
  line.

Not here: who may do what, and who is told of it (`chat`).
"""

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Final, Literal

from reactor_chat.chat.links import Link
from reactor_chat.chat.names import name_key
from reactor_chat.wire.dialects import tag_lines
from reactor_chat.wire.protocol import answer, notice

if TYPE_CHECKING:
    from reactor_chat.chat.rooms import Room

SHOWN_NAMES: Final = 200  # of a list: a screenful or two; who is told of more reads none of them


class Sender(Enum):
    """The type of `OPERATOR`, who writes in private and is no member."""

    OPERATOR = "operator"


OPERATOR: Final = Sender.OPERATOR


class Member:
    """Somebody present. Name and rooms change through the chat alone, `muted` by the operator."""

    __slots__ = (
        "account",
        "given",
        "host",
        "key",
        "link",
        "muted",
        "name",
        "prefix",
        "reply_to",
        "rooms",
        "stamp",
    )

    def __init__(self, name: str, link: Link, host: str) -> None:
        self.given = name  # a handle for good, whatever name is taken
        self.link = link
        self.host = host
        self.rooms: list[Room] = []
        self.muted = False
        self.account = ""  # the key of the registered name that it has proved to be its own
        # Who last wrote to it in private.
        self.reply_to: Member | Literal[Sender.OPERATOR] | None = None
        self.stamp: Callable[[], float] | None = None  # the time for its tags; None: it wants none
        self.take_name(name)

    @property
    def room(self) -> "Room | None":
        """The current room."""
        return self.rooms[-1] if self.rooms else None

    def take_name(self, name: str) -> None:
        """Set what follows from the name."""
        self.name = name
        self.key = name_key(name)
        self.prefix = f"{name}: ".encode()

    def tell(self, text: str, room: "Room | None" = None, last: str = "") -> None:
        """Answer the member, about a room or none; `last` is the id of what was said there last."""
        self.link.write(self.dress(answer(text), room, last))

    def write(self, lines: bytes, room: "Room | None" = None) -> None:
        """Send whole lines that stand in no log."""
        self.link.write(self.dress(lines, room))

    def dress(self, lines: bytes, room: "Room | None" = None, last: str = "") -> bytes:
        """Return whole lines as the member wants them: with tags or without."""
        if self.stamp is None:
            return lines
        return tag_lines(lines, self.stamp(), room.name if room else "", last)

    def write_or_skip(self, line: bytes) -> None:
        """Send one line that everybody is told, unless too much waits already."""
        self.link.write_or_skip(self.dress(line), 1, self.render_missed)

    def render_missed(self, lines: int) -> bytes:
        """Return the notice that lines outside of rooms were left out."""
        return self.dress(notice(f"You missed {lines} messages."))


def shorten(shown: Sequence[str], total: int) -> str:
    """Return a list for people to read, of which only the first are shown."""
    text = ", ".join(shown)
    return f"{text} and {total - len(shown)} more" if total > len(shown) else text


def for_each(members: Iterable[Member], act: Callable[[Member], object]) -> None:
    """Do something with each of many; a failure with one is that one's, and costs it alone."""
    for member in list(members):
        try:
            act(member)
        except Exception as error:
            member.link.on_crash(error)
