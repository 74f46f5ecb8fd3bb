"""A terminal that keeps what is being typed on its last row, while lines appear above it.

The parts are `keys` (bytes to key strokes), `editor` (key strokes to effects), and `viewport`
(the row to draw). This module holds the terminal itself: its modes and what is on it.

Invariants:
- Every path that opens the terminal can close it, any number of times, and closing restores its
  modes, unless the job is in the background then: the terminal is another's.
- Nothing here blocks but the one `read` for which the caller has seen readiness. All output
  goes through `write`. `O_NONBLOCK` is never set: it belongs to the terminal, and would outlive
  this process.
- The draft takes one row at any time, so one erased row makes room for a line.
- One call makes at most one `write`.

How a caller's loop uses it: `open`, in the foreground; `on_input` when `in_fd` is readable, then
act on the events that it gives; `on_still` after `patience` seconds without input, unless that is
None; `show` for lines; `resize` on SIGWINCH; `close` before a stop and on every way out; `open`
again after a stop, if the job is in the foreground then.

Not here: waiting, signals, what a line means, making text safe for `show`.
"""

import contextlib
import errno
import os
import signal
import termios
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from reactor_chat.tty.editor import (
    Completer,
    Editor,
    Effect,
    End,
    Interrupt,
    Redraw,
    Ring,
    Show,
    Submit,
    Suspend,
    no_completions,
)
from reactor_chat.tty.folding import fold
from reactor_chat.tty.keys import Event as KeyEvent
from reactor_chat.tty.keys import KeyDecoder
from reactor_chat.tty.viewport import Row, last_row

__all__ = ["End", "Event", "HungUp", "Interrupt", "Submit", "Suspend", "Terminal",
           "in_foreground", "is_terminal", "open_anew", "stop_job"]  # fmt: skip

# To a terminal they are the same; but whoever counts lines counts ends of lines.
_END_OF_LINE: Final = "\r\n"
_NEXT_ROW: Final = "\n\r"

STAMP_WIDTH: Final = len("HH:MM ")  # what stands before each line in the client


@dataclass(frozen=True, slots=True)
class HungUp:
    """There is no terminal any more."""


# What the caller has to act on; the rest is done here.
Event = Submit | Interrupt | End | Suspend | HungUp

_READ_SIZE: Final = 4096  # bytes: a terminal's input queue holds no more
_REMEMBERED: Final = 300  # lines kept to draw the screen anew: more rows than a screen has

_PASTE_ON: Final = "\x1b[?2004h"
_PASTE_OFF: Final = "\x1b[?2004l"
_ERASE_ROW: Final = "\r\x1b[K"
_ERASE_SCREEN: Final = "\x1b[H\x1b[2J"
_BELL: Final = "\a"

# Where `tcgetattr` keeps its parts.
_IFLAG, _LFLAG, _CC = 0, 3, 6


def is_terminal(in_fd: int, out_fd: int) -> bool:
    """Whether both ends are a terminal that understands escape codes."""
    capable = os.environ.get("TERM", "dumb") not in ("", "dumb")
    return capable and os.isatty(in_fd) and os.isatty(out_fd)


