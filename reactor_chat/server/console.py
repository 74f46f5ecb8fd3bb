"""The operator's place: standard input, and the log on standard output.

On a terminal the log scrolls above the line that is being typed; elsewhere lines go in and out
plain. Either way nothing here makes the chat wait.

Invariants:
- Standard input may be anything. What the selector refuses (a regular file, /dev/null under epoll)
  is read a piece a turn without it. At its end it is no longer watched, and the chat goes on.
- The terminal of a job in the background is left alone: reading would stop the whole process
  (SIGTTIN). Nothing tells when the job comes to the front again, so then, and only then, this looks
  every `_LOOK_AGAIN` seconds.
- On a terminal, lines are drawn a slice a turn, and only behind about as much as one slice: a key
  waits for no more, however fast the log grows. What one turn does is drawn at once.
- `close` gives the terminal back as it was. So does a defect here, which costs the operator the
  console, and nobody the chat.

Not here: what a line does (`moderation`), colours (`tty.style`), how bytes leave (`sink`), which
lines are left out (`waiting_lines`).
"""

import errno
import os
import termios
import traceback
from collections.abc import Callable, Sequence
from typing import Final

from reactor_chat.loop.reactor import NOTHING, READ, Handler, Reactor
from reactor_chat.loop.timers import Timer
from reactor_chat.server.sink import Sink
from reactor_chat.server.waiting_lines import WaitingLines
from reactor_chat.tty.terminal import (
    End,
    Event,
    HungUp,
    Interrupt,
    Submit,
    Suspend,
    Terminal,
    in_foreground,
    is_terminal,
    stop_job,
)
from reactor_chat.wire.framing import OVERLONG, LineBuffer

_READ_SIZE: Final = 4096  # a terminal's line, and a fair slice of a file
_STAMP_WIDTH: Final = len("HH:MM:SS ")
_LOOK_AGAIN: Final = 1.0  # seconds
# Characters of the log that are drawn in one turn, and bytes that may wait before the next slice:
# two screens, and a few milliseconds for us and for the terminal.
_SLICE: Final = 8 * 1024
_FLUSH: Final = 0.5  # seconds that a stopped reader of the log may delay the end


