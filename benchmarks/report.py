"""Figures as a table and as JSON. Pure.

Ratios refer to our server at the same scenario and size: a rate of 0.500x is half of its rate,
a CPU of 2.00x is twice what it needs a message.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.plan import SCENARIOS, UNITS
from benchmarks.servers import OURS
from benchmarks.stats import Row, Spread

# Name and width of each column; the first two are the row's labels.
COLUMNS = (
    ("N", 7),
    ("server", 8),
    ("rate/s", 10),
    ("+-", 4),
    ("x ours", 7),
    ("CPU us", 8),
    ("+-", 4),
    ("x ours", 7),
    ("user", 7),
    ("sys", 7),
    ("p50 ms", 8),
    ("p99 ms", 8),
    ("worst", 8),
)


def table(rows: Sequence[Row], base: str = OURS) -> str:
    """One block a scenario; a row a size and subject. Ratios refer to the subject `base`."""
    blocks = []
    for name, title in SCENARIOS.items():
        chosen = [row for row in rows if row.scenario == name]
        if chosen:
            blocks.append(_block(name, title, chosen, base))
    return "\n\n".join(blocks)


def _block(name: str, title: str, rows: list[Row], base: str) -> str:
    header = [column for column, _ in COLUMNS] + (["KiB/conn"] if name == "arrivals" else [])
    if any(row.keeper is not None for row in rows):
        header.append("keeper us")
    lines = [f"{title}  (rate: {UNITS[name]} a second; CPU: server us of each)", _line(header)]
    ours = {row.connections: row for row in rows if row.subject == base}
    size = None
    for row in sorted(rows, key=lambda row: row.connections):
        label = f"{row.connections:,}" if row.connections != size else ""
        size = row.connections
        lines.append(_line([label, *_cells(row, ours.get(size))]))
    return "\n".join(lines)


def _cells(row: Row, ours: Row | None) -> list[str]:
    cells = [
        row.subject,
        f"{significant(row.rate.median)}{'!' if row.load_was_the_limit else ''}",
        _range(row, row.rate),
        _ratio(row.rate.median, ours.rate.median if ours else None),
        significant(row.cpu.median),
        _range(row, row.cpu),
        _ratio(row.cpu.median, ours.cpu.median if ours else None),
        "-" if row.user is None else significant(row.user),
        "-" if row.system is None else significant(row.system),
        *(significant(1000 * seconds) for seconds in (row.p50, row.p99.median, row.worst)),
    ]
    if row.scenario == "arrivals":
        cells.append("-" if row.memory is None else f"{row.memory / 1024:.2f}")
    if row.keeper is not None:
        cells.append(significant(row.keeper))
    return cells


def _line(cells: Sequence[str]) -> str:
    widths = [width for _, width in COLUMNS] + [9]
    padded = [cell.rjust(width) for cell, width in zip(cells, widths, strict=False)]
    padded[1] = cells[1].ljust(widths[1])
    return " ".join(padded).rstrip()


def _range(row: Row, spread: Spread) -> str:
    return f"{spread.percent():.0f}%" if row.rounds > 1 else "-"


def _ratio(value: float, ours: float | None) -> str:
    return "-" if not ours else f"{significant(value / ours)}x"


def significant(value: float) -> str:
    """Three significant digits at most, without an exponent, with separators of thousands."""
    rounded = float(f"{value:.3g}")
    decimals = sum(rounded < bound for bound in (100, 10, 1))
    return f"{rounded:,.{decimals}f}"


def legend(rows: Sequence[Row]) -> str:
    """What the marks in the table mean, if it has any."""
    lines = ["+- is half the range of the rounds; latencies are of the load's own clock, in ms."]
    if any(row.load_was_the_limit for row in rows):
        lines.append("! the load process was the limit: its CPU was near 100 %, the server's not.")
    return "\n".join(lines)


def as_json(
    rows: Sequence[Row],
    machine: Mapping[str, Any],
    run: Mapping[str, Any],
    failures: Sequence[str],
    notes: Sequence[str],
) -> dict[str, Any]:
    """The whole result: the machine, the run, the figures, and what went wrong."""
    return {
        "machine": dict(machine),
        "run": dict(run),
        "rows": [asdict(row) for row in rows],
        "failures": list(failures),
        "notes": list(notes),
    }
