"""A socket that tells an observer what passes through it.

Those whom an observed listening socket accepts are observed, too. So a server is observed by way of
the socket that it is given, and knows nothing of it.

Not here: the loop (`loop.observed`), and what is made of it.
"""

import socket
from typing import Any

from reactor_chat.loop.observed import Observer


class StreamObserver(Observer):
    """Who is told what a loop and its sockets do. As it stands here, it does not listen."""

    def on_recv(self, fd: int, data: bytes) -> None:
        """The kernel gave these bytes; none: the peer has ended."""

    def on_send(self, fd: int, data: bytes | memoryview, sent: int) -> None:
        """The kernel was offered these bytes, and took so many of them."""

    def on_shutdown(self, fd: int) -> None:
        """Our side of a connection is ended."""

    def on_close(self, fd: int) -> None:
        """A descriptor is closed."""


class ObservedSocket(socket.socket):
    """A non-blocking socket with an observer, in the place of `inner`, which is left empty."""

    def __init__(self, inner: socket.socket, observer: StreamObserver) -> None:
        super().__init__(inner.family, inner.type, inner.proto, inner.detach())
        self._observer = observer
        self.setblocking(False)

    def accept(self) -> "tuple[ObservedSocket, Any]":
        """Accept a caller on a socket that is observed, too."""
        sock, address = super().accept()
        return ObservedSocket(sock, self._observer), address

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """Receive, and tell what came."""
        data = super().recv(size, flags)
        self._observer.on_recv(self.fileno(), data)
        return data

    def send(self, data: Any, flags: int = 0, /) -> int:
        """Send, and tell how much the kernel took."""
        self._observer.on_call("send", self)
        sent = 0
        try:
            sent = super().send(data, flags)
        finally:
            self._observer.on_send(self.fileno(), data, sent)
            self._observer.on_return()
        return sent

    def shutdown(self, how: int, /) -> None:
        """End our side, and tell so."""
        super().shutdown(how)
        self._observer.on_shutdown(self.fileno())

    def close(self) -> None:
        """Close, and tell so."""
        if self.fileno() >= 0:
            self._observer.on_close(self.fileno())
        super().close()
