"""What each key does to the line that is being typed: key strokes in, effects out.

Invariants:
- What was typed is lost only where the key says so (Ctrl-C, the kill keys): the draft waits
  while one looks through the history, is asked about a paste, or for a password.
- Lines that were pasted are sent only after they were shown and confirmed, by a key that is not in
  anybody's fingers after a paste: Enter is, and does not confirm.
- A password that is asked for leaves as `Answered`, and one in a command is drawn as asterisks.
- Nothing here reads, writes or knows the time, so the editor can be tested key by key.

Not here: the screen, the bytes of a key, what a submitted line means.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from reactor_chat.tty.columns import boundary_from
from reactor_chat.tty.draft import Draft
from reactor_chat.tty.effects import (
    Answered,
    Effect,
    End,
    Interrupt,
    Redraw,
    Ring,
    Show,
    Submit,
    Suspend,
    Switch,
    View,
)
from reactor_chat.tty.history import History
from reactor_chat.tty.keys import Key, Keystroke, Paste, Text
from reactor_chat.tty.pasted import CUT_NOTE, PastedLines
from reactor_chat.tty.search import Search
from reactor_chat.tty.secret import Secret
from reactor_chat.wire.redaction import password_start

# Given the text before the cursor: where the word starts, and what may stand in its place, best
# first.
Completer = Callable[[str], tuple[int, Sequence[str]]]


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
    """One line at a time, with what was typed before it.

    With `switches_rooms`, Alt-Left and Alt-Right are for rooms; otherwise they move by a word.
    """

    def __init__(
        self,
        completer: Completer = no_completions,
        history: History | None = None,
        switches_rooms: bool = False,
    ) -> None:
        self.draft = Draft()
        self._history = History() if history is None else history
        self._completer = completer
        self._switches_rooms = switches_rooms
        self._cycle: _Cycle | None = None
        self._search: Search | None = None
        self._last_search = ""
        self._secret: Secret | None = None
        self._interrupts = 0  # in a row
        self._pasted: PastedLines | None = None  # that wait to be confirmed
        self._is_put_back = False  # the draft, untouched since

    @property
    def view(self) -> View:
        """What is to be seen now: the draft, or what stands in its place."""
        if self._secret is not None:
            return _question(self._secret.question)
        if self._pasted is not None:
            return _question(self._pasted.question)
        if self._search is not None:
            return self._view_search(self._search)
        text, start = self.draft.text, password_start(self.draft.text)
        if start is not None:
            text = text[:start] + "*" * (len(text) - start)
        return View(None, text, self.draft.cursor)

    def handle(self, stroke: Keystroke) -> list[Effect]:
        """Do what one key stroke asks for."""
        if stroke != Key("ctrl-c"):
            self._interrupts = 0
        if self._secret is not None:
            return _listed(self._answer_secret(self._secret, stroke))
        if self._pasted is not None:
            return self._answer_paste(self._pasted, stroke)
        if self._search is not None:
            return _listed(self._look(self._search, stroke))
        return _listed(self._edit(stroke))

    def _edit(self, stroke: Keystroke) -> Effect | None:
        if self._is_put_back:
            self._is_put_back = False
            if not isinstance(stroke, Key):  # what is typed blindly is another line
                self.draft.replace("")
        if stroke not in (Key("tab"), Key("back-tab")):
            self._cycle = None
        if isinstance(stroke, Key):
            return self._key(stroke.name)
        if isinstance(stroke, Paste):
            return self._paste(stroke)
        self.draft.insert(stroke.text)
        return None

    def _key(self, name: str) -> Effect | None:
        if self._switches_rooms and (step := _ROOM_KEYS.get(name)):
            return Switch(step)
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
        self._history.add((line,))
        return Submit((line,)) if line else None

    def _paste(self, paste: Paste) -> Effect | None:
        note = (CUT_NOTE,) if paste.cut else ()
        text = paste.text.strip("\n")
        whole = self.draft.before + text + self.draft.text[self.draft.cursor :]
        lines = tuple(line for line in whole.split("\n") if line.strip())
        if len(lines) < 2:
            self.draft.insert(text.replace("\n", " "))
            return Show(note) if note else None
        self._pasted = PastedLines(lines)
        return Show(self._pasted.excerpt() + note)

    def _answer_paste(self, pasted: PastedLines, stroke: Keystroke) -> list[Effect]:
        if isinstance(stroke, Text) and (rest := stroke.text[1:]):  # typed ahead
            effects = self._answer_paste(pasted, Text(stroke.text[0]))
            return effects if self._pasted else effects + self.handle(Text(rest))
        if (agreed := pasted.answer(stroke)) is None:
            return [Ring()]
        self._pasted = None
        if not agreed:
            return [Show(("Not sent.",))]
        self.draft.replace("")
        self._history.add(pasted.lines)
        return [Submit(pasted.lines)]

    # -- asking for a password -------------------------------------------------------------------

    def ask_secret(self, question: str) -> None:
        """Ask for a password in the place of the draft, until it is `Answered`."""
        self._secret = Secret(question)

    def cancel_secret(self) -> None:
        """Ask no more."""
        self._secret = None

    def _answer_secret(self, secret: Secret, stroke: Keystroke) -> Effect | None:
        if not isinstance(stroke, Key):
            return None if secret.insert(stroke.text) else Ring()
        match stroke.name:
            case "enter":
                self._secret = None
                return Answered(secret.text or None)
            case "escape" | "ctrl-c" | "ctrl-d" | "ctrl-g":
                self._secret = None
                return Answered(None)
            case "backspace":
                secret.erase()
            case "ctrl-u":
                secret.clear()
            case "ctrl-z" | "ctrl-l":
                return self._key(stroke.name)
            case _:
                return Ring()
        return None

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

    # -- searching -------------------------------------------------------------------------------

    def _begin_search(self) -> Effect | None:
        self._search = Search(self._history)
        return None

    def _view_search(self, search: Search) -> View:
        if search.found is None:
            return View(search.prompt, self.draft.text, self.draft.cursor)
        line = self._history.line(search.found)
        return View(search.prompt, line, boundary_from(line, search.column(line)))

    def _look(self, search: Search, stroke: Keystroke) -> Effect | None:
        if not isinstance(stroke, Key):
            text = stroke.text.strip("\n").replace("\n", " ")
            return None if search.narrow(text) else Ring()
        if stroke.name == "ctrl-r":
            return self._look_on(search)
        if stroke.name == "backspace":
            search.widen()
            return None
        return self._leave_search(search, stroke.name)

    def _look_on(self, search: Search) -> Effect | None:
        if search.text:
            return None if search.go_on() else Ring()
        # At once again: for what was looked for the last time.
        self._search = Search(self._history, self._last_search)
        return None if self._search.found is not None else Ring()

    def _leave_search(self, search: Search, name: str) -> Effect | None:
        """Take what was found into the draft, unless it is cancelled, and do what the key does."""
        if name == "enter" and search.found is None:
            return Ring()  # the draft was not to be sent
        self._search = None
        self._last_search = search.text or self._last_search
        if name in ("ctrl-g", "ctrl-c"):
            return None
        if search.found is not None:
            line = self._history.go_to(search.found, self.draft.text)
            self.draft.replace(line)
            self.draft.cursor = boundary_from(line, search.column(line))
        return self._key(name)

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

_ROOM_KEYS: Final = {"alt-left": -1, "alt-right": 1}

_EDITOR_KEYS: Final[dict[str, Callable[[Editor], Effect | None]]] = {
    "enter": Editor._enter,
    "up": Editor._older, "ctrl-p": Editor._older,
    "down": Editor._newer, "ctrl-n": Editor._newer,
    "ctrl-r": Editor._begin_search,
    "tab": Editor._complete, "back-tab": Editor._complete_back,
    "ctrl-c": Editor._interrupt, "ctrl-d": Editor._end_or_delete,
    "ctrl-z": Editor._suspend, "ctrl-l": Editor._redraw,
}  # fmt: skip


def _listed(effect: Effect | None) -> list[Effect]:
    return [] if effect is None else [effect]


def _question(text: str) -> View:
    return View("", text, len(text))
