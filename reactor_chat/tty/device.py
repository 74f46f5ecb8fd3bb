"""The terminal as the kernel has it: its modes, its size, whose it is.

Not here: what is on the screen, and keys.
"""

import contextlib
import os
import signal
import termios
from typing import Any, Final

# Where `tcgetattr` keeps its parts.
_IFLAG, _LFLAG, _CC = 0, 3, 6

_USUAL_SIZE: Final = os.terminal_size((80, 24))


def is_terminal(in_fd: int, out_fd: int) -> bool:
    """Whether both ends are a terminal that understands escape codes."""
    capable = os.environ.get("TERM", "dumb") not in ("", "dumb")
    return capable and os.isatty(in_fd) and os.isatty(out_fd)


def open_anew(fd: int) -> int | None:
    """Open the terminal behind `fd` for writes that do not block; None if it cannot be done."""
    try:
        return os.open(os.ttyname(fd), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None


def in_foreground(fd: int) -> bool:
    """Whether this process may use its terminal now. In the background, reading stops it."""
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:  # not the terminal that controls this process, so nothing stops it
        return True


def stop_job() -> None:
    """Stop this process and the others of its job, until the shell continues them.

    Whoever comes back is in the background if that was `bg` or `kill`.
    """
    # The whole group, as the terminal would: the shell waits for `make`, and `make` for this
    # process.
    os.kill(0, signal.SIGTSTP)


def screen_size(fd: int) -> os.terminal_size:
    """Return the screen's size; 80 by 24 where the terminal does not tell it."""
    with contextlib.suppress(OSError):
        size = os.get_terminal_size(fd)
        if size.columns and size.lines:
            return size
    return _USUAL_SIZE


def set_raw(fd: int) -> None:
    """Have every key come through as it is pressed, and nothing echoed."""
    modes = termios.tcgetattr(fd)
    # No signals from keys: Ctrl-C first clears the draft. No Ctrl-S: a screen that is held
    # must not hold the chat. Output processing stays, for whatever else is written to this
    # terminal.
    modes[_LFLAG] &= ~(termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
    modes[_IFLAG] &= ~(termios.IXON | termios.ICRNL | termios.INLCR | termios.IGNCR)
    modes[_IFLAG] &= ~termios.ISTRIP
    modes[_CC] = list(modes[_CC])
    modes[_CC][termios.VMIN], modes[_CC][termios.VTIME] = 1, 0
    set_modes(fd, modes)


def set_modes(fd: int, modes: list[Any]) -> None:
    """Set modes as `tcgetattr` gave them."""
    # At once: waiting for output to drain would block while the screen is held.
    termios.tcsetattr(fd, termios.TCSANOW, modes)
