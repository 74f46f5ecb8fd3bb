"""The file: rooms, what was said in them, registered names and bans, in SQLite.

    rooms      id, name, topic, last number given out, time of the last line or topic, number
               before the first: it is not 0 if a room was forgotten before
    lines      room, number, time, text as members saw it (`alice: hi`): one row a line, and the
               rows of a room lie together, in order
    accounts   key, name, salt, hash
    bans       what is banned
    facts      epoch: the life of the numbering; floor: where rooms that are new begin to count;
               opening: a new word at each

Invariants:
- All that is given to `write` is one transaction. Writing the same again changes nothing: a line
  is known by its room and number, the rest is a last word.
- A number never gets lower, and what is deleted leaves it standing. A room of which nothing else
  is left is forgotten, and raises the floor: its numbers must not come again in the same epoch.
- The epoch ends where numbers may have been given out that this file knows nothing of.
- Only the opening and the end wait for the disk (`synchronous` FULL). Between them a crash of the
  machine may take the last transactions back, but it cannot tear one, and the epoch tells.

Not here: which files are ours (`schema`), the lock and the mark beside the file (`claim`),
retrying, the process.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from reactor_chat.store.passwords import Secret
from reactor_chat.store.records import Frame, Kind, Line, RoomFacts, Slice, decode_lines
from reactor_chat.store.schema import SCHEMA, Unusable, check, upgrade

# Seconds for which a write waits for another program's lock. Meanwhile lines gather in the socket.
_LOCK_PATIENCE: Final = 0.5

# What one slice holds: small enough that nobody waits for it, or for the server to pass it on.
SLICE_LINES: Final = 200
SLICE_BYTES: Final = 64 * 1024

# What one call of `delete_before` does at most: a few milliseconds.
_ROOMS_A_PASS: Final = 200
_LINES_A_PASS: Final = 2000

# Rooms whose ids are at hand. Beyond that, all are looked up anew.
_KNOWN_ROOMS: Final = 10_000

_RAISE: Final = "UPDATE rooms SET last = max(last, ?), time = max(time, ?) WHERE id = ?"


class Origin(NamedTuple):
    """Which file a running server has used so far."""

    epoch: str
    opening: str


class Database:
    """One open file."""

    def __init__(self, path: str) -> None:
        """Open or create it. Raises Unusable, sqlite3.Error, OSError."""
        self._connection = sqlite3.connect(path, timeout=_LOCK_PATIENCE, isolation_level=None)
        self._rooms: dict[str, int] = {}
        try:
            self._is_ours = check(self._connection)  # and not empty
        except BaseException:
            self._connection.close()
            raise

    def begin(self, whole: bool, before: Origin | None) -> None:
        """Settle the epoch. Raises as opening does.

        `whole`: the file is as it was when it was last closed; `before`: what a server that is
        running has used up to now.
        """
        known = self.origin if self._is_ours else Origin("", "")
        if before and known.epoch not in ("", before.epoch):
            raise Unusable("another file is in its place, which only a new start can take up")
        goes_on = self._is_ours and (known == before if before else whole)
        self._execute("PRAGMA journal_mode = WAL")
        self._execute("PRAGMA synchronous = FULL")
        with self._transaction():
            if self._is_ours:
                upgrade(self._connection)
            else:
                self._create()
            if not goes_on:
                self._set_fact("epoch", os.urandom(4).hex())
            self._set_fact("opening", os.urandom(8).hex())
        self._execute("PRAGMA synchronous = NORMAL")

    @property
    def origin(self) -> Origin:
        """What tells this file from another, or an older copy, that is put in its place."""
        return Origin(str(self._fact("epoch")), str(self._fact("opening")))

    @property
    def floor(self) -> int:
        """Rooms that are not in the file count from here."""
        return int(self._fact("floor") or 0)

    def close(self) -> None:
        """Close the file, with whatever was committed."""
        self._connection.close()

    def close_whole(self) -> None:
        """See to it that all is on the medium, in the file itself, and close it."""
        self._execute("PRAGMA synchronous = FULL")
        with self._transaction():  # this one waits for those before it, if a reader is in the way
            self._set_fact("floor", self.floor)
        self._execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()

    def write(self, frames: Iterable[Frame], now: int) -> None:
        """Write durable frames, all or none. `now` is in milliseconds."""
        rows: list[tuple[int, int, int, str]] = []
        last: dict[int, tuple[int, int, int]] = {}
        with self._transaction():
            for frame in frames:
                if frame.kind != Kind.LINES:
                    self._write_fact(frame, now)
                    continue
                name, number, time, texts = decode_lines(frame.body)
                room = self._make_room(name, number - 1)
                for text in texts:
                    rows.append((room, number, time, text))
                    number += 1
                last[room] = (number - 1, time, room)
            self._connection.executemany("INSERT OR IGNORE INTO lines VALUES (?, ?, ?, ?)", rows)
            self._connection.executemany(_RAISE, last.values())

    def rooms(self) -> list[RoomFacts]:
        """Return what is known of each room."""
        found = self._execute("SELECT name, last, topic, began, time FROM rooms ORDER BY id")
        return [RoomFacts(*row) for row in found]

    def last(self, room: str) -> int:
        """Return the last number that was given out in a room."""
        found = self._execute("SELECT last FROM rooms WHERE id = ?", self._room(room)).fetchone()
        return int(found[0]) if found else 0

    def before_last(self, room: str, count: int, upto: int) -> int:
        """Return the number after which the last `count` lines up to `upto` stand."""
        found = self._execute(
            "SELECT number FROM lines WHERE room = ? AND number <= ?"
            " ORDER BY number DESC LIMIT 1 OFFSET ?",
            *(self._room(room), upto, count - 1),
        ).fetchone()
        return int(found[0]) - 1 if found else 0

    def count(self, room: str, after: int, upto: int) -> int:
        """Return how many lines are kept between the two."""
        question = "SELECT count(*) FROM lines WHERE room = ? AND number > ? AND number <= ?"
        return int(self._execute(question, self._room(room), after, upto).fetchone()[0])

    def read(self, room: str, after: int, upto: int) -> Slice:
        """Return the first lines after one number and up to another."""
        lines: list[Line] = []
        size = 0
        for number, time, text in self._execute(
            "SELECT number, time, text FROM lines"
            " WHERE room = ? AND number > ? AND number <= ? ORDER BY number",
            *(self._room(room), after, upto),
        ):
            if len(lines) >= SLICE_LINES or size >= SLICE_BYTES:
                return Slice(lines, done=False, missed=0)
            lines.append((number, time, text.encode()))
            size += len(text)
        return Slice(lines, done=True, missed=0)

    def delete_before(self, time: int, place: int) -> int | None:
        """Delete lines that are older; some rooms' from `place` on. Return where to go on."""
        budget = _LINES_A_PASS
        with self._transaction():
            rooms = self._execute(
                "SELECT id, name, last, time FROM rooms WHERE id >= ? ORDER BY id LIMIT ?",
                *(place, _ROOMS_A_PASS),
            ).fetchall()
            for room, name, last, latest in rooms:
                budget -= self._delete_lines(room, time, budget)
                if budget <= 0:
                    return int(room)
                if latest < time:
                    self._forget_room(room, name, last)
        return rooms[-1][0] + 1 if len(rooms) == _ROOMS_A_PASS else None

    def accounts(self) -> list[tuple[str, str]]:
        """Return the name and key of each account."""
        return self._execute("SELECT name, key FROM accounts ORDER BY key").fetchall()

    def secret(self, key: str) -> Secret | None:
        """Return what is kept of an account's password."""
        found = self._execute("SELECT salt, hash FROM accounts WHERE key = ?", key).fetchone()
        return Secret(*found) if found else None

    def set_account(self, key: str, name: str, secret: Secret) -> None:
        """Add an account."""
        self._execute("REPLACE INTO accounts VALUES (?, ?, ?, ?)", key, name, *secret)

    def set_secret(self, key: str, secret: Secret) -> bool:
        """Change an account's password; return whether there is such an account."""
        change = "UPDATE accounts SET salt = ?, hash = ? WHERE key = ?"
        return self._execute(change, *secret, key).rowcount > 0

    def forget(self, key: str) -> bool:
        """Delete an account; return whether there was one."""
        return self._execute("DELETE FROM accounts WHERE key = ?", key).rowcount > 0

    def bans(self) -> list[str]:
        """Return what is banned."""
        return [text for (text,) in self._execute("SELECT text FROM bans ORDER BY text")]

    def _create(self) -> None:
        for statement in SCHEMA.split(";"):
            self._execute(statement)

    def _fact(self, name: str) -> str | int | None:
        found = self._execute("SELECT value FROM facts WHERE name = ?", name).fetchone()
        return found[0] if found else None

    def _set_fact(self, name: str, value: str | int) -> None:
        self._execute("REPLACE INTO facts VALUES (?, ?)", name, value)

    def _write_fact(self, frame: Frame, now: int) -> None:
        value = frame.value()
        if frame.kind == Kind.TOPIC:
            name, text, last = value
            change = "UPDATE rooms SET topic = ?, time = max(time, ?) WHERE id = ?"
            self._execute(change, text, now, self._make_room(name, last))
        elif frame.kind == Kind.NUMBERS:
            for name, number in value.items():
                self._execute(_RAISE, number, now, self._make_room(name, self.floor))
        elif frame.kind == Kind.BAN:
            self._execute("INSERT OR IGNORE INTO bans VALUES (?)", value)
        elif frame.kind == Kind.UNBAN:
            self._execute("DELETE FROM bans WHERE text = ?", value)

    def _room(self, name: str) -> int:
        """Return a room's id; 0 if there is none such."""
        if (known := self._rooms.get(name)) is not None:
            return known
        found = self._execute("SELECT id FROM rooms WHERE name = ?", name).fetchone()
        if found is None:
            return 0
        if len(self._rooms) >= _KNOWN_ROOMS:
            self._rooms.clear()
        self._rooms[name] = int(found[0])
        return int(found[0])

    def _make_room(self, name: str, began: int) -> int:
        """Return a room's id; one that is new begins to count after that number."""
        room = self._room(name)
        if not room:
            new = "INSERT INTO rooms (name, last, began) VALUES (?, ?, ?)"
            self._execute(new, name, began, began)
            room = self._room(name)
        return room

    def _delete_lines(self, room: int, time: int, limit: int) -> int:
        """Delete a room's lines up to the first that is recent; return how many."""
        oldest = self._execute(
            "SELECT number, time FROM lines WHERE room = ? ORDER BY number LIMIT ?", room, limit
        )
        upto = 0
        for number, said in oldest:
            if said >= time:
                break
            upto = number
        delete = "DELETE FROM lines WHERE room = ? AND number <= ?"
        return self._execute(delete, room, upto).rowcount

    def _forget_room(self, room: int, name: str, last: int) -> None:
        """Forget a room in which nothing is left."""
        self._set_fact("floor", max(self.floor, last))
        self._execute("DELETE FROM rooms WHERE id = ?", room)
        self._rooms.pop(name, None)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._execute("BEGIN IMMEDIATE")
        try:
            yield
            self._execute("COMMIT")
        except BaseException:
            self._rooms.clear()  # some of them may be taken back
            if self._connection.in_transaction:
                self._execute("ROLLBACK")
            raise

    def _execute(self, statement: str, *values: object) -> sqlite3.Cursor:
        return self._connection.execute(statement, values)
