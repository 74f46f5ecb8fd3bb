"""Figures as SVG: one picture a scenario, three panels with log axes side by side. Pure.

The pictures stand on their own in a page of either colour: text and lines take their colours
from a style sheet inside, which asks whether the reader prefers a dark one; the background is
left clear. Each server has a colour and a shape of mark, so that the colour is not needed.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from benchmarks.plan import SCENARIOS, SWEPT
from benchmarks.servers import SUBJECTS
from benchmarks.stats import Row, Spread

PANEL, HEIGHT = 300, 330
LEFT, RIGHT, TOP, BOTTOM = 50, 16, 76, 48

# Colours on a light and on a dark page, and the mark, in the order of `SUBJECTS`.
INKS = (
    ("#0a58ca", "#6cb1ff", "circle"),
    ("#b35900", "#ffb057", "square"),
    ("#7a3fb5", "#cfa3ff", "triangle"),
    ("#5c6670", "#a5afba", "diamond"),
)

MARKS = {
    "circle": "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0z",
    "square": "M-3.5,-3.5h7v7h-7z",
    "triangle": "M0,-4.6l4.4,7.6h-8.8z",
    "diamond": "M0,-5l5,5l-5,5l-5,-5z",
}


@dataclass(frozen=True)
class Panel:
    """One pair of axes: a title with its unit, and what of a row it shows."""

    title: str
    value: Callable[[Row], Spread | None]


def _memory(row: Row) -> Spread | None:
    if row.memory is None or row.memory <= 0:
        return None
    kib = row.memory / 1024
    return Spread(kib, kib, kib)


def _scaled(spread: Spread, factor: float) -> Spread:
    return Spread(spread.median * factor, spread.low * factor, spread.high * factor)


CPU = Panel("server CPU, µs a message", lambda row: row.cpu)
RATE = Panel("delivered messages a second", lambda row: row.rate)
P99 = Panel("latency p99, ms", lambda row: _scaled(row.p99, 1000))
ARRIVALS = (
    Panel("server CPU, µs a connection", lambda row: row.cpu),
    Panel("connections a second", lambda row: row.rate),
    Panel("resident memory, KiB a connection", _memory),
)


@dataclass(frozen=True)
class Axis:
    """A logarithmic axis from `low` to `high`, drawn from pixel `start` to pixel `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        span = math.log(self.high / self.low)
        return self.start + (self.end - self.start) * math.log(value / self.low) / span


def pictures(rows: Sequence[Row]) -> dict[str, str]:
    """An SVG document for each scenario of the sweep that has rows, by scenario."""
    drawn = {}
    for name in SWEPT:
        title = SCENARIOS[name]
        chosen = [row for row in rows if row.scenario == name]
        if chosen:
            panels = ARRIVALS if name == "arrivals" else (CPU, RATE, P99)
            drawn[name] = picture(title, chosen, panels)
    return drawn


def picture(title: str, rows: Sequence[Row], panels: Sequence[Panel]) -> str:
    """One SVG document: a title, a legend, and the panels side by side."""
    subjects = [name for name in SUBJECTS if any(row.subject == name for row in rows)]
    width = PANEL * len(panels)
    body = [f'<text class="title" x="{LEFT}" y="22">{escape(title)}</text>', _legend(subjects)]
    for number, panel in enumerate(panels):
        series = _series(rows, subjects, panel)
        if any(series.values()):
            body.append(f'<g transform="translate({PANEL * number},0)">{_panel(panel, series)}</g>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" '
        f'width="{width}" height="{HEIGHT}" role="img">'
        f"<title>{escape(title)}</title><style>{_style()}</style>{''.join(body)}</svg>\n"
    )


Series = Mapping[str, Sequence[tuple[int, Spread]]]


def _series(rows: Sequence[Row], subjects: Sequence[str], panel: Panel) -> Series:
    """For each subject its points by size, without those that have no value."""
    ordered = sorted(rows, key=lambda row: row.connections)
    return {
        subject: [
            (row.connections, value)
            for row in ordered
            if row.subject == subject and (value := panel.value(row)) and value.low > 0
        ]
        for subject in subjects
    }


def _panel(panel: Panel, series: Series) -> str:
    points = [point for line in series.values() for point in line]
    sizes = [size for size, _ in points]
    across = decades(min(sizes), max(sizes))
    up = ticks(min(value.low for _, value in points), max(value.high for _, value in points))
    x = Axis(across[0], across[-1], LEFT, PANEL - RIGHT)
    y = Axis(up[0], up[-1], HEIGHT - BOTTOM, TOP)
    drawn = [f'<text class="label" x="{LEFT}" y="{TOP - 10}">{escape(panel.title)}</text>']
    drawn += [_across(x.at(tick), short(tick)) for tick in across]
    drawn += [_up(y.at(tick), short(tick)) for tick in up]
    middle = (LEFT + PANEL - RIGHT) / 2
    drawn.append(
        f'<text class="tick" x="{middle:.0f}" y="{HEIGHT - 10}" '
        'text-anchor="middle">connections</text>'
    )
    drawn += [_curve(subject, line, x, y) for subject, line in series.items() if line]
    return "".join(drawn)


def _across(x: float, label: str) -> str:
    return (
        f'<path class="grid" d="M{x:.1f},{TOP}V{HEIGHT - BOTTOM}"/>'
        f'<text class="tick" x="{x:.1f}" y="{HEIGHT - BOTTOM + 17}" '
        f'text-anchor="middle">{label}</text>'
    )


def _up(y: float, label: str) -> str:
    return (
        f'<path class="grid" d="M{LEFT},{y:.1f}H{PANEL - RIGHT}"/>'
        f'<text class="tick" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
    )


def _curve(subject: str, line: Sequence[tuple[int, Spread]], x: Axis, y: Axis) -> str:
    """A line through the medians, a mark at each, and a bar over the range of the rounds."""
    at = [(x.at(size), y.at(value.median)) for size, value in line]
    path = "M" + "L".join(f"{left:.1f},{top:.1f}" for left, top in at)
    bars = "".join(
        f"M{x.at(size):.1f},{y.at(value.low):.1f}V{y.at(value.high):.1f}" for size, value in line
    )
    marks = "".join(_mark(subject, left, top) for left, top in at)
    return (
        f'<g class="{_class(subject)}"><path class="line" d="{path}"/>'
        f'<path class="bar" d="{bars}"/>{marks}</g>'
    )


def _mark(subject: str, x: float, y: float) -> str:
    shape = MARKS[INKS[_place(subject)][2]]
    return f'<path class="mark" transform="translate({x:.1f},{y:.1f})" d="{shape}"/>'


def _legend(subjects: Sequence[str]) -> str:
    drawn, x = [], float(LEFT)
    for subject in subjects:
        what = SUBJECTS[subject].what
        drawn.append(
            f'<g class="{_class(subject)}">{_mark(subject, x + 5, 40)}</g>'
            f'<text class="tick" x="{x + 15:.0f}" y="44">{escape(what)}</text>'
        )
        x += 32 + 6.4 * len(what)
    return "".join(drawn)


def _style() -> str:
    """Colours for a light page, and those that differ on a dark one."""
    light = "".join(f".s{n}{{color:{ink[0]}}}" for n, ink in enumerate(INKS))
    dark = "".join(f".s{n}{{color:{ink[1]}}}" for n, ink in enumerate(INKS))
    return (
        "svg{color:#1f2328;font-family:system-ui,sans-serif}"
        "text{fill:currentColor;font-size:12px}.title{font-size:15px;font-weight:600}"
        ".label{font-weight:600}.tick{font-size:11.5px}"
        ".grid{stroke:#808890;stroke-opacity:.28}.line,.bar{fill:none;stroke:currentColor}"
        ".line{stroke-width:2}.bar{stroke-width:1.2}.mark{fill:currentColor}"
        f"{light}@media(prefers-color-scheme:dark){{svg{{color:#e6edf3}}{dark}}}"
    )


def _class(subject: str) -> str:
    return f"s{_place(subject)}"


def _place(subject: str) -> int:
    return list(SUBJECTS).index(subject) % len(INKS)


def decades(low: float, high: float) -> list[float]:
    """The powers of ten from one at or below `low` to one at or above `high`; two at least."""
    first = math.floor(math.log10(low))
    last = max(first + 1, math.ceil(math.log10(high)))
    return [10.0**power for power in range(first, last + 1)]


def ticks(low: float, high: float) -> list[float]:
    """Round values around `low` and `high`: 1, 2 and 5 by the decade; decades if too many."""
    steps = [
        float(f"{digit}e{power}")
        for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        for digit in (1, 2, 5)
    ]
    below = max(number for number, step in enumerate(steps) if step <= low)
    above = min(number for number, step in enumerate(steps) if step >= high and number > below)
    few = steps[below : above + 1]
    return few if len(few) <= 10 else decades(low, high)


def short(value: float) -> str:
    """A tick's label: 0.05, 20, 5k, 1M."""
    for size, suffix in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{suffix}"
    return f"{value:g}"
