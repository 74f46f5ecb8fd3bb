"""What each key does to the line that is being typed: key strokes in, effects out.

Invariants:
- What was typed is lost only where the key says so (Ctrl-C, the kill keys): the draft waits
  while one looks through the history, or is asked about a paste.
- Lines that were pasted are sent only after they were shown and confirmed.
- Nothing here reads, writes or knows the time, so the editor can be tested key by key.

Not here: the screen, the bytes of a key, what a submitted line means.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from reactor_chat.tty.columns import visible
from reactor_chat.tty.draft import Draft
from reactor_chat.tty.history import History
from reactor_chat.tty.keys import MAX_PASTE, Event, Key, Paste, Text

# Given the text before the cursor: where the word starts, and what may stand in its place, best
# first.
Completer = Callable[[str], tuple[int, Sequence[str]]]

_MAX_SHOWN: Final = 12  # pasted lines that are shown: enough to recognise them, and half a screen


@dataclass(frozen=True, slots=True)
class Submit:
    """Lines to send, none of them blank."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Ctrl-C on an empty line, for the `times`-th time in a row."""

    times: int


@dataclass(frozen=True, slots=True)
class End:
    """Ctrl-D on an empty line."""


@dataclass(frozen=True, slots=True)
class Suspend:
    """Ctrl-Z."""


@dataclass(frozen=True, slots=True)
class Redraw:
    """Ctrl-L."""


@dataclass(frozen=True, slots=True)
class Ring:
    """The key could do nothing."""


@dataclass(frozen=True, slots=True)
class Show:
    """Lines of the editor's own, to appear above the draft."""

    lines: tuple[str, ...]


Effect = Submit | Interrupt | End | Suspend | Redraw | Ring | Show


def no_completions(_before: str) -> tuple[int, Sequence[str]]:
    """Complete nothing."""
    return 0, ()


@dataclass(slots=True)
class _Cycle:
    """The candidates that repeated Tabs go through, and which of them stands in the draft."""

    start: int
    candidates: Sequence[str]
    at: int


class Editor:
    """One line at a time, with what was typed before it."""

    def __init__(self, completer: Completer = no_completions) -> None:
        self.draft = Draft()
        self._history = History()
        self._completer = completer
        self._cycle: _Cycle | None = None
        self._interrupts = 0  # in a row
        self._pasted: tuple[str, ...] = ()  # lines that wait to be confirmed
        self._is_put_back = False  # the draft, untouched since

    @property
    def question(self) -> str | None:
        """What to ask in the place of the draft, if anything."""
        if not self._pasted:
            return None
        return f"Send {len(self._pasted)} lines? (y/n) "  # short, for narrow screens

    def handle(self, event: Event) -> Effect | None:
        """Do what one key stroke asks for."""
        if event != Key("ctrl-c"):
            self._interrupts = 0
        if self._pasted:
            return self._answer(event)
        if self._is_put_back:
            self._is_put_back = False
            if not isinstance(event, Key):  # what is typed blindly is another line
                self.draft.replace("")
        if event not in (Key("tab"), Key("back-tab")):
            self._cycle = None
        if isinstance(event, Key):
            return self._key(event.name)
        if isinstance(event, Paste):
            return self._paste(event)
        self.draft.insert(event.char)
        return None

    def _key(self, name: str) -> Effect | None:
        if change := _DRAFT_KEYS.get(name):
            change(self.draft)
        elif act := _EDITOR_KEYS.get(name):
            return act(self)
        return None

    # -- sending ---------------------------------------------------------------------------------

    def put_back(self, line: str) -> bool:
        """Make a submitted line the draft again, unless another was begun; tell which."""
        if self.draft.text:
            return False
        self.draft.replace(line)
        self._is_put_back = True
        return True

    def _enter(self) -> Effect | None:
        line = self.draft.text if self.draft.text.strip() else ""
        self.draft.replace("")
        self._history.add(line)
        return Submit((line,)) if line else None

    def _paste(self, paste: Paste) -> Effect | None:
        note = (_CUT_NOTE,) if paste.cut else ()
        text = paste.text.strip("\n")
        whole = self.draft.before + text + self.draft.text[self.draft.cursor :]
        lines = tuple(line for line in whole.split("\n") if line.strip())
        if len(lines) < 2:
            self.draft.insert(text.replace("\n", " "))
            return Show(note) if note else None
        self._pasted = lines
        return Show(_excerpt(lines) + note)

    def _answer(self, event: Event) -> Effect | None:
        if event in _YES:
            lines, self._pasted = self._pasted, ()
            self.draft.replace("")
            for line in lines:
                self._history.add(line)
            return Submit(lines)
        if event in _NO:
            self._pasted = ()
            return Show(("Not sent.",))
        return Ring()

    # -- looking back ----------------------------------------------------------------------------

    def _older(self) -> Effect | None:
        return self._recall(self._history.older(self.draft.text))

    def _newer(self) -> Effect | None:
        return self._recall(self._history.newer())

    def _recall(self, line: str | None) -> Effect | None:
        if line is None:
            return Ring()
        self.draft.replace(line)
        return None

    # -- completing ------------------------------------------------------------------------------

    def _complete(self) -> Effect | None:
        return self._turn_cycle(1)

    def _complete_back(self) -> Effect | None:
        return self._turn_cycle(-1)

    def _turn_cycle(self, step: int) -> Effect | None:
        if self._cycle is None:
            start, candidates = self._completer(self.draft.before)
            if not candidates:
                return Ring()
            self._cycle = _Cycle(start, candidates, -1 if step > 0 else 0)
        cycle = self._cycle
        cycle.at = (cycle.at + step) % len(cycle.candidates)
        self.draft.splice(cycle.start, cycle.candidates[cycle.at])
        if len(cycle.candidates) == 1:  # settled: the next Tab completes what comes after it
            self._cycle = None
        return None

    # -- leaving ---------------------------------------------------------------------------------

    def _interrupt(self) -> Effect | None:
        if self.draft.text:
            self.draft.replace("")
            self._history.leave()
            return None
        self._interrupts += 1
        return Interrupt(self._interrupts)

    def _end_or_delete(self) -> Effect | None:
        if not self.draft.text:
            return End()
        self.draft.delete_right()
        return None

    def _suspend(self) -> Effect | None:
        return Suspend()

    def _redraw(self) -> Effect | None:
        return Redraw()


