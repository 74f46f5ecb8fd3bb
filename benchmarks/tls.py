"""What TLS costs, beside asyncio's and uvloop's TLS in the same run.

Echo, fan-out and the memory of an idle connection are compared as in the sweep, at fewer sizes. And
while 1,000 callers a second do a handshake and hang up, a witness measures the round trips of
somebody else, as for the floods. All servers have the same certificate, with a P-256 key.
"""

import json
import shutil
import socket
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks import hostile
from benchmarks.crowd import trusting
from benchmarks.handshakes import Job as HandshakesJob
from benchmarks.helpers import Done, hear, helper, tell
from benchmarks.hostile import Case, Times
from benchmarks.request import Request
from benchmarks.servers import OURS, SUBJECTS, Failed, Subject, available, knows, running, variant
from benchmarks.sweep import Comparison, compare, scale_of
from benchmarks.witness import Job as WitnessJob
from benchmarks.witness import Sample

SCENARIOS = ("arrivals", "echo", "fanout", "handshakes")
TASTE = ("echo", "handshakes")  # what a smoke run does
SIZES = (100, 1_000)

CERTIFICATE = ("--cert", "{scratch}/cert.pem", "--key", "{scratch}/key.pem")

# The first door speaks TLS, the second does not.
DOORS = ("--listen", "chats://127.0.0.1:0", "--listen", "chat://127.0.0.1:0")

# Callers a second, and for how long they call, by scale.
CALLING = {
    "smoke": (200, Times(0.1, 0.3, 0.1)),
    "default": (1_000, Times(0.5, 3.0, 2.0)),
    "full": (1_000, Times(1.0, 10.0, 5.0)),
}

# Seconds of a comparison, which has a third of the sweep's sizes.
SHARE = 0.35

# What is good enough for a witness is what is while so few callers flood a server.
FEW = 20

DEADLINE = 120


def run(request: Request) -> list[str]:
    """Run all of it. Returns what failed; what cannot be measured here is said, and left out."""
    try:
        subjects = _subjects(request)
    except Failed as failure:
        request.say(f"FAILED: TLS of our server: {failure}")
        return [str(failure)]
    if not subjects:
        return []
    scale = scale_of(request)
    scenarios = request.chosen(SCENARIOS, TASTE if scale.small else SCENARIOS)
    if scale.small:
        subjects = dict(list(subjects.items())[:1])
    failures: list[str] = []
    compared = [name for name in scenarios if name != "handshakes"]
    if compared:
        sizes = request.sizes or (scale.sizes if scale.small else SIZES)
        comparison = Comparison("TLS", subjects, compared, sizes, {})
        quicker = replace(scale, budget=scale.budget * SHARE, to_the_limit=False)
        failures += compare(request, quicker, comparison).failures
    if "handshakes" in scenarios:
        failures += handshakes(request, subjects)
    return failures


def _subjects(request: Request) -> dict[str, Subject]:
    if not shutil.which("openssl"):
        request.say("TLS left out: there is no openssl to make a certificate")
        return {}
    wanted = request.subjects or list(SUBJECTS)
    subjects: dict[str, Subject] = {
        name: replace(
            SUBJECTS[name],
            arguments=(*SUBJECTS[name].arguments, *CERTIFICATE),
            doors=2,
            tls=True,
        )
        for name in ("asyncio", "uvloop")
        if name in wanted and name in available()
    }
    ours = variant(
        OURS, *DOORS, *CERTIFICATE, "--quiet", "--rate", "0", "--data", "none", doors=2, tls=True
    )
    if OURS not in wanted:
        return subjects
    if why := _unable(ours, request.root):
        request.say(f"TLS of our server left out: {why}")
        return {}
    return {OURS: ours} | subjects


def _unable(ours: Subject, root: Path) -> str:
    """Return why our server cannot be measured, or nothing if it can. Raises `Failed`."""
    if not knows(root, "--cert"):
        return "it has no option --cert"
    try:
        with running(ours, DEADLINE, root) as server:
            sock = socket.create_connection(("127.0.0.1", server.port), timeout=5)
            trusting().wrap_socket(sock).close()
    except OSError as error:
        return str(error)
    return ""


def handshakes(request: Request, subjects: Mapping[str, Subject]) -> list[str]:
    """Let callers come and go, and see how others fare. Returns what failed."""
    rate, times = CALLING[request.scale]
    failures = []
    print(f"TLS: {rate:,} handshakes a second", hostile.header(), sep="\n", flush=True)
    for name, subject in subjects.items():
        try:
            case, cost = _handshakes(subject, rate, times, request.root)
        except Failed as failure:
            failures.append(f"handshakes {name}: {failure}")
            request.say(f"FAILED: {failures[-1]}")
            continue
        print(f"{hostile.row(case)}  {1e6 * cost:,.0f} us of CPU a handshake", flush=True)
    print(hostile.LEGEND, flush=True)
    return failures


def _handshakes(subject: Subject, rate: float, times: Times, root: Path) -> tuple[Case, float]:
    with running(subject, DEADLINE + 30, root) as server:
        tls, plain = server.ports
        job = HandshakesJob(tls, server.pid, rate, times.during, DEADLINE)
        with (
            helper("handshakes", asdict(job)) as load,
            helper("witness", asdict(WitnessJob(plain, server.pid, False, DEADLINE))) as witness,
        ):
            hear(load), hear(witness)
            time.sleep(times.before)
            tell(load)
            done = Done(**json.loads(hear(load)))
            time.sleep(times.after)
            tell(witness)
            samples = [Sample(*one) for one in json.loads(hear(witness))["echo"]]
    case = hostile.case(subject.name, FEW, "echo", samples, done, times.before)
    return case, done.cpu / max(1, done.answers)
