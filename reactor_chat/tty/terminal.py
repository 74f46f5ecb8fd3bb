"""A terminal that keeps what is being typed on its last row, while lines appear above it.

The parts are `keys` (bytes to key strokes), `editor` (key strokes to effects), `viewport`
(the row to draw), `repaint` (the screen anew) and `device` (modes and size). This module holds what
is on the screen.

Invariants:
- Every path that opens the terminal can close it, any number of times, and closing restores its
  modes, unless the job is in the background then: the terminal is another's.
- Nothing here blocks but the one `read` for which the caller has seen readiness. All output
  goes through `write`. `O_NONBLOCK` is never set: it belongs to the terminal, and would outlive
  this process.
- The draft takes one row at any time, so one erased row makes room for a line. The cursor is where
  the terminal is after the text before it, whatever columns that took: what is before the cursor is
  written last.
- One call makes at most one `write`, and so does one `batch` of calls.

How a caller's loop uses it: `open`, in the foreground; `on_input` when `in_fd` is readable, then
act on the events that it returns; `on_still` after `patience` seconds without input, unless that is
None; `show` for lines; `resize` on SIGWINCH; `close` before a stop and on every way out; `open`
again after a stop, if the job is in the foreground then. What one turn of the loop does, it does
in one `batch`.

Not here: waiting, signals, what a line means, making text safe for `show`.
"""

import contextlib
import errno
import os
import termios
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from reactor_chat.tty.device import (
    in_foreground,
    is_terminal,
    open_anew,
    screen_size,
    set_modes,
    set_raw,
    stop_job,
)
from reactor_chat.tty.editor import Completer, Editor, no_completions
from reactor_chat.tty.effects import (
    Answered,
    End,
    HungUp,
    Interrupt,
    Redraw,
    Ring,
    Show,
    Submit,
    Suspend,
    Switch,
)
from reactor_chat.tty.history import History
from reactor_chat.tty.keys import KeyDecoder, Keystroke, Place
from reactor_chat.tty.repaint import Painter, Repaint
from reactor_chat.tty.viewport import Row, last_row
from reactor_chat.tty.wrapping import ShownLines

__all__ = ["Answered", "End", "Event", "HungUp", "Interrupt", "Submit", "Suspend", "Switch",
           "Terminal", "in_foreground", "is_terminal", "open_anew", "stop_job"]  # fmt: skip

STAMP_WIDTH: Final = len("HH:MM ")  # what stands before each line in the client


# What the caller has to act on; the rest is done here.
Event = Submit | Answered | Switch | Interrupt | End | Suspend | HungUp

_READ_SIZE: Final = 4096  # bytes: a terminal's input queue holds no more
_REMEMBERED: Final = 300  # lines kept to draw the screen anew: more rows than a screen has

_PASTE_ON: Final = "\x1b[?2004h"
_PASTE_OFF: Final = "\x1b[?2004l"
_ERASE_ROW: Final = "\r\x1b[K"
_ASK_PLACE: Final = b"\x1b[6n"
_BELL: Final = "\a"


