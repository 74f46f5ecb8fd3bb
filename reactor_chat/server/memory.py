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
from typing import Final

from reactor_chat.chat.chat import Chat
from reactor_chat.chat.rooms import Room
from reactor_chat.loop.reactor import Handler
from reactor_chat.net.connection import OPEN, Connection
from reactor_chat.net.shared import Shared
from reactor_chat.wire.protocol import answer

TOO_SLOW: Final = answer("Closed: you read too slowly, and memory is short.")
_MARGIN: Final = 16


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
        rooms = [*self._chat.rooms, *self._chat.rooms.empty.values()]
        while rooms and not self._is_enough():
            rooms.sort(key=_log_size, reverse=True)
            # All that are at least half as large as the largest, before any that is smaller.
            large = [room for room in rooms if room.log.size >= rooms[0].log.size // 2]
            rooms = [*filter(self._shrink, large), *rooms[len(large) :]]

    def _shrink(self, room: Room) -> bool:
        return not self._is_enough() and room.audience.shrink()

    def _forget_rooms(self) -> None:
        for room in list(self._chat.rooms.empty.values()):
            if self._is_enough():
                return
            self._chat.rooms.forget(room)

    def _close_slow(self) -> None:
        slow = sorted(self._connections(), key=lambda one: one.waiting, reverse=True)
        for connection in slow:
            if self._is_enough() or not connection.waiting:
                return
            if connection.life is not OPEN:
                continue  # it has been told already
            connection.cut_short("memory is short", TOO_SLOW)


def _log_size(room: Room) -> int:
    return room.log.size
