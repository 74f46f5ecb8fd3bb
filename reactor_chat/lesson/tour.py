"""The reader's way through the chapters: Enter goes on, a number goes to a chapter, `q` ends.

In a pipe nobody is asked, and everything is written, one chapter after the other.

Invariants:
- At a terminal nothing scrolls away unread: a page is full before the screen is.
- While the reader thinks, no time passes for the loop.

Not here: the chapters.
"""

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, TextIO

from reactor_chat.lesson.scene import LessonClock
from reactor_chat.lesson.stage import Stage
from reactor_chat.lesson.view import Paint, painter
from reactor_chat.tty.style import colours_welcome

_PROMPT: Final = "[Enter] on  [b] chapter anew  [1-{}] chapter  [q] quit: "
_RESERVED_ROWS: Final = 2  # the prompt, and what is echoed


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
    """Where the tour is written: a terminal, with a reader at it, or anything else."""

    def __init__(self, out: TextIO, keys: TextIO | None, paint: Paint, rows: int = 24) -> None:
        self._out = out
        self._keys = keys
        self._rows = max(1, rows - _RESERVED_ROWS)
        self._used = 0
        self.paint = paint
        self.clock = LessonClock()
        self.prompt = ""
        self.on_command: Callable[[str], None] = lambda command: None

    def row(self, text: str) -> None:
        """Write one row, after the reader has seen the page that is full."""
        if self._keys is not None and self._used >= self._rows:
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
    at_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    colours = sys.stdout.isatty() and colours_welcome(os.environ)
    rows = shutil.get_terminal_size().lines
    screen = Screen(sys.stdout, sys.stdin if at_terminal else None, painter(colours), rows)
    first, last = (1, len(chapters)) if chapter is None else (chapter, chapter)
    try:
        Tour(screen, chapters).run(first, last)
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stdout.write("\n")
    except BrokenPipeError:  # `| head`: nobody reads on, and flushing at the exit would complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
