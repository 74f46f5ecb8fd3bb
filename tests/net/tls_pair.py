"""Two ends of a TLS connection over a simulated socket pair.

Not here: statements about them.
"""

import random
import ssl
import unittest
from typing import Any, cast

from reactor_chat.net.tls_stream import TlsStream
from tests.certificates import certificate
from tests.sim.network import socket_pair
from tests.sim.process import CALM, Faults, Process
from tests.sim.stream import BUFFER_SIZE, Stream

VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


class TlsPairCase(unittest.TestCase):
    """`server` and `client` over the sockets `near` and `far`."""

    def setUp(self) -> None:
        self.connect()

    def connect(
        self,
        version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
        capacity: int = BUFFER_SIZE,
        faults: Faults = CALM,
        seed: int = 0,
    ) -> None:
        """Make a pair that has not shaken hands."""
        self.near, self.far = socket_pair(
            Process(random.Random(seed), faults), Process(random.Random(seed + 1), faults), capacity
        )
        accepting, calling = certificate().server_context(), certificate().client_context()
        calling.maximum_version = version
        self.server = over(self.near, accepting)
        self.client = over(self.far, calling, "localhost")

    def shake(self) -> None:
        """Let both take steps until both are done."""
        shake(self.client, self.server)


def over(sock: Stream, context: ssl.SSLContext, host: str | None = None) -> TlsStream:
    """A client's end if it is told the server's name, else a server's."""
    return TlsStream(cast(Any, sock), context, host is None, host)


def shake(*ends: TlsStream) -> None:
    """Let all take steps until all are done."""
    undone = list(ends)
    while undone:
        undone = [stream for stream in undone if not stream.handshake()]


def take(stream: TlsStream, size: int) -> bytes | None:
    """What one call reads; None if it would block."""
    try:
        return stream.recv(size)
    except BlockingIOError:
        return None


def read(stream: TlsStream) -> list[bytes]:
    """What can be read now, call by call; b"" last if that is the end."""
    pieces = []
    while (data := take(stream, 20_000)) is not None:
        pieces.append(data)
        if not data:
            break
    return pieces


def carry(sender: TlsStream, receiver: TlsStream, data: bytes) -> bytes:
    """Send all of `data`, as a connection does, while the other end reads."""
    received = b""
    left = memoryview(data)
    while left:
        try:
            left = left[sender.send(left) :]
        except BlockingIOError:
            received += b"".join(read(receiver))
    while len(received) < len(data):
        received += b"".join(read(receiver))
    return received
