"""What the chat wants of whoever keeps what was said: a seam, and the kind that keeps nothing.

The chat never waits for an archive. Lines are handed over as they are said; what is asked for is
answered later, by a call.

Invariants:
- `keep` is called for each line that is said, in the order of its numbers, before anybody reads it.
- An answer comes in a later turn, never from inside the call that asks for it: the caller has not
  finished by then.

Not here: files, processes, passwords in any form that is kept (`store`).
"""

import secrets
from collections.abc import Callable
from typing import NamedTuple, Protocol

from reactor_chat.chat.recall import OnSlice
from reactor_chat.wire.dialects import EPOCH_DIGITS


class KnownRoom(NamedTuple):
    """What an archive knows of a room without looking."""

    name: str
    said: int  # the number of the last line
    topic: str
    began: int  # the number before its first line


# How an answer about a password comes: whether it was right, or why nobody could say.
OnAnswer = Callable[["Verdict"], None]


class Verdict(NamedTuple):
    """The answer to a request about a registered name."""

    granted: bool
    problem: str = ""  # what to tell the person, if the request could not be worked on at all


class Archive(Protocol):
    """Where rooms, their lines, registered names and bans are kept."""

    keeps_names: bool
    floor: int  # up to here numbers may have been given out in rooms that are forgotten

    def epoch_of(self, key: str) -> str:
        """Return the epoch for the numbers of a room that is opened now."""

    def room(self, key: str) -> KnownRoom | None:
        """Return what is known of a room, by the key of its name."""

    def can_read(self, key: str) -> bool:
        """Return whether all of a room can be read again, by the key of its name."""

    def keep(self, name: str, number: int, time: float, block: bytes) -> None:
        """Take lines that were said in a room; the number is the first one's."""

    def set_topic(self, name: str, topic: str) -> None:
        """Take a room's topic."""

    def read(self, name: str, after: int, last: int, on_slice: OnSlice) -> None:
        """Ask for the lines after one number and up to another."""

    def is_registered(self, key: str) -> bool:
        """Whether a name, by its key, belongs to whoever has its password."""

    def names_like(self, name: str) -> list[str]:
        """Return the registered names that look like this one."""

    def register(self, name: str, password: str, on_answer: OnAnswer) -> None:
        """Let a name belong to whoever has the password."""

    def check(self, key: str, password: str, on_answer: OnAnswer) -> None:
        """Ask whether the password is that of the name."""

    def change(self, key: str, password: str, on_answer: OnAnswer) -> None:
        """Let another password be that of the name."""

    def forget(self, key: str, on_answer: OnAnswer) -> None:
        """Let the name be free again."""

    def accounts(self) -> list[str]:
        """Return the registered names, in the order of their keys."""

    def ban(self, network: str) -> None:
        """Take a ban."""

    def unban(self, network: str) -> None:
        """Take the end of a ban."""

    def bans(self) -> list[str]:
        """Return the networks that were banned when this began."""


class NoArchive:
    """Keeps nothing. A room that is opened again has a new epoch: its numbers begin anew."""

    keeps_names = False
    floor = 0

    def __init__(self, new_epoch: Callable[[], str] | None = None) -> None:
        self._new_epoch = new_epoch or (lambda: secrets.token_hex(EPOCH_DIGITS // 2))

    def epoch_of(self, key: str) -> str:
        """Return an epoch that was never used."""
        return self._new_epoch()

    def room(self, key: str) -> KnownRoom | None:
        """Know no room."""
        return None

    def can_read(self, key: str) -> bool:
        """Know no room."""
        return False

    def keep(self, name: str, number: int, time: float, block: bytes) -> None:
        """Keep nothing."""

    def set_topic(self, name: str, topic: str) -> None:
        """Keep nothing."""

    def read(self, name: str, after: int, last: int, on_slice: OnSlice) -> None:
        """Never called: no room is known."""
        raise NotImplementedError

    def is_registered(self, key: str) -> bool:
        """Know no names."""
        return False

    def names_like(self, name: str) -> list[str]:
        """Know no names."""
        return []

    def register(self, name: str, password: str, on_answer: OnAnswer) -> None:
        """Never called: `keeps_names` says so."""
        raise NotImplementedError

    check = change = register

    def forget(self, key: str, on_answer: OnAnswer) -> None:
        """Never called: `keeps_names` says so."""
        raise NotImplementedError

    def accounts(self) -> list[str]:
        """Know no names."""
        return []

    def ban(self, network: str) -> None:
        """Keep nothing."""

    def unban(self, network: str) -> None:
        """Keep nothing."""

    def bans(self) -> list[str]:
        """Know no bans."""
        return []
