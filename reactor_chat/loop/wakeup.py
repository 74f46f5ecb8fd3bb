"""Signals as a readable descriptor, for any loop around `select`.

A signal that arrives while `select` sleeps does not end the call (PEP 475 restarts it). So the
interpreter's C-level handler writes the signal's number to a socket pair (`signal.set_wakeup_fd`),
and the loop reads it there.

Invariants:
- A signal that was ignored when the program started (`nohup`) stays ignored.
- Leaving puts back what was there before.

Not here: what a signal means.
"""

import contextlib
import signal
import socket
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any, Final

# Of a storm of signals at most so many are taken at once. What does not fit into the socket pair
# repeats what is in it.
_READ_SIZE: Final = 4096

OnSignal = Callable[[int, FrameType | None], None]


def _do_nothing(number: int, frame: FrameType | None) -> None:
    """Only a signal with a handler is written to the wake-up descriptor."""


class Wakeup:
    """Collects the signals in `numbers` while it is open.

    `note` is called for each where Python calls signal handlers: between any two instructions.
    """

    def __init__(self, numbers: Iterable[int], note: OnSignal = _do_nothing) -> None:
        self._numbers = tuple(numbers)
        self._handler = note
        self._before: dict[int, Any] = {}
        self._before_fd = -1
        self._pair: tuple[socket.socket, socket.socket] | None = None

    def __enter__(self) -> "Wakeup":
        self._pair = socket.socketpair()
        for end in self._pair:
            end.setblocking(False)
        self._before_fd = signal.set_wakeup_fd(self._pair[1].fileno(), warn_on_full_buffer=False)
        for number in self._numbers:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._handler)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._before_fd)
        for end in self._pair or ():
            end.close()

    def fileno(self) -> int:
        """The descriptor that is readable when a signal has come."""
        assert self._pair is not None
        return self._pair[0].fileno()

    def take(self) -> set[int]:
        """Take the numbers of the signals that have come."""
        assert self._pair is not None
        with contextlib.suppress(BlockingIOError):
            return set(self._pair[0].recv(_READ_SIZE)) & self._before.keys()
        return set()
