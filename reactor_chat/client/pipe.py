"""The client where there is no terminal: lines in, lines out, and an exit status for scripts.

Standard output gets the server's lines, sanitised, and nothing else. The end of standard input
half-closes the connection, what is still to come is printed, and the status is 0. A script that
lost its server in the middle wants to know it rather than to go on with another conversation,
so there is no second attempt: the reason on standard error, and status 1.

Invariants:
- A name or a room that was asked for and cannot be had ends it before anything is said.
- A byte order mark before the first line is dropped: a script of another system may write one.
- What is read and not yet sent is bounded: input waits while the server does not take it.
- A reader of the output that goes away (`| head -1`) ends the client quietly, with status 0. Any
  other fault of the standard streams is one line on standard error, and status 1.

Not here: prompts, editing, colours.
"""

import codecs
import os
from collections.abc import Callable
from typing import Final

from reactor_chat.client.introduction import Introduction, Kind, Outcome
from reactor_chat.client.resolving import reason
from reactor_chat.client.server_link import ServerLink
from reactor_chat.client.waiting import Waitable, wait
from reactor_chat.client.words import is_farewell, is_refusal
from reactor_chat.wire.protocol import sanitise

_READ_SIZE: Final = 65_536  # bytes: what a pipe holds
_HIGH_WATER: Final = 262_144  # bytes that may wait for the server: keeps a fast link busy

# Of the input that are remembered, for the last line in it: a server takes no line above 4096.
_LAST_BYTES: Final = 4096 + 2


def _write_all(fd: int, data: bytes) -> None:
    """Write to a descriptor that may block. Raises OSError."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(fd, view) :]
        except BlockingIOError:  # somebody who shares it made it non-blocking
            wait([], [fd], None)


class Pipe:
    """One conversation between two descriptors and a server; either is None if it was closed."""

    def __init__(
        self,
        link: ServerLink,
        in_fd: int | None,
        out_fd: int | None,
        complain: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self._link = link
        self._in_fd = in_fd  # None once it has ended
        self._out_fd = out_fd
        self._complain = complain
        self._clock = clock
        self._introduction = Introduction((), at_once=False)
        self._start: bytes | None = b""  # of the input, as long as it may be a byte order mark
        self._last_input = b""
        self._refused = False
        self._denied: Outcome | None = None

    def run(self, introduction: Introduction) -> int:
        """Go through the introduction, then send all of the input; return the exit status."""
        self._introduction = introduction
        self._introduce()
        try:
            while not self._link.ended:
                self._turn()
        except BrokenPipeError:
            return 0
        except OSError as error:  # not the link's: that keeps its own in `failure`
            self._complain(f"Standard input or output failed: {reason(error)}.")
            return 1
        return self._status()

    def _introduce(self) -> None:
        for line in self._introduction.proceed():
            self._link.send_line(line)
        if self._introduction.is_over and self._in_fd is None:
            self._link.end_input()

    def _turn(self) -> None:
        readers: list[Waitable] = [self._link]
        if self._may_read_input and self._in_fd is not None:
            readers.append(self._in_fd)
        writers = [self._link] if self._link.wants_write else []
        due = self._link.due
        timeout = None if due is None else max(0.0, due - self._clock())
        timeout = 0.0 if self._link.has_input else timeout
        ready = wait(readers, writers, timeout)
        if ready.can_write(self._link):
            self._link.on_writable()
        if ready.can_read(self._link) or self._link.has_input:
            self._link.on_readable()
        elif due is not None and self._clock() >= due:
            self._link.on_due()
        if self._in_fd is not None and ready.can_read(self._in_fd):
            self._read_input(self._in_fd)
        self._print_lines()

    @property
    def _may_read_input(self) -> bool:
        return self._introduction.is_over and self._link.backlog < _HIGH_WATER

    def _read_input(self, in_fd: int) -> None:
        data = os.read(in_fd, _READ_SIZE)
        said = self._without_mark(data)
        self._link.send(said)
        self._last_input = (self._last_input + said)[-_LAST_BYTES:]
        if not data:
            self._in_fd = None
            self._link.end_input()

    def _without_mark(self, data: bytes) -> bytes:
        """Drop a byte order mark at the beginning of the input, which may come in pieces."""
        if self._start is None:
            return data
        start = self._start + data
        if data and start != codecs.BOM_UTF8 and codecs.BOM_UTF8.startswith(start):
            self._start = start
            return b""
        self._start = None
        return start.removeprefix(codecs.BOM_UTF8)

    def _print_lines(self) -> None:
        lines = []
        while (line := self._link.next_line()) is not None and self._denied is None:
            self._refused = is_refusal(line)
            answered = self._introduction.hear(line)
            if answered and not answered.granted:
                self._denied = answered
                self._complain(_denial(answered, line))
                self._link.close()
            else:
                lines.append(line)
        if lines and self._out_fd is not None:
            text = "".join(sanitise(line) + "\n" for line in lines)
            _write_all(self._out_fd, text.encode("utf-8", "replace"))
        if self._denied is None and not self._link.ended:
            self._introduce()

    def _status(self) -> int:
        if self._denied or self._refused:
            return 1
        if self._ended_with_farewell():
            return 0
        if self._link.failure is not None:
            self._complain(f"Connection lost: {reason(self._link.failure)}.")
            return 1
        if self._in_fd is not None or self._link.backlog or not self._introduction.is_over:
            self._complain("The server closed the connection.")
            return 1
        return 0

    def _ended_with_farewell(self) -> bool:
        last_line = self._last_input.rstrip(b"\r\n").rpartition(b"\n")[2]
        return is_farewell(last_line.decode("utf-8", "replace"))


def _denial(answered: Outcome, line: str) -> str:
    what = "take the name" if answered.step.kind is Kind.NAME else "enter the room"
    words = sanitise(line.removeprefix("-> "))
    return f"Cannot {what} {sanitise(answered.step.wish)}: {words}"
