"""Reaching a server: its addresses are looked up, and tried one soon after the other.

The first that answers wins (RFC 8305, "happy eyeballs"): an address that swallows what is sent to
it costs a quarter of a second, not the ten seconds after which it is given up.

    Lookup -> addresses, families in turn -> attempt, 0.25 s later one more, … -> sock | failure

Invariants:
- Nothing blocks: the caller waits for `readers`, `writers` and `due`.
- Only one socket comes out; all others are closed.
- A local port that nobody listens at may be given to the very socket that calls it, and TCP then
  connects that to itself: it counts as refused, and is reset. Closed in the usual way it would hold
  the port for another minute (TIME_WAIT), and the server could not come back.

Not here: what is said over the connection, and when to call again.
"""

import errno
import os
import socket
import struct
from collections import deque
from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Final

from reactor_chat.client.resolving import Address, Lookup
from reactor_chat.client.waiting import Ready

_STAGGER: Final = 0.25  # seconds between attempts: RFC 8305, section 5
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)  # SO_LINGER: on, for 0 seconds
_PATIENCE: Final = 10.0  # seconds for the last address to answer: two repeated SYNs


class Dial:
    """One call to a server, under way until `sock` or `failure` is there.

    `known` are addresses to fall back to when the name cannot be looked up.
    """

    def __init__(
        self, host: str, port: int, clock: Callable[[], float], known: Sequence[Address] = ()
    ) -> None:
        self.sock: socket.socket | None = None  # connected
        self.failure: OSError | None = None
        self.addresses: list[Address] = []  # in the order of trying, once they are known
        self.due: float | None = None  # when to call `on_due`, by the clock
        self._known = known
        self._clock = clock
        self._attempts: list[socket.socket] = []
        self._untried: deque[Address] = deque()
        self._error = OSError("no address")
        try:
            self._lookup = Lookup(host, port)
        except OSError as failure:  # no descriptor, no process
            self.failure = failure
            return
        if self._lookup.is_over:
            self._on_addresses()

    @property
    def is_over(self) -> bool:
        """Whether it is known how it went."""
        return self.sock is not None or self.failure is not None

    @property
    def readers(self) -> list[Lookup]:
        """What to wait for until it can be read."""
        return [] if self.is_over or self._lookup.is_over else [self._lookup]

    @property
    def writers(self) -> list[socket.socket]:
        """What to wait for until it can be written."""
        return [] if self.is_over else list(self._attempts)

    def on_ready(self, ready: Ready) -> None:
        """Go on with what is ready."""
        if self.readers and ready.can_read(self._lookup):
            self._lookup.on_readable()
            if self._lookup.is_over:
                self._on_addresses()
        for sock in self.writers:
            if ready.can_write(sock) and not self.is_over:
                self._on_answer(sock)

    def on_due(self) -> None:
        """Try the next address as well, or give up."""
        if self._untried:
            self._try_next()
        else:
            self._fail(TimeoutError("no answer"))

    def close(self) -> None:
        """Give up, whatever is under way; the socket that was reached stays."""
        if not self.is_over:
            self._fail(OSError("given up"))

    def _on_addresses(self) -> None:
        found = self._lookup.addresses or list(self._known)
        if not found:
            self._fail(self._lookup.failure or self._error)
            return
        self.addresses = alternate(found)
        self._untried = deque(self.addresses)
        self._try_next()

    def _try_next(self) -> None:
        while self._untried and not self.is_over:
            if self._begin(self._untried.popleft()):
                self.due = self._clock() + (_STAGGER if self._untried else _PATIENCE)
                return
        if not self._attempts and not self.is_over:
            self._fail(self._error)

    def _begin(self, address: Address) -> bool:
        """Begin one attempt; return whether it is under way."""
        family, where = address
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:  # no such family here, or no descriptor
            self._error = error
            return False
        sock.setblocking(False)
        self._attempts.append(sock)
        try:
            sock.connect(where)
        except BlockingIOError:
            return True
        except OSError as error:
            self._drop(sock, error)
            return False
        return True  # readiness will tell

    def _on_answer(self, sock: socket.socket) -> None:
        number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if not number and _is_its_own_peer(sock):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            number = errno.ECONNREFUSED
        if not number:
            self.sock = sock
            self._stop()
            return
        self._drop(sock, OSError(number, os.strerror(number)))
        if self._untried or not self._attempts:
            self._try_next()

    def _drop(self, sock: socket.socket, error: OSError) -> None:
        self._error = error
        self._attempts.remove(sock)
        sock.close()

    def _fail(self, error: OSError) -> None:
        self.failure = error
        self._stop()

    def _stop(self) -> None:
        self.due = None
        self._lookup.close()
        for sock in self._attempts:
            if sock is not self.sock:
                sock.close()
        self._attempts.clear()


def alternate(addresses: Sequence[Address]) -> list[Address]:
    """Order addresses so that families take turns, beginning with that of the first."""
    first = [address for address in addresses if address[0] == addresses[0][0]]
    others = [address for address in addresses if address[0] != addresses[0][0]]
    pairs = zip_longest(first, others)
    return [address for pair in pairs for address in pair if address is not None]


def _is_its_own_peer(sock: socket.socket) -> bool:
    try:
        return bool(sock.getsockname() == sock.getpeername())
    except OSError:  # reset in the meantime
        return False
