"""The command line: `python -m benchmarks [FAMILY] --scale smoke|default|full`.

A family is a kind of question: how the server scales (`sweep`), how others fare while some do their
worst (`hostile`). Without a name, all are asked. Tables go to standard output, progress to standard
error; the sweep writes JSON and SVG files, too. Exit status 1 if a message was lost or a server
failed, 2 for a wrong argument, 130 after an interrupt.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from benchmarks import hostile, kept, memory, plan, servers, sweep, tls
from benchmarks.floods import KINDS
from benchmarks.request import Request


@dataclass(frozen=True)
class Family:
    """A kind of question: its scenarios, and what asks it. Returns what failed."""

    scenarios: tuple[str, ...]
    run: Callable[[Request], list[str]]


FAMILIES = {
    "sweep": Family(tuple(plan.SCENARIOS), sweep.run),
    "hostile": Family(tuple(KINDS), hostile.run),
    "memory": Family(memory.SCENARIOS, memory.run),
    "kept": Family(kept.SCENARIOS, kept.run),
    "tls": Family(tls.SCENARIOS, tls.run),
}


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    scale = os.environ.get("SCALE", "default")
    scenarios = {name: None for family in FAMILIES.values() for name in family.scenarios}
    parser.add_argument("family", nargs="?", choices=FAMILIES, help="(default: all)")
    parser.add_argument("--scale", choices=plan.SCALES, default=scale)
    parser.add_argument("--out", type=Path, help="directory for the JSON and the pictures")
    parser.add_argument("--subjects", type=_names(servers.available()), help="such as ours,asyncio")
    parser.add_argument("--scenarios", type=_names(scenarios), help="such as echo,burst")
    parser.add_argument("--sizes", type=_sizes, help="connections, such as 100,1000")
    parser.add_argument("--rounds", type=_count)
    parser.add_argument(
        *("--server", "--root"),
        dest="root",
        type=_checkout,
        default=servers.ROOT,
        metavar="DIR",
        help="measure the server of another checkout",
    )
    parser.add_argument(
        "--before", type=_checkout, metavar="DIR", help="another checkout to compare in the sweep"
    )
    return parser


def _names(known: Iterable[str]) -> Callable[[str], list[str]]:
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


def _checkout(text: str) -> Path:
    if not (Path(text) / "reactor_chat").is_dir():
        raise argparse.ArgumentTypeError(f"there is no reactor_chat in {text}")
    return Path(text).resolve()


def main(argv: Sequence[str] | None = None) -> int:
    parser = arguments()
    options = vars(parser.parse_args(argv))
    asked = options.pop("family")
    request = Request(say=say, **options)
    families = _families(asked, request)
    if not families:
        parser.error(f"no such scenario in {asked}")
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        failures = [failure for family in families for failure in family.run(request)]
    except KeyboardInterrupt:
        say("interrupted; every server is ended")
        return 130
    return 1 if failures else 0


def _families(asked: str | None, request: Request) -> list[Family]:
    """Return the one that is asked for, or the first that knows the scenarios, or all."""
    if request.scenarios is None:
        return [FAMILIES[asked]] if asked else list(FAMILIES.values())
    able = [
        family
        for name, family in FAMILIES.items()
        if asked in (None, name) and request.chosen(family.scenarios)
    ]
    return able[:1]


def _interrupt(number: int, frame: object) -> NoReturn:
    """Unwind the harness on a signal that ends it, so that it ends its children first."""
    raise KeyboardInterrupt


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
