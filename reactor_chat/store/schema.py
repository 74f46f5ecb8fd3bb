"""Which files are ours, how they are made, and why one cannot be used.

Not here: what is written to them and read back (`database`).
"""

import sqlite3
from collections.abc import Sequence
from typing import Final

# "rcht": tells our files from those of others.
APPLICATION: Final = 0x72636874
VERSION: Final = 2

SCHEMA: Final = f"""
CREATE TABLE rooms (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
                    topic TEXT NOT NULL DEFAULT '', last INTEGER NOT NULL DEFAULT 0,
                    time INTEGER NOT NULL DEFAULT 0, began INTEGER NOT NULL DEFAULT 0);
CREATE TABLE lines (room INTEGER NOT NULL, number INTEGER NOT NULL, time INTEGER NOT NULL,
                    text TEXT NOT NULL, PRIMARY KEY (room, number)) WITHOUT ROWID;
CREATE TABLE accounts (key TEXT PRIMARY KEY, name TEXT NOT NULL, salt BLOB NOT NULL,
                       hash BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE bans (text TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {VERSION};
"""


# What makes a file of each earlier version one of the next.
UPGRADES: Final = {1: "ALTER TABLE rooms ADD COLUMN began INTEGER NOT NULL DEFAULT 0"}


class Unusable(Exception):
    """The file is sound, perhaps, but not for us."""


def check(connection: sqlite3.Connection) -> bool:
    """Return whether the file is one of ours; False: it is empty. Raises Unusable."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables and application != APPLICATION:
        raise Unusable("it is the database of another program")
    if version > VERSION:
        raise Unusable(f"it is of a newer version ({version}; this is {VERSION})")
    return bool(tables)


def upgrade(connection: sqlite3.Connection) -> None:
    """Make a file of an earlier version one of this version."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    for number in range(version, VERSION):
        connection.execute(UPGRADES[number])
    connection.execute(f"PRAGMA user_version = {VERSION}")


_REASONS: Final[Sequence[tuple[str, str]]] = (
    ("SQLITE_FULL", "the disk is full"),
    ("SQLITE_BUSY", "another program has locked it"),
    ("SQLITE_LOCKED", "another program has locked it"),
    ("SQLITE_READONLY", "it cannot be written to"),
    ("SQLITE_CORRUPT", "it is damaged"),
    ("SQLITE_NOTADB", "it is damaged, or no database"),
    ("SQLITE_CANTOPEN", "it cannot be opened"),
    ("SQLITE_IOERR", "the disk fails"),
)


def explain(error: Exception) -> str:
    """Say in a few words why the file cannot be used."""
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    name = getattr(error, "sqlite_errorname", "")
    for prefix, reason in _REASONS:
        if name.startswith(prefix):
            return reason if prefix != "SQLITE_IOERR" else f"{reason} ({name})"
    return str(error)


def is_passing(error: Exception) -> bool:
    """Return whether the open file can still be used once this is over."""
    name = getattr(error, "sqlite_errorname", "")
    return name.startswith(("SQLITE_FULL", "SQLITE_BUSY", "SQLITE_LOCKED"))
