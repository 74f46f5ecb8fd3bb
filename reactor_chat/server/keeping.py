"""Which file lines, names and bans are kept in, and what happens if it cannot be used.

    --data FILE            that file; what is in its way ends the server
    --data none            none
    no --data              PORT.db in a folder of the system's or the user's; what is in its way is
                           logged, and the server goes on in memory
    port 0, no --data      none: the next server gets another port, and would never find it again

Invariant: a folder that is made here is its owner's alone. What people have said is in it.

Not here: what is kept, and how (`store`).
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from reactor_chat.store.supervisor import StoreError

_Store = TypeVar("_Store")

NONE: Final = "none"

_PRIVATE: Final = 0o700


class CannotKeep(Exception):
    """The file that was asked for cannot be used; the message is one line that says why."""


class DataFile(NamedTuple):
    """Where to keep lines."""

    path: str
    asked_for: bool  # else it is the default


def find_data(data: str | None, port: int, environ: Mapping[str, str]) -> DataFile | None:
    """Return the file to keep lines in; None if there is to be none. Port 0: any."""
    if data is not None:
        return None if data == NONE else DataFile(data, True)
    return DataFile(str(_folder(environ) / f"{port}.db"), False) if port else None


def open_store(
    data: DataFile, start: Callable[[str], _Store], report: Callable[[str], None]
) -> _Store | None:
    """Return what `start` makes of the file; None if it cannot be used and nobody asked for it.

    Raises CannotKeep if somebody did.
    """
    try:
        if not data.asked_for:
            Path(data.path).parent.mkdir(_PRIVATE, parents=True, exist_ok=True)
        store = start(data.path)
    except (OSError, StoreError) as error:
        why = getattr(error, "strerror", None) or error
        if data.asked_for:
            raise CannotKeep(f"Cannot keep lines in {data.path}: {why}.") from error
        report(f"keeping lines in memory alone: {data.path}: {why}")
        return None
    report(f"keeping lines in {data.path}")
    return store


def _folder(environ: Mapping[str, str]) -> Path:
    # A unit may have several of these folders, with colons between them (systemd.exec(5)).
    if given := environ.get("STATE_DIRECTORY", "").partition(":")[0]:
        return Path(given)
    state = environ.get("XDG_STATE_HOME", "")
    # One that is not absolute does not count (XDG Base Directory Specification).
    home = Path(state) if os.path.isabs(state) else Path("~/.local/state").expanduser()
    return home / "reactor-chat"
