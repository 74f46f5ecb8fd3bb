"""A heap of deadlines. Time comes in as an argument, so a test can make it any time it likes.

Invariants:
- An entry in the heap is `(when, sequence, timer)` and never changes: the heap's order cannot be
  disturbed, equal deadlines fire in the order in which they were set, and timers are never
  compared.
- Cancelling marks; the entry leaves when it comes to the top. So that timers which are set and
  cancelled at a high rate do not pile up until their time, the heap is rebuilt when cancelled
  entries outnumber live ones.
- What a firing timer sets is due at the next call at the soonest, so a callback that re-arms itself
  with no delay cannot keep the caller here.

Not here: clocks, sleeping, and what happens when a callback fails.
"""

import heapq
from collections.abc import Callable, Iterator
from itertools import count
from typing import Final

# Below this many cancelled entries a rebuild would cost more than the memory that it frees.
_MIN_CANCELLED: Final = 64

Callback = Callable[[], object]


class Timer:
    """One deadline: `callback` is due once."""

    __slots__ = ("_timers", "callback", "owner")

    def __init__(self, timers: "Timers", callback: Callback, owner: object) -> None:
        self._timers: Timers | None = timers  # None once it has left the heap
        self.callback: Callback | None = callback  # None once it is cancelled
        self.owner = owner  # the caller's affair

    def cancel(self) -> None:
        """Make sure that it does not fire any more; harmless if it has fired already."""
        if self.callback is not None:
            self.callback = None
            if self._timers is not None:
                self._timers.note_cancelled()

    def leave_heap(self) -> None:
        """It has left the heap: cancelling it need not be counted."""
        self._timers = None


class Timers:
    """The deadlines of one loop."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._sequence = count()
        self._cancelled = 0  # entries in the heap whose timer will not fire

    def __len__(self) -> int:
        return len(self._heap) - self._cancelled

    def add(self, when: float, callback: Callback, owner: object = None) -> Timer:
        """Arrange that `callback` is due at `when`."""
        timer = Timer(self, callback, owner)
        heapq.heappush(self._heap, (when, next(self._sequence), timer))
        return timer

    def next_deadline(self) -> float | None:
        """When the next live timer is due; None if there is none."""
        heap = self._heap
        while heap:
            when, _, timer = heap[0]
            if timer.callback is not None:
                return when
            self._pop()
            self._cancelled -= 1
        return None

    def due(self, now: float) -> Iterator[tuple[Callback, object]]:
        """Take the timers due by `now`, in order, as callback and owner.

        A callback that runs between two items may cancel a later one, which is then left out.
        """
        batch = []
        while (when := self.next_deadline()) is not None and when <= now:
            batch.append(self._pop())
        for timer in batch:
            callback, timer.callback = timer.callback, None
            if callback is not None:
                yield callback, timer.owner

    def note_cancelled(self) -> None:
        """Count a cancelled entry, and rebuild the heap once it is mostly such."""
        self._cancelled += 1
        if self._cancelled > max(_MIN_CANCELLED, len(self._heap) // 2):
            self._heap = [entry for entry in self._heap if entry[2].callback is not None]
            heapq.heapify(self._heap)
            self._cancelled = 0

    def _pop(self) -> Timer:
        timer = heapq.heappop(self._heap)[2]
        timer.leave_heap()
        return timer
