"""Who keeps a file, and how it was left: the small file beside it, `FILE-keeper`.

The keeper holds it locked for as long as it lives, so two cannot write one file. Once the database
is closed with all in it, the keeper writes a *mark* there: the database's inode and the time at
which it was last changed (`st_ctime`). The next one takes the mark away before it writes anything.

So a file is known to be whole only if nothing has touched it since it was closed:
- no mark: its keeper was killed, or the machine went down; the last second may be missing;
- a mark that does not fit: the file was put there later, an older copy perhaps. No copying tool can
  set `st_ctime` back, so a whole folder that is restored, mark and all, is found out as well.
  (So is a file that was moved or whose owner was changed: nobody can know what came between.)

Not here: what follows from that (`database`).
"""

import contextlib
import fcntl
import json
import os
import time
from typing import Final

_PAUSE: Final = 0.02  # seconds between two looks at a lock that another holds


class InUse(OSError):
    """Another keeper has the file."""


class Claim:
    """The right to write the database at `path`, until `release`."""

    def __init__(self, path: str, patience: float) -> None:
        """Wait for it for up to `patience` seconds. Raises InUse, or another OSError."""
        self._path = path
        self._fd = os.open(self._name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _lock(self._fd, patience)
        except BaseException:
            os.close(self._fd)
            raise

    @property
    def _name(self) -> str:
        return self._path + "-keeper"

    def is_in_place(self) -> bool:
        """Return whether it is what another keeper would claim: the folder may have gone."""
        return os.fstat(self._fd).st_ino == inode_of(self._name)

    def mark_fits(self) -> bool:
        """Return whether the file is as its keeper left it: whole."""
        mark = os.pread(self._fd, 1000, 0)
        return bool(mark) and mark == identify(self._path)

    def remove_mark(self) -> None:
        """Note that the file is in use; to be called before anything is written to it."""
        os.ftruncate(self._fd, 0)
        os.fsync(self._fd)

    def leave_mark(self) -> None:
        """Note that the file is whole. It must be closed by now."""
        os.pwrite(self._fd, identify(self._path) or b"", 0)
        os.fsync(self._fd)

    def release(self) -> None:
        """Let another one have it; harmless if that was done."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def identify(path: str) -> bytes | None:
    """Return what tells this state of this file from any other; None if there is no such file."""
    with contextlib.suppress(FileNotFoundError):
        found = os.stat(path)
        return json.dumps({"inode": found.st_ino, "changed": found.st_ctime_ns}).encode()
    return None


def inode_of(path: str) -> int:
    """Return the inode that a path leads to; 0 if there is no such file."""
    with contextlib.suppress(FileNotFoundError):
        return os.stat(path).st_ino
    return 0


def _lock(fd: int, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if time.monotonic() >= deadline:
            raise InUse("another server uses it")
        time.sleep(_PAUSE)
