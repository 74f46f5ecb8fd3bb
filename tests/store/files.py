"""A folder for one test, a database in it, and what people do to such files.

Not here: processes.
"""

import shutil
import sqlite3
import tempfile
import unittest
from contextlib import closing
from pathlib import Path

from reactor_chat.store.claim import Claim
from reactor_chat.store.database import Database, Origin
from reactor_chat.store.records import Frame, encode_lines, split

NOW = 1_764_276_800_000  # milliseconds


class FileCase(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = self.folder / "lines.db"

    def open(self, before: Origin | None = None) -> Database:
        """Open the file as a keeper does."""
        self.claim = Claim(str(self.path), 0.0)
        self.addCleanup(self.claim.release)
        whole = self.claim.mark_fits()
        database = Database(str(self.path))
        self.addCleanup(database.close)
        self.claim.remove_mark()
        database.begin(whole, before)
        return database

    def leave(self, database: Database) -> None:
        """Close it as a keeper does at the end of its input."""
        database.close_whole()
        self.claim.leave_mark()
        self.claim.release()

    def drop(self, database: Database) -> None:
        """Close it as a keeper that was killed."""
        database.close()
        self.claim.release()

    def ask(self, question: str) -> list[tuple[object, ...]]:
        """Ask the file itself."""
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(question).fetchall()


def said(room: str, first: int, *texts: str, time: int = NOW) -> list[Frame]:
    """Return a frame with these lines."""
    block = "".join(f"{text}\n" for text in texts).encode()
    return split([encode_lines(room, first, time, block)])
