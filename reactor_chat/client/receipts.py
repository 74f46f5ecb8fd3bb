"""Lines that were sent, and whose receipt has not come.

On a connection with tags, one's own lines in a room come back, and what is said outside of one is
answered in capitals: that is the receipt. A line that the server rejects gets an answer instead.
What is left when a connection is lost did not arrive, unless it is among what is recalled then.

    sent -> waiting -> receipt | rejected | (connection lost) -> recalled | unsent

Invariants:
- A line leaves at most once, by one of these ways: it is neither shown twice nor lost silently.
- The server keeps the order within a room, so a receipt says of earlier lines of that room that
  nothing will come for them (such as hold nothing to be seen): they wait no more.
- What was said on a connection that was lost is found again by its very text only, since somebody
  else may have the name by now.

Not here: sockets, the clock's origin, what is shown.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from reactor_chat.client.words import done_by, is_rejection, rejects, said_by
from reactor_chat.wire.protocol import split_command

# Commands that say something to one person, who alone knows whether it arrived.
_MESSAGES: Final = frozenset({"msg", "reply"})

# Lines that are searched for one: more than the server ignores in a row, and bounded work a line.
_REACH: Final = 200


@dataclass(slots=True, eq=False)
class Waiting:
    """A line whose receipt has not come."""

    line: str  # as it was typed
    said: str | None  # what others read of it, if it comes back from a room
    is_action: bool
    room: str | None  # the current one when it was sent
    at: float  # when, by the clock
    is_shown: bool
    is_lost: bool = False  # with its connection

    @property
    def is_command(self) -> bool:
        """Whether it does not come back, but is answered."""
        return self.said is None


class Receipts:
    """The lines of one person that wait, oldest first."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._waiting: deque[Waiting] = deque()
        self._saying = 0  # how many of them are no commands

    def __len__(self) -> int:
        """How many lines that say something wait."""
        return self._saying

    @property
    def oldest(self) -> float | None:
        """Since when the first of them waits, by the clock."""
        return next((waiting.at for waiting in self._waiting if not waiting.is_command), None)

    def add(self, line: str, room: str | None, is_shown: bool) -> None:
        """Wait for the receipt of a line that is sent now."""
        action = done_by(line)
        said = said_by(line) if action is None else action
        self._waiting.append(
            Waiting(line, said, action is not None, room, self._clock(), is_shown)
        )
        self._saying += said is not None

    def come_back(self, text: str, is_action: bool, room: str) -> Waiting | None:
        """Take the line that came back from a room, if it is one that waits."""
        first: Waiting | None = None
        for waiting in islice(self._waiting, _REACH):
            if waiting.is_command or waiting.is_action != is_action:
                continue
            if waiting.said == text:
                return self._take(waiting, room)
            if first is None and not waiting.is_lost and waiting.room == room:
                first = waiting
        # The server may write a text otherwise than it was sent, but not in another order.
        return self._take(first, room) if first else None

    def recall(self, text: str, is_action: bool) -> Waiting | None:
        """Take the line that was sent on a lost connection, and is found among what was said."""
        for waiting in self._waiting:
            if not waiting.is_lost:
                return None
            if waiting.said == text and waiting.is_action == is_action:
                self._remove(waiting)
                return waiting
        return None

    def echo(self, text: str) -> Waiting | None:
        """Take the line that is answered in capitals, if there is one."""
        for waiting in islice(self._waiting, _REACH):
            if waiting.said is not None and waiting.said.upper() == text and not waiting.is_lost:
                self._remove(waiting)
                return waiting
        return None

    def answer(self, text: str) -> Waiting | None:
        """Note an answer of the server's to a command; take the line that it rejects, if any."""
        live = (waiting for waiting in self._waiting if not waiting.is_lost)
        if is_rejection(text):
            rejected = next((waiting for waiting in live if rejects(text, waiting.line)), None)
            if rejected:
                self._remove(rejected)
            return rejected
        answered = next(live, None)
        if answered and answered.is_command:
            self._remove(answered)
        return None

    def lose(self) -> None:
        """The connection is lost: what waits may have arrived, or not."""
        for waiting in self._waiting:
            waiting.is_lost = True

    def take_lost(self) -> tuple[list[str], list[str]]:
        """Take what was lost with its connection.

        First the lines that nothing was found of: they did not arrive. Then the commands that say
        something, and that nobody can tell of.
        """
        lost = [waiting for waiting in self._waiting if waiting.is_lost]
        for waiting in lost:
            self._remove(waiting)
        return (
            [waiting.line for waiting in lost if not waiting.is_command],
            [waiting.line for waiting in lost if _is_message(waiting.line)],
        )

    def clear(self) -> None:
        """Wait for nothing any more."""
        self._waiting.clear()
        self._saying = 0

    def _take(self, taken: Waiting, room: str) -> Waiting:
        earlier = []
        for waiting in self._waiting:
            if waiting is taken:
                break
            if waiting.is_command or waiting.room == room:
                earlier.append(waiting)
        for waiting in (*earlier, taken):
            self._remove(waiting)
        return taken

    def _remove(self, waiting: Waiting) -> None:
        if self._waiting[0] is waiting:
            self._waiting.popleft()
        else:
            self._waiting.remove(waiting)
        self._saying -= not waiting.is_command


def _is_message(line: str) -> bool:
    word, _ = split_command(line) or ("", "")
    return word.lower() in _MESSAGES
