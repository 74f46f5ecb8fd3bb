"""Chapter: a handler that waits for something, and with it everybody else."""

import time
from collections.abc import Iterator
from typing import Final

from reactor_chat.lesson.change import Change
from reactor_chat.lesson.stage import Figures, Stage
from reactor_chat.server.session import Session

TITLE: Final = "Break it: a handler that blocks"

_LINE: Final = "    member = self.member"
CHANGE: Final = Change(
    Session, "on_batch", _LINE, '    __import__("time").sleep(0.02)  # a database, say\n' + _LINE
)

_CLIENTS: Final = 20


def play(stage: Stage) -> Iterator[None]:
    """Let twenty ask at once, of a server that looks something up for each."""
    return stage.without(
        CHANGE,
        f"""There is one thread. While a handler waits for a disk, a name server or a lock, nobody
        else is served. Here it waits for 20 ms, for each of {_CLIENTS} clients who ask at once.""",
        measure,
    )


def measure(stage: Stage) -> Figures:
    """Return how long they wait for their answers."""
    scene = stage.scene()
    names = [f"client{number}" for number in range(_CLIENTS)]
    scene.enter(*names, room=None)
    for name in names:
        scene.say(name, "hello\n")
    begin = time.perf_counter()
    scene.turn_until_idle()
    seconds = time.perf_counter() - begin
    answered = sum(data == b"HELLO\n" for data in scene.read_all().values())
    return {
        "clients answered": f"{answered}",
        "the last has waited": f"{seconds * 1000:.1f} ms",
    }
