"""`python -m reactor_chat log FILE [ROOM] [--since TIME] [--json]`: print what is kept.

Invariants:
- Nothing is written, and a server may be running: each slice is read by itself, so that a pager
  that is left open for a day does not keep the server's file from being tidied up.
- Rooms are merged by the time at which something was said; within a room its order counts, even
  where the clock was set back.

Not here: the command line's syntax (`__main__`).
"""

import heapq
import json
import os
import re
import sqlite3
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from reactor_chat.store.schema import Unusable, check, explain

# Lines that are read at a time.
_SLICE: Final = 1000

_INTERRUPTED: Final = 130  # the shell's status for a program ended by SIGINT

_AGO: Final = re.compile(r"(\d+)([mhd])")
_SECONDS: Final = {"m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class LogOptions:
    """The command line of `log`."""

    file: str
    room: str | None = None
    since: int = 0  # milliseconds since 1970; see `parse_since`
    json: bool = False


@dataclass(frozen=True)
class _Said:
    room: str
    number: int
    time: int
    text: str


def parse_since(text: str, now: float) -> int:
    """Return a time in milliseconds: `2026-11-27`, `2026-11-27T20:47` (UTC), `30m`, `2h`, `7d`.

    Raises ValueError.
    """
    if ago := _AGO.fullmatch(text):
        return max(0, int(now * 1000) - int(ago[1]) * _SECONDS[ago[2]] * 1000)
    time = datetime.fromisoformat(text)
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)


def run(options: LogOptions) -> int:
    """Print it; return the exit status."""
    try:
        with closing(_open(options.file)) as connection:
            return _print(connection, options)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except (sqlite3.Error, OSError, Unusable) as error:
        return _complain(f"{options.file}: {explain(error)}")


def _print(connection: sqlite3.Connection, options: LogOptions) -> int:
    rooms = _rooms(connection, options.room)
    if options.room is not None and not rooms:
        return _complain(f"{options.file}: nothing is kept of a room {options.room}")
    epoch = str(connection.execute("SELECT value FROM facts WHERE name = 'epoch'").fetchone()[0])
    form = _json_form(epoch) if options.json else _plain_form(options.room is None)
    logs = [_lines(connection, number, name, options.since) for number, name in rooms]
    return _write(map(form, heapq.merge(*logs, key=lambda said: said.time)))


def _write(lines: Iterator[str]) -> int:
    try:
        for line in lines:
            sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except OSError as error:
        # What could not be printed must not be tried once more at the exit.
        with open(os.devnull, "wb") as nothing:
            os.dup2(nothing.fileno(), sys.stdout.fileno())
        # A reader that has seen enough is no error.
        return 0 if isinstance(error, BrokenPipeError) else _complain(f"output: {explain(error)}")
    return 0


def _open(path: str) -> sqlite3.Connection:
    """Open a file of ours for reading. Raises sqlite3.Error, OSError, Unusable."""
    os.stat(path)  # SQLite does not say why it cannot be opened
    address = f"{Path(path).absolute().as_uri()}?mode=ro"
    try:
        return _connect(address)
    except sqlite3.OperationalError:
        # Beside it SQLite makes a file to share with others. Where it cannot, nobody writes either.
        if os.access(Path(path).absolute().parent, os.W_OK):
            raise
        return _connect(address + "&immutable=1")


def _connect(address: str) -> sqlite3.Connection:
    connection = sqlite3.connect(address, uri=True)
    try:
        if not check(connection):
            raise Unusable("it is empty")
    except BaseException:
        connection.close()
        raise
    return connection


def _rooms(connection: sqlite3.Connection, wanted: str | None) -> list[tuple[int, str]]:
    """Return id and name of all rooms, or of the one that is wanted."""
    rooms = connection.execute("SELECT id, name FROM rooms ORDER BY id").fetchall()
    if wanted is None:
        return rooms
    key = _fold(wanted.removeprefix("#"))
    return [(number, name) for number, name in rooms if _fold(name) == key]


def _fold(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _lines(connection: sqlite3.Connection, room: int, name: str, since: int) -> Iterator[_Said]:
    question = (
        "SELECT number, time, text FROM lines"
        " WHERE room = ? AND number > ? AND time >= ? ORDER BY number LIMIT ?"
    )
    number = 0
    while rows := connection.execute(question, (room, number, since, _SLICE)).fetchall():
        for number, time, text in rows:
            yield _Said(name, number, time, text)


def _plain_form(with_room: bool) -> Callable[[_Said], str]:
    def plain(said: _Said) -> str:
        room = f"[{said.room}] " if with_room else ""
        return f"{_spell_time(said.time)} {room}{said.text}"

    return plain


def _json_form(epoch: str) -> Callable[[_Said], str]:
    def as_json(said: _Said) -> str:
        fields = {
            "time": _spell_time(said.time),
            "room": said.room,
            "id": f"{epoch}-{said.number}",
            "text": said.text,
        }
        return json.dumps(fields, ensure_ascii=False)

    return as_json


def _spell_time(time: int) -> str:
    spelt = datetime.fromtimestamp(time / 1000, UTC).isoformat(timespec="milliseconds")
    return spelt.replace("+00:00", "Z")


def _complain(text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return 1
