"""What a client asks before the conversation: where to connect, whether, and whom to trust.

Invariant: a line is read byte by byte, so that not one byte of what follows it is taken away
from the conversation, whatever standard input is.

Not here: the connection, and prompts on a terminal that has been taken over.
"""

import os
from collections.abc import Callable
from typing import Final

_DEFAULT_HOST: Final = "localhost"
_LONGEST_ANSWER: Final = 1024  # bytes: host names have 253 at most (RFC 1035)


def ask_for_server(in_fd: int, write: Callable[[str], None]) -> str | None:
    """Ask for the address, then wait for CONNECT; None if the input ended instead."""
    write(f"Server address (Enter for {_DEFAULT_HOST}): ")
    host = _read_line(in_fd)
    if host is None:
        return None
    while True:
        write("Type CONNECT to connect: ")
        word = _read_line(in_fd)
        if word is None:
            return None
        if word.upper() == "CONNECT":
            return host or _DEFAULT_HOST


def confirm(in_fd: int, write: Callable[[str], None], text: str) -> bool:
    """Show something, and return whether it is confirmed by the word `yes`."""
    write(f"{text}\nTrust it from now on? (yes/no) ")
    while (word := _read_line(in_fd)) is not None:
        if word.lower() in ("yes", "no", "n"):
            return word.lower() == "yes"
        write("Please type yes or no: ")
    return False


def _read_line(fd: int) -> str | None:
    """Read one line without the blanks around it; None at the end of the input."""
    line = bytearray()
    while char := os.read(fd, 1):
        if char == b"\n":
            return line.decode("utf-8", "replace").strip()
        if len(line) < _LONGEST_ANSWER:
            line += char
    return line.decode("utf-8", "replace").strip() or None
