"""Signals as readable bytes: the loop hears of them where it hears of everything else.

A signal that arrives while `select` sleeps would be lost on it: Python restarts the call (PEP 475).
So the interpreter's C-level handler writes the signal's number to a socket pair
(`signal.set_wakeup_fd`), and the loop reads it there.

Invariants:
- The Python-level handlers do nothing, but for one thing: a second interrupt raises
  KeyboardInterrupt at once, wherever the program is, so a wedged server can still be stopped by
  hand.
- A signal that was ignored when the program started (`nohup`) stays ignored.
- `close` puts back what was there before.

Not here: what a signal means to the program.
"""

import contextlib
import signal
import socket
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Final

from reactor_chat.reactor import READ, Handler, Reactor

# A storm of signals leaves at most this many numbers to read at a time; what does not fit into
# the socket pair was a repetition of what is in it.
_READ_SIZE: Final = 4096


class SignalWatch(Handler):
    """Calls `on_signal` once a turn for each of `wanted` that arrived, from inside the loop."""

    __slots__ = ("_interrupts", "_on_signal", "_pair", "_previous", "_previous_fd")

    def __init__(
        self, reactor: Reactor, wanted: Iterable[int], on_signal: Callable[[int], None]
    ) -> None:
        self._pair = socket.socketpair()
        for end in self._pair:
            end.setblocking(False)
        super().__init__(self._pair[0].fileno())
        self._on_signal = on_signal
        self._interrupts = 0
        self._previous_fd = signal.set_wakeup_fd(self._pair[1].fileno(), warn_on_full_buffer=False)
        self._previous = {
            number: signal.signal(number, self._note)
            for number in wanted
            if signal.getsignal(number) is not signal.SIG_IGN
        }
        reactor.watch(self, READ)

    def on_readable(self) -> None:
        """Pass on what has arrived, each signal once, in the order of their numbers."""
        with contextlib.suppress(BlockingIOError):
            for number in sorted(set(self._pair[0].recv(_READ_SIZE))):
                if number in self._previous:
                    self._on_signal(number)

    def close(self) -> None:
        """Restore the handlers that were there before; the reactor must not be running any more."""
        signal.set_wakeup_fd(self._previous_fd)
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        for end in self._pair:
            end.close()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._interrupts += number == signal.SIGINT
        if self._interrupts > 1:
            raise KeyboardInterrupt