def open_anew(fd: int) -> int | None:
    """Open the terminal behind `fd` for writes that do not block; None if it cannot be done."""
    try:
        return os.open(os.ttyname(fd), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None


def in_foreground(fd: int) -> bool:
    """Whether this process may use its terminal now. In the background, reading stops it."""
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:  # not the terminal that controls this process, so nothing stops it
        return True


class Terminal:
    """The terminal on `in_fd` and `out_fd`, with one line editor.

    `write` takes bytes for the screen and takes them all. `completer` gets the text before the
    cursor and gives the index where the word starts and the candidates for it, best first. A line
    that takes several rows is indented by `indent` columns from the second on.
    """

    def __init__(
        self,
        in_fd: int,
        out_fd: int,
        write: Callable[[bytes], None],
        completer: Completer = no_completions,
        prompt: str = "> ",
        indent: int = STAMP_WIDTH,
    ) -> None:
        self.prompt = prompt  # drawn from the next output on
        self._indent = indent
        self._in_fd = in_fd
        self._out_fd = out_fd
        self._write = write
        self._editor = Editor(completer)
        self._keys = KeyDecoder()
        self._modes: list[Any] | None = None  # as they were before `open`, until restored
        self.is_open = False
        self._drawn: Row | None = None  # the last row, as it is on the screen
        self._shown: deque[str] = deque(maxlen=_REMEMBERED)

    # -- the terminal's modes --------------------------------------------------------------------

    def open(self) -> None:
        """Take the terminal over, if need be again, and draw the draft.

        It stays closed if this job goes to the background meanwhile: SIGCONT says when to try
        again. Raises `termios.error` if there is no terminal any more.
        """
        if self._modes is None:
            self._modes = termios.tcgetattr(self._in_fd)
        try:
            self._set_raw()
        except termios.error as error:
            if error.args[0] != errno.EINTR:  # stopped by SIGTTOU, and continued
                raise
            return
        self.is_open = True
        self._drawn = None
        self._update(before=_PASTE_ON)

    def close(self) -> None:
        """Take the draft off the screen, and give the terminal back as it was."""
        if not self.is_open:
            return
        self.is_open = False
        if not in_foreground(self._in_fd):
            return  # the terminal is somebody else's by now; the modes are kept for later
        modes, self._modes = self._modes, None
        assert modes is not None
        with contextlib.suppress(termios.error, OSError):  # or gone
            _set_modes(self._in_fd, modes)
            self._write((_ERASE_ROW + _PASTE_OFF).encode())

    def _set_raw(self) -> None:
        modes = termios.tcgetattr(self._in_fd)
        # No signals from keys: Ctrl-C first clears the draft. No Ctrl-S: a screen that is held
        # must not hold the chat. Output processing stays, for whatever else is written to this
        # terminal.
        modes[_LFLAG] &= ~(termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
        modes[_IFLAG] &= ~(termios.IXON | termios.ICRNL | termios.INLCR | termios.IGNCR)
        modes[_IFLAG] &= ~termios.ISTRIP
        modes[_CC] = list(modes[_CC])
        modes[_CC][termios.VMIN], modes[_CC][termios.VTIME] = 1, 0
        _set_modes(self._in_fd, modes)

    # -- input -----------------------------------------------------------------------------------

    @property
    def patience(self) -> float | None:
        """After how many seconds without input to call `on_still`, if at all."""
        return self._keys.patience

    def on_input(self) -> list[Event]:
        """Read once, and do what the keys ask for."""
        try:
            data = os.read(self._in_fd, _READ_SIZE)
        except BlockingIOError:  # somebody else made it non-blocking
            return []
        except OSError:  # EIO
            return [HungUp()]
        if data:
            return self._handle(self._keys.feed(data))
        # Somebody else may have made Ctrl-D an end of input again.
        return [End() if os.isatty(self._in_fd) else HungUp()]

    def on_still(self) -> list[Event]:
        """Nothing followed what was read: do what it meant."""
        return self._handle(self._keys.still())

    def put_back(self, line: str) -> None:
        """Make a submitted line the draft again, unless another was begun. Typing replaces it."""
        if self._editor.put_back(line):
            self._update()

    def _handle(self, keys: Iterable[KeyEvent]) -> list[Event]:
        events: list[Event] = []
        effects: list[Effect] = []
        for key in keys:
            effect = self._editor.handle(key)
            if isinstance(effect, Event):
                events.append(effect)
            elif effect is not None:
                effects.append(effect)
        self._perform(effects)
        return events

    def _perform(self, effects: Sequence[Effect]) -> None:
        lines = [line for effect in effects if isinstance(effect, Show) for line in effect.lines]
        if any(isinstance(effect, Redraw) for effect in effects):
            self._shown.extend(lines)
            self._redraw_screen()
        else:
            self.show(lines, ring=any(isinstance(effect, Ring) for effect in effects))

    # -- output ----------------------------------------------------------------------------------

    def show(self, lines: Sequence[str], ring: bool = False) -> None:
        """Print lines above the draft (while closed, without one), and ring the bell if asked.

        Lines hold no control characters but SGR sequences (`ESC [ … m`), each undone before its
        line ends.
        """
        self._shown.extend(lines)
        self._update("".join(self._rows(lines)), before=_BELL if ring else "")

    def resize(self) -> None:
        """Draw the screen anew for its new size: what stood on it was wrapped, cut or moved."""
        if self.is_open:
            self._redraw_screen()

    def redraw_draft(self) -> None:
        """Draw the last row again: what was written of it may not have reached the screen."""
        self._drawn = None
        self._update()

    def _redraw_screen(self) -> None:
        height = max(1, _screen_size(self._out_fd).lines - 1)
        rows = self._rows(list(self._shown)[-height:])[-height:]
        self._drawn = None
        self._update("".join(rows), before=_ERASE_SCREEN)

    def _rows(self, lines: Iterable[str]) -> list[str]:
        columns, rows = self._columns(), []
        for line in lines:
            *before, last = fold(line, columns, self._indent)
            rows += [row + _NEXT_ROW for row in before]
            rows.append(last + _END_OF_LINE)
        return rows

    def _update(self, above: str = "", before: str = "") -> None:
        """Write what is to stand above the last row, and that row if it is not there already."""
        output = before + above
        if self.is_open:
            row = self._row()
            if above or row != self._drawn:
                output = f"{before}{_ERASE_ROW}{above}{row.text}\x1b[{row.cursor + 1}G"
            self._drawn = row
        if output:
            self._write(output.encode("utf-8", "replace"))

    def _row(self) -> Row:
        if (question := self._editor.question) is not None:
            return last_row("", question, len(question), self._columns())
        draft = self._editor.draft
        return last_row(self.prompt, draft.text, draft.cursor, self._columns())

    def _columns(self) -> int:
        return _screen_size(self._out_fd).columns


def _screen_size(fd: int) -> os.terminal_size:
    """Give the screen's size; 80 by 24 where the terminal does not tell it."""
    try:
        size = os.get_terminal_size(fd)
    except OSError:
        size = os.terminal_size((0, 0))
    return size if size.columns and size.lines else os.terminal_size((80, 24))


def _set_modes(fd: int, modes: list[Any]) -> None:
    # At once: waiting for output to drain would block while the screen is held.
    termios.tcsetattr(fd, termios.TCSANOW, modes)


def stop_job() -> None:
    """Stop this process and the others of its job, until the shell continues them.

    Whoever comes back is in the background if that was `bg` or `kill`.
    """
    # The whole group, as the terminal would: the shell waits for `make`, and `make` for this
    # process.
    os.kill(0, signal.SIGTSTP)
