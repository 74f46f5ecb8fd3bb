"""What to let go of when memory is short.

All rooms' lines and all backlogs together have a budget. Over it, the older lines of the largest
rooms go first, since people can do without them; then clients who do not read, since everything
that is told them costs more.

Invariants:
- The last lines of each room stay (`log.SPARED_LINES`).
- Whoever misses lines is told how many; whoever is closed is told why.
- A pass frees a sixteenth more than it has to, so that it is not repeated for every line.
- There is one pass a turn at most. What cannot be freed now (those who are closed still have to
  read why) may be free in the next one, and asking again within the turn would never end.

Not here: counting, which is done where something grows (`net.send_queue.Shared`).
"""

from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heapreplace
from typing import Final

from reactor_chat.chat.chat import Chat
from reactor_chat.loop.reactor import Handler
from reactor_chat.net.connection import OPEN, Connection
from reactor_chat.net.shared import Shared
from reactor_chat.wire.protocol import answer

# An eighth of the budget is for what is not counted: lines that wait to be served, and memory that
# was given back in pieces too small to be used again. With 6,000 clients and everything full, a
# process takes 60 MB more than what is counted, and half of that for its clients.
_UNCOUNTED: Final = 8

TOO_SLOW: Final = answer("Closed: you read too slowly, and memory is short.")
_MARGIN: Final = 16


def countable(budget: int) -> int:
    """Return how much of a budget may be taken by what is counted."""
    return budget - budget // _UNCOUNTED


class MemoryGuard(Handler):
    """Keeps all logs and backlogs within `shared.memory`."""

    def __init__(
        self,
        shared: Shared,
        chat: Chat,
        connections: Callable[[], Iterable[Connection]],
        report: Callable[[Exception], None],
    ) -> None:
        super().__init__(-1)  # only for the end of the turn
        self._shared = shared
        self._chat = chat
        self._connections = connections
        self._report = report
        self._was_asked = False
        self._last_pass = -1  # the turn in which that was

    def on_end_of_turn(self) -> None:
        """Free memory, if it is still short once everybody was sent what could be sent."""
        if not self._was_asked:
            self._was_asked = True
            self._shared.reactor.at_end_of_turn(self)
            return
        self._was_asked = False
        if self._last_pass == self._shared.reactor.turns:
            return
        self._last_pass = self._shared.reactor.turns
        if self._excess() > 0:
            self._shrink_rooms()
        if self._excess() > 0:
            self._forget_rooms()
        if self._excess() > 0:
            self._close_slow()

    def on_crash(self, error: Exception) -> None:
        """Report it: the server goes on."""
        self._report(error)

    def _excess(self) -> int:
        return self._shared.logs + self._shared.waiting - self._shared.memory

    def _is_enough(self) -> bool:
        return self._excess() + self._shared.memory // _MARGIN <= 0

    def _shrink_rooms(self) -> None:
        # A heap, as mostly a few of many rooms are looked at. The largest first; a number decides
        # between rooms of one size.
        rooms = [*self._chat.rooms, *self._chat.rooms.empty.values()]
        heap = [(-room.log.size, number, room) for number, room in enumerate(rooms)]
        heapify(heap)
        while heap and not self._is_enough():
            _, number, room = heap[0]
            if room.audience.shrink():
                heapreplace(heap, (-room.log.size, number, room))
            else:
                heappop(heap)

    def _forget_rooms(self) -> None:
        for room in list(self._chat.rooms.empty.values()):
            if self._is_enough():
                return
            self._chat.rooms.forget(room)

    def _close_slow(self) -> None:
        # Who is not open any more has been told already.
        slow = [one for one in self._connections() if one.waiting and one.life is OPEN]
        heap = [(-one.waiting, number, one) for number, one in enumerate(slow)]
        heapify(heap)
        while heap and not self._is_enough():
            _, _, connection = heappop(heap)
            connection.cut_short("memory is short", TOO_SLOW)
