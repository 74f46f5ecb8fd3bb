"""Who listens where in the simulation, and who has called and not yet been accepted.

Invariants: callers are accepted in the order in which they called; a caller counts as connected
before it is accepted, and may have spoken, closed or reset by then; running out of descriptors
loses no caller.

What does not belong here: what happens on a connection once it is made.
"""

import errno
from collections import deque

from tests.sim.process import Process
from tests.sim.stream import BUFFER_SIZE, Stream, os_error

Address = tuple[str, int]

BACKLOG = 128
FIRST_PORT = 40_000  # Any number does: it only has to tell callers apart.


class Listener:
    """A listening socket. Made by `Network.listen`; it never blocks."""

    def __init__(self, process: Process, address: Address, backlog: int, capacity: int) -> None:
        self.address = address
        self._process = process
        self._backlog = backlog
        self._capacity = capacity
        self._callers: deque[tuple[Stream, Address]] = deque()
        self._fd = process.open(self)

    # What the program calls

    def fileno(self) -> int:
        return self._fd

    def getsockname(self) -> Address:
        return self.address

    def setblocking(self, flag: bool) -> None:
        if flag:
            self._process.broke("a listening socket was made to block")

    def accept(self) -> tuple[Stream, Address]:
        """The longest-waiting caller. Raises OSError; EMFILE comes first, as in accept4(2)."""
        self._check("accept")
        if self._process.is_full():
            raise os_error(errno.EMFILE)
        if not self._callers:
            raise os_error(errno.EAGAIN)
        stream, address = self._callers.popleft()
        if self._process.strikes(self._process.faults.aborted):
            stream.reset()
            raise os_error(errno.ECONNABORTED)
        stream.attach()
        return stream, address

    def close(self) -> None:
        """Idempotent. Callers that were not accepted are reset."""
        if self._fd < 0:
            return
        self._process.close(self._fd)
        self._fd = -1
        while self._callers:
            self._callers.popleft()[0].reset()

    # What a selector asks

    def readable(self) -> bool:
        return bool(self._callers)

    def writable(self) -> bool:
        return False

    # The network's side

    def waiting(self) -> int:
        """How many callers wait to be accepted."""
        return len(self._callers)

    def call(self, caller: Stream, address: Address) -> None:
        """Raises ConnectionRefusedError, or TimeoutError where the backlog is full."""
        if self._fd < 0:
            raise os_error(errno.ECONNREFUSED)
        if len(self._callers) >= self._backlog:
            raise os_error(errno.ETIMEDOUT)
        stream = Stream(self._process, self._capacity)
        join(caller, stream)
        self._callers.append((stream, address))

    def _check(self, call: str) -> None:
        if self._fd < 0:
            self._process.broke(f"{call} on a closed socket")


class Network:
    """Connects simulated processes."""

    def __init__(self) -> None:
        self._listeners: dict[Address, Listener] = {}
        self._next_port = FIRST_PORT

    def listen(
        self,
        process: Process,
        address: Address,
        backlog: int = BACKLOG,
        capacity: int = BUFFER_SIZE,
    ) -> Listener:
        """A socket of `process` that listens on `address`; `capacity` is for those accepted."""
        listener = Listener(process, address, backlog, capacity)
        self._listeners[address] = listener
        return listener

    def connect(
        self,
        process: Process,
        address: Address,
        host: str = "127.0.0.1",
        capacity: int = BUFFER_SIZE,
    ) -> Stream:
        """A non-blocking socket of `process`, connected from `host`. Raises OSError."""
        if address not in self._listeners:
            raise os_error(errno.ECONNREFUSED)
        caller = new_stream(process, capacity)
        try:
            self._listeners[address].call(caller, (host, self._next_port))
        except OSError:
            caller.close()
            raise
        self._next_port += 1
        return caller


def socket_pair(
    here: Process, there: Process, capacity: int = BUFFER_SIZE
) -> tuple[Stream, Stream]:
    """Two non-blocking sockets connected to each other, the first in `here`."""
    near, far = new_stream(here, capacity), new_stream(there, capacity)
    join(near, far)
    return near, far


def new_stream(process: Process, capacity: int) -> Stream:
    """A non-blocking socket with a descriptor, connected to nothing yet. Raises OSError."""
    stream = Stream(process, capacity)
    stream.attach()
    stream.setblocking(False)
    return stream


def join(one: Stream, other: Stream) -> None:
    one.peer, other.peer = other, one
