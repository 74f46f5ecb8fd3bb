"""What a chapter has to work with: scenes, and a page to write on.

A chapter is a generator: wherever it yields, the reader may take a breath.

Not here: what the reader presses (`tour`).
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from reactor_chat.lesson import view
from reactor_chat.lesson.change import Change
from reactor_chat.lesson.recorder import Seen
from reactor_chat.lesson.scene import LessonClock, Scene
from reactor_chat.net.shared import Limits

Figures = Mapping[str, str]


class Page(Protocol):
    """Where rows are written."""

    paint: view.Paint

    def row(self, text: str) -> None:
        """Write one row."""


class Stage:
    """The scenes of one chapter, and its page."""

    def __init__(self, page: Page, clock: LessonClock) -> None:
        self._page = page
        self._clock = clock
        self._scenes = contextlib.ExitStack()
        self.path: list[tuple[str, str]] = []  # of the last turn that was shown with its path

    def close(self) -> None:
        """Give everything back."""
        self._scenes.close()

    def scene(
        self, *names: str, limits: Limits | None = None, send_buffer: int | None = None
    ) -> Scene:
        """Return a server, with these clients in the room tea."""
        scene = Scene(self._clock, limits, send_buffer)
        self._scenes.callback(scene.close)
        scene.enter(*names)
        return scene

    def title(self, text: str) -> None:
        """Write the title of a chapter."""
        self._page.row(view.render_title(text, self._page.paint))
        self._page.row("")

    def say(self, text: str) -> None:
        """Write a paragraph."""
        for row in view.render_prose(text):
            self._page.row(row)
        self._page.row("")

    def turn(self, scene: Scene, path: bool = False) -> list[Seen]:
        """Turn the loop once, and write what was seen."""
        seen = scene.turn(path)
        if path:
            self.path = scene.recorder.path
        self._page.row(self._page.paint(f"-- a turn {'-' * 69}", "1"))
        for row in view.render_turn(seen, self._page.paint):
            self._page.row(row)
        self._page.row("")
        return seen

    def read(self, scene: Scene, *names: str) -> None:
        """Let clients read, and write what they have read."""
        for name in names:
            data = scene.peers[name].read()
            self._page.row(view.cut(f"{name} reads {data!r}" if data else f"{name} reads nothing"))
        self._page.row("")

    def table(self, rows: Figures) -> None:
        """Write figures."""
        width = max(map(len, rows))
        for name, figure in rows.items():
            self._page.row(view.cut(f"{name.ljust(width)}  {figure}"))
        self._page.row("")

    def without(
        self, change: Change, why: str, measure: Callable[["Stage"], Figures]
    ) -> Iterator[None]:
        """Take a rule away; write the change, and the figures with the rule and without it."""
        self.say(why)
        for row in view.render_diff(change.diff(), self._page.paint):
            self._page.row(row)
        self._page.row("")
        yield
        kept = measure(self)
        self.close()
        with change.made():
            broken = measure(self)
            self.close()
        rows = [(name, kept[name], broken[name]) for name in kept]
        for row in view.render_table(("", "with the rule", "without"), rows):
            self._page.row(row)
        self._page.row("")
        yield