class Terminal:
    """The terminal on `in_fd` and `out_fd`, with one line editor.

    `write` takes bytes for the screen and takes them all. `completer` gets the text before the
    cursor and returns the index where the word starts and the candidates for it, best first. A line
    that takes several rows is indented by `indent` columns from the second on. `history` is what
    was typed before. With `switches_rooms`, Alt-Left and Alt-Right are `Switch` events.
    """

    def __init__(
        self,
        in_fd: int,
        out_fd: int,
        write: Callable[[bytes], None],
        completer: Completer = no_completions,
        prompt: str = "> ",
        indent: int = STAMP_WIDTH,
        history: History | None = None,
        switches_rooms: bool = False,
    ) -> None:
        self._prompt = prompt
        self._in_fd = in_fd
        self._out_fd = out_fd
        self._write = write
        self._editor = Editor(completer, history, switches_rooms)
        self._keys = KeyDecoder()
        self._modes: list[Any] | None = None  # as they were before `open`, until restored
        self.is_open = False
        self._drawn: Row | None = None  # the last row, as it is on the screen
        self._shown = ShownLines(_REMEMBERED)
        self._painter = Painter(self._shown, indent)
        self._size = screen_size(out_fd)  # for which the screen was drawn
        self._batches = 0  # that are under way, one within the other
        # tmux wraps the empty rows below the draft, too: what is left nobody can tell but tmux.
        self._tells_place = "TMUX" in os.environ
        self._asked = False  # for the cursor's place, after a change of size
        self._before = ""  # what is to be written before anything else
        self._above: list[str] = []  # what is to be written above the draft

    # -- the terminal's modes --------------------------------------------------------------------

    def open(self) -> None:
        """Take the terminal over, if need be again, and draw the draft.

        It stays closed if this job goes to the background meanwhile: SIGCONT says when to try
        again. Raises `termios.error` if there is no terminal any more.
        """
        if self._modes is None:
            self._modes = termios.tcgetattr(self._in_fd)
        try:
            set_raw(self._in_fd)
        except termios.error as error:
            if error.args[0] != errno.EINTR:  # stopped by SIGTTOU, and continued
                raise
            return
        self.is_open = True
        self._shown.fence()
        self._before += _PASTE_ON
        self.redraw_draft()

    def close(self) -> None:
        """Take the draft off the screen, and give the terminal back as it was."""
        if not self.is_open:
            return
        self.is_open = False
        if not in_foreground(self._in_fd):
            return  # the terminal is somebody else's by now; the modes are kept for later
        self._before, self._asked = "", False
        modes, self._modes = self._modes, None
        assert modes is not None
        with contextlib.suppress(termios.error, OSError):  # or gone
            set_modes(self._in_fd, modes)
            self._write((_ERASE_ROW + self._take_above() + _PASTE_OFF).encode("utf-8", "replace"))

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
            self._draw()

    def ask_secret(self, question: str) -> None:
        """Ask for a password, unseen, in the place of the draft, until it is `Answered`."""
        self._editor.ask_secret(question)
        self._draw()

    def cancel_secret(self) -> None:
        """Ask for it no more; the draft is back."""
        self._editor.cancel_secret()
        self._draw()

    def _handle(self, strokes: Iterable[Keystroke | Place]) -> list[Event]:
        events: list[Event] = []
        with self.batch():
            for stroke in strokes:
                if isinstance(stroke, Place):
                    self._on_place(stroke.row)
                    continue
                for effect in self._editor.handle(stroke):
                    if isinstance(effect, Event):
                        events.append(effect)
                    else:
                        self._perform(effect)
        return events

    def _perform(self, effect: Show | Redraw | Ring) -> None:
        if isinstance(effect, Show):
            self.show(effect.lines)
        elif isinstance(effect, Redraw):
            self.redraw_screen()
        else:
            self._ring()

    # -- output ----------------------------------------------------------------------------------

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """Draw all that is shown, typed and changed within at once, at its end."""
        self._batches += 1
        try:
            yield
        finally:
            self._batches -= 1
            self._draw()

    @property
    def prompt(self) -> str:
        """What stands before the draft."""
        return self._prompt

    def set_prompt(self, text: str) -> None:
        """Put another text before the draft; a long one is shortened to what the screen has."""
        self._prompt = text
        self._draw()

    def show(self, lines: Sequence[str], ring: bool = False) -> None:
        """Print lines above the draft (while closed, without one), and ring the bell if asked.

        Lines hold no control characters but SGR sequences (`ESC [ … m`) and hyperlinks (`OSC 8`),
        each undone before its line ends.
        """
        columns = self._columns()
        self._shown.add(lines, columns)
        self._above += self._painter.rows(lines, columns)
        if ring:
            self._ring()
        self._draw()

    def resize(self) -> None:
        """Draw the screen anew for its new size: what stood on it was wrapped, cut or moved."""
        if self.is_open and self._tells_place:
            self._asked = True
            self._write(_ASK_PLACE)
        elif self.is_open:
            self._redraw_left()
            self._draw()

    def redraw_screen(self) -> None:
        """Draw the whole screen again: others wrote on it, or lines have not reached it."""
        size = screen_size(self._out_fd)
        self._redraw(self._painter.whole_screen(self._drawn, size), size)
        self._draw()

    def redraw_draft(self) -> None:
        """Draw the last row again: what was written of it may not have reached the screen."""
        self._drawn = None
        self._draw()

    def _ring(self) -> None:
        if _BELL not in self._before:
            self._before += _BELL

    def _redraw_left(self) -> None:
        size = screen_size(self._out_fd)
        pulls = size.lines > self._size.lines
        self._redraw(self._painter.what_is_left(self._drawn, size, pulls), size)

    def _on_place(self, row: int) -> None:
        """Draw the same once the terminal says in which row the cursor is."""
        if self._asked:
            size = screen_size(self._out_fd)
            self._redraw(self._painter.what_is_above(self._drawn, size, row), size)

    def _redraw(self, repaint: Repaint, size: os.terminal_size) -> None:
        self._above.append(repaint.output)
        self._shown.draw_again(repaint.lines, size.columns, repaint.below_part)
        self._size = size
        self._drawn = None
        self._asked = False

    def _draw(self) -> None:
        """Write what is to stand above the last row, and that row if it is not there already."""
        if self._batches:
            return
        if self._asked and self._above:  # more important than where the old rows are
            self._redraw_left()
        if self._asked:
            return
        before, self._before = self._before, ""
        above = self._take_above()
        output = before + above
        if self.is_open:
            row = self._row()
            if above or row != self._drawn:
                again = "\r" + row.before if row.before != row.text else ""
                output = before + _ERASE_ROW + above + row.text + again
            self._drawn = row
        if output:
            self._write(output.encode("utf-8", "replace"))

    def _take_above(self) -> str:
        above, self._above = "".join(self._above), []
        return above

    def _row(self) -> Row:
        prompt, text, cursor = self._editor.view
        prompt = self._prompt if prompt is None else prompt
        return last_row(prompt, text, cursor, self._columns())

    def _columns(self) -> int:
        return screen_size(self._out_fd).columns
