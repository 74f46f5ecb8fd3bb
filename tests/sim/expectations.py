"""What one client must receive, held against what it does receive.

Invariants:
- Nothing is received that is not due, and everything in its order. Answers keep the order of the
  questions; what is overheard keeps the order of the log.
- Only what is overheard may be left out: a contiguous stretch of it, in whose place stands one
  notice that tells exactly how many lines it was.
- An answer to what the log does not show may come sooner than it stands in `due`, never later:
  the model learns of it only when it must have been given. It may overtake what was overheard, but
  no other answer.

What does not belong here: how it follows from what was said (`model`).
"""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

_MISSED = re.compile(rb"\* You missed (\d+) messages\.\n")


class Manner(Enum):
    OVERHEARD = auto()  # Said to several, and may be left out.
    TOLD = auto()  # An answer whose place in the log is known.
    LOOSE = auto()  # An answer to what the log does not show.
    LAST_WORD = auto()


@dataclass(frozen=True)
class Due:
    """One frame; where `frames` has several, any of them will do."""

    manner: Manner
    frames: tuple[bytes, ...]


class Expectations:
    """`serve_more` makes the model answer the next question that the log does not show, and
    tells whether there was one; `on_answer` and `on_private` are given what the model cannot
    foresee: which of several answers it was, and what was said in private."""

    def __init__(
        self,
        serve_more: Callable[[], bool],
        on_answer: Callable[[bytes], None],
        on_private: Callable[[bytes], None],
    ) -> None:
        self.due: deque[Due] = deque()
        self.heard: list[bytes] = []
        self.missed = 0
        self._serve_more = serve_more
        self._on_answer = on_answer
        self._on_private = on_private
        self._tail = b""

    def expect(self, manner: Manner, *frames: bytes) -> None:
        self.due.append(Due(manner, frames))

    def feed(self, data: bytes) -> None:
        """Raises AssertionError for what is not due."""
        *frames, self._tail = (self._tail + data).split(b"\n")
        for frame in frames:
            self.heard.append(frame + b"\n")
            self._hear(frame + b"\n")

    def assert_complete(self) -> None:
        """Raises AssertionError if anything is still due."""
        assert not self.due, f"never received: {_short(self.due[0])} and {len(self.due) - 1} more"
        assert not self._tail, f"the end is not terminated: {self._tail!r}"

    def _hear(self, frame: bytes) -> None:
        if frame.startswith(b"[PM from "):
            self._on_private(frame)
        elif missed := _MISSED.fullmatch(frame):
            self._hear_of_gap(int(missed[1]))
        elif frame.startswith(b"-> ") and self._take_loose(frame):
            self._on_answer(frame)
        else:
            self._take_in_order(frame)

    def _hear_of_gap(self, count: int) -> None:
        for _ in range(count):
            assert self.due, f"missed {count} lines, but fewer were said"
            assert self.due[0].manner is Manner.OVERHEARD, f"{_short(self.due[0])} was left out"
            self.due.popleft()
        self.missed += count

    def _take_loose(self, frame: bytes) -> bool:
        answer = self._next_answer()
        if answer is None or (answer.manner is Manner.LAST_WORD and frame not in answer.frames):
            answer = self._next_question(frame)
        if answer.manner is not Manner.LOOSE:
            return False
        assert frame in answer.frames, f"{_short(frame)} instead of {_short(answer)}"
        self.due.remove(answer)
        return True

    def _next_question(self, frame: bytes) -> Due:
        """The answer to what must have been asked before the last word, which comes last."""
        last_word = [self.due.pop()] if self._next_answer() else []
        while self._next_answer() is None:
            assert self._serve_more(), f"nobody asked for {_short(frame)}"
        self.due.extend(last_word)
        answer = self._next_answer()
        assert answer is not None
        return answer

    def _next_answer(self) -> Due | None:
        return next((due for due in self.due if due.manner is not Manner.OVERHEARD), None)

    def _take_in_order(self, frame: bytes) -> None:
        assert self.due, f"nobody said {_short(frame)}"
        assert frame in self.due[0].frames, f"{_short(frame)} instead of {_short(self.due[0])}"
        self.due.popleft()


def _short(thing: object) -> str:
    """Long lines are told by their beginning."""
    text = repr(thing)
    return text if len(text) <= 200 else f"{text[:200]}…"
