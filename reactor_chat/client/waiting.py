"""One wait for several descriptors, whatever their numbers.

`select(2)` takes none above 1023, and a client may inherit any number of them; `poll(2)` takes all.

Not here: what to do with what is ready.
"""

import math
import select
from collections.abc import Iterable
from typing import Final, Protocol

_BAD: Final = select.POLLERR | select.POLLHUP | select.POLLNVAL  # whoever uses it learns why


class HasFileno(Protocol):
    """What has a descriptor."""

    def fileno(self) -> int:
        """Return it."""


Waitable = int | HasFileno


class Ready:
    """What is ready."""

    def __init__(self, interest: dict[int, int], masks: dict[int, int]) -> None:
        self._interest = interest
        self._masks = masks

    def can_read(self, what: Waitable) -> bool:
        """Whether it was waited for, and reading would not block."""
        return self._has(_number(what), select.POLLIN)

    def can_write(self, what: Waitable) -> bool:
        """Whether it was waited for, and writing would not block."""
        return self._has(_number(what), select.POLLOUT)

    def _has(self, number: int, flag: int) -> bool:
        wanted = self._interest.get(number, 0) & flag
        return bool(wanted and self._masks.get(number, 0) & (flag | _BAD))


def wait(readers: Iterable[Waitable], writers: Iterable[Waitable], timeout: float | None) -> Ready:
    """Wait until one of them is ready, or for so many seconds."""
    interest: dict[int, int] = {}
    for number in map(_number, readers):
        interest[number] = interest.get(number, 0) | select.POLLIN
    for number in map(_number, writers):
        interest[number] = interest.get(number, 0) | select.POLLOUT
    poll = select.poll()
    for number, mask in interest.items():
        poll.register(number, mask)
    # Rounded up: otherwise the last fraction of a millisecond would be spent in a busy loop.
    masks = poll.poll(None if timeout is None else math.ceil(timeout * 1000))
    return Ready(interest, dict(masks))


def _number(what: Waitable) -> int:
    return what if isinstance(what, int) else what.fileno()
