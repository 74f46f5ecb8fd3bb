"""Chapter: what a turn costs with a thousand clients, measured now, on this machine."""

import time
from collections.abc import Iterator
from typing import Final

from reactor_chat.lesson.peer import affordable
from reactor_chat.lesson.stage import Stage
from reactor_chat.net.slices import SLICE

TITLE: Final = "A thousand clients"

_WANTED: Final = 1000


def play(stage: Stage) -> Iterator[None]:
    """Fill a room, and measure: nobody speaks, one does, fifty do."""
    count = affordable(_WANTED)
    names = [f"guest{number}" for number in range(1, count + 1)]
    stage.say(
        f"""{count} clients are connected, in one room, by real sockets; that takes two descriptors
        each, as both ends are in this process. What is said is sent to {SLICE} of them a turn, so
        that others are served in between. (Being observed, the server is slower here.)"""
    )
    scene = stage.scene(*names)
    yield

    def measure(speakers: int) -> dict[str, str]:
        for name in names[:speakers]:
            scene.say(name, "good morning\n")
        before, begin = scene.recorder.counts["send"], time.perf_counter()
        turns = scene.turn_until_idle()
        seconds = time.perf_counter() - begin
        lines = sum(data.count(b"\n") for data in scene.read_all().values())
        sends = scene.recorder.counts["send"] - before
        return {
            f"{speakers} speaking": f"{turns} turns of {seconds / turns * 1000:.1f} ms",
            "  calls of send": f"{sends}",
            "  lines delivered": f"{lines}",
            "  a line delivered takes": f"{seconds / lines * 1e6:.2f} µs",
        }

    for speakers in (1, 50):
        stage.table(measure(speakers))
        yield
    stage.say(
        """Fifty times as many lines take little longer: a system call costs some microseconds, and
        a longer block in the same call nearly nothing. That is why writing only appends, and the
        end of the turn sends."""
    )
