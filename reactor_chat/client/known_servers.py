"""The servers that somebody has got to know by their certificates: a file with a line for each.

    chat.example.org:56040 SHA256:0A:1B:…

Invariants:
- The file is replaced as a whole, so that nobody ever reads half of it. It is its owner's alone:
  whom one talks to is nobody's business.
- Lines that mean nothing here are left as they are: people write comments, and newer versions more.
- A file that cannot be read, or a damaged entry, is an error. Taken for a server that is not known,
  it would have the question asked that an impostor waits for.

Not here: what follows from a fingerprint.
"""

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from reactor_chat.wire.fingerprints import parse_fingerprint


class KnownServersError(Exception):
    """Why they cannot be looked up, in one line."""


def known_servers_path(environ: Mapping[str, str]) -> Path | None:
    """Return where the file is; None if nobody's home is known."""
    state = environ.get("XDG_STATE_HOME", "")
    try:
        base = Path(state) if os.path.isabs(state) else Path.home() / ".local" / "state"
    except RuntimeError:
        return None
    return base / "reactor-chat" / "known_servers"


class KnownServers:
    """The file at `path`. Without one, nothing is known, nor remembered."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def find(self, server: str) -> str | None:
        """Return the fingerprint of `server` (HOST:PORT). Raises KnownServersError."""
        for number, line in enumerate(self._read().split("\n"), 1):
            name, _, rest = line.strip().partition(" ")
            if name == server:
                try:
                    return parse_fingerprint(rest)
                except ValueError as error:
                    raise KnownServersError(f"{self.path}, line {number}: {error}") from None
        return None

    def remember(self, server: str, fingerprint: str) -> None:
        """Add a server, or change its fingerprint. Raises KnownServersError."""
        if self.path is None:
            raise KnownServersError("there is no directory for it: HOME is not set")
        lines = [line for line in self._read().split("\n") if line.split(" ")[0] != server]
        while lines and not lines[-1]:
            lines.pop()
        text = "\n".join([*lines, f"{server} {fingerprint}", ""])
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _replace(Path(os.path.realpath(self.path)), text)
        except OSError as error:
            raise KnownServersError(f"cannot write {self.path}: {error.strerror}") from error

    def _read(self) -> str:
        if self.path is None:
            return ""
        try:
            return self.path.read_text("utf-8", "surrogateescape")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise KnownServersError(f"cannot read {self.path}: {error.strerror}") from error


def _replace(path: Path, text: str) -> None:
    fd, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # with mode 0600
    try:
        with open(fd, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(fd)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
