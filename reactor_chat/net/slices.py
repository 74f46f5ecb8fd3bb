"""Who of a large room is still to be sent a turn's news: `SLICE` members a turn, in several turns.

Otherwise a line in a room of ten thousand would hold up everybody else for a tenth of a second.

Invariants:
- A member is served once, or dropped by whoever takes a cursor of its own for it.
- What was rendered stays until all are served or dropped: it is not to be rendered again.

Not here: sending, and the marks at which members stand (`audience`).
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from reactor_chat.net.send_queue import SendQueue
from reactor_chat.wire.dialects import Dialect

# Members who are sent the news in one turn: some milliseconds. Everybody else waits so long at the
# most, however many are in the room.
SLICE: Final = 500


class Slices:
    """The members who wait, and the news in each of their dialects."""

    __slots__ = ("_unserved", "blocks")

    def __init__(self) -> None:
        self.blocks: dict[Dialect, bytes] = {}  # none: nothing is under way
        self._unserved: dict[SendQueue, Dialect] = {}

    def add(self, dialect: Dialect, block: bytes, queues: Iterable[SendQueue]) -> None:
        """Let so many members wait for the news in their dialect."""
        self.blocks[dialect] = block
        self._unserved.update(dict.fromkeys(queues, dialect))

    def take(self) -> Iterator[tuple[bytes, Dialect, list[SendQueue]]]:
        """Take the next slice of each dialect."""
        for dialect, block in self.blocks.items():
            queues = list(islice((q for q, d in self._unserved.items() if d is dialect), SLICE))
            for queue in queues:
                del self._unserved[queue]
            yield block, dialect, queues

    def drop(self, queue: SendQueue) -> bool:
        """Serve a member no more; return whether it was still to be served."""
        return self._unserved.pop(queue, None) is not None

    @property
    def waiting(self) -> bool:
        """Whether somebody is still to be served."""
        return bool(self._unserved)

    def clear(self) -> None:
        """Forget the news: all who wait for it are served, or get none."""
        self._unserved.clear()
        self.blocks.clear()
