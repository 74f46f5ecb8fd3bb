"""The client where there is no terminal: lines in, lines out, and an exit status for scripts.

Standard output gets the server's lines, sanitised, and nothing else. The end of standard input
half-closes the connection, what is still to come is printed, and the status is 0. A script that
lost its server in the middle wants to know it rather than to go on with another conversation,
so there is no second attempt: the reason on standard error, and status 1.

Invariants:
- What is read and not yet sent is bounded: input waits while the server does not take it.
- A reader of the output that goes away (`| head -1`) ends the client quietly, with status 0. Any
  other fault of the standard streams is one line on standard error, and status 1.

Not here: prompts, editing, colours.
"""

import os
import select
from collections.abc import Callable, Iterable
from typing import Final

from reactor_chat.client.link import Link, reason
from reactor_chat.client.session import is_farewell, is_refusal
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
            select.select([], [fd], [])


class Pipe:
    """One conversation between two descriptors and a server; either is None if it was closed."""

    def __init__(
        self,
        link: Link,
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
        self._last_input = b""
        self._refused = False

    def run(self, introduction: Iterable[str]) -> int:
        """Send the lines of the introduction, then all of the input; give the exit status."""
        for line in introduction:
            self._link.send_line(line)
        if self._in_fd is None:
            self._link.end_input()
        try:
            while not self._link.ended:
                self._turn()
        except BrokenPipeError:
            return 0
        except OSError as error:  # not the link's: that keeps its own in `failure`
            self._complain(f"Standard input or output failed: {reason(error)}.")
            return 1
        return self._status()

    def _turn(self) -> None:
        readers: list[Link | int] = [self._link]
        if self._in_fd is not None and self._link.backlog < _HIGH_WATER:
            readers.append(self._in_fd)
        writers = [self._link] if self._link.wants_write else []
        due = self._link.due
        timeout = None if due is None else max(0.0, due - self._clock())
        readable, writable, _ = select.select(readers, writers, [], timeout)
        if writable:
            self._link.on_writable()
        if self._link in readable:
            self._link.on_readable()
        elif due is not None and self._clock() >= due:
            self._link.on_due()
        if self._in_fd in readable:
            self._read_input()
        self._print_lines()

    def _read_input(self) -> None:
        assert self._in_fd is not None
        data = os.read(self._in_fd, _READ_SIZE)
        self._link.send(data)
        self._last_input = (self._last_input + data)[-_LAST_BYTES:]
        if not data:
            self._in_fd = None
            self._link.end_input()

    def _print_lines(self) -> None:
        lines = list(self._link.lines())
        if lines:
            self._refused = is_refusal(lines[-1])
            text = "".join(sanitise(line) + "\n" for line in lines)
            if self._out_fd is not None:
                _write_all(self._out_fd, text.encode("utf-8", "replace"))

    def _status(self) -> int:
        if self._ended_with_farewell():
            return 0
        if self._refused:
            return 1
        if self._link.failure is not None:
            self._complain(f"Connection lost: {reason(self._link.failure)}.")
            return 1
        if self._in_fd is not None or self._link.backlog:
            self._complain("The server closed the connection.")
            return 1
        return 0

    def _ended_with_farewell(self) -> bool:
        last_line = self._last_input.rstrip(b"\r\n").rpartition(b"\n")[2]
        return is_farewell(last_line.decode("utf-8", "replace"))
