"""Bytes in, lines out, whatever the chunks: the boundary between a stream and messages.

TCP keeps the order of bytes and nothing else, so a line may arrive in any number of pieces and many
lines in one piece. `LineBuffer` undoes that. It is *pulled*: bytes are fed as they come, and lines
are taken only when they may be served; to hold a client back, its owner does not ask. Many lines
come out at once as a *batch*: whole lines, terminators included.

    chunk  ->  without Telnet's commands  ->  without a byte order mark  ->  lines

Invariants:
- What comes out depends on the bytes alone, never on how they were cut into chunks.
- Only LF ends a line. A CR right before it is dropped; every other byte, NUL included, is content.
- A line has at most `limit` bytes. A longer one comes out as `OVERLONG`, once, as soon as it is
  known, and the rest of it is dropped while it arrives. So an unfinished line holds at most `limit`
  + 2 bytes, and the buffer that much beyond the chunks fed since it was last emptied.
- No byte is searched for LF twice before its line ends, so the cost is linear in the bytes.

Not here: Telnet's commands and the byte order mark (`telnet`), what a line means, text encodings,
sockets, clocks.
"""

from enum import Enum
from typing import Final, Literal

from reactor_chat.wire.telnet import (
    COMMAND_BYTE,
    TIMING_MARK_WANTED,
    split_commands,
    strip_byte_order_mark,
)

LF: Final = 0x0A
_CR: Final = 0x0D

# Long enough for a few paragraphs, short enough that ten thousand unfinished lines fit into 40 MB.
MAX_LINE: Final = 4096


class Overlong(Enum):
    """The type of `OVERLONG`, which stands in the place of a line that was too long."""

    OVERLONG = "overlong"


OVERLONG: Final = Overlong.OVERLONG
Line = bytes | Literal[Overlong.OVERLONG]


def encode_line(line: bytes) -> bytes:
    """Frame one line: what `LineBuffer` undoes, if the line has no LF and no CR at its end."""
    return line + b"\n"


def split_batch(batch: bytes, lines: int) -> tuple[bytes, bytes]:
    """Cut a batch after so many lines (one or more); the rest may be empty."""
    tail = batch.split(b"\n", lines)[-1]
    return batch[: len(batch) - len(tail)], tail


class LineBuffer:
    """Reassembles the lines of one stream, each of at most `limit` bytes without its terminator."""

    __slots__ = (
        "_at",
        "_begun",
        "_command",
        "_limit",
        "_whole",
        "mark_wanted",
        "skipping",
        "terminated",
        "unfinished",
    )

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._whole = b""  # lines that have ended, terminators included
        self._at = 0  # how much of `_whole` has been taken
        self.skipping = False  # inside an overlong line that was already reported
        self.unfinished = b""  # the line that has not ended
        self.terminated = False  # whether the stream ever ended a line
        self.mark_wanted = False  # a telnet(1) waits for TIMING_MARK_REFUSED; its owner resets it
        self._begun = False  # past the place where a byte order mark may stand
        self._command = b""  # a command of Telnet that has not ended

    def take(self, data: bytes) -> bytes:
        """Feed `data`, and take all lines that have ended then, terminators included.

        Return nothing, and keep everything, if no line has ended or one may be overlong: then
        `next_line` has to judge.
        """
        self.feed(data)
        batch = self._batch()
        if batch:
            self._whole, self._at = b"", 0
        return batch

    def put_back(self, batch: bytes) -> None:
        """Return what `take` returned, or the last lines of it, before any other method is called.

        It is not looked at for commands of Telnet again: what has not been here goes to `feed`.
        """
        self._whole, self._at = batch, 0

    def feed(self, data: bytes) -> None:
        """Take in the next bytes of the stream."""
        if self._command or COMMAND_BYTE in data:
            data = self._command + data
            self.mark_wanted |= TIMING_MARK_WANTED in data
            data, self._command = split_commands(data)
        if not self._begun:
            data, self._begun = strip_byte_order_mark(self.unfinished + data)
            self.unfinished = b""
        self._add(data)

    def _add(self, data: bytes) -> None:
        cut = data.rfind(b"\n") + 1
        if not cut:
            self._extend(data)
            return
        self.terminated = True
        if self.skipping:
            self.skipping = False
            data = data[data.index(b"\n") + 1 :]
            cut = data.rfind(b"\n") + 1
        if cut == len(data) and not self.unfinished:
            self._append(data)
            return
        self._append(self.unfinished + data[:cut] if cut else b"")
        self.unfinished = b""
        self._extend(data[cut:])

    def finish(self) -> None:
        """End the unfinished line where it stands, as at the end of the stream."""
        command, self._command = self._command, b""
        self._add(command)
        self._begun = True
        tail, self.unfinished = self.unfinished, b""
        self.skipping = False
        if tail:
            # A CR here stands before no LF, so it is content: let one that is dropped follow it.
            self._append(tail + (b"\r\n" if tail.endswith(b"\r") else b"\n"))

    def _batch(self) -> bytes:
        """Return all the lines that have ended, or nothing if one may be overlong."""
        whole = self._whole[self._at :] if self._at else self._whole
        return whole if len(whole) <= self._limit or self._all_fit(whole) else b""

    @property
    def ready(self) -> bool:
        """Whether `next_line` has something to return."""
        return self._at < len(self._whole) or self._is_overlong(self.unfinished)

    @property
    def transparent(self) -> bool:
        """Whether nothing is in here, so that whole lines would come out just as they go in.

        Unless they have a byte 0xFF. Not before the stream has ended a line: until then, it may be
        of a kind that never does.
        """
        empty = not (self.unfinished or self._whole or self.skipping or self._command)
        return empty and self.terminated

    def next_line(self) -> Line | None:
        """Take the next line, without its terminator; `OVERLONG` for a long one, None for none."""
        whole, start = self._whole, self._at
        if start == len(whole):
            return self._next_unfinished()
        end = whole.index(b"\n", start)
        self._at = end + 1
        if self._at == len(whole):
            self._whole, self._at = b"", 0
        if end > start and whole[end - 1] == _CR:
            end -= 1
        return OVERLONG if end - start > self._limit else whole[start:end]

    def _next_unfinished(self) -> Line | None:
        """Report a line that is too long before it ends, and skip the rest of it."""
        if not self._is_overlong(self.unfinished):
            return None
        self.unfinished = b""
        self.skipping = True
        return OVERLONG

    def _append(self, lines: bytes) -> None:
        self._whole = self._whole[self._at :] + lines
        self._at = 0

    def _extend(self, tail: bytes) -> None:
        """Lengthen the unfinished line, up to the shortest form in which it is surely too long."""
        if not self.skipping:
            self.unfinished = (self.unfinished + tail)[: self._limit + 2]

    def _is_overlong(self, tail: bytes) -> bool:
        excess = len(tail) - self._limit
        return excess > 1 or (excess == 1 and tail[-1] != _CR)

    def _all_fit(self, whole: bytes) -> bool:
        """Whether every line fits; the last LF within reach proves it of all lines before it."""
        reach, start = self._limit + 1, 0
        while start < len(whole):
            leap = whole.rfind(b"\n", start, start + reach) + 1
            if not leap:
                return False
            start = leap
        return True
