"""Lines as they may be kept and shown: without the passwords that some commands carry.

Invariants:
- What is redacted shows the command, and nothing of the password, not even its length.
- In doubt a text counts as a password: a blank beside the slash, or a second slash, makes the line
  speech, and its author has most likely mistyped a command.

Not here: what the commands do, and who keeps or shows lines.
"""

import re
from typing import Final

_MASK: Final = "********"

# What stands before the password, if there is one.
_BEFORE_PASSWORD: Final = re.compile(
    r"\s*/+\s*(?:login\s+\S+|register|password)\s+(?=\S)", re.IGNORECASE
)


def password_start(line: str) -> int | None:
    """Return where the password begins in a line, None if it has none."""
    match = _BEFORE_PASSWORD.match(line)
    return match.end() if match else None


def redact(line: str) -> str:
    """Return the line with its password, if it has one, replaced by asterisks."""
    start = password_start(line)
    return line if start is None else line[:start] + _MASK
