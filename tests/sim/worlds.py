"""The simulated machine and the real one behind one face, so that one test can run on both.

Each world has one listening socket and gives out connections to it. `close` frees whatever was
handed out.

What does not belong here: any statement about how sockets behave.
"""

import contextlib
import os
import random
import resource
import selectors
import socket
import struct
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from tests.sim.network import Address, Listener, Network
from tests.sim.process import Process
from tests.sim.selector import Selector
from tests.sim.stream import Stream

REAL_BUFFER = 65_536  # Small enough to fill at once, too large for silly-window delays.

Socket = socket.socket | Stream
Listening = socket.socket | Listener


class World(Protocol):
    listener: Listening

    def connect(self) -> Socket:
        """A caller's non-blocking socket, connected to the listener and not yet accepted."""
        ...

    def accept(self) -> tuple[Socket, Address]: ...

    def selector(self) -> selectors.BaseSelector: ...

    def reset(self, sock: Socket) -> None: ...

    def without_descriptors(self) -> AbstractContextManager[None]:
        """While it lasts the accepting process can open nothing more."""
        ...

    def close(self) -> None: ...


class SimulatedWorld:
    def __init__(self) -> None:
        self.process = Process(random.Random(0))
        self._network = Network()
        self.listener: Listening = self._network.listen(self.process, ("127.0.0.1", 1))

    def connect(self) -> Socket:
        return self._network.connect(self.process, ("127.0.0.1", 1))

    def accept(self) -> tuple[Socket, Address]:
        sock, address = self.listener.accept()
        sock.setblocking(False)
        return sock, address

    def selector(self) -> selectors.BaseSelector:
        return Selector(self.process)

    def reset(self, sock: Socket) -> None:
        assert isinstance(sock, Stream)
        sock.reset()

    @contextlib.contextmanager
    def without_descriptors(self) -> Iterator[None]:
        limit = self.process.limit
        self.process.limit = len(self.process.descriptors())
        yield
        self.process.limit = limit

    def close(self) -> None:
        """Nothing outside this process knows of what was handed out."""


class RealWorld:
    def __init__(self) -> None:
        self._cleanup = contextlib.ExitStack()
        self._server = self._bound(socket.socket())
        self._server.bind(("127.0.0.1", 0))
        self._server.listen()
        self._server.setblocking(False)
        self.listener: Listening = self._server

    def connect(self) -> Socket:
        caller = self._bound(socket.socket())
        caller.connect(self._server.getsockname())
        caller.setblocking(False)
        return caller

    def accept(self) -> tuple[Socket, Address]:
        sock, address = self._server.accept()
        self._cleanup.callback(sock.close)
        sock.setblocking(False)
        return sock, address

    def selector(self) -> selectors.BaseSelector:
        return selectors.DefaultSelector()

    def reset(self, sock: Socket) -> None:
        assert isinstance(sock, socket.socket)
        on_without_time = struct.pack("ii", 1, 0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, on_without_time)
        sock.close()

    @contextlib.contextmanager
    def without_descriptors(self) -> Iterator[None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free_descriptor(), hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    def close(self) -> None:
        self._cleanup.close()

    def _bound(self, sock: socket.socket) -> socket.socket:
        """With bounded buffers, which accepted sockets take over from the listening one."""
        self._cleanup.callback(sock.close)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, REAL_BUFFER)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, REAL_BUFFER)
        return sock


def lowest_free_descriptor() -> int:
    fd = os.open(os.devnull, os.O_RDONLY)
    os.close(fd)
    return fd
