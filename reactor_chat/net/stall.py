"""Whether a peer whose backlog is full still takes something.

Invariants:
- A full backlog has to move within `Limits.stall` seconds, or the connection is aborted. It moved
  if the kernel has taken some of it; and if the peer's system has acknowledged something, as a slow
  peer may take too little for the kernel to announce room.
- Whether the kernel would take more says nothing: it may have had that room all the time.
- A backlog that is not full is not watched: a client may be stopped for an hour.

Not here: what is full, and peers whose machine is gone (`liveness`).
"""

from typing import TYPE_CHECKING, Final

from reactor_chat.loop.timers import Timer
from reactor_chat.net.shared import Shared
from reactor_chat.net.tcp_info import acknowledged

if TYPE_CHECKING:
    from reactor_chat.net.send_queue import SendQueue

# How many times within `Limits.stall` to look whether a slow peer has acknowledged something. So
# whoever takes nothing any more is found out at most a quarter late.
_LOOKS: Final = 4


class StallWatch:
    """Looks after one queue from when it is full until it is not."""

    def __init__(self, shared: Shared, queue: "SendQueue") -> None:
        self._shared = shared
        self._queue = queue
        self._progress = 0.0  # when the peer last took something, as far as is known
        self._acknowledged = 0  # bytes, when that was last looked at
        self.note_progress()
        self._timer = self._look_within(shared.limits.stall)

    def note_progress(self) -> None:
        """The kernel has taken something."""
        self._progress = self._shared.reactor.now
        self._acknowledged = acknowledged(self._queue.socket)

    def cancel(self) -> None:
        """Look no more."""
        self._timer.cancel()

    def _look_within(self, seconds: float) -> Timer:
        delay = min(seconds, self._shared.limits.stall / _LOOKS)
        return self._shared.reactor.call_later(delay, self._queue, self._look)

    def _look(self) -> None:
        queue, now = self._queue, self._shared.reactor.now
        if not queue.full:
            queue.end_stall_watch()
            return
        before, self._acknowledged = self._acknowledged, acknowledged(queue.socket)
        if self._acknowledged > before:
            self._progress = now
        remaining = self._progress + self._shared.limits.stall - now
        if remaining > 0:
            self._timer = self._look_within(remaining)
        else:
            queue.abort("stopped reading")
