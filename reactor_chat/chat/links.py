"""What the chat asks of whoever delivers its lines: to one member, and to everybody in a room.

Invariant: nothing here fails, closes anything, or calls the chat back at once. What a person says
can thus be told to others in a plain loop.

Not here: how lines are delivered (`net`).
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from reactor_chat.chat.recall import Recall
from reactor_chat.wire.dialects import Dialect, Entry


class Link(Protocol):
    """How to reach one member."""

    @property
    def full(self) -> bool:
        """Whether so much waits for it that what all are told is left out."""

    def write(self, data: bytes) -> None:
        """Send these whole lines."""

    def write_or_skip(self, data: bytes, lines: int, render: Callable[[int], bytes]) -> None:
        """Send that many whole lines, or count them as missed if it does not read."""

    def push(self, piece: Recall) -> None:
        """Send what is made into bytes only when it leaves."""

    def wake(self) -> None:
        """There is more to send of what was pushed."""

    def pause_reading(self) -> None:
        """Take no more of its lines."""

    def resume_reading(self) -> None:
        """Take its lines again."""

    def close(self, reason: str, last_word: bytes = b"") -> None:
        """Send this too, and no more."""

    def on_crash(self, error: Exception) -> None:
        """Pay for a defect that showed itself in doing something with this member."""


class Audience(Protocol):
    """How to reach everybody in a room at once, by way of its log."""

    def add(self, link: Link, dialect: Dialect) -> None:
        """Let one more read what is said from now on."""

    def remove(self, link: Link) -> None:
        """Let one of them read what was said so far, and no more."""

    def set_dialect(self, link: Link, dialect: Dialect) -> None:
        """Let one of them read what follows in another dialect."""

    def say(self, block: bytes, lines: int, time: float, keep: bool, skip: Sequence[Link]) -> Entry:
        """Append whole lines to the log, which all read but those to skip."""

    def shrink(self) -> bool:
        """Let go of the older half of the log; return whether any of it went."""

    def release(self) -> None:
        """The room is forgotten: count its log no more."""
