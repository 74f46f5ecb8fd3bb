"""TLS over a non-blocking socket, with the face of a socket: the same at both ends.

    recv  <-  SSLObject  <-  incoming  <-  socket.recv
    send  ->  SSLObject  ->  outgoing  ->  socket.send

OpenSSL never sees the socket. It decrypts what is put into `incoming` and leaves what is to be sent
in `outgoing`. So reading never waits for writability, and a simulated socket serves as well.

Invariants:
- `send` reports a record as taken only once all of it has left. Until then its plaintext stays with
  the caller, who offers it again; the first `_owed` bytes of that are encrypted already. So what
  waits counts in the caller's own backlog, and the caller's own wish to write gets it sent.
  (Reported as taken, the rest of a record would wait here with nobody to send it.)
- `buffered` says that something waits inside of which the kernel knows nothing: no selector wakes
  anybody for it. It may prove to be half a record; then `recv` raises BlockingIOError.
- What OpenSSL answers of its own accord (key updates, alerts) leaves with the next call that sends
  or reads. A peer that provokes more than `_MAX_ANSWERS` without reading is given up.
- The stream ends with `close_notify`. A bare FIN can come from anybody, and is an error.
- Either half may end first. What has arrived before our own `close_notify` is still read: OpenSSL
  fails when it meets that in `SSL_shutdown`, so it is set aside during the call.
- Errors are `TlsError`, without a number: the numbers of `ssl.SSLError` are not the system's.

Not here: deadlines, whom to trust, the files of certificates, the reactor.
"""

import contextlib
import errno
import os
import socket
import ssl
from typing import Final

# Bytes that one record holds (RFC 8446, 5.1). More at once would all be encrypted, and wait here.
MAX_RECORD: Final = 16 * 1024

# Records that one `send` encrypts at most: as much as a connection gathers in a turn.
_MAX_RECORDS: Final = 4

# Bytes that one step of a handshake reads; its messages have a few thousand.
_HANDSHAKE_SIZE: Final = 16 * 1024

# Bytes. Some hundred answers to key updates: no honest peer lets so many pile up.
_MAX_ANSWERS: Final = 16 * 1024

# The types of record with which a peer may begin (RFC 8446, B.1): alert and handshake. No text
# begins so.
_FIRST_BYTES: Final = (21, 22)

_NOTHING: Final = memoryview(b"")


class TlsError(ConnectionError):
    """What went wrong, in words."""


class UnverifiedError(TlsError):
    """No authority vouches for the peer's certificate, or not for this host."""


class PlaintextError(TlsError):
    """The peer does not speak TLS."""


def harden(context: ssl.SSLContext) -> ssl.SSLContext:
    """Set what holds for all our connections, at either end, and return the context."""
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    return context


