"""What the chat reports of what happens: a seam, so that it knows nothing of logs and screens.

Not here: what becomes of it (`server.event_log`).
"""

from typing import Protocol


class Journal(Protocol):
    """Where what happens is reported to. `by` is the given name of who is to answer for it.

    If it is `quiet`, nobody wants to know what is said: each message then costs a call less.
    """

    quiet: bool

    def event(self, kind: str, text: str, by: str = "", **fields: str) -> None:
        """Report something that happened."""

    def said(self, by: str, name: str, room: str, block: bytes) -> None:
        """Report whole lines: as others read them in a room, or as they were said outside."""
