"""The reader's way through the chapters: Enter goes on, a number goes to a chapter, `q` ends.

In a pipe nobody is asked, and everything is written, one chapter after the other.

Invariants:
- At a terminal nothing scrolls away unread: a page is full before the screen is.
- While the reader thinks, no time passes for the loop.
- Whatever is wrong with the streams or the machine costs one line, never a traceback.

Not here: the chapters.
"""

import contextlib
import io
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, TextIO

from reactor_chat.lesson.peer import LEAST_DESCRIPTORS, allow_descriptors
from reactor_chat.lesson.scene import LessonClock
from reactor_chat.lesson.stage import Stage
from reactor_chat.lesson.view import Paint, painter
from reactor_chat.loop.reasons import reason_for
from reactor_chat.tty.device import is_terminal
from reactor_chat.tty.style import colours_welcome

_PROMPT: Final = "[Enter] on  [b] chapter anew  [1-{}] chapter  [q] quit: "
_RESERVED_ROWS: Final = 2  # the prompt, and what is echoed
_INTERRUPTED: Final = 130  # the shell's status for a program ended by SIGINT


class Chapter(NamedTuple):
    """A scene and its title."""

    title: str
    play: Callable[[Stage], Iterator[None]]


class GoTo(Exception):
    """The reader wants to be at the beginning of a chapter; None: at home."""

    def __init__(self, chapter: int | None) -> None:
        super().__init__()
        self.chapter = chapter


class Screen:
    """Where the tour is written: a terminal, with a reader at it, or anything else.

    `height` returns how many rows there are; it is asked at each, as a window can be resized.
    """

    def __init__(
        self, out: TextIO, keys: TextIO | None, paint: Paint, height: Callable[[], int] = lambda: 24
    ) -> None:
        self._out = out
        self._keys = keys
        self._height = height
        self._used = 0
        self.paint = paint
        self.clock = LessonClock()
        self.prompt = ""
        self.on_command: Callable[[str], None] = lambda command: None

    def row(self, text: str) -> None:
        """Write one row, after the reader has seen the page that is full."""
        if self._keys is not None and self._used >= max(1, self._height() - _RESERVED_ROWS):
            self.wait()
        self._out.write(text + "\n")
        self._used += 1

    def wait(self) -> None:
        """Wait for Enter, if anybody reads; obey what else is typed, if it means anything."""
        if self._keys is None or not self._used:
            return
        self._used = 0
        with self.clock.stopped():
            while command := self._ask(self._keys):
                self.on_command(command)
                self._out.write(f"There is no {command!r} here.\n")

    def _ask(self, keys: TextIO) -> str:
        """Return what is typed."""
        self._out.write(self.paint(self.prompt, "2"))
        self._out.flush()
        line = keys.readline()
        if not line:
            self._out.write("\n")  # Ctrl-D shows as nothing
            raise GoTo(None)
        return line.strip()


class Tour:
    """All chapters, on a screen."""

    def __init__(self, screen: Screen, chapters: list[Chapter]) -> None:
        self._screen = screen
        self._chapters = chapters
        self._at = 0
        screen.prompt = _PROMPT.format(len(chapters))
        screen.on_command = self._obey

    def run(self, first: int, last: int) -> None:
        """Play from one chapter to another, counted from 1, unless the reader goes elsewhere."""
        self._at = first
        while self._at <= last:
            try:
                self._play(self._at)
                self._at += 1
            except GoTo as where:
                if where.chapter is None:
                    return
                self._at = where.chapter
                last = max(last, self._at)

    def _play(self, number: int) -> None:
        title, play = self._chapters[number - 1]
        with contextlib.closing(Stage(self._screen, self._screen.clock)) as stage:
            stage.title(f"{number}. {title}")
            for _ in play(stage):
                self._screen.wait()
        self._screen.wait()

    def _obey(self, command: str) -> None:
        if command == "q":
            raise GoTo(None)
        if command == "b":
            raise GoTo(self._at)
        if command.isascii() and command.isdigit() and 0 < int(command) <= len(self._chapters):
            raise GoTo(int(command))


def run_lesson(chapters: list[Chapter], chapter: int | None) -> int:
    """Play the lesson, or one chapter of it, on the standard streams; return the exit status."""
    try:
        if sys.stdout is None:
            raise OSError("standard output is closed")
        if allow_descriptors(LEAST_DESCRIPTORS) < LEAST_DESCRIPTORS:
            raise OSError(f"it takes {LEAST_DESCRIPTORS} open files, and fewer are allowed")
        first, last = (1, len(chapters)) if chapter is None else (chapter, chapter)
        Tour(_open_screen(), chapters).run(first, last)
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stdout.write("\n")
        return _INTERRUPTED
    except OSError as error:
        return _give_up(error)
    return 0


def _open_screen() -> Screen:
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # not everybody's is UTF-8
    at_terminal = sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()
    out_fd = sys.stdout.fileno()
    colours = is_terminal(out_fd, out_fd) and colours_welcome(os.environ)
    return Screen(
        sys.stdout,
        sys.stdin if at_terminal else None,
        painter(colours),
        lambda: shutil.get_terminal_size().lines,
    )


def _give_up(error: OSError) -> int:
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:  # what could not be written must not be tried once more at the exit
        with open(os.devnull, "wb") as nothing:
            os.dup2(nothing.fileno(), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):  # `| head`: nobody reads on
        return 0
    sys.stderr.write(f"Cannot go on with the lesson: {reason_for(error)}.\n")
    return 1
