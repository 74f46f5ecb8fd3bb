"""Somebody at a terminal, with a client in a window, and what has been seen there.

Not here: the server, and who cuts them off (`resume_checker`).
"""

import re
import subprocess
import sys

from tests.client.peer import environment
from tests.processes import HOST, PATIENCE, Sources
from tests.window import Window

NAME = "onlooker"
_SAID = re.compile(r"\d\d:\d\d ((?:Client \d+|onlooker): \S.*)")
_DELETE_DRAFT = "\x15"


class Onlooker:
    """One person at a terminal."""

    wanted = True

    def __init__(self, sources: Sources, port: int, room: str) -> None:
        self._sources = sources
        self._window = Window(200, 24)
        where = [f"{HOST}:{port}", "--name", NAME, "--room", room, "--no-history"]
        argv = [sys.executable, "-X", "dev", "-W", "error", "-m", "reactor_chat", "client", *where]
        self._client = self._window.run(argv, stderr=subprocess.PIPE, env=environment())
        self._spoken = 0
        self._looked_at = 0  # rows that have left the screen
        self._gone: list[str] = []  # what was said, of these
        sources.add(self)

    def fileno(self) -> int:
        return self._window.master

    def take_in(self) -> None:
        """Look at what has come."""
        self._window.look()

    def speak(self) -> None:
        """Type a line that was never said before, in place of whatever stands in the draft."""
        self._spoken += 1
        self._window.type(f"{_DELETE_DRAFT}{NAME}-{self._spoken}\r")

    def shows(self, text: str) -> bool:
        """Return whether a row has this text in it, or had it a moment ago."""
        screen = self._window.screen
        return any(text in row for row in (*screen.scrolled_off[-200:], *screen.rows))

    def seen(self, whole: bool) -> list[str]:
        """Return what was said, as it was seen; without `whole` what has left the screen.

        A row that is still there may be half drawn.
        """
        screen = self._window.screen
        self._gone += _said(screen.scrolled_off[self._looked_at :])
        self._looked_at = len(screen.scrolled_off)
        return self._gone + (_said(screen.rows) if whole else [])

    def close(self) -> None:
        """Leave; what the client wrote to standard error is a failure."""
        self._sources.remove(self)
        self._client.kill()
        _, errors = self._client.communicate(timeout=PATIENCE)
        self._window.close()
        assert not errors, errors.decode()


def _said(rows: list[str]) -> list[str]:
    return [match[1] for row in rows if (match := _SAID.fullmatch(row))]
