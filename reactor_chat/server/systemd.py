"""What systemd and a service say to each other: sockets that are handed over, and how it goes.

See sd_listen_fds(3), sd_notify(3). Without systemd all of this does nothing.

Invariants:
- What was meant for this process is not passed on: the descriptors are close-on-exec, and the
  variables are taken out of the environment. Otherwise a child (the keeper) would hold the port
  open after the server's end, or speak in the server's name.
- A descriptor is used only after it was looked at. A unit that hands over a datagram socket would
  otherwise make `accept` fail for ever.
- Telling never blocks and never fails: a manager that does not listen must not stop the chat.

Not here: what the sockets are used for, and when there is something to tell.
"""

import contextlib
import os
import socket
import stat
import time
from collections.abc import MutableMapping
from typing import Final, NamedTuple

FIRST: Final = 3  # the descriptor that SD_LISTEN_FDS_START names

Environment = MutableMapping[str, str]


class Unusable(Exception):
    """What was handed over is not a socket to accept on; the message is one line."""


class Inherited(NamedTuple):
    """A listening socket, and the `FileDescriptorName=` of its unit."""

    sock: socket.socket
    name: str


def take_sockets(environ: Environment, first: int = FIRST) -> list[Inherited]:
    """Take over the sockets that this process was started with; none if it was not."""
    pid, count, names = (environ.pop(f"LISTEN_{what}", "") for what in ("PID", "FDS", "FDNAMES"))
    if pid != str(os.getpid()) or not (count.isascii() and count.isdigit()):
        return []
    known = names.split(":") + [""] * int(count)
    fds = range(first, first + int(count))
    for fd in fds:
        with contextlib.suppress(OSError):  # that there is none is told below
            os.set_inheritable(fd, False)
    taken: list[Inherited] = []
    try:
        for fd, name in zip(fds, known, strict=False):
            taken.append(Inherited(_take(fd), name))
    except Unusable:
        for one in taken:
            one.sock.close()
        raise
    return taken


def _take(fd: int) -> socket.socket:
    try:
        if not stat.S_ISSOCK(os.fstat(fd).st_mode):
            raise Unusable(f"descriptor {fd} is not a socket")
        sock = socket.socket(fileno=fd)
    except OSError as error:
        raise Unusable(f"descriptor {fd}: {error.strerror}") from error
    inet = sock.family in (socket.AF_INET, socket.AF_INET6)
    if not (inet and sock.type == socket.SOCK_STREAM and _listens(sock)):
        sock.close()
        raise Unusable(f"descriptor {fd} is not a TCP socket that listens (Accept=no)")
    sock.setblocking(False)
    return sock


def _listens(sock: socket.socket) -> bool:
    return bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


class Supervisor:
    """Whoever started this process and wants to know how it is, if there is anybody."""

    def __init__(self, environ: Environment) -> None:
        self._address = environ.pop("NOTIFY_SOCKET", "")
        self._socket: socket.socket | None = None
        if self._address[:1] in ("/", "@"):
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.setblocking(False)

    def ready(self, status: str) -> None:
        """Everything is there, for the first time or again after `reloading`."""
        self._tell("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """The configuration is read anew; `ready` follows."""
        microseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._tell("RELOADING=1", f"MONOTONIC_USEC={microseconds}")

    def stopping(self) -> None:
        """The end has begun."""
        self._tell("STOPPING=1")

    def close(self) -> None:
        """Tell nothing more."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _tell(self, *words: str) -> None:
        if self._socket is None:
            return
        # An address that begins with NUL is abstract (unix(7)); systemd writes that as an @.
        name = self._address
        where = "\0" + name[1:] if name[0] == "@" else name
        with contextlib.suppress(OSError):
            self._socket.sendto("\n".join(words).encode(), where)
