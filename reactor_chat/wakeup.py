"""Signals as something that `select` sees, for a loop that is no reactor.

A signal does not end a `select` (PEP 475), so Python's own handler writes the signal's number
into a socket pair (`signal.set_wakeup_fd`), and the loop reads it there.

Not here: what a signal means.
"""

import contextlib
import signal
import socket
from collections.abc import Iterable
from typing import Any


class Wakeup:
    """Collects signals while it is open; what they did before is restored on leaving."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self._numbers = tuple(numbers)
        self._before: dict[int, Any] = {}
        self._before_fd = -1
        self._pair: tuple[socket.socket, socket.socket] | None = None

    def __enter__(self) -> "Wakeup":
        self._pair = socket.socketpair()
        for end in self._pair:
            end.setblocking(False)
        self._before_fd = signal.set_wakeup_fd(self._pair[1].fileno(), warn_on_full_buffer=False)
        for number in self._numbers:
            # What was ignored on starting (nohup) stays ignored.
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, _do_nothing)
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
            return set(self._pair[0].recv(4096))
        return set()


def _do_nothing(_number: int, _frame: object) -> None:
    """Only a signal with a handler is written to the wake-up descriptor."""
