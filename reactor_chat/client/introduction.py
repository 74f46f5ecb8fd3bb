"""What a client asks for when a connection begins: its name, its rooms, and who it is then.

Each step is a line that is sent, and the one answer by which it is known whether it worked. On a
first connection a step waits for the one before, so that nobody enters a room, or speaks, under a
name that was not wished for. After a loss all are sent at once: one is back a round trip later.

    TAGS?  IGNORE*  NAME?  ROOM*  WHO?

Invariants:
- Answers keep the order of questions, so the first answer belongs to the first step that was sent.
- A wish that is refused ends a first introduction: what depends on it is not asked for.

Not here: what is shown of the answers, what to do about a refusal.
"""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, NamedTuple

from reactor_chat.client.words import is_refusal
from reactor_chat.wire.protocol import NAME


class Kind(Enum):
    """What a step asks for."""

    TAGS = auto()
    IGNORE = auto()
    NAME = auto()
    ROOM = auto()
    WHO = auto()


class Step(NamedTuple):
    """A line to send, and what it asks for: tags, a name or a room."""

    kind: Kind
    line: str
    wish: str = ""


_GRANTED: Final = {
    Kind.TAGS: re.compile(r"-> Lines carry tags now\."),
    Kind.IGNORE: re.compile(r"-> You no longer see .*"),
    Kind.NAME: re.compile(r"-> You are now .*"),
    Kind.ROOM: re.compile(r"-> You joined .*|-> You are in \S+ now\.|-> You are already in .*"),
    Kind.WHO: re.compile(rf"-> You are {NAME}[.,].*"),
}
# What may follow the answer to a step that asks for a room.
_MORE_OF_ROOM: Final = ("-> Topic: ", "-> Recent messages:", "-> Since then:")
_WISHES: Final = frozenset({Kind.NAME, Kind.ROOM})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a step."""

    step: Step
    granted: bool


class Introduction:
    """The steps of one connection."""

    def __init__(self, steps: Iterable[Step], at_once: bool) -> None:
        self._to_send = deque(steps)
        self._sent: deque[Step] = deque()
        self._at_once = at_once
        self.is_heard = False  # the server has answered a step: it will answer the others

    @property
    def is_over(self) -> bool:
        """Whether every answer has come that is waited for."""
        return not self._sent and not self._to_send

    def proceed(self) -> list[str]:
        """Return the lines that can be sent now."""
        lines = []
        while self._to_send and (self._at_once or self._may_send_next):
            self._sent.append(self._to_send.popleft())
            lines.append(self._sent[-1].line)
        return lines

    @property
    def _may_send_next(self) -> bool:
        return not any(step.kind in _WISHES for step in self._sent)

    def hear(self, text: str) -> Outcome | None:
        """Learn from a line of the server; return the step that it answers, if it does."""
        if not self._sent or is_refusal(text):
            return None
        step = self._sent[0]
        if text.strip() == step.line.upper():
            return self._on_answer(step, False)  # a server that knows no commands
        if not text.startswith("-> ") or text.startswith(_MORE_OF_ROOM):
            return None
        granted = _GRANTED[step.kind].fullmatch(text) is not None
        if step.kind is Kind.WHO and not granted:
            return None
        return self._on_answer(step, granted)

    def _on_answer(self, step: Step, granted: bool) -> Outcome:
        self._sent.popleft()
        self.is_heard = True
        if not granted and step.kind in _WISHES and not self._at_once:
            self._to_send = deque(step for step in self._to_send if step.kind is Kind.WHO)
        return Outcome(step, granted)


def name_step(name: str, password: str | None) -> Step:
    """Return the step that takes a name."""
    if len(name.split()) != 1:  # what follows the blank would pass for the password
        password = None
    line = f"/nick {name}" if password is None else f"/login {name} {password}"
    return Step(Kind.NAME, line, name)


def room_step(room: str) -> Step:
    """Return the step that enters a room for the first time."""
    return Step(Kind.ROOM, f"/join {room}", room)
