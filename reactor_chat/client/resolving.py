"""Looking up a server's addresses without standing still meanwhile.

`getaddrinfo(3)` blocks, for half a minute if no name server answers, which is just when a
connection was lost. So it is called in a child process, which writes what it found to a pipe. A
host that is an address already needs no child.

Invariants:
- The child has none of this process's signal handlers, and is ended and reaped with its look-up.
- What it writes is at most a few kilobytes: fewer than a pipe holds, so it never waits for us.

Not here: which of the addresses is called.
"""

import contextlib
import json
import os
import signal
import socket
from collections.abc import Iterable
from typing import Any, Final, NoReturn

Address = tuple[socket.AddressFamily, Any]  # the family, and what `socket.connect` takes

_MAX_ADDRESSES: Final = 32  # a name with more is served as well by the first of them
_READ_SIZE: Final = 65_536  # bytes: what a pipe holds


class Lookup:
    """One look-up, which is under way until `addresses` or `failure` is there."""

    def __init__(self, host: str, port: int) -> None:
        self.addresses: list[Address] = []
        self.failure: OSError | None = None
        self._found = b""
        self._fd: int | None = None
        self._child = 0
        try:
            self.addresses = resolve(host, port, socket.AI_NUMERICHOST)
        except OSError:
            self._fd, self._child = _start(host, port)

    @property
    def is_over(self) -> bool:
        """Whether it is known how it went."""
        return self._fd is None

    def fileno(self) -> int:
        """The descriptor to wait for until it is over."""
        assert self._fd is not None
        return self._fd

    def on_readable(self) -> None:
        """Take what the child found."""
        data = os.read(self.fileno(), _READ_SIZE)
        self._found += data
        if data:
            return
        self.close()
        try:
            self.addresses, words = _decode(self._found)
        except ValueError:
            words = "the look-up failed"
        if not self.addresses:
            self.failure = OSError(words or "no address")

    def close(self) -> None:
        """End it, whether or not it is over."""
        if self._fd is None:
            return
        os.close(self._fd)
        self._fd = None
        os.kill(self._child, signal.SIGKILL)
        os.waitpid(self._child, 0)


def resolve(host: str, port: int, flags: int = 0) -> list[Address]:
    """Look up a server's addresses, which may block. Raises OSError for an unknown host."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    except UnicodeError:  # from the IDNA codec, for a label that is empty or too long
        raise OSError(f"not a host name: {host!r}") from None
    return [(family, address) for family, _, _, _, address in found]


def reason(error: OSError) -> str:
    """Say what went wrong; not every error comes from the system with its words."""
    return error.strerror or str(error)


def _start(host: str, port: int) -> tuple[int, int]:
    """Begin to look up in a child; return the reading end of its pipe, and the child."""
    reading, writing = os.pipe()
    # A signal between `fork` and the end of our handlers would be taken for one to this process.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        child = os.fork()
        if not child:
            _be_child(host, port, writing, before)
    except OSError:
        os.close(reading)
        raise
    finally:
        os.close(writing)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return reading, child


def _be_child(host: str, port: int, writing: int, mask: Iterable[int]) -> NoReturn:
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.write(writing, _look_up(host, port))
    finally:
        os._exit(0)


def _look_up(host: str, port: int) -> bytes:
    addresses: list[Address] = []
    words = ""
    try:
        addresses = resolve(host, port)[:_MAX_ADDRESSES]
    except OSError as error:
        words = reason(error)
    return json.dumps([addresses, words]).encode()


def _decode(found: bytes) -> tuple[list[Address], str]:
    """Read what a child wrote. Raises ValueError if it wrote nothing."""
    addresses, words = json.loads(found)
    with contextlib.suppress(ValueError):  # a family that has no name here
        return [(socket.AddressFamily(f), tuple(where)) for f, where in addresses], words
    return [], words
