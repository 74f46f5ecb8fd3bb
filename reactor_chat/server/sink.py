"""Standard output without ever waiting for it: bytes for a terminal, a pipe, a socket or a file.

The log must not stop the chat when its reader does (Ctrl-S in a terminal, a pager, a full pipe). So
it is a connection like any other: a backlog that leaves as fast as it is taken.

`O_NONBLOCK` is no way to get there. It belongs to the open file description, which is shared with
the shell and outlives this process. Instead, a terminal is opened anew; anything else is asked
before each write whether there is room: a pipe that polls as writable takes `PIPE_BUF` bytes
(pipe(7)), a socket too.

Invariants:
- At most `BACKLOG` bytes wait. Lines beyond that are left out and counted, and the count is told at
  their place as soon as the rest has left. Nothing is taken in between, so there is no other gap.
- A reader that has gone is given up for good, silently: there is nobody to tell.

Not here: what the lines say, and how they look on a terminal.
"""

import errno
import os
import select
import time
from collections.abc import Callable
from typing import Final

from reactor_chat.loop.reactor import NOTHING, WRITE, Handler, Reactor
from reactor_chat.tty.terminal import open_anew

BACKLOG: Final = 256 * 1024  # some thousand lines, for a reader that is away for a moment
_DISK_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_RETRY: Final = 1.0  # seconds: somebody has to make room first
_CHUNK: Final = select.PIPE_BUF


class Sink(Handler):
    """Writes to a file descriptor, which it does not own."""

    __slots__ = (
        "_gone",
        "_lacks",
        "_left_out",
        "_own",
        "_pending",
        "_poll",
        "_reactor",
        "_waits",
        "on_empty",
        "on_relief",
    )

    def __init__(self, reactor: Reactor, fd: int) -> None:
        self.on_relief: Callable[[int], None] = self._tell_left_out
        self.on_empty: Callable[[], None] = lambda: None  # called whenever all has left
        self._own = open_anew(fd)
        super().__init__(fd if self._own is None else self._own)
        self._reactor = reactor
        self._pending = bytearray()
        self._lacks = False  # whether anything was left out, be it less than a line
        self._left_out = 0  # lines
        self._gone = False
        self._poll = select.poll()
        self._poll.register(self.fd, select.POLLOUT)
        self._waits = self._can_wait()

    @property
    def backlog(self) -> int:
        """The bytes that wait."""
        return len(self._pending)

    def write(self, data: bytes, lines: int = 0) -> None:
        """Add bytes to the backlog, all of them or none; they hold so many lines of the log."""
        if self._gone:
            return
        if not self._pending and not self._lacks:
            self._reactor.at_end_of_turn(self)
        if self._lacks or len(self._pending) + len(data) > BACKLOG:
            self._lacks = True
            self._left_out += lines
            return
        self._pending += data

    def on_end_of_turn(self) -> None:
        """Write what can be written without waiting."""
        if not self._gone:
            self._drain()
        if not self._gone:
            self._reactor.watch(self, WRITE if self._pending and self._waits else NOTHING)

    on_writable = on_end_of_turn

    def on_crash(self, error: Exception) -> None:
        """Give up the log rather than the chat."""
        self._give_up()

    def flush(self, patience: float) -> None:
        """At the very end, wait up to so many seconds for the rest to leave."""
        deadline = time.monotonic() + patience
        while not self._gone:
            self._drain()
            remaining = deadline - time.monotonic()
            if not self._pending or remaining <= 0 or not self._poll.poll(remaining * 1000):
                return

    def close(self) -> None:
        """Close what was opened here."""
        if self._own is not None:
            os.close(self._own)
            self._own = None

    def _drain(self) -> None:
        try:
            while self._pending and self._poll.poll(0):
                del self._pending[: os.write(self.fd, self._pending[:_CHUNK])]
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno in _DISK_FULL:
                self._reactor.call_later(_RETRY, self, self.on_end_of_turn)
            else:  # EPIPE, EIO of a terminal that hung up: nobody reads this log
                self._give_up()
            return
        if self._lacks and not self._pending:
            left_out, self._left_out, self._lacks = self._left_out, 0, False
            self.on_relief(left_out)
        elif not self._pending:
            self.on_empty()

    def _tell_left_out(self, lines: int) -> None:
        self.write(b"(%d log lines were left out)\n" % lines)

    def _can_wait(self) -> bool:
        """Return whether it is ever to be waited for; a file and /dev/null are always ready."""
        try:
            self._reactor.watch(self, WRITE)
        except PermissionError:  # EPERM of epoll_ctl(2)
            return False
        self._reactor.watch(self, NOTHING)
        return True

    def _give_up(self) -> None:
        self._gone = True
        self._pending.clear()
        self._reactor.watch(self, NOTHING)
