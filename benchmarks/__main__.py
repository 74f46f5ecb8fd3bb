"""The command line: `python -m benchmarks [FAMILY] --scale smoke|default|full`.

A family is a kind of question: how the server scales (`sweep`), and how others fare while some do
their worst (`hostile`). Without one, all are asked. Tables go to standard output, progress to
standard error; the sweep writes JSON and SVG files, too. Exit status 1 if a message was lost or a
server failed, 2 for a wrong argument, 130 after an interrupt.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NoReturn, cast

from benchmarks import hostile, machine, plan, plot, report, servers
from benchmarks.floods import KINDS
from benchmarks.session import Outcome, Run, fits, groups
from benchmarks.stats import brought_together

RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class Family:
    """A kind of question: its scenarios, and what asks it. Returns the exit status."""

    scenarios: frozenset[str]
    bench: Callable[[argparse.Namespace], int]


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    scale = os.environ.get("SCALE", "default")
    parser.add_argument("family", nargs="?", choices=FAMILIES, help="(default: all)")
    parser.add_argument("--scale", choices=plan.SCALES, default=scale)
    parser.add_argument("--out", type=Path, help="directory for the JSON and the pictures")
    parser.add_argument("--subjects", type=_names(servers.available()), help="such as ours,asyncio")
    parser.add_argument("--scenarios", type=_names(_scenarios()), help="such as echo")
    parser.add_argument("--sizes", type=_sizes, help="connections, such as 100,1000")
    parser.add_argument("--rounds", type=_count)
    parser.add_argument(
        "--server", type=Path, default=servers.ROOT, metavar="DIR", help="another checkout"
    )
    return parser


def _scenarios() -> list[str]:
    return [name for family in FAMILIES.values() for name in family.scenarios]


def _names(known: Any) -> Any:
    def parse(text: str) -> list[str]:
        names = text.split(",")
        if unknown := [name for name in names if name not in known]:
            raise argparse.ArgumentTypeError(f"no {unknown[0]!r}; there are {', '.join(known)}")
        return names

    return parse


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 1,000,000")
    return int(text)


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(_count(size) for size in text.split(","))


def main(argv: Sequence[str] | None = None) -> int:
    parser = arguments()
    options = parser.parse_args(argv)
    families = _families(options)
    if not families:
        parser.error(f"no such scenario in {options.family}")
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        return max(FAMILIES[name].bench(options) for name in families)
    except KeyboardInterrupt:
        say("interrupted; every server is ended")
        return 130


def _families(options: argparse.Namespace) -> list[str]:
    """Those that are asked for, by name or by the name of a scenario of theirs."""
    return [
        name
        for name, family in FAMILIES.items()
        if options.family in (None, name)
        and (not options.scenarios or not family.scenarios.isdisjoint(options.scenarios))
    ]


def _interrupt(number: int, frame: object) -> NoReturn:
    """A signal that ends the harness unwinds it, so that it ends its children first."""
    raise KeyboardInterrupt


def sweep(options: argparse.Namespace) -> int:
    """Plan, run, report. Returns the exit status."""
    scale = plan.SCALES[options.scale]
    scale = replace(scale, rounds=options.rounds or scale.rounds)
    subjects = options.subjects or servers.available()
    facts, notes, limits = machine.facts(), [], machine.limits()
    sizes, cut = plan.cut(options.sizes or scale.sizes, limits, scale.to_the_limit)
    if cut:
        notes.append(cut)
    if "uvloop" not in servers.available():
        notes.append("uvloop is not installed: left out")
    notes += [
        f"{name} takes {servers.SUBJECTS[name].most:,} connections at most: no larger crowd for it"
        for name in subjects
        if not all(fits(name, size) for size in sizes)
    ]
    say("\n".join([machine.described(facts), *notes]))
    scenarios = chosen(options, plan.SCENARIOS)
    fixed = {name: options.sizes or plan.fixed(name, scale.small) for name in plan.FIXED}
    run = Run(scale, limits, options.server, say)
    for group in groups(scale, sizes, subjects, scenarios, fixed):
        run.visit(group)
    run.outcome.notes[:0] = notes
    settings = {"scale": options.scale, **asdict(replace(scale, sizes=tuple(sizes)))}
    finish(run.outcome, facts, settings, _directory(options))
    return 1 if run.outcome.failures else 0


def _directory(options: argparse.Namespace) -> Path:
    """A smoke run measures too little to keep, and so does a part of a run."""
    partial = options.subjects or options.scenarios or options.sizes or options.rounds
    if options.out is None and (options.scale == "smoke" or partial):
        return Path(tempfile.mkdtemp(prefix="bench-"))
    return cast(Path, options.out or RESULTS)


def finish(
    outcome: Outcome, facts: dict[str, Any], settings: dict[str, Any], directory: Path
) -> None:
    """Print the table and what is to be known beside it; write the files."""
    rows = brought_together(outcome.measurements)
    print(machine.described(facts), report.table(rows), report.legend(rows), sep="\n\n")
    print(*outcome.notes, sep="\n")
    directory.mkdir(parents=True, exist_ok=True)
    result = report.as_json(rows, facts, settings, outcome.failures, outcome.notes)
    (directory / "latest.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for name, picture in plot.pictures(rows).items():
        (directory / f"{name}.svg").write_text(picture, encoding="utf-8")
    print(f"figures and pictures: {directory}")
    for failure in outcome.failures:
        print(f"FAILED: {failure}")


def misbehave(options: argparse.Namespace) -> int:
    """Flood a server by every kind of flood. Returns the exit status."""
    machine.limits()
    say(machine.described(machine.facts()))
    times, kinds, counts = hostile.SCALES[options.scale]
    kinds = chosen(options, KINDS, kinds)
    failures = hostile.run(kinds, options.sizes or counts, times, options.server, say)
    return 1 if failures else 0


def chosen(
    options: argparse.Namespace, known: Iterable[str], unasked: Iterable[str] | None = None
) -> list[str]:
    """The scenarios of a family that were asked for, or those to run when none were."""
    if options.scenarios:
        return [name for name in known if name in options.scenarios]
    return list(known if unasked is None else unasked)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


FAMILIES = {
    "sweep": Family(frozenset(plan.SCENARIOS), sweep),
    "hostile": Family(frozenset(KINDS), misbehave),
}

if __name__ == "__main__":
    sys.exit(main())
