"""The keeper's process, as the server sees it.

Invariants:
- It is in a session of its own, so that Ctrl-C at a terminal does not reach it, and has none of the
  server's descriptors: it must not hold a port, or a log's pipe, for longer than the server lives.
- Its command line shows the file and nothing else; what is secret passes over the socket.

Not here: what is said to it.
"""

import contextlib
import os
import select
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final, Protocol

import reactor_chat

# Several turns' worth of lines, so that a server rarely finds it full; the kernel may allow less.
_BUFFER: Final = 1024 * 1024


class Peer(Protocol):
    """A keeper, and the non-blocking socket that leads to it."""

    def fileno(self) -> int:
        """Return the socket's descriptor."""

    def send(self, data: bytes | memoryview) -> int:
        """Send some; return how much. Raises OSError."""

    def recv(self, limit: int) -> bytes:
        """Return what has come, b"" at the end. Raises OSError."""

    def end_input(self) -> None:
        """Let it finish."""

    def wait(self, write: bool, seconds: float) -> bool:
        """Wait until reading (or writing) would not block; return whether it is so."""

    def kill(self) -> None:
        """End it at once."""

    def status(self, seconds: float = 0.0) -> int | None:
        """Return its exit status, waiting so long for it; None while it runs."""

    def close(self) -> None:
        """Give up the socket."""


class ProcessPeer:
    """A keeper that was started for `path`."""

    def __init__(self, path: str) -> None:
        """Start it. Raises OSError."""
        self._sock, its = socket.socketpair()
        with its:
            for end in (self._sock, its):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
            self._sock.setblocking(False)
            try:
                self._process = _start(path, its)
            except BaseException:
                self._sock.close()
                raise
        self.send = self._sock.send
        self.recv = self._sock.recv
        self.fileno = self._sock.fileno
        self.close = self._sock.close
        self.kill = self._process.kill

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def end_input(self) -> None:
        """Let it finish."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)

    def wait(self, write: bool, seconds: float) -> bool:
        """Wait until reading (or writing) would not block; return whether it is so."""
        poll = select.poll()  # not `select`, which knows descriptors up to 1023
        poll.register(self, select.POLLIN | (select.POLLOUT if write else 0))
        return bool(poll.poll(max(0.0, seconds) * 1000))

    def status(self, seconds: float = 0.0) -> int | None:
        """Return its exit status, waiting so long for it; None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(max(0.0, seconds))
        return None


def _start(path: str, sock: socket.socket) -> "subprocess.Popen[bytes]":
    root = str(Path(reactor_chat.__file__).resolve().parent.parent)
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        # -P: what lies in the working directory is not to be taken for a module.
        [sys.executable, "-P", "-m", "reactor_chat.store.keeper", path],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        cwd="/",
        stdin=sock.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
