"""Whose lines are served next, when more have come than one turn serves.

A turn has a budget of work for all clients together. Once it is spent, or a client has had its own
share of it, the client waits in a queue, and is not read meanwhile. In each turn the first in the
queue go on, as far as the budget goes. So a turn is as long with three hundred who flood as with
twenty, and they share what there is.

Invariants:
- Who waits is served from here alone: if answers that have left, or a timer, resume it before, it
  is paused again. Otherwise those who get answers would go on, and the others never.
- At least one goes on in each turn, whatever else the turn has had to do.
- A defect that one client meets costs that one alone.

Not here: what a line costs (`chat.commands`), and what one client may do in a turn (`session`).
"""

from collections import OrderedDict
from typing import Final

from reactor_chat.loop.reactor import Handler
from reactor_chat.net.connection import Connection
from reactor_chat.net.shared import BUSY_READ_SIZE, READ_SIZE, Shared

# Lines, or as much work as these, that all clients together are served in a turn, but for batches
# of a few plain ones: some milliseconds (benchmarks/README.md).
WORK_OF_ALL: Final = 256

# So many who wait may have been read 16 KiB each of; of more, less is read.
_MANY: Final = 100


class RunQueue(Handler):
    """What is left of the turn's work, and who waits for more."""

    def __init__(self, shared: Shared) -> None:
        super().__init__(-1)  # only for its timers
        self._shared = shared
        self._reactor = shared.reactor
        self._turn = -1  # the one that `_left` is of
        self._left = 0
        self._waiting: OrderedDict[Connection, None] = OrderedDict()
        self._goes_on = False  # in the next turn

    def spend(self, work: int) -> None:
        """Count work that was done."""
        self._left = self._remaining() - work

    def holds(self, connection: Connection) -> bool:
        """Return whether a client is not to be served now; it is paused then, until it is."""
        if self._remaining() > 0 and connection not in self._waiting:
            return False
        self.wait(connection)
        return True

    def wait(self, connection: Connection) -> None:
        """Let a client wait until the others had their turn."""
        connection.pause_reading()
        self._waiting[connection] = None  # in its old place, if it has one
        self._adapt_reading()
        if not self._goes_on:
            self._goes_on = True
            self._reactor.call_soon(self, self._go_on)

    def _remaining(self) -> int:
        if self._turn != self._reactor.turns:
            self._turn, self._left = self._reactor.turns, WORK_OF_ALL
        return self._left

    def _go_on(self) -> None:
        """Resume those who wait, the first of them in any case."""
        self._goes_on = False
        self._left = max(self._remaining(), 1)
        for _ in range(len(self._waiting)):
            if self._left <= 0:
                break
            connection, _ = self._waiting.popitem(last=False)
            try:
                connection.resume_reading()
            except Exception as error:
                connection.on_crash(error)
        self._adapt_reading()
        if self._waiting and not self._goes_on:
            self._goes_on = True
            self._reactor.call_soon(self, self._go_on)

    def _adapt_reading(self) -> None:
        self._shared.read_size = READ_SIZE if len(self._waiting) < _MANY else BUSY_READ_SIZE
