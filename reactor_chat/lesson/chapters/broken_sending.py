"""Chapter: a `send` for every message, instead of one for every turn."""

import time
from collections.abc import Iterator
from typing import Final

from reactor_chat.lesson.change import Change
from reactor_chat.lesson.stage import Figures, Stage
from reactor_chat.server.session import Session

TITLE: Final = "Break it: a send for every message"

CHANGE: Final = Change(
    Session,
    "on_batch",
    "        self._chat.speak(member, batch, lines)",
    """\
        for line in batch.splitlines(keepends=True):
            self._chat.speak(member, line, 1)
            self._server.reactor.end_turn()""",
)

_MEMBERS: Final = 60
_SPEAKERS: Final = 10
_LINES: Final = 10


def play(stage: Stage) -> Iterator[None]:
    """Let ten say ten lines each, in a room of sixty."""
    return stage.without(
        CHANGE,
        f"""The end of the turn sends what the whole turn has produced. Without that rule each
        message is sent when it is said. {_SPEAKERS} of {_MEMBERS} members say {_LINES} lines each.
        """,
        measure,
    )


def measure(stage: Stage) -> Figures:
    """Return what it takes to deliver all of it."""
    names = [f"guest{number}" for number in range(_MEMBERS)]
    scene = stage.scene(*names)
    for name in names[:_SPEAKERS]:
        scene.say(name, "good morning\n" * _LINES)
    sends, begin = scene.recorder.counts["send"], time.perf_counter()
    scene.turn_until_idle()
    seconds = time.perf_counter() - begin
    lines = sum(data.count(b"\n") for data in scene.read_all().values())
    return {
        "lines delivered": f"{lines:,}",
        "calls of send": f"{scene.recorder.counts['send'] - sends:,}",
        "time": f"{seconds * 1000:.1f} ms",
    }
