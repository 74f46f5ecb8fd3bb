"""What was typed in earlier runs, in a file that several programs may use at once.

Each program adds its lines at the end, in one write, as they come, so that none of them overwrites
another's. Whoever finds the file too long writes the newest lines to another one and puts that in
its place.

Invariants:
- Nothing that happens to the file disturbs the chat: without it, or without the right to it, the
  lines of this run are still in memory.
- Only its owner can read it, and it has at most `MAX_HISTORY` lines.
- Nothing here waits: not for a lock, and not for a pipe that lies where the file should.
- A line that cannot have been typed (control characters, too long) is damage, and left out.

Two programs that meet while one of them shortens the file may lose a line of the other's. That is
preferred to a lock that a stopped program holds.

Not here: which lines there are, and where the file lies.
"""

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from reactor_chat.tty.history import MAX_HISTORY, MAX_LINE, History

# Bytes that are read of a file at most, from its end: more than a thousand lines of a chat take.
_MAX_READ: Final = 4 * 1024 * 1024

_FLAGS: Final = os.O_APPEND | os.O_CREAT | os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def open_history(path: str | os.PathLike[str] | None) -> History:
    """Return what is remembered in a file, and remember there what is added; None: nowhere."""
    if path is None:
        return History()
    file = HistoryFile(Path(path))
    return History(file.load(), file.append)


class HistoryFile:
    """The file at `path`, which need not exist."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> list[str]:
        """Return the lines in the file, oldest first; none if it cannot be read."""
        with contextlib.suppress(OSError), _opened(self._path, os.O_RDONLY | os.O_NONBLOCK) as fd:
            return _lines(fd)
        return []

    def append(self, lines: Sequence[str]) -> None:
        """Add lines, and leave out the oldest if there are too many."""
        data = "".join(line + "\n" for line in lines).encode("utf-8", "replace")
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _opened(self._path, _FLAGS) as fd:
                if os.fstat(fd).st_mode & 0o077:
                    os.fchmod(fd, 0o600)
                os.write(fd, _line_end_before(fd) + data)
                kept = _too_many(fd)
            if kept is not None:
                self._replace(kept)

    def _replace(self, data: bytes) -> None:
        """Put a new file in the place of the old one, whole or not at all."""
        new = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            with _opened(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as fd:
                written = os.write(fd, data)
            if written == len(data):
                os.replace(new, self._path.resolve())
        finally:
            new.unlink(missing_ok=True)


@contextlib.contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    """Open a file for a while; raise OSError if it is anything but a regular one."""
    fd = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError("not a regular file")
        yield fd
    finally:
        os.close(fd)


def _read(fd: int) -> bytes:
    size = os.fstat(fd).st_size
    return os.pread(fd, min(size, _MAX_READ), max(0, size - _MAX_READ))


def _lines(fd: int) -> list[str]:
    text = _read(fd).decode("utf-8", "replace")
    lines = (line for line in text.split("\n") if line and len(line) <= MAX_LINE)
    return [line for line in lines if "\ufffd" not in line and not _has_controls(line)]


def _has_controls(line: str) -> bool:
    return any((char < " " and char != "\t") or "\x7f" <= char <= "\x9f" for char in line)


def _line_end_before(fd: int) -> bytes:
    """Return what has to end the last line first, if another program was cut off in it."""
    size = os.fstat(fd).st_size
    return b"\n" if size and os.pread(fd, 1, size - 1) != b"\n" else b""


def _too_many(fd: int) -> bytes | None:
    """Return the newest lines of a file that has too many; None if it has not."""
    data = _read(fd)
    if len(data) < _MAX_READ and data.count(b"\n") <= MAX_HISTORY:
        return None
    return b"".join(line + b"\n" for line in data.split(b"\n")[:-1][-MAX_HISTORY:])
