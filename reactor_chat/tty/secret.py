"""A password that is being typed, unseen.

Invariants:
- What is typed is not drawn, killed, completed or remembered: it leaves by `text` alone.
- It stays bounded, whoever leans on the keyboard.

Not here: who asks and what for, and the keys that confirm or cancel.
"""

from typing import Final

from reactor_chat.tty.columns import clusters

_MAX_LENGTH: Final = 1024  # characters: far more than a password may have


class Secret:
    """The answer to `question`, so far."""

    def __init__(self, question: str) -> None:
        self.question = question
        self.text = ""

    def insert(self, text: str) -> bool:
        """Add what was typed, or pasted in one line; return whether it was taken."""
        text = text.removesuffix("\n")
        if "\n" in text or len(self.text) + len(text) > _MAX_LENGTH:
            return False
        self.text += text
        return True

    def erase(self) -> None:
        """Take the last character back."""
        self.text = "".join(clusters(self.text)[:-1])

    def clear(self) -> None:
        """Take all of it back."""
        self.text = ""
