"""Bytes from a terminal in, key strokes out, whatever the chunks.

A terminal sends text as UTF-8, and every other key as a control character or as an escape sequence
(ECMA-48 section 5.4, and xterm's control sequences). Both may be cut anywhere between two reads.
It also sends answers to whoever asked it for its colours, its clipboard or its name, perhaps a
program that has ended: control strings (ECMA-48 section 5.6) that mean nothing here.

Invariants:
- What comes out depends on the bytes alone, but for three things that no bytes can tell: an ESC may
  be the Escape key or the start of a sequence, a paste may have lost the mark that ends it, and so
  may a control string. So the caller calls `still` when nothing has come for `patience` seconds. In
  a paste, a Ctrl-C is a key only if such a silence went before it: otherwise a text could get out
  of its paste.
- A control string is thrown away. After a silence in it keys count again, or the keyboard would
  stay dead; but what comes then and still ends the string was the rest of it. A control character
  that cannot stand in such a string is a key at once.
- Text holds no control characters. Bytes that are not UTF-8 come out as U+FFFD.
- What is held back stays bounded, whatever is sent.

Not here: what a key does, reading, clocks.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

# Seconds. The bytes of one sequence leave a terminal together; what comes later is another key.
_ESCAPE_WAIT: Final = 0.1
# For a paste or a control string over a slow link; who is at the keys waits as long.
_LONG_WAIT: Final = 1.0

MAX_PASTE: Final = 4 * 1024 * 1024  # characters: a book; the rest is dropped


@dataclass(frozen=True, slots=True)
class Text:
    """Characters that came together: one that was typed, or what was pasted without marks."""

    text: str


@dataclass(frozen=True, slots=True)
class Key:
    """A key that is not text, by name: `left`, `ctrl-a`, `alt-b`, `ctrl-left`, `enter`."""

    name: str


@dataclass(frozen=True, slots=True)
class Paste:
    """What was pasted, its line ends made LF; `cut` if it was longer than `MAX_PASTE`."""

    text: str
    cut: bool


Keystroke = Text | Key | Paste


@dataclass(frozen=True, slots=True)
class Place:
    """Where the cursor is, from 1: what the terminal answers if it is asked."""

    row: int


_CONTROL_NAMES: Final = {
    "\t": "tab", "\r": "enter", "\n": "enter", "\b": "backspace", "\x7f": "backspace",
}  # fmt: skip

# The last byte of a sequence with a number is `~`; of one without it names the key.
_FINALS: Final = {
    "A": "up", "B": "down", "C": "right", "D": "left", "H": "home", "F": "end", "Z": "back-tab",
}  # fmt: skip
_NUMBERS: Final = {"1": "home", "7": "home", "4": "end", "8": "end", "3": "delete"}
_MODIFIERS: Final = {"3": "alt-", "5": "ctrl-", "7": "ctrl-"}  # shift changes nothing here

_PASTE_BEGINS: Final = "\x1b[200~"
_PASTE_ENDS: Final = "\x1b[201~"
_GIVE_UP: Final = "\x03"  # Ctrl-C, once a paste has stalled

# One whole key or text, or the start of a control string (DCS, SOS, OSC, PM, APC), tried in this
# order. The Linux console's function keys are `ESC [ [ A`.
_WHOLE: Final = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|\x1b\[\[[A-Za-z]|\x1b\[(?P<parameters>[0-?]{0,32})[ -/]{0,4}(?P<csi>[@-Z\\-~])"
    r"|\x1bO(?P<ss3>[A-Za-z])|\x1b(?P<string>[PX\]^_])(?=.)"
    r"|\x1b(?P<alt>[^\x1b\[OPX\]^_])|(?P<char>[^\x1b])",
    re.DOTALL,
)
# What may still become a key.
_PART: Final = re.compile(r"\x1b(?:[OPX\]^_]|\[\[?|\[[0-?]{0,32}[ -/]{0,4})?\Z")

# What ends a control string: BEL or ST, in either form. And what breaks it off and is a key: all
# that cannot stand in one, which is any control character but BS, HT, LF, VT, FF and CR.
_STRING_ENDS: Final = re.compile(r"[\x07\x9c]|\x1b\\")
_STRING_STOPS: Final = re.compile(
    r"(?P<end>[\x07\x9c]|\x1b\\)|\x1b(?=.)|[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]", re.DOTALL
)

_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class KeyDecoder:
    """Turns the bytes of one terminal into key strokes."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._held = ""  # the start of a key, or of the mark that ends a paste or a string
        self._pasted: list[str] | None = None  # what was pasted so far; None outside a paste
        self._room = 0  # characters that the paste may still take
        self._in_string = False
        self._stalled = False  # the paste or the string, and so it may never end

    @property
    def patience(self) -> float | None:
        """How many seconds without input are to be told by `still`; None: no matter how many."""
        if self._pasted is not None or self._in_string:
            return None if self._stalled else _LONG_WAIT
        if not self._is_undecided:
            return None
        # A lone ESC may be the Escape key, and somebody is waiting for that; the beginning of a
        # longer sequence can wait.
        return _ESCAPE_WAIT if len(self._held) == 1 else _LONG_WAIT

    @property
    def _is_undecided(self) -> bool:
        """Whether what waits may be all that there is. A longer sequence is sure to go on."""
        return 0 < len(self._held) <= 2

    def feed(self, data: bytes) -> list[Keystroke | Place]:
        """Take in bytes; return the key strokes that they complete."""
        text = self._decode(data)
        if self._stalled and text:
            self._stalled = False
            text = self._go_on(text)
        text, self._held = self._held + text, ""
        return list(self._keystrokes(text))

    def still(self) -> list[Keystroke | Place]:
        """Nothing followed: what waits was the Escape key, or something has stalled."""
        if self._pasted is not None:
            self._stalled = True
            return []
        if self._in_string:
            self._stalled = not self._held
            self._in_string = self._stalled
        if not self._is_undecided:
            return []
        held, self._held = self._held, ""
        # With a second character it was Alt and what also opens a sequence.
        return [Key("alt-" + held[1].lower() if held[1:] else "escape")]

    def _go_on(self, text: str) -> str:
        """Decide whether what stalled goes on with this text; return what is still to be read."""
        if self._in_string:
            self._in_string = _STRING_ENDS.search(text) is not None
        elif text[0] == _GIVE_UP:
            self._pasted, self._held, text = None, "", text[1:]
        return text

    def _keystrokes(self, text: str) -> Iterator[Keystroke | Place]:
        at = 0
        while at < len(text):
            stroke: Keystroke | Place | None = None
            if self._pasted is not None:
                stroke, at = self._paste(text, at)
            elif self._in_string:
                at = self._skip_string(text, at)
            elif match := _WHOLE.match(text, at):
                stroke, at = self._keystroke(match), match.end()
            elif _PART.match(text, at):
                self._held = text[at:]
                return
            else:  # an escape that belongs to nothing
                stroke, at = Key("escape"), at + 1
            if stroke is not None:
                yield stroke

    def _skip_string(self, text: str, at: int) -> int:
        """Return where a control string ends, or the text does."""
        match = _STRING_STOPS.search(text, at)
        if match is None:
            self._held = "\x1b" if text.endswith("\x1b") else ""
            return len(text)
        self._in_string = False
        return match.end() if match["end"] else match.start()

    def _keystroke(self, match: re.Match[str]) -> Keystroke | Place | None:
        if text := match["text"]:
            return Text(text)
        if match["string"]:
            self._in_string = True
            return None
        if char := match["char"]:
            return _control(char)
        if char := match["alt"]:
            name = _CONTROL_NAMES.get(char, char.lower())
            return Key("alt-" + name) if name.isprintable() else None
        if match[0] == _PASTE_BEGINS:
            self._pasted, self._room = [], MAX_PASTE
            return None
        return _sequence(match["parameters"] or "", match["csi"] or match["ss3"] or "")

    def _paste(self, text: str, at: int) -> tuple[Keystroke | Place | None, int]:
        end = text.find(_PASTE_ENDS, at)
        if end >= 0:
            self._keep(text[at:end])
            return self._whole_paste(), end + len(_PASTE_ENDS)
        held = _partial_end(text, at)
        self._keep(text[at : len(text) - held])
        self._held = text[len(text) - held :]
        return None, len(text)

    def _keep(self, text: str) -> None:
        assert self._pasted is not None
        if text and self._room >= 0:
            self._pasted.append(text[: self._room])
            self._room -= len(text)

    def _whole_paste(self) -> Keystroke | Place:
        assert self._pasted is not None
        text, self._pasted = "".join(self._pasted), None
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        return Paste(_CONTROLS.sub("\ufffd", text), self._room < 0)


def _control(char: str) -> Keystroke | Place | None:
    if name := _CONTROL_NAMES.get(char):
        return Key(name)
    return Key("ctrl-" + chr(ord(char) + 0x40).lower()) if char <= "\x1f" else None


def _sequence(parameters: str, final: str) -> Keystroke | Place | None:
    number, _, modifier = parameters.partition(";")
    if final == "R" and number.isdecimal():
        return Place(int(number))
    name = _NUMBERS.get(number) if final == "~" else _FINALS.get(final)
    return Key(_MODIFIERS.get(modifier, "") + name) if name else None


def _partial_end(text: str, at: int) -> int:
    """Count the characters at the end of `text[at:]` that may begin the mark that ends a paste."""
    longest = min(len(_PASTE_ENDS) - 1, len(text) - at)
    return next((n for n in range(longest, 0, -1) if text.endswith(_PASTE_ENDS[:n])), 0)
