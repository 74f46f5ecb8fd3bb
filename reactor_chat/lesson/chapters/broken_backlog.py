"""Chapter: a backlog without a bound, kept for somebody who may never read."""

from collections.abc import Iterator
from typing import Final

from reactor_chat.lesson.change import Change
from reactor_chat.lesson.stage import Figures, Stage
from reactor_chat.net.audience import Audience
from reactor_chat.net.shared import Limits

TITLE: Final = "Break it: a backlog without a bound"

CHANGE: Final = Change(
    Audience,
    "on_end_of_turn",
    "if log.tip.size - log.base.size > limit + _TRIM_STEP and log.trim(limit):",
    "if False:",
)

_BUFFER: Final = 4096
_LIMITS: Final = Limits(backlog=64 * 1024)
_TALK: Final = b"x" * 1000 + b"\n"
_LINES: Final = 4000


def play(stage: Stage) -> Iterator[None]:
    """Let somebody read nothing while much is said."""
    return stage.without(
        CHANGE,
        f"""What a reader has not taken waits in the server. Somebody who reads nothing would thus
        fill its memory with what others say. bob is stopped; alice says {_LINES} lines of 1 KB;
        the log keeps 64 KB here for who is behind, and is trimmed in steps of as much. What is
        left out is counted.""",
        measure,
    )


def measure(stage: Stage) -> Figures:
    """Return what is kept for who does not read."""
    scene = stage.scene("alice", limits=_LIMITS, send_buffer=_BUFFER)
    scene.enter("bob", receive_buffer=_BUFFER)
    scene.pour("alice", _TALK * _LINES)
    log = scene.audience().log
    kept = log.tip.size - log.base.size
    missed = scene.catch_up("bob").count(b"* You missed")
    return {
        "the log keeps for bob": f"{kept:,} bytes",
        "bob is told of a gap": "yes" if missed else "no",
        "lines that he missed": f"{scene.server.shared.missed:,}",
    }
