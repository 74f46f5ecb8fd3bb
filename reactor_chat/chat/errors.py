"""How the chat refuses what a person asked for.

Not here: who catches it and answers (`commands`, `moderation`).
"""

from typing import Final

MUTED: Final = "You are muted."


class CommandError(Exception):
    """What a person asked for cannot be done; the message says why."""
