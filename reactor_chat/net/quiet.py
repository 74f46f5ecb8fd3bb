"""When a text without a line end is a message: once its sender has been still for a moment.

Some clients never end a line: `nc` with a file that lacks the last LF, or a program that sends what
its user typed and nothing else. Without this they would wait for an answer for ever.

Invariant: only a peer that has never ended a line is watched. A slow typist at a terminal that
sends each key must not have a word cut in two.

Not here: what the text means, and how a peer without line ends is answered (`send_queue`).
"""

from typing import TYPE_CHECKING

from reactor_chat.loop.reactor import READ
from reactor_chat.loop.timers import Timer
from reactor_chat.net.shared import Shared

if TYPE_CHECKING:
    from reactor_chat.net.connection import Connection


class QuietTimer:
    """Ends the line of one peer after `Limits.quiet` seconds without input.

    Input does not move the timer, which would cost something for each chunk: when the timer fires
    it looks at how long ago the last input was.
    """

    __slots__ = ("_connection", "_is_over", "_last_input", "_shared", "_timer")

    def __init__(self, shared: Shared, connection: "Connection") -> None:
        self._shared = shared
        self._connection = connection
        self._last_input = 0.0
        self._timer: Timer | None = None
        self._is_over = False

    def note_input(self) -> None:
        """The peer has sent a part of a line."""
        self._last_input = self._shared.reactor.now
        if self._timer is None:
            self._set(self._shared.limits.quiet)

    def cancel(self) -> None:
        """Stop watching, for good."""
        self._is_over = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set(self, delay: float) -> None:
        self._timer = self._shared.reactor.call_later(delay, self._connection, self._check)

    def _check(self) -> None:
        self._timer = None
        if self._connection.interest & READ:
            # After the process was suspended, the timer is due and the rest may wait unread.
            self._connection.on_readable()
        lines = self._connection.lines
        begun = lines.unfinished or lines.skipping
        if self._is_over or self._timer is not None or lines.terminated or not begun:
            return
        remaining = self._last_input + self._shared.limits.quiet - self._shared.reactor.now
        if remaining > 0:
            self._set(remaining)
        else:
            self._end_line()

    def _end_line(self) -> None:
        connection = self._connection
        connection.unframed = True
        if connection.live:  # which would end its lines
            connection.fall_behind()
        connection.lines.finish()
        connection.resume_reading()
