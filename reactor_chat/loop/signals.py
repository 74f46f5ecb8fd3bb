"""Signals on the reactor: the loop hears of them where it hears of everything else.

Invariants:
- The Python-level handlers do nothing, but for one thing: a second interrupt raises
  KeyboardInterrupt at once, wherever the program is, so that a wedged server can still be stopped
  by hand.

Not here: how a signal becomes a readable descriptor (`wakeup`), and what it means to the program.
"""

import signal
from collections.abc import Callable, Iterable
from types import FrameType

from reactor_chat.loop.reactor import NOTHING, READ, Handler, Reactor
from reactor_chat.loop.wakeup import Wakeup


class SignalWatch(Handler):
    """Calls `on_signal` once a turn for each of `wanted` that arrived, from inside the loop.

    `on_failure` is given what that raises; the loop goes on.
    """

    __slots__ = ("_interrupts", "_on_failure", "_on_signal", "_reactor", "_wakeup")

    def __init__(
        self,
        reactor: Reactor,
        wanted: Iterable[int],
        on_signal: Callable[[int], None],
        on_failure: Callable[[Exception], None],
    ) -> None:
        self._interrupts = 0  # before the first can come
        self._wakeup = Wakeup(wanted, self._note).__enter__()
        super().__init__(self._wakeup.fileno())
        self._reactor = reactor
        self._on_signal = on_signal
        self._on_failure = on_failure
        reactor.watch(self, READ)

    def on_readable(self) -> None:
        """Pass on what has arrived, each signal once, in the order of their numbers."""
        for number in sorted(self._wakeup.take()):
            self._on_signal(number)

    def on_crash(self, error: Exception) -> None:
        """Report a defect, rather than end for a signal that asked for less."""
        self._on_failure(error)

    def close(self) -> None:
        """Restore the handlers that were there before."""
        self._reactor.watch(self, NOTHING)
        self._wakeup.__exit__()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._interrupts += number == signal.SIGINT
        if self._interrupts > 1:
            raise KeyboardInterrupt
