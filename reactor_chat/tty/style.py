"""How a line looks to a person: time, colours, and what deserves a bell.

The client uses it for what arrives, the server's console for its log. The forms of the lines
are those in `protocol`: `NAME: text`, `** NAME text`, `* notice`, `[PM from NAME] text`, `->
answer`.

Invariants:
- Every line is sanitised here, whoever sent it. The only escape sequences in what comes out are
  the SGR sequences of this module (none without colours) and the hyperlinks of `links` (none
  without links), each undone before its line ends.
- A name has the same colour everywhere, at any time.
- What is in an address is no mention: nobody is meant by it.

Not here: the screen, and what a line means to the one who reads it.
"""

import re
import time
import zlib
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from reactor_chat.tty.links import Links, split, target_of
from reactor_chat.tty.mentions import mentions
from reactor_chat.wire.protocol import ACTION, NAME, PRIVATE, SPEECH, sanitise

_TAB_COLUMNS: Final = 4  # a terminal's own tab stops depend on what stands before the text

# SGR parameters (ECMA-48 section 8.3.117).
_BOLD, _DIM, _REVERSE = "1", "2", "7"
_ANSWER: Final = "36"
_PRIVATE: Final = "1;35"

# Of the 256 colours of xterm, hues in the middle of the scale: they can be read on black and on
# white.
_NAME_COLOURS: Final = (31, 35, 62, 67, 70, 97, 99, 130, 133, 136, 161, 166, 168, 172)

# Not the locale's: all else is English.
_MONTHS: Final = ("January", "February", "March", "April", "May", "June", "July", "August",
                  "September", "October", "November", "December")  # fmt: skip

_PRIVATE_COPY: Final = re.compile(rf"-> \[PM to {NAME}\] ")
# What the console answers to a wrong call. It goes where the log goes, and looks like speech.
_USAGE: Final = "Usage: "
_LOG_ROOM: Final = re.compile(r"\[[^\s\]]+\] ")


class Shown(NamedTuple):
    """A line to show, and whether it deserves a bell."""

    text: str
    ring: bool


def colours_welcome(environ: Mapping[str, str]) -> bool:
    """Whether the environment leaves colours on (https://no-color.org)."""
    return not environ.get("NO_COLOR")


def links_welcome(environ: Mapping[str, str]) -> bool:
    """Whether the terminal is one that at least ignores hyperlinks."""
    return environ.get("TERM", "dumb") not in ("", "dumb")


class Style:
    """One person's taste: colours or none, hyperlinks or none, and a clock (Unix time)."""

    def __init__(
        self, colour: bool, clock: Callable[[], float] = time.time, links: bool = False
    ) -> None:
        self._colour = colour
        self._clock = clock
        self._links = Links() if links else None
        self._last_stamp = (0, "", "")  # the second, the form, and the stamp made of them

    def incoming(
        self, line: str, me: str | None = None, at: float | None = None, room: str | None = None
    ) -> Shown:
        """Show a line that arrived for the person called `me`, said at a certain time (or now).

        `room` is where it was said, if that has to stand before it.
        """
        body, ring = self._body(_safe(line), me)
        return Shown(f"{self._stamp('%H:%M', at)} {self._place(room)}{body}", ring)

    def sent(
        self, line: str, me: str | None, at: float | None = None, room: str | None = None
    ) -> str:
        """Show a line that the person wrote: under the name `me` where others read it as that."""
        text = self._link(_safe(line))
        body = f"{self._paint(me, _BOLD)}: {text}" if me else self._paint(f"> {text}", _DIM)
        return f"{self._stamp('%H:%M', at)} {self._place(room)}{body}"

    def own(self, text: str) -> str:
        """Show a line of the program's own."""
        return f"{self._stamp('%H:%M')} {self._paint(self._link(_safe(text)), _DIM)}"

    def day(self, at: float) -> str:
        """Show what stands between the lines of one day and those of the next."""
        day = time.localtime(at)
        return self._paint(f"— {day.tm_mday} {_MONTHS[day.tm_mon - 1]} —", _DIM)

    def log(self, line: str) -> str:
        """Show a line of the server's log, with the room before the line if it has one."""
        text = _safe(line)
        room = match[0] if (match := _LOG_ROOM.match(text)) else ""
        body = text if text.startswith(_USAGE) else self._body(text[len(room) :], None).text
        return f"{self._stamp('%H:%M:%S')} {self._paint(room, _DIM)}{body}"

    def _body(self, text: str, me: str | None) -> Shown:
        if match := PRIVATE.match(text):
            return Shown(self._headed(text, match.end() - 1, _PRIVATE), True)
        if match := _PRIVATE_COPY.match(text):
            return Shown(self._headed(text, match.end() - 1, _PRIVATE), False)
        if text.startswith("-> "):
            return Shown(self._headed(text, len("->"), _ANSWER), False)
        if match := ACTION.match(text) or SPEECH.match(text):
            return self._speech(text, match, me)
        text, is_quiet = self._link(text), text.startswith(("* ", "> "))
        # What the operator typed is quoted behind "> "; nobody's name begins like that.
        return Shown(self._paint(text, _DIM) if is_quiet else text, False)

    def _headed(self, text: str, end: int, colour: str) -> str:
        return self._paint(text[:end], colour) + self._link(text[end:])

    def _speech(self, text: str, match: re.Match[str], me: str | None) -> Shown:
        name, said = match["name"], text[match.end() :]
        head = match[0].replace(name, self._paint(name, _name_colour(name)), 1)
        if me is None or me == name:
            return Shown(head + self._link(said), False)
        pieces = [self._mention(piece, me) for piece in split(said)]
        marked = "".join(piece for piece, _ in pieces)
        return Shown(head + marked, any(count for _, count in pieces))

    def _mention(self, text: str, me: str) -> tuple[str, int]:
        """Mark where a text speaks of the person; return how often it does, too."""
        if target_of(text):
            return self._link(text), 0
        marked, at, spans = "", 0, mentions(text, me)
        for start, end in spans:
            marked += text[at:start] + self._paint(text[start:end], _REVERSE)
            at = end
        return marked + text[at:], len(spans)

    def _link(self, text: str) -> str:
        return text if self._links is None else self._links.mark(text)

    def _place(self, room: str | None) -> str:
        return "" if room is None else self._paint(f"[{_safe(room)}] ", _DIM)

    def _paint(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colour and text else text

    def _stamp(self, form: str, at: float | None = None) -> str:
        second = int(self._clock() if at is None else at)
        if self._last_stamp[:2] != (second, form):
            stamp = self._paint(time.strftime(form, time.localtime(second)), _DIM)
            self._last_stamp = (second, form, stamp)
        return self._last_stamp[2]


def _safe(text: str) -> str:
    return sanitise(text).expandtabs(_TAB_COLUMNS)


def _name_colour(name: str) -> str:
    if name == "Server":
        return _BOLD
    # Not `hash`, which differs from run to run.
    index = zlib.crc32(name.casefold().encode("utf-8", "replace")) % len(_NAME_COLOURS)
    return f"38;5;{_NAME_COLOURS[index]}"
