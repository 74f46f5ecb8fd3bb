"""What keeping lines on disk costs: the same server with `--data none` and with a file.

Rooms of 100 are compared as in the sweep; the server's CPU and the keeper's are told apart. Then a
room is filled with a million lines: how fast they are kept, what the file weighs, and how long it
takes to join the room after a restart.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter, sleep

from benchmarks.crowd import ROOM, Crowd, Lost, enter_room
from benchmarks.plan import Scale
from benchmarks.request import Request
from benchmarks.scenarios import LINE
from benchmarks.servers import OURS, Failed, Server, Subject, knows, running, variant
from benchmarks.sweep import Comparison, compare, scale_of
from benchmarks.usage import children_of, cpu_of

SCENARIOS = ("fanout", "burst", "million")
TASTE = ("million",)  # what a smoke run does, with fewer
SIZES = (100,)

PLAIN = ("--host", "127.0.0.1", "--port", "0", "--quiet", "--rate", "0", "--data")

# Lines said into the file that is weighed, by scale.
LINES = {"smoke": 5_000, "default": 1_000_000, "full": 1_000_000}

# Lines that are said at a time, and how many may be under way: the file is to be filled at the pace
# of the slowest, and nobody's memory with it.
BATCH, UNDER_WAY = 1_000, 8_000

# Seconds of a comparison, and after which a server that fills a file ends itself.
SHARE, DEADLINE = 0.15, 600

# Seconds in which a server that keeps lines has made its file.
MAKING = 2.0


def run(request: Request) -> list[str]:
    """Run all of it. Returns what failed; that nothing can be kept is no failure, but said."""
    small = scale_of(request).small
    scenarios = request.chosen(SCENARIOS, TASTE if small else SCENARIOS)
    failures: list[str] = []
    try:
        if why := _unable(request.root):
            request.say(f"keeping lines left out: {why}")
            return []
        if compared := [name for name in scenarios if name != "million"]:
            failures += _compare(request, scale_of(request), compared)
        if "million" in scenarios:
            print("\n".join(weigh(LINES[request.scale], request.root)), flush=True)
    except (Failed, Lost, OSError) as failure:
        failures.append(f"kept: {failure}")
        request.say(f"FAILED: {failures[-1]}")
    return failures


def keeping(path: str) -> Subject:
    return variant("disk", *PLAIN, path)


def _unable(root: Path) -> str:
    """Return why nothing can be kept, or nothing if it can. Raises `Failed`."""
    if not knows(root, "--data"):
        return "the server has no option --data"
    with running(keeping("{scratch}/kept.db"), DEADLINE, root) as server:
        until = perf_counter() + MAKING
        while perf_counter() < until:
            if (server.scratch / "kept.db").exists():
                return ""
            sleep(0.01)
    return "the server makes no file"


def _compare(request: Request, scale: Scale, scenarios: Sequence[str]) -> list[str]:
    subjects = {OURS: variant(OURS, *PLAIN, "none"), "disk": keeping("{scratch}/kept.db")}
    sizes = request.sizes or (scale.sizes if scale.small else SIZES)
    comparison = Comparison("lines kept on disk", subjects, scenarios, sizes, {})
    scale = replace(scale, budget=scale.budget * SHARE, to_the_limit=False)
    return compare(request, scale, comparison).failures


@dataclass(frozen=True)
class Filling:
    """What it took to fill the file."""

    seconds: float
    server: float
    keeper: float


def weigh(lines: int, root: Path) -> list[str]:
    """Fill a file and return what there is to say about it. Raises `Failed`, `Lost` or OSError."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        subject = keeping(f"{directory}/kept.db")
        with running(subject, DEADLINE, root) as server:
            filling = _fill(server, lines)
        size = sum(path.stat().st_size for path in Path(directory).iterdir())
        with running(subject, DEADLINE, root) as server:
            joined, first, second = _come_back(server)
    text = len(f"m00000: {LINE.decode()}")
    return [
        f"a room of {lines:,} lines of {text} bytes on disk:",
        f"  {lines / filling.seconds:,.0f} lines a second were kept; CPU a line: server "
        f"{1e6 * filling.server / lines:.2f} us, keeper {1e6 * filling.keeper / lines:.2f} us",
        f"  the file weighs {size / 1e6:,.1f} MB, {size / lines:.1f} bytes a line",
        f"  after a restart: joined in {1000 * joined:.1f} ms; /history 10000 in "
        f"{1000 * first:.1f} ms, again in {1000 * second:.1f} ms",
    ]


def _fill(server: Server, lines: int) -> Filling:
    """Let one speak as fast as another hears it."""
    crowd = Crowd(("127.0.0.1", server.port))
    speaker, listener = crowd.connect(), crowd.connect()
    names = enter_room(crowd, [speaker, listener])
    length = len(names[speaker]) + len(": ") + len(LINE)
    children = children_of(server.pid)
    before = cpu_of(server.pid).total, sum(cpu_of(child).total for child in children)
    began, said, heard = perf_counter(), 0, 0
    while heard < lines * length:
        while said < lines and said - heard // length <= UNDER_WAY - BATCH:
            batch = min(BATCH, lines - said)
            crowd.send[speaker](LINE * batch)
            said += batch
        for fd, _ in crowd.poll():
            data = crowd.recv[fd](1 << 18)
            if not data or fd != listener:
                raise Lost(f"after {heard // length:,} lines came {data[:80]!r}")
            heard += len(data)
    seconds = perf_counter() - began
    sleep(min(1.0, seconds))  # so that what it has not worked out yet is counted, too
    after = cpu_of(server.pid).total, sum(cpu_of(child).total for child in children)
    crowd.close([speaker, listener])
    return Filling(seconds, after[0] - before[0], after[1] - before[1])


def _come_back(server: Server) -> list[float]:
    """Join the room, and read back twice; return the seconds that each took."""
    crowd = Crowd(("127.0.0.1", server.port))
    fd = crowd.connect()
    _ask(crowd, fd, b"")  # it has been let in, and is served
    history = b"/history 10000\n"
    return [
        _ask(crowd, fd, question) for question in (f"/join {ROOM}\n".encode(), history, history)
    ]


def _ask(crowd: Crowd, fd: int, question: bytes) -> float:
    """Ask, and read until what was asked behind it is answered, too; return the seconds."""
    began, tail = perf_counter(), b""
    crowd.send[fd](question + b"/whoami\n")
    while b"-> You are " not in tail:
        crowd.poll()
        data = crowd.recv[fd](1 << 18)
        if not data:
            raise Lost("the server closed the connection")
        tail = tail[-16:] + data
    return perf_counter() - began
