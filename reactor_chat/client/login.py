"""The name that one wants, and the password that takes it, over any number of connections.

Invariants:
- A password is kept in memory only, and only the one that the server accepted last, or that it was
  given to begin with.
- Which name is one's own on a connection is what the server says, never what one wants: somebody
  else may have it by now.

Not here: asking a person for the password, which connection this is.
"""

import re
from typing import Final

from reactor_chat.wire.protocol import split_command

_RENAMED: Final = re.compile(r"-> You are now (?P<name>\S+)\.")
_TAKEN: Final = re.compile(r"-> The name \S+ is taken\.")
_REGISTERED: Final = re.compile(r"-> The name (?P<name>\S+) is registered: .*")
_WRONG: Final = "-> The password is wrong."
_MINE: Final = re.compile(r"-> The name \S+ is yours now\..*")
_CHANGED: Final = "-> Your password is changed."
_FREE: Final = re.compile(r"-> The name \S+ is free again\.")


class Login:
    """One person's name."""

    def __init__(self, name: str | None, password: str | None = None) -> None:
        self.name = name  # that is wanted
        self.password = password
        self.me: str | None = None  # on this connection; None until the server said so
        self.is_held = False  # by another connection, since this one began
        self.was_mine = False  # on this connection or one before
        self._tried: tuple[str | None, str] | None = None  # a name, and a password on trial
        self._prompted: str | None = None  # the name whose password the client sent by itself
        self._asked_again = False  # for the name, and the answer is still to come

    def connected(self) -> None:
        """Begin a connection."""
        self.me = None
        self.is_held = self._asked_again = False
        self._tried = None if self.password is None else (self.name, self.password)
        self._prompted = None if self.password is None else self.name

    @property
    def is_lacking(self) -> bool:
        """Whether the name that this person had is held by another connection."""
        return self.was_mine and self.is_held and self.password is None

    def ask_again(self) -> str:
        """Return the line that asks for that name once more."""
        self._asked_again = True
        return f"/nick {self.name}"

    def log_in(self, name: str, password: str) -> str:
        """Return the line that takes a name with a password, which is on trial from now on."""
        self._tried = (name, password)
        self._prompted = name
        return f"/login {name} {password}"

    def sent(self, line: str) -> None:
        """Learn from a line that this person typed."""
        word, argument = split_command(line) or ("", "")
        words = argument.split(maxsplit=1)
        if word.lower() == "login" and len(words) == 2:
            self._tried = (words[0], words[1])
            self._prompted = None
        elif word.lower() in ("register", "password") and argument:
            self._tried = (None, argument)

    def hear(self, text: str) -> bool:
        """Learn from an answer of the server's; return whether it is no news to anybody."""
        if self._asked_again and _TAKEN.fullmatch(text):
            self._asked_again = False
            return True
        if match := _RENAMED.fullmatch(text):
            self._on_renamed(match["name"])
        elif _TAKEN.fullmatch(text):
            self.is_held = True
        elif text == _WRONG:
            self.password = self._tried = None
        elif _MINE.fullmatch(text) or text == _CHANGED:
            self.password = self._tried[1] if self._tried else None
        elif _FREE.fullmatch(text):
            self.password = None
        return False

    def asks_password_for(self, text: str) -> str | None:
        """Return the name for which an answer asks for a password, if it does."""
        if match := _REGISTERED.fullmatch(text):
            return match["name"]
        return self._prompted if text == _WRONG else None

    def _on_renamed(self, name: str) -> None:
        tried, self._tried = self._tried, None
        is_login = tried is not None and (tried[0] or "").casefold() == name.casefold()
        if is_login and tried:
            self.password = tried[1]
        elif name != self.me:
            self.password = None
        self.me = self.name = name
        self.was_mine = True
        self.is_held = self._asked_again = False
