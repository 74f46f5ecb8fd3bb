"""What is to be drawn, on its way to a terminal that may have ceased to take anything.

Whoever writes to a terminal is blocked while its other end does not read (an `ssh` that hangs, a
window that is held), and hears no signal and no key. So what is drawn is a backlog, too.

`O_NONBLOCK` belongs to the terminal and would outlive this process, so the terminal is opened anew.
Where that is not possible, writing may block after all.

Invariants:
- What is drawn comes in order, and whole unless it was dropped. When `full`, the caller is to take
  in no more, so the backlog stays near that size.
- A terminal that is gone is written to no more; `gone` says so.

Not here: what is drawn, and waiting for anything but the last of it.
"""

import os
import time
from typing import Final

from reactor_chat.client.waiting import wait
from reactor_chat.tty.terminal import open_anew

# Bytes: some screens. What a key draws stands behind it, so more would only make the keys lag.
_BACKLOG: Final = 16 * 1024


class TerminalOutput:
    """The output of the terminal `fd`, which is not its own."""

    def __init__(self, fd: int) -> None:
        self._own = open_anew(fd)
        self._fd = fd if self._own is None else self._own
        self._backlog = bytearray()
        self.gone = False

    def fileno(self) -> int:
        """The descriptor, for `wait`."""
        return self._fd

    def close(self) -> None:
        """Close what was opened here."""
        if self._own is not None:
            os.close(self._own)
            self._own = None

    @property
    def waits(self) -> bool:
        """Whether to call `on_writable` when it is."""
        return bool(self._backlog)

    @property
    def full(self) -> bool:
        """Whether the terminal should take something before more is drawn."""
        return len(self._backlog) >= _BACKLOG

    def write(self, data: bytes) -> None:
        """Draw this, now or after what waits."""
        if self.gone:
            return
        waited = self.waits
        self._backlog += data
        if not waited:
            self.on_writable()

    def on_writable(self) -> None:
        """Write what the terminal takes."""
        try:
            while self._backlog:
                del self._backlog[: os.write(self._fd, self._backlog)]
        except BlockingIOError:
            pass
        except OSError:  # EIO: hung up
            self.gone = True
            self._backlog.clear()

    def drop(self) -> bool:
        """Forget what waits; tell whether anything did."""
        waited = self.waits
        self._backlog.clear()
        return waited

    def flush(self, patience: float) -> None:
        """Wait up to so many seconds for the terminal to take the rest."""
        deadline = time.monotonic() + patience
        while self.waits and (remaining := deadline - time.monotonic()) > 0:
            if wait([], [self._fd], remaining).can_write(self._fd):
                self.on_writable()
