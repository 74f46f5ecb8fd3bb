"""A client of the lesson: a blocking socket, and how many of them there may be.

Not here: the server's side of it (`scene`).
"""

import contextlib
import resource
import socket
from typing import Final

from reactor_chat.loop.reasons import reason_for

# Seconds. Nothing here takes so long, unless something is wrong; then the lesson ends, and says so.
PATIENCE: Final = 10.0

_ROOM: Final = 64 * 1024  # bytes that a peer reads at once
_OTHER_DESCRIPTORS: Final = 64  # that are open beside those of clients


def _needed(clients: int) -> int:
    return 2 * clients + _OTHER_DESCRIPTORS  # both ends of each are in this process


# Enough for every scene; the thousand clients become fewer if they must.
LEAST_DESCRIPTORS: Final = _needed(60)


class Peer:
    """A client: a blocking socket, and what was sent to it."""

    def __init__(self, port: int, receive_buffer: int | None = None) -> None:
        self.sock = socket.socket()
        if receive_buffer is not None:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(("127.0.0.1", port))
        self.sock.setblocking(True)
        self.received = 0  # bytes

    def send(self, text: str) -> None:
        """Send bytes as they are; end lines yourself."""
        self.sock.sendall(text.encode())

    def end(self) -> None:
        """End our input, and go on reading."""
        self.sock.shutdown(socket.SHUT_WR)

    def read(self) -> bytes:
        """Return what has arrived by now, and take it from the kernel."""
        parts = []
        with contextlib.suppress(BlockingIOError):
            while data := self.sock.recv(_ROOM, socket.MSG_DONTWAIT):
                parts.append(data)
                self.received += len(data)
        return b"".join(parts)

    def read_to_end(self) -> tuple[bytes, str]:
        """Return all that the kernel still has, and how it ended."""
        self.sock.settimeout(PATIENCE)
        parts = []
        try:
            while data := self.sock.recv(_ROOM):
                parts.append(data)
        except OSError as error:
            return b"".join(parts), reason_for(error)
        return b"".join(parts), "properly"


def affordable(clients: int) -> int:
    """Return how many clients, up to so many, the descriptor limit allows, once it is raised."""
    return min(clients, (allow_descriptors(_needed(clients)) - _OTHER_DESCRIPTORS) // 2)


def allow_descriptors(wanted: int) -> int:
    """Raise the descriptor limit if need be and possible; return it, or what is wanted if less."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if soft == resource.RLIM_INFINITY else min(soft, wanted)