class Console(Handler):
    """Reads the operator's lines from `in_fd` and shows lines on `out_fd`.

    `on_line` is given what the operator typed, and `on_interrupt` is called for Ctrl-C twice on an
    empty line. `note` takes the console's own words into the log, whose format they are to have.
    """

    def __init__(
        self,
        reactor: Reactor,
        in_fd: int,
        out_fd: int,
        dress: Callable[[str], str],
        complete: Callable[[str], tuple[int, Sequence[str]]],
    ) -> None:
        super().__init__(in_fd)
        self._reactor = reactor
        self._dress = dress
        self._sink = Sink(reactor, out_fd)
        self._waiting = WaitingLines()  # for a terminal
        self._drawing: Timer | None = None  # set while they wait for the next turn
        self._lines = LineBuffer()
        self._on_line: Callable[[str], None] = lambda line: None
        self._on_interrupt: Callable[[], None] = lambda: None
        self._note: Callable[[Sequence[str]], None] = self.show_lines
        self._ended = False
        self._timer: Timer | None = None  # to look again whether the terminal is ours, or still
        self.is_terminal = os.isatty(in_fd)  # so somebody sits here, and may hang up
        self._terminal: Terminal | None = None
        if is_terminal(in_fd, out_fd):
            write = self._write_screen
            self._terminal = Terminal(in_fd, out_fd, write, complete, indent=_STAMP_WIDTH)
            self._sink.on_empty = self._draw_soon
        self._sink.on_relief = self._on_relief

    @property
    def echoes(self) -> bool:
        """Whether what was typed vanishes once it is typed, unless it is shown."""
        return self._terminal is not None

    def open(
        self,
        on_line: Callable[[str], None],
        on_interrupt: Callable[[], None],
        note: Callable[[Sequence[str]], None],
    ) -> None:
        """Begin to read."""
        self._on_line = on_line
        self._on_interrupt = on_interrupt
        self._note = note
        self._watch()

    def show_lines(self, texts: Sequence[str]) -> None:
        """Show lines of the log."""
        if self._terminal is not None:
            self._waiting.add(texts)
            if self._drawing is None:
                self._draw()
        else:
            self._sink.write(("\n".join(texts) + "\n").encode(errors="replace"), len(texts))

    def show_run(self, run: bytes) -> None:
        """Show what was said: lines with their LFs."""
        if self._terminal is not None:
            self.show_lines(run.decode()[:-1].split("\n"))
        else:
            self._sink.write(run, run.count(b"\n"))

    # -- the terminal's life ----------------------------------------------------------------------

    def resize(self) -> None:
        """The screen has another size."""
        if self._terminal is not None:
            self._terminal.resize()

    def resume(self) -> None:
        """The process was stopped, and goes on."""
        self._watch()

    def close(self) -> None:
        """Show what is still to be shown, and give the terminal back."""
        self._reactor.watch(self, NOTHING)
        self._give_back()
        self._reactor.watch(self._sink, NOTHING)
        self._sink.close()

    # -- reading ----------------------------------------------------------------------------------

    def on_readable(self) -> None:
        """Take in what was typed, unless the terminal is not ours now."""
        if self._ended:
            return
        if os.isatty(self.fd) and not in_foreground(self.fd):
            self._reactor.watch(self, NOTHING)
            self._set_timer(_LOOK_AGAIN, self._watch)
        elif self._terminal is not None:
            with self._terminal.batch():
                self._act_on(self._terminal.on_input())
            if (patience := self._terminal.patience) is not None:
                self._set_timer(patience, self._still)
        else:
            self._read_plain()

    def on_crash(self, error: Exception) -> None:
        """Go on without an operator rather than not at all; from now on, Ctrl-C is a signal."""
        self._end()
        if self._terminal is not None:
            self._terminal.close()
        trace = "".join(traceback.format_exception(error)).splitlines()
        self._note(["a defect ended the console; the chat goes on:", *trace])

    def _watch(self) -> None:
        if self._ended:
            return
        if os.isatty(self.fd) and not in_foreground(self.fd):
            if self._terminal is not None:
                self._terminal.close()  # it draws no draft where somebody else is typing
            self._set_timer(_LOOK_AGAIN, self._watch)
            return
        try:
            if self._terminal is not None:
                self._terminal.open()
            self._reactor.watch(self, READ)
        except PermissionError:
            self._set_timer(0.0, self._pump)
        except termios.error:  # it has hung up: the kernel continues whom that leaves alone
            self._end()

    def _set_timer(self, delay: float, callback: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._reactor.call_later(delay, self, callback)

    def _pump(self) -> None:
        """Read the next piece of what is always ready."""
        self._read_plain()
        if not self._ended:
            self._set_timer(0.0, self._pump)

    def _read_plain(self) -> None:
        try:
            data = os.read(self.fd, _READ_SIZE)
        except BlockingIOError:
            return  # another process took it, or made it non-blocking
        except OSError as error:
            if error.errno == errno.EINTR:
                return
            data = b""
        if data:
            self._lines.feed(data)
        else:
            self._lines.finish()
            self._end()
        while (line := self._lines.next_line()) is not None:
            if line is OVERLONG:
                self._note(["That line is too long: the limit is 4096 bytes."])
            else:
                self._on_line(line.decode(errors="replace"))

    def _end(self) -> None:
        self._ended = True
        self._reactor.watch(self, NOTHING)

    def _act_on(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, Submit):
                for line in event.lines:
                    self._on_line(line)
            elif isinstance(event, Interrupt) and event.times > 1:
                self._on_interrupt()
            elif isinstance(event, HungUp):
                self._end()
            elif isinstance(event, Interrupt | End):
                self._note(["Ctrl-C twice, or /quit, ends the server."])
            elif isinstance(event, Suspend):
                self._suspend()

    def _suspend(self) -> None:
        """Stop this job. When it is continued, that may be in the background."""
        self._give_back()
        stop_job()
        self._watch()

    def _give_back(self) -> None:
        # Room first: a full backlog would have none for what closes the terminal.
        while self._waiting:
            self._draw_slice()
            self._sink.flush(_FLUSH)
        self._sink.flush(_FLUSH)
        if self._terminal is not None:
            self._terminal.close()
            self._sink.flush(0)

    def _still(self) -> None:
        if self._terminal is not None and not self._ended:
            with self._terminal.batch():
                self._act_on(self._terminal.on_still())

    # -- writing ----------------------------------------------------------------------------------

    def _draw_soon(self) -> None:
        if self._drawing is None and self._waiting:
            self._drawing = self._reactor.call_soon(self, self._draw)

    def _draw(self) -> None:
        """Draw the next slice, unless the last one is still on its way."""
        self._drawing = None
        if self._sink.backlog < _SLICE:
            self._draw_slice()
            self._draw_soon()

    def _draw_slice(self) -> None:
        if self._terminal is not None:
            self._terminal.show([self._dress(text) for text in self._waiting.take(_SLICE)])
        if left_out := self._waiting.take_left_out():
            self._note([f"({left_out} log lines were left out)"])

    def _write_screen(self, data: bytes) -> None:
        self._sink.write(data, data.count(b"\r\n"))

    def _on_relief(self, left_out: int) -> None:
        """Say how many lines were left out; what was left out of the screen is drawn."""
        if self._terminal is not None:
            self._terminal.redraw_draft()
        if left_out:
            self._note([f"({left_out} log lines were left out)"])
