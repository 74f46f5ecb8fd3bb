"""Chapter: write interest that is always on, and a loop that spins."""

import time
from collections.abc import Iterator
from typing import Final

from reactor_chat.lesson.change import Change
from reactor_chat.lesson.stage import Figures, Stage
from reactor_chat.net.connection import Connection

TITLE: Final = "Break it: write interest always on"

CHANGE: Final = Change(
    Connection, "update_interest", "(WRITE if self.blocked else NOTHING)", "WRITE"
)

_SECONDS: Final = 0.25


def play(stage: Stage) -> Iterator[None]:
    """Let nobody speak for a while."""
    return stage.without(
        CHANGE,
        f"""A socket can nearly always be written to. Who waits for that without having anything to
        write is woken at once, again and again. Three clients are here, and nobody speaks for
        {_SECONDS} seconds.""",
        measure,
    )


def measure(stage: Stage) -> Figures:
    """Return how often the loop turns, and what that costs."""
    scene = stage.scene("alice", "bob", "carol")
    turns, cpu = scene.reactor.turns, time.process_time()
    end = time.monotonic() + _SECONDS
    while (left := end - time.monotonic()) > 0:
        scene.reactor.turn(left)
    return {
        "turns of the loop": f"{scene.reactor.turns - turns:,}",
        "time of the processor": f"{(time.process_time() - cpu) * 1000:.0f} ms",
    }
