"""The terminal as a job of a shell's has it: taken over in front, left alone behind.

A job in the background must not touch its terminal: another is typing there. A client has nothing
to do without one, so there it stops, as others do; the shell continues it, with `fg` in front, and
with `bg` or `kill` behind.

Invariants:
- While the job is in the background nothing is drawn, and no mode is changed.
- `must_stop` is seen to by whoever runs the loop, between two turns: no half of a turn follows.
- Signals that are to end the client are not slept over: `stop` looks for them to the last.
- A stop may have no effect (SIGTSTP is ignored, or the group is orphaned, so no shell would ever
  continue it). In front, the terminal is then taken again; behind, it is `lost`.

Not here: what is drawn and typed (`tty.terminal`), what signals mean.
"""

import signal
import termios
from typing import Final

from reactor_chat.client.terminal_output import TerminalOutput
from reactor_chat.loop.wakeup import Wakeup
from reactor_chat.tty.editor import Completer
from reactor_chat.tty.history import History
from reactor_chat.tty.terminal import Terminal, in_foreground, stop_job

_FLUSH: Final = 0.5  # seconds for a terminal that takes nothing to take the last of it


class JobControl:
    """The terminal on `in_fd` and `out_fd`, and what waits to be drawn on it."""

    def __init__(
        self, in_fd: int, out_fd: int, completer: Completer, history: History | None = None
    ) -> None:
        self.in_fd = in_fd
        self.output = TerminalOutput(out_fd)
        self.terminal = Terminal(
            in_fd, out_fd, self.output.write, completer, history=history, switches_rooms=True
        )
        self.must_stop = False
        self._unreachable = False
        self._stale = False  # the screen was drawn for another size
        self._incomplete = False  # what was drawn has not reached the screen

    @property
    def lost(self) -> bool:
        """Whether there is no terminal any more."""
        return self._unreachable or self.output.gone

    def take(self) -> None:
        """Take the terminal over, perhaps again; in the background, have the job stopped."""
        self.must_stop = not in_foreground(self.in_fd)
        if self.must_stop:
            return
        try:
            self.terminal.open()
        except termios.error:
            self._unreachable = True

    def give_back(self) -> None:
        """Leave the terminal as it was found."""
        self.terminal.close()
        self.output.flush(_FLUSH)

    def close(self) -> None:
        """Give everything back."""
        self.give_back()
        self.output.close()

    def stop(self, signals: Wakeup, unless: frozenset[int]) -> set[int]:
        """Stop this job, unless one of some signals has come; give those that have come by then.

        SIGCONT is among them if it has been stopped, or could not be.
        """
        self.must_stop = False
        self.give_back()
        self._incomplete |= self.output.drop()
        before = signals.take()
        if before & unless:
            return before
        stop_job()
        after = signals.take()
        if signal.SIGCONT not in after and not in_foreground(self.in_fd):
            self._unreachable = True
        return before | after | {signal.SIGCONT}

    def resize(self) -> None:
        """Have the screen drawn anew."""
        self._stale = True

    @property
    def needs_refresh(self) -> bool:
        """Whether the screen is to be drawn anew, and there is room for it."""
        is_due = self._stale or self._incomplete
        return is_due and self.terminal.is_open and not self.output.full

    def refresh(self) -> None:
        """Draw the screen anew if that is due."""
        if not self.needs_refresh:
            return
        redraw = self.terminal.redraw_screen if self._incomplete else self.terminal.resize
        self._stale = self._incomplete = False
        redraw()
