"""Servers side by side, under the same load, at one size after another.

The sweep is the comparison of designs; other families compare variants of one (`kept.py`, `tls.py`)
in the same way. Plans a run, runs it, prints the table, writes the files.
"""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks import machine, plan, plot, report, servers
from benchmarks.plan import Scale
from benchmarks.request import Request
from benchmarks.servers import BEFORE, OURS, SUBJECTS, Subject
from benchmarks.session import Outcome, Run, groups
from benchmarks.stats import brought_together

RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class Comparison:
    """Who is compared, by what, and at which sizes. The first one is what ratios refer to."""

    title: str
    subjects: Mapping[str, Subject]
    scenarios: Sequence[str]
    sizes: Sequence[int]
    fixed: Mapping[str, Sequence[int]]


def run(request: Request) -> list[str]:
    """Run the sweep and write its files. Returns what failed."""
    scale = scale_of(request)
    fixed = {name: plan.fixed(name, scale.small) for name in plan.FIXED}
    comparison = Comparison(
        "the sweep",
        _subjects(request),
        request.chosen(plan.SCENARIOS),
        request.sizes or scale.sizes,
        request.sizes_of(fixed),
    )
    outcome = compare(request, scale, comparison)
    _write(outcome, request, scale)
    return outcome.failures


def _subjects(request: Request) -> dict[str, Subject]:
    """Return those who are asked for. Beside another state of our server ours alone is, if none."""
    if request.before is None:
        return {name: SUBJECTS[name] for name in request.subjects or servers.available()}
    ours = SUBJECTS[OURS]
    before = replace(ours, name=BEFORE, what="another checkout", root=request.before)
    others = [name for name in request.subjects or () if name != OURS]
    return {OURS: ours, BEFORE: before} | {name: SUBJECTS[name] for name in others}


def scale_of(request: Request) -> Scale:
    scale = plan.SCALES[request.scale]
    return replace(scale, rounds=request.rounds or scale.rounds)


def compare(request: Request, scale: Scale, comparison: Comparison) -> Outcome:
    """Run all of a comparison and print its table."""
    limits, facts = machine.limits(), machine.facts()
    sizes, cut = plan.cut(comparison.sizes, limits, scale.to_the_limit)
    notes = [cut] if cut else []
    if "uvloop" not in servers.available():
        notes.append("uvloop is not installed: left out")
    notes += [
        f"{name} takes {subject.most:,} connections at most: no larger crowd for it"
        for name, subject in comparison.subjects.items()
        if not all(subject.fits(size) for size in sizes)
    ]
    request.say("\n".join([comparison.title, machine.described(facts), *notes]))
    measuring = Run(scale, limits, comparison.subjects, request.root, request.say)
    for group in groups(scale, sizes, comparison.subjects, comparison.scenarios, comparison.fixed):
        measuring.visit(group)
    measuring.outcome.notes[:0] = notes
    _print(comparison, measuring.outcome, facts)
    return measuring.outcome


def _print(comparison: Comparison, outcome: Outcome, facts: Mapping[str, Any]) -> None:
    rows = brought_together(outcome.measurements)
    base = next(iter(comparison.subjects))
    print(comparison.title, machine.described(dict(facts)), sep="\n", end="\n\n")
    print(report.table(rows, base), report.legend(rows), sep="\n\n")
    print(*outcome.notes, *(f"FAILED: {failure}" for failure in outcome.failures), sep="\n")


def _write(outcome: Outcome, request: Request, scale: Scale) -> None:
    """Write the figures and pictures. A smoke run, or a part of a run, is not worth keeping."""
    directory = request.out or RESULTS
    if request.out is None and (request.scale == "smoke" or request.partial):
        directory = Path(tempfile.mkdtemp(prefix="bench-"))
    directory.mkdir(parents=True, exist_ok=True)
    rows = brought_together(outcome.measurements)
    settings = {"scale": request.scale, **asdict(scale)}
    result = report.as_json(rows, machine.facts(), settings, outcome.failures, outcome.notes)
    (directory / "latest.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for name, picture in plot.pictures(rows).items():
        (directory / f"{name}.svg").write_text(picture, encoding="utf-8")
    print(f"figures and pictures: {directory}")
