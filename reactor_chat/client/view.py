"""What a person sees: lines with the time at which they were said, and the prompt.

Invariants:
- Between lines of two days stands a line that names the later one.
- A line of a room that is not the current one begins with the room's name.
- Passwords are shown as stars.

Not here: the terminal (`tty.terminal`), colours (`tty.style`), what a line means.
"""

import time
from collections.abc import Callable
from typing import Final

from reactor_chat.client.tags import TaggedLine
from reactor_chat.tty.style import Style
from reactor_chat.tty.terminal import Terminal
from reactor_chat.wire.protocol import SPEECH
from reactor_chat.wire.redaction import redact

_PROMPT: Final = "> "


class View:
    """One person's view of a conversation, on a terminal that `job_control` may take away."""

    def __init__(
        self, terminal: Terminal, style: Style, bell: bool, clock: Callable[[], float] = time.time
    ) -> None:
        self._terminal = terminal
        self._style = style
        self._bell = bell
        self._clock = clock
        self._day = _day_of(clock())

    def show(self, line: TaggedLine, me: str | None, room: str | None, own: bool = False) -> None:
        """Show a line of the server's to one who is called `me` and is in a room."""
        at = self._clock() if line.time is None else line.time
        place = None if line.room == room else line.room
        if own and (speech := SPEECH.match(line.text)):
            self._add(self._style.sent(line.text[speech.end() :], speech["name"], at, place), at)
            return
        shown = self._style.incoming(line.text, me, at, place)
        self._add(shown.text, at, ring=shown.ring and self._bell and not own)

    def quote(self, line: str) -> None:
        """Show a line that the person typed, as typed."""
        self._add(self._style.sent(redact(line), None))

    def say(self, line: str, me: str | None) -> None:
        """Show what the person said, as others read it."""
        self._add(self._style.sent(line, me))

    def do(self, line: str, me: str | None) -> None:
        """Show what the person does, as others read it."""
        self._add(self._style.incoming(f"** {me} {line}", me).text)

    def note(self, text: str) -> None:
        """Show the client's own words."""
        self._add(self._style.own(text))

    def prompt(self, label: str, state: str) -> None:
        """Let the prompt say where one is, and what is out of the ordinary."""
        before = f"({state}) " if state else ""
        self._terminal.set_prompt(f"{before}{label}{_PROMPT}")

    def _add(self, text: str, at: float | None = None, ring: bool = False) -> None:
        said = self._clock() if at is None else at
        lines = [text]
        if (day := _day_of(said)) != self._day:
            self._day = day
            lines.insert(0, self._style.day(said))
        self._terminal.show(lines, ring=ring)


def _day_of(at: float) -> tuple[int, int]:
    moment = time.localtime(at)
    return moment.tm_year, moment.tm_yday
