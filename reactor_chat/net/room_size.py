"""How much memory a room takes, as it is counted among all rooms.

Invariants:
- It is counted from when somebody first enters until the room is forgotten and nobody has to read
  anything of it any more. Otherwise one who joins, talks and leaves could pin logs in secret.
- It is counted in steps, so that a line of chat costs a comparison.

Not here: what is done if all together are too large (`server.memory`).
"""

from typing import Final

from reactor_chat.net.place import RoomLog
from reactor_chat.net.shared import Shared

ROOM_SIZE: Final = 3000  # bytes beside its log, about: opening rooms must not fill the memory

# A room is counted when somebody enters it, and when its log has changed by so many bytes.
COUNT_STEP: Final = 4096
KEPT_STEP: Final = COUNT_STEP - ROOM_SIZE


class RoomSize:
    """The size of one room."""

    __slots__ = ("_log", "_released", "_shared", "counted")

    def __init__(self, shared: Shared, log: RoomLog) -> None:
        self._shared = shared
        self._log = log
        self._released = False  # nobody enters any more
        self.counted = 0  # bytes

    def count(self) -> None:
        """Count what the room has come to take."""
        gone = self._released and not self._log.pins
        size = 0 if gone else ROOM_SIZE + self._log.size
        self._shared.count_log(size - self.counted)
        self.counted = size

    def count_if_changed(self) -> None:
        """Count it if it has changed by a step."""
        if abs(self._log.size + ROOM_SIZE - self.counted) > COUNT_STEP:
            self.count()

    def release(self) -> None:
        """The room is forgotten; it is counted no more once nobody has to read anything of it."""
        self._released = True
        self.count()

    def unpin(self) -> None:
        """One that had to read a part of the log has read it, or never will."""
        self._log.pins -= 1
        if self._released:
            self.count()
