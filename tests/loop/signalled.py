"""Signals that come when the test says so, in the place of a `Wakeup`."""

import socket

from reactor_chat.loop.wakeup import Wakeup


class Signals(Wakeup):
    """It is readable when a signal has come, as the real one is; no handler is set."""

    def __init__(self) -> None:
        super().__init__(())
        self._ends = socket.socketpair()
        self._come: set[int] = set()

    def close(self) -> None:
        """Close the descriptors."""
        for end in self._ends:
            end.close()

    def come(self, *numbers: int) -> None:
        """Let signals come."""
        self._come |= set(numbers)
        self._ends[1].send(b"!")

    def fileno(self) -> int:
        """The descriptor that is readable when a signal has come."""
        return self._ends[0].fileno()

    def take(self) -> set[int]:
        """Take the numbers of the signals that have come."""
        if self._come:
            self._ends[0].recv(4096)
        come, self._come = self._come, set()
        return come
