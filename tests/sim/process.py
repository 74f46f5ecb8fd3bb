"""One simulated process: its table of descriptors, its luck, and the rules that it broke.

Invariants: a new descriptor is the lowest free one, as POSIX asks; the table never outgrows its
limit; a descriptor that a selector watches is never closed. A broken rule raises AssertionError
and is also kept in `violations`, because a server may catch the exception and carry on.

What does not belong here: what a descriptor stands for.
"""

import errno
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn, Protocol, TypeVar

T = TypeVar("T")

# Above every descriptor that a test process really has open, so that a stray `os.close` of a
# simulated one cannot hit a real file; low enough to index a list with.
FIRST_DESCRIPTOR = 10_000
DESCRIPTOR_LIMIT = 1_024


class Descriptor(Protocol):
    """What a selector asks of the thing behind a descriptor."""

    def readable(self) -> bool: ...

    def writable(self) -> bool: ...


@dataclass(frozen=True)
class Faults:
    """How often the kernel is unkind, in percent of the calls that allow it.

    All of these are things that a POSIX system may do at any time. `late` holds a ready
    descriptor back until the next select; `lossy` lets a reset destroy input that has arrived
    and was not yet read, which Linux does only to what is still on its way.
    """

    short: int = 0
    again: int = 0
    late: int = 0
    aborted: int = 0
    lossy: int = 0
    shuffled: bool = False


CALM = Faults()
ROUGH = Faults(short=30, again=10, late=10, aborted=5, lossy=30, shuffled=True)


class Process:
    """A table of descriptors with `limit` places, and decisions drawn from `rng`.

    A draw of zero is always the kind decision, so that a failure which Hypothesis shrinks (it
    draws through `st.randoms(use_true_random=False)`) loses the faults that do not matter.
    """

    def __init__(
        self, rng: random.Random, faults: Faults = CALM, limit: int = DESCRIPTOR_LIMIT
    ) -> None:
        self.faults = faults
        self.limit = limit
        self.violations: list[str] = []
        self._rng = rng
        self._open: dict[int, Descriptor] = {}
        self._watched: set[int] = set()  # Asked, never walked: a set has no fixed order.

    # Descriptors

    def open(self, thing: Descriptor) -> int:
        """The lowest free descriptor, now `thing`'s. Raises OSError(EMFILE) at the limit."""
        if self.is_full():
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        fd = FIRST_DESCRIPTOR
        while fd in self._open:
            fd += 1
        self._open[fd] = thing
        return fd

    def close(self, fd: int) -> None:
        if fd in self._watched:
            self.broke(f"descriptor {fd} was closed while a selector watched it")
        del self._open[fd]

    def is_full(self) -> bool:
        return len(self._open) >= self.limit

    def descriptors(self) -> list[int]:
        """Those that are open, lowest first."""
        return sorted(self._open)

    def watch(self, fd: int) -> Descriptor:
        """What stands behind `fd`, which may not be closed until it is unwatched."""
        if fd not in self._open:
            self.broke(f"a selector was given {fd}, which is not an open descriptor")
        self._watched.add(fd)
        return self._open[fd]

    def unwatch(self, fd: int) -> None:
        self._watched.remove(fd)

    def broke(self, rule: str) -> NoReturn:
        self.violations.append(rule)
        raise AssertionError(rule)

    # Luck

    def strikes(self, percent: int) -> bool:
        """Whether a fault that happens in `percent` of cases happens now."""
        return percent > 0 and self._rng.randrange(100) >= 100 - percent

    def part_of(self, count: int) -> int:
        """How many of `count` bytes (at least one) the kernel moves at once: 1 to `count`."""
        if count > 1 and self.strikes(self.faults.short):
            return count - self._rng.randrange(count)
        return count

    def in_any_order(self, ready: Sequence[T]) -> list[T]:
        """`ready` as a select may report it: in any order, some of it later, at least one now."""
        order = [item for item in ready if not self.strikes(self.faults.late)] or [*ready[:1]]
        if self.faults.shuffled:
            self._rng.shuffle(order)
        return order
