"""People and rooms as the chat keeps them: data, and little else.

Invariants:
- A member's `name`, `key` and `prefix` belong together: `take_name` sets all three.
- A history holds at least the last `HISTORY` lines said, as far as there were so many, and at most
  one block more: adding costs the same for a block of one line and of a thousand.

Not here: who may do what, and who hears of it (`chat`).
"""

from collections import deque
from collections.abc import Iterable
from operator import attrgetter
from typing import Final, Protocol

from reactor_chat.chat.names import name_key
from reactor_chat.wire.protocol import answer

HISTORY: Final = 100  # lines a room keeps: an evening's talk, at most 400 KB


class Link(Protocol):
    """How to reach one member."""

    def keeps_up(self) -> bool:
        """Tell whether the member reads fast enough, so that nothing is being left out for it."""

    def write(self, data: bytes) -> None:
        """Let the member hear these whole lines."""

    def overhear(self, data: bytes, lines: int) -> None:
        """Let it hear that many whole lines, as others do, if it reads what it hears."""

    def finish(self, reason: str, last_word: bytes = b"") -> None:
        """Let it hear this too, and no more."""


class Audience(Protocol):
    """How to reach everybody in a room at once."""

    def add(self, link: Link) -> None:
        """Let one more hear what is said from now on."""

    def remove(self, link: Link) -> None:
        """Let one of them hear what was told so far, and no more."""

    def tell(self, data: bytes, lines: int, but: Iterable[Link] = ()) -> None:
        """Let all of them hear that many whole lines, but for some of them."""


class History:
    """The last lines of a room, kept in the blocks in which they were said."""

    def __init__(self) -> None:
        self._blocks: deque[tuple[bytes, int]] = deque()
        self._lines = 0

    def add(self, block: bytes, lines: int) -> None:
        """Keep a block of so many lines, and forget those before the last `HISTORY`."""
        self._blocks.append((block, lines))
        self._lines += lines
        while self._lines - self._blocks[0][1] >= HISTORY:
            self._lines -= self._blocks.popleft()[1]

    def last(self, lines: int) -> bytes:
        """Give the last so many lines, or as many as there are."""
        kept = b"".join(block for block, _ in self._blocks).splitlines(keepends=True)
        return b"".join(kept[-min(lines, HISTORY) :])


class Member:
    """Somebody present. `name` and `room` change through `Chat` alone, `muted` by the operator."""

    __slots__ = (
        "correspondent",
        "host",
        "key",
        "link",
        "muted",
        "name",
        "prefix",
        "room",
    )

    def __init__(self, name: str, link: Link, host: str) -> None:
        self.link = link
        self.host = host
        self.room: Room | None = None
        self.muted = False
        self.correspondent: Member | None = None  # who last wrote to it in private
        self.take_name(name)

    def take_name(self, name: str) -> None:
        """Set what follows from the name."""
        self.name = name
        self.key = name_key(name)
        self.prefix = f"{name}: ".encode()

    def tell(self, text: str) -> None:
        """Answer the member."""
        self.link.write(answer(text))


class Room:
    """A room and who is in it."""

    def __init__(self, name: str, audience: Audience) -> None:
        self.name = name
        self.audience = audience
        self.members: dict[Member, None] = {}  # a dict for its order
        self.history = History()


def names_of(people: Iterable[Member]) -> str:
    """List people by name, in the order in which names are compared."""
    return ", ".join([member.name for member in sorted(people, key=attrgetter("key"))])
