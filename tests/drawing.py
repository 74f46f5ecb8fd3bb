"""Terminal windows as an SVG that plays what was on their screens, and then begins again.

Invariants:
- Pure: looks in, text out; the same looks give the same text, byte for byte.
- A row is drawn once for each time that it shows the same thing. Where nothing moves (no CSS
  animation, or a reader who asked for less of it), the last look of all windows stands.
- It is readable on a light and on a dark page, since windows bring their own background.
- Every character stays in its column, whatever monospace font there is.

Not here: what happens in the windows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Final
from xml.sax.saxutils import escape

from tests.screen import Cell

# In pixels, of which a page shows about 900 side by side.
CELL_WIDTH: Final = 7.8
ROW_HEIGHT: Final = 18
FONT_SIZE: Final = 13
TITLE_HEIGHT: Final = 30
PADDING: Final = 14
GAP: Final = 14  # with it, two windows and the gap are whole rows higher than one

_FONTS: Final = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"

# The colours of xterm that a theme usually replaces, by number: for a light window.
_BASE: Final = {5: "#8250df", 6: "#1b7c83"}

_LIGHT: Final = """
.w{fill:#fff;stroke:#d0d7de}.h{fill:#f6f8fa;stroke:#d0d7de}.n{fill:#59636e}
text{fill:#1f2328}.d{fill:#6e7781}.k{fill:#1f2328}.v{fill:#fff}.r{fill:#1f2328}
"""
_DARK: Final = """
.w{fill:#0d1117;stroke:#3d444d}.h{fill:#151b23;stroke:#3d444d}.n{fill:#9198a1}
text{fill:#e6edf3}.d{fill:#848d97}.k{fill:#e6edf3}.v{fill:#0d1117}.r{fill:#e6edf3}
"""
_LIGHTS: Final = ("#ff5f57", "#febc2e", "#28c840")  # a window's three buttons


@dataclass(frozen=True)
class Look:
    """What a screen shows: its rows, and the cursor's row and column."""

    rows: tuple[tuple[Cell, ...], ...]
    cursor: tuple[int, int]


@dataclass
class Scene:
    """One window: where its corner is, in pixels, its size in cells, and its looks in time."""

    title: str
    x: float
    y: float
    columns: int
    lines: int
    looks: list[tuple[float, Look]] = field(default_factory=list)  # seconds, from 0

    @property
    def width(self) -> float:
        """In pixels, as all of these."""
        return self.columns * CELL_WIDTH + 2 * PADDING

    @property
    def height(self) -> float:
        return TITLE_HEIGHT + self.lines * ROW_HEIGHT + 2 * PADDING

    def show(self, now: float, look: Look) -> None:
        """From now on, it looks like this."""
        if not self.looks or self.looks[-1][1] != look:
            self.looks.append((now, look))


@dataclass(frozen=True)
class _Showing:
    """What stands in a row, and when: `end` is None if it stays."""

    drawing: str
    start: float
    end: float | None


def draw(scenes: Sequence[Scene], label: str, seconds: float) -> str:
    """Give the SVG: all windows, over so many seconds."""
    film = _Film(seconds)
    windows = "".join(film.window(scene) for scene in scenes)
    width = max(scene.x + scene.width for scene in scenes) + 1
    height = max(scene.y + scene.height for scene in scenes) + 1
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img">\n'
        f"<title>{escape(label)}</title>\n<style>\n{_style(windows, film)}</style>\n"
        f"{windows}</svg>\n"
    )


class _Film:
    """Names the spans of time in which something is seen."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.spans: dict[tuple[float, float | None], str] = {}

    def window(self, scene: Scene) -> str:
        """Draw one window with everything that ever stands in it."""
        width, height = f"{scene.width:.1f}", f"{scene.height:.1f}"
        lights = "".join(
            f'<circle cx="{PADDING + 6 + 18 * place}" cy="{TITLE_HEIGHT / 2:g}" r="5.5" '
            f'fill="{colour}"/>'
            for place, colour in enumerate(_LIGHTS)
        )
        rows = "".join(self._row(scene, row) for row in range(scene.lines))
        return (
            f'<g transform="translate({scene.x + 0.5:g} {scene.y + 0.5:g})">'
            f'<rect class="w" width="{width}" height="{height}" rx="9"/>'
            f'<path class="h" d="M0 {TITLE_HEIGHT}V9a9 9 0 0 1 9-9H{scene.width - 9:.1f}'
            f'a9 9 0 0 1 9 9V{TITLE_HEIGHT}z"/>{lights}'
            f'<text class="n" x="{scene.width / 2:.1f}" y="{TITLE_HEIGHT / 2 + 4.5}" '
            f'text-anchor="middle">{escape(scene.title)}</text>\n{rows}</g>\n'
        )

    def _row(self, scene: Scene, row: int) -> str:
        shown = "".join(self._showing(showing) for showing in _showings(scene.looks, row))
        top = TITLE_HEIGHT + PADDING + row * ROW_HEIGHT
        return f'<g transform="translate({PADDING} {top})">{shown}</g>\n' if shown else ""

    def _showing(self, showing: _Showing) -> str:
        style = ""
        if showing.start or showing.end is not None:
            span = (showing.start, showing.end)
            name = self.spans.setdefault(span, f"s{len(self.spans)}")
            style = f' style="animation-name:{name}"'
        passing = "" if showing.end is None else ' class="p"'
        return f"<g{passing}{style}>{showing.drawing}</g>"

    def keyframes(self) -> Iterator[str]:
        """Say of each span when it begins and ends, in parts of the whole."""
        for (start, end), name in self.spans.items():
            hidden = "0%{visibility:hidden}" if start and end is None else ""
            shown = f"{100 * start / self.seconds:.2f}%{{visibility:visible}}"
            over = "" if end is None else f"{100 * end / self.seconds:.2f}%{{visibility:hidden}}"
            yield f"@keyframes {name}{{{hidden}{shown}{over}}}\n"


def _showings(looks: Sequence[tuple[float, Look]], row: int) -> Iterator[_Showing]:
    """Give what a row shows, one thing after the other."""
    drawings = [(start, _draw_row(look, row)) for start, look in looks]
    changes = [(next(group)[0], drawing) for drawing, group in groupby(drawings, itemgetter(1))]
    ends = [*(start for start, _ in changes[1:]), None]
    for (start, drawing), end in zip(changes, ends, strict=True):
        if drawing:
            yield _Showing(drawing, start, end)


def _draw_row(look: Look, row: int) -> str:
    """Draw one row, with its corner at 0, 0."""
    cursor = ""
    if look.cursor[0] == row:
        cursor = _box("k", look.cursor[1], 1)
    cells = look.rows[row] if row < len(look.rows) else ()
    return cursor + "".join(_draw_run(*run) for run in runs(cells))


def _draw_run(column: int, text: str, width: int, sgr: str) -> str:
    names = classes(sgr)
    back = _box("r", column, width) if "v" in names else ""
    named = f' class="{" ".join(names)}"' if names else ""
    return (
        f'{back}<text{named} x="{column * CELL_WIDTH:.1f}" y="13" '
        f'textLength="{width * CELL_WIDTH:.1f}">{escape(text)}</text>'
    )


def _box(name: str, column: int, width: int) -> str:
    return (
        f'<rect class="{name}" x="{column * CELL_WIDTH:.1f}" '
        f'width="{width * CELL_WIDTH:.1f}" height="{ROW_HEIGHT - 1}"/>'
    )


def runs(row: Sequence[Cell]) -> Iterator[tuple[int, str, int, str]]:
    """Part a row into runs of one style: column, text, width in columns, and SGR sequence."""
    at = 0
    while at < len(row):
        end = at + 1
        while end < len(row) and (not row[end][0] or row[end][1] == row[at][1]):
            end += 1
        text = "".join(char for char, _ in row[at:end])
        before = len(text) - len(text.lstrip(" "))
        after = len(text) - len(text.rstrip(" "))
        if text.strip(" "):
            yield at + before, text.strip(" "), end - at - before - after, row[at][1]
        at = end


def classes(sgr: str) -> list[str]:
    """Name what SGR parameters ask for: bold, dim, reverse (v), and the colour's number."""
    found = []
    codes = iter(filter(None, sgr.split(";")))
    for code in codes:
        if code == "38":  # 38;5;N is a colour out of 256
            next(codes)
            found.append("c" + next(codes))
        elif code in ("1", "2", "7"):
            found.append({"1": "b", "2": "d", "7": "v"}[code])
        elif 30 <= int(code) <= 37:
            found.append(f"c{int(code) - 30}")
        else:
            raise ValueError(f"no way to draw SGR {code}")
    return found


def colour(number: int) -> tuple[int, int, int]:
    """Give red, green and blue of one of the 256 colours of xterm, from 0 to 255."""
    if number in _BASE:
        red, green, blue = bytes.fromhex(_BASE[number][1:])
        return red, green, blue
    if not 16 <= number <= 231:
        raise ValueError(f"no colour {number}")
    levels = (0, 95, 135, 175, 215, 255)
    red, rest = divmod(number - 16, 36)
    green, blue = divmod(rest, 6)
    return levels[red], levels[green], levels[blue]


def _style(windows: str, film: _Film) -> str:
    numbers = [number for number in range(256) if f'c{number}"' in windows]
    light = "".join(_rule(number, 0.0) for number in numbers)
    dark = "".join(_rule(number, 0.35) for number in numbers)  # they are in the middle of the scale
    return (
        f"text{{font:{FONT_SIZE}px {_FONTS};white-space:pre}}.b{{font-weight:bold}}"
        f".k{{opacity:.35}}.p{{visibility:hidden}}"
        f"g{{animation:{film.seconds:g}s step-end infinite}}"
        f"{_LIGHT.strip()}{light}\n@media(prefers-color-scheme:dark){{{_DARK.strip()}{dark}}}\n"
        f"@media(prefers-reduced-motion:reduce){{g{{animation:none!important}}}}\n"
        f"{''.join(film.keyframes())}"
    )


def _rule(number: int, white: float) -> str:
    mixed = (round(part + (255 - part) * white) for part in colour(number))
    return f".c{number}{{fill:#{bytes(mixed).hex()}}}"
