"""A terminal window: a real pseudo-terminal, and the screen that a person would see in it.

Nothing here sleeps. What waits, waits on descriptors until what it waits for has come true, and
fails after `PATIENCE` seconds, which only a broken program or an overloaded machine takes.
"""

import fcntl
import os
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Sequence
from typing import Any

from tests.screen import Screen

PATIENCE = 20.0  # seconds


class Window:
    """A pseudo-terminal: programs use `slave`, the test types and looks."""

    def __init__(
        self, columns: int = 40, lines: int = 8, reflows: bool = True, pulls: bool = False
    ) -> None:
        self.master, self.slave = os.openpty()
        os.set_blocking(self.master, False)
        self.screen = Screen(columns, lines, reflows, pulls)
        self.modes = termios.tcgetattr(self.slave)  # as they were at first
        self.received = 0  # bytes that have come through to the screen
        self._set_size(columns, lines)

    def hang_up(self) -> None:
        """Close the window, and leave whoever runs in it without a terminal."""
        os.close(self.master)
        self.master = os.open(os.devnull, os.O_RDONLY)

    def close(self) -> None:
        """Give everything up."""
        os.close(self.master)
        os.close(self.slave)

    def resize(self, columns: int, lines: int) -> None:
        """Drag the window to another size. A program that runs in it gets SIGWINCH."""
        self.screen.resize(columns, lines)
        self._set_size(columns, lines)

    def type(self, keys: str | bytes) -> None:
        """Press keys."""
        os.write(self.master, keys.encode() if isinstance(keys, str) else keys)

    def waiting(self) -> int:
        """Count the bytes that were typed and not read."""
        return int(struct.unpack("i", fcntl.ioctl(self.slave, termios.FIONREAD, b"\0" * 4))[0])

    def waiting_to_be_seen(self) -> bool:
        """Whether something was written that was not looked at."""
        return bool(select.select([self.master], [], [], 0)[0])

    def is_restored(self) -> bool:
        """Whether the terminal's modes are what they were at first."""
        return termios.tcgetattr(self.slave) == self.modes

    def look(self, seconds: float = 0.0) -> None:
        """Take in what was written; wait up to `seconds` for the first of it."""
        if select.select([self.master], [], [], seconds)[0]:
            data = os.read(self.master, 65_536)
            self.screen.write(data)
            self.received += len(data)

    def write(self, data: bytes) -> None:
        """Write to the terminal from within the test, and wait until it has come through."""
        # On the way, each LF gets a CR before it (ONLCR).
        expected = self.received + len(data) + data.count(b"\n")
        os.write(self.slave, data)
        self.until(lambda screen: self.received >= expected)

    def until(self, condition: Callable[[Screen], object]) -> None:
        """Look until something is true of the screen."""
        deadline = time.monotonic() + PATIENCE
        while not condition(self.screen):
            if time.monotonic() > deadline:
                shown = "\n".join(self.screen.rows)
                raise AssertionError(f"it never came; the screen shows\n{shown}")
            self.look(0.1)

    def until_shows(self, text: str) -> None:
        """Look until a row has `text` in it."""
        self.until(lambda screen: any(text in row for row in screen.rows))

    def run(self, argv: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start a program in this window, as a session of its own that has it as its terminal."""
        return subprocess.Popen(
            argv, stdin=self.slave, stdout=self.slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0), **options,
        )  # fmt: skip

    def _set_size(self, columns: int, lines: int) -> None:
        termios.tcsetwinsize(self.slave, (lines, columns))
