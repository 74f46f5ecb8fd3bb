"""The other end of a client under test: a server that says what the test tells it to.

Nothing here sleeps: what waits, waits on a descriptor, and fails after `PATIENCE` seconds.
"""

import contextlib
import os
import select
import socket
import ssl
import sys
from typing import Any

from tests.window import PATIENCE

# The client as a program: its options in, its exit status out.
_PROGRAM = """
import sys
from reactor_chat.client.entry import ClientOptions, run
sys.exit(run(ClientOptions(**eval(sys.argv[1]))))
"""


def client_argv(**options: Any) -> list[str]:
    """Give the command that runs a client with these `ClientOptions`."""
    return [sys.executable, "-X", "dev", "-W", "error", "-c", _PROGRAM, repr(options)]


def environment(**variables: str) -> dict[str, str]:
    """Give an environment for a client, with nothing in it that changes how it looks."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "TERM": "xterm", "LC_ALL": "C.UTF-8", "PYTHONPATH": os.getcwd(), **variables}


def read_to_end(fd: int) -> bytes:
    """Read what comes until its end."""
    found = b""
    while select.select([fd], [], [], PATIENCE)[0]:
        if not (data := os.read(fd, 65_536)):
            return found
        found += data
    raise AssertionError(f"it never ended after {found!r}")


class Peer:
    """A listening socket, and the latest connection to it; over TLS if there is a context."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE)
        self.port: int = self._listener.getsockname()[1]
        self._sock: socket.socket | None = None
        self.heard = b""  # on this connection, since the last `expect`

    def close(self) -> None:
        """Close everything."""
        self.hang_up()
        self._listener.close()

    def accept(self) -> None:
        """Wait for a client."""
        self.hang_up()
        sock, _ = self._listener.accept()
        sock.settimeout(PATIENCE)
        self._sock = sock if self._tls is None else self._secure(self._tls, sock)

    def _secure(self, tls: ssl.SSLContext, sock: socket.socket) -> ssl.SSLSocket:
        try:
            return tls.wrap_socket(sock, server_side=True)
        except ssl.SSLError:  # the client does not trust this server
            sock.close()
            raise

    @property
    def sock(self) -> socket.socket:
        """The connection."""
        assert self._sock is not None, "nobody is connected"
        return self._sock

    def say(self, *lines: str) -> None:
        """Send lines."""
        self.sock.sendall("".join(line + "\n" for line in lines).encode())

    def expect(self, *lines: str) -> None:
        """Wait for these lines, one after the other, and for nothing between them."""
        wanted = "".join(line + "\n" for line in lines).encode()
        while len(self.heard) < len(wanted):
            data = self.sock.recv(65_536)
            if not data:
                break
            self.heard += data
        heard, self.heard = self.heard[: len(wanted)], self.heard[len(wanted) :]
        if heard != wanted:
            raise AssertionError(f"expected {wanted!r}, heard {heard!r}")

    def expect_end(self) -> None:
        """Wait for the client's end of the stream, with nothing before it."""
        rest = self.heard + b"".join(iter(lambda: self.sock.recv(65_536), b""))
        if rest:
            raise AssertionError(f"before the end came {rest!r}")

    def hang_up(self) -> None:
        """Close the connection."""
        if isinstance(self._sock, ssl.SSLSocket):
            with contextlib.suppress(OSError):
                self._sock.unwrap()
        if self._sock is not None:
            self._sock.close()
        self._sock = None
        self.heard = b""