_CUT_NOTE: Final = f"The paste was cut after {MAX_PASTE} characters."

_YES: Final = (Key("enter"), Text("y"), Text("Y"))
_NO: Final = (Key("escape"), Key("ctrl-c"), Key("ctrl-d"), Key("ctrl-g"), Text("n"), Text("N"))

_DRAFT_KEYS: Final[dict[str, Callable[[Draft], None]]] = {
    "left": Draft.left, "ctrl-b": Draft.left,
    "right": Draft.right, "ctrl-f": Draft.right,
    "home": Draft.home, "ctrl-a": Draft.home,
    "end": Draft.end, "ctrl-e": Draft.end,
    "alt-b": Draft.word_left, "alt-left": Draft.word_left, "ctrl-left": Draft.word_left,
    "alt-f": Draft.word_right, "alt-right": Draft.word_right, "ctrl-right": Draft.word_right,
    "backspace": Draft.delete_left, "delete": Draft.delete_right,
    "ctrl-u": Draft.kill_left, "ctrl-k": Draft.kill_right,
    "ctrl-w": Draft.kill_blank_left,
    "alt-backspace": Draft.kill_word_left, "alt-d": Draft.kill_word_right,
    "ctrl-y": Draft.yank,
}  # fmt: skip

_EDITOR_KEYS: Final[dict[str, Callable[[Editor], Effect | None]]] = {
    "enter": Editor._enter,
    "up": Editor._older, "ctrl-p": Editor._older,
    "down": Editor._newer, "ctrl-n": Editor._newer,
    "tab": Editor._complete, "back-tab": Editor._complete_back,
    "ctrl-c": Editor._interrupt, "ctrl-d": Editor._end_or_delete,
    "ctrl-z": Editor._suspend, "ctrl-l": Editor._redraw,
}  # fmt: skip


def _excerpt(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Shorten pasted lines for showing, each behind a bar."""
    shown = tuple("| " + visible(line) for line in lines[:_MAX_SHOWN])
    hidden = len(lines) - len(shown)
    return (*shown, f"| and {hidden} more") if hidden else shown