class TlsStream:
    """One end of a TLS connection over `sock`, which is connected and does not block."""

    __slots__ = (
        "_closing",
        "_ended",
        "_incoming",
        "_outgoing",
        "_owed",
        "_set_aside",
        "_shut",
        "_socket",
        "_tls",
        "_unsent",
        "buffered",
        "heard",
    )

    def __init__(
        self,
        sock: socket.socket,
        context: ssl.SSLContext,
        server_side: bool = False,
        server_hostname: str | None = None,
    ) -> None:
        self._socket = sock
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side, server_hostname)
        self._unsent = _NOTHING  # encrypted; leaves before what is in `outgoing`
        self._owed = 0  # plaintext bytes whose record is, or was, in `_unsent`
        self._set_aside = b""  # decrypted before our half ended, and not read yet
        self._ended = False  # the peer's close_notify was met
        self._closing = False  # our close_notify is in `outgoing`, or has left
        self._shut = False  # it has left, and a FIN after it
        self.heard = False  # the peer has sent something
        self.buffered = False

    # -- the handshake ----------------------------------------------------------------------------

    def handshake(self) -> bool:
        """Take one step with what has arrived; return whether all is agreed, and has left.

        A client takes the first step unasked. Raises TlsError, or the socket's OSError.
        """
        with contextlib.suppress(BlockingIOError, InterruptedError):
            received = self._receive(_HANDSHAKE_SIZE, "during the TLS handshake")
            if not self.heard and received[0] not in _FIRST_BYTES:
                raise PlaintextError("the other side does not speak TLS")
            self.heard = True
            self._incoming.write(received)
        agreed = self._agree()
        self.buffered = self._incoming.pending > 0  # the peer has gone on to speak
        return self.flush() and agreed

    def _agree(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError as error:
            raise self._failure(error) from error
        return True

    @property
    def certificate(self) -> bytes | None:
        """The peer's certificate (DER); None if it has none."""
        return self._tls.getpeercert(binary_form=True)

    # -- in ---------------------------------------------------------------------------------------

    def recv(self, size: int) -> bytes:
        """Return up to `size` bytes, or b"" after the peer's close_notify.

        Raises BlockingIOError if there is nothing, TlsError, or the socket's OSError.
        """
        if self._ended or self._set_aside:
            return self._take_set_aside(size)
        if self.buffered:
            limit = size
        else:
            received = self._receive(size, "without a close_notify")
            self._incoming.write(received)
            # Decrypted it is shorter, unless half of its record had come before.
            limit = len(received)
        data = self._decrypt(limit)
        if self._incoming.pending or len(data) == limit:
            data = self._decrypt_on(data, size)
        else:
            self.buffered = False
        if self._outgoing.pending:
            self._answer()
        if not data and not self._ended:
            raise _would_block()
        return data

    def _receive(self, size: int, when: str) -> bytes:
        received = self._socket.recv(size)
        if not received:
            raise TlsError(f"the connection ended {when}")
        return received

    def _decrypt(self, limit: int) -> bytes:
        """Read from one record; b"" if none is whole, or (`_ended`) none will come."""
        try:
            data = self._tls.read(limit)
        except ssl.SSLWantReadError:
            return b""
        except ssl.SSLZeroReturnError:  # a close_notify after ours
            data = b""
        except ssl.SSLError as error:
            raise self._failure(error) from error
        if not data:
            self._ended = True
        return data

    def _decrypt_on(self, data: bytes, size: int) -> bytes:
        """Read what arrived together with the first piece, to `size` bytes in all."""
        pieces = [data]
        room = size - len(data)
        while room and not self._ended and self._holds_input():
            piece = self._decrypt(room)
            pieces.append(piece)
            room -= len(piece)
        data = b"".join(pieces)
        self.buffered = bool(data) and (self._ended or self._holds_input())
        return data

    def _holds_input(self) -> bool:
        return self._incoming.pending > 0 or self._tls.pending() > 0

    def _take_set_aside(self, size: int) -> bytes:
        data, self._set_aside = self._set_aside[:size], self._set_aside[size:]
        self.buffered = bool(data)  # if not now, then with the next call it is clear
        return data

    # -- out --------------------------------------------------------------------------------------

    def send(self, data: bytes | memoryview) -> int:
        """Return how many bytes have left; the rest is to be offered again.

        Raises BlockingIOError if nothing has, TlsError, or the socket's OSError.
        """
        if self._owed or self._unsent or self._outgoing.pending or len(data) > MAX_RECORD:
            return self._send_otherwise(memoryview(data))
        if not self._send_record(data):
            raise _would_block()
        return len(data)

    def _send_otherwise(self, data: memoryview) -> int:
        """Send after what waits, and record by record."""
        if not self.flush():
            raise _would_block()
        sent = min(self._owed, len(data))
        self._owed -= sent
        for _ in range(_MAX_RECORDS):
            record = data[sent : sent + MAX_RECORD]
            if not record or not self._send_record(record):
                break
            sent += len(record)
        if data and not sent:
            raise _would_block()
        return sent

    def _send_record(self, record: bytes | memoryview) -> bool:
        """Encrypt a record; return whether all of it has left."""
        try:
            self._tls.write(record)
        except ssl.SSLError as error:
            raise self._failure(error) from error
        encrypted = self._outgoing.read()
        try:
            sent = self._socket.send(encrypted)
        except (BlockingIOError, InterruptedError):
            sent = 0
        if sent == len(encrypted):
            return True
        self._unsent = memoryview(encrypted)[sent:]
        self._owed = len(record)
        return False

    def flush(self) -> bool:
        """Send what waits; return whether nothing does any more. Raises the socket's OSError."""
        while self._unsent or self._outgoing.pending:
            if not self._unsent:
                self._unsent = memoryview(self._outgoing.read())
            try:
                sent = self._socket.send(self._unsent)
            except (BlockingIOError, InterruptedError):
                return False
            self._unsent = self._unsent[sent:]
            if self._unsent:
                return False
        self._unsent = _NOTHING  # an empty view would keep the bytes alive
        return True

    @property
    def owed(self) -> int:
        """How many bytes of what is to be offered again must be offered: they are encrypted."""
        return self._owed

    @property
    def waiting(self) -> int:
        """How many encrypted bytes wait for the kernel to take them."""
        return len(self._unsent) + self._outgoing.pending

    def _answer(self) -> None:
        """Send what OpenSSL has to say to what was read."""
        if self._shut:
            self._outgoing.read()
        elif not self.flush() and self._outgoing.pending > _MAX_ANSWERS:
            raise TlsError("the peer asks and does not read")

    def _failure(self, error: ssl.SSLError) -> TlsError:
        """Send the alert that tells the peer, if there is room; say what went wrong in words."""
        with contextlib.suppress(OSError):
            self.flush()
        if isinstance(error, ssl.SSLCertVerificationError):
            return UnverifiedError(error.verify_message)
        return TlsError("TLS: " + (error.reason or str(error)).replace("_", " ").lower())

    # -- the end ----------------------------------------------------------------------------------

    def shutdown(self, how: int) -> None:
        """End our half (SHUT_WR) with a close_notify.

        Raises BlockingIOError until that has left: call it again when the socket is writable.
        """
        if not self._closing:
            self._closing = True
            self._write_close_notify()
        if not self.flush():
            raise _would_block()
        self._shut = True
        self._socket.shutdown(how)

    def _write_close_notify(self) -> None:
        if pending := self._tls.pending():
            self._set_aside = self._tls.read(pending)
        undecrypted = self._incoming.read()
        # It would wait for the peer's. Or there was no handshake, and a FIN is all we can send.
        with contextlib.suppress(ssl.SSLError):
            self._tls.unwrap()
        self._incoming.write(undecrypted)

    def close(self) -> None:
        """Close the socket, whatever waits."""
        self._socket.close()

    def __enter__(self) -> "TlsStream":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- of the socket itself ---------------------------------------------------------------------

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._socket.fileno()

    def setblocking(self, flag: bool) -> None:
        """Pass on what the socket is told; it is never to block."""
        self._socket.setblocking(flag)

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        """Ask the socket."""
        return self._socket.getsockopt(level, option, size)


# What a connection can be over.
ByteStream = socket.socket | TlsStream


def _would_block() -> BlockingIOError:
    return BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
