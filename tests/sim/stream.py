"""One end of a simulated TCP connection, with the methods of a non-blocking socket.

Bytes pass through two bounded buffers: what the writer's kernel took (`_outbox`) and what has
arrived and waits to be read at the other end (`_inbox`). They move on at once whenever there is
room, so a peer that does not read is seen as a full socket, first there and then here. The end of
the stream queues behind the bytes.

Errors follow Linux (`tcp_reset`, `tcp_close`, `tcp_recvmsg` and `tcp_poll` in net/ipv4), and the
contract tests hold them to it:
- closing with unread input, or sending to an end that was closed, resets the connection;
- a reset leaves one error for whichever of `recv` and `send` asks first; afterwards `recv` gives
  the end of the stream and `send` EPIPE. Input that had arrived is still read before the error.
- once both ends have said all, nothing can reset the connection any more.

What does not belong here: how connections come about, and who is told that one is ready.
"""

import errno
import os
import socket
import struct

from tests.sim.process import Process

BUFFER_SIZE = 8_192  # Bytes each way and end: a few chat lines, so that tests fill it quickly.
WRITABLE_SHARE = 3  # Linux calls a socket writable once a third of its buffer is free.


def os_error(code: int) -> OSError:
    """The exception that the standard library raises for `code`, subclass included."""
    return OSError(code, os.strerror(code))


class Stream:
    """Made by `Network`. It has no descriptor until `attach`, as a caller not yet accepted."""

    def __init__(self, process: Process, capacity: int = BUFFER_SIZE) -> None:
        self.capacity = capacity
        self.peer: Stream = self
        self._process = process
        self._fd = -1
        self._blocking = True
        self._inbox = bytearray()
        self._outbox = bytearray()
        self._shut = False  # This end has said all.
        self._ended = False  # The other end has said all, and the news has arrived.
        self._dead = False  # A reset has come or gone.
        self._closed = False
        self._error = 0
        self._acknowledged = 0  # bytes that have arrived at the other end

    def attach(self) -> None:
        """Take a descriptor. Raises OSError(EMFILE)."""
        self._fd = self._process.open(self)

    # What the program calls

    def fileno(self) -> int:
        return self._fd

    def setblocking(self, flag: bool) -> None:
        self._blocking = flag

    def recv(self, limit: int) -> bytes:
        """Up to `limit` bytes, or b"" at the end of the stream. Raises OSError."""
        self._check("recv")
        if self._inbox:
            return self._take(limit)
        if self._ended:
            return b""
        self._raise_pending_error()
        if self._dead:
            return b""
        raise os_error(errno.EAGAIN)

    def send(self, data: bytes | bytearray | memoryview) -> int:
        """How many of the bytes were taken. Raises OSError."""
        self._check("send")
        self._raise_pending_error()
        if self._shut or self._dead:
            raise os_error(errno.EPIPE)
        if not data:
            return 0
        room = self.capacity - len(self._outbox)
        if not room or self._process.strikes(self._process.faults.again):
            raise os_error(errno.EAGAIN)
        count = self._process.part_of(min(room, len(data)))
        self._outbox += memoryview(data)[:count]
        self._move()
        return count

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        """Only TCP_INFO, and of that only `tcpi_bytes_acked`."""
        if (level, option) != (socket.IPPROTO_TCP, socket.TCP_INFO):
            self._process.broke("only TCP_INFO is simulated")
        return struct.pack("=120xQ", self._acknowledged)[:size]

    def shutdown(self, how: int) -> None:
        """End this end's bytes; only SHUT_WR is simulated. Raises OSError(ENOTCONN)."""
        self._check("shutdown")
        if how != socket.SHUT_WR:
            self._process.broke("only SHUT_WR is simulated")
        if self._is_over():
            raise os_error(errno.ENOTCONN)
        self._shut = True
        self._move()

    def close(self) -> None:
        """Idempotent, as `socket.socket.close`."""
        if self._closed:
            return
        if self._fd >= 0:
            self._process.close(self._fd)
            self._fd = -1
        self._closed = True
        if self._inbox and not self._is_over():
            self._abort()
        else:
            self._shut = True
            self._move()

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What a test does to it

    def reset(self) -> None:
        """Close without ceremony, as SO_LINGER with a time of zero does."""
        self._inbox.clear()
        if not self._is_over():
            self._abort()
        self.close()

    def fail(self, code: int) -> None:
        """The kernel gives the connection up: `code` is ETIMEDOUT, EHOSTUNREACH and the like."""
        self._dead = True
        self._error = code
        self._outbox.clear()

    def unread(self) -> int:
        """How many bytes have arrived and wait to be read."""
        return len(self._inbox)

    def unsent(self) -> int:
        """How many bytes wait for room at the other end."""
        return len(self._outbox)

    # What a selector asks

    def readable(self) -> bool:
        return bool(self._inbox) or self._ended or self._dead

    def writable(self) -> bool:
        """True after a reset too, which empties the buffer: the next `send` tells the error."""
        free = self.capacity - len(self._outbox)
        return free * WRITABLE_SHARE >= self.capacity or self._shut

    # The kernel's side

    def _check(self, call: str) -> None:
        if self._closed:
            self._process.broke(f"{call} on a closed socket")
        if self._blocking:
            self._process.broke(f"{call} on a socket that may block")

    def _take(self, limit: int) -> bytes:
        if self._process.strikes(self._process.faults.again):
            raise os_error(errno.EAGAIN)
        count = self._process.part_of(min(limit, len(self._inbox)))
        data = bytes(self._inbox[:count])
        del self._inbox[:count]
        self.peer._move()
        return data

    def _raise_pending_error(self) -> None:
        if self._error:
            code, self._error = self._error, 0
            raise os_error(code)

    def _is_over(self) -> bool:
        return self._dead or (self._ended and self.peer._ended)

    def _move(self) -> None:
        """Let bytes, and the end of them, go as far as there is room."""
        peer = self.peer
        if self._dead:
            return
        if self._outbox and (peer._closed or peer._dead):
            self._hear_reset()
            peer._hear_reset()
            return
        count = min(len(self._outbox), peer.capacity - len(peer._inbox))
        peer._inbox += self._outbox[:count]
        del self._outbox[:count]
        self._acknowledged += count
        if self._shut and not self._outbox:
            peer._ended = True

    def _abort(self) -> None:
        self._dead = True
        self._outbox.clear()
        self.peer._hear_reset()

    def _hear_reset(self) -> None:
        if self._dead:
            return
        self._dead = True
        self._outbox.clear()
        self._error = errno.EPIPE if self._ended else errno.ECONNRESET
        if not self._ended and self._process.strikes(self._process.faults.lossy):
            self._inbox.clear()
