"""Chapter: what is said in a turn is one block of the room's log, sent once to each."""

from collections.abc import Iterator
from typing import Final

from reactor_chat.lesson.stage import Stage

TITLE: Final = "A room: one block, N sends"

_SPEAKERS: Final = ("alice", "bob", "carol", "dave")
_LISTENERS: Final = tuple(f"guest{number}" for number in range(1, 9))


def play(stage: Stage) -> Iterator[None]:
    """Let four speak, five lines each, to twelve."""
    stage.say(
        """Four of twelve members say five lines each, all in one turn. A server that sends each
        line to each of the eleven others makes 4 x 5 x 11 = 220 system calls."""
    )
    scene = stage.scene(*_SPEAKERS, *_LISTENERS)
    yield
    for name in _SPEAKERS:
        scene.say(name, "".join(f"line {number}\n" for number in range(1, 6)))
    before = scene.recorder.counts["send"]
    stage.turn(scene)
    yield
    sends = scene.recorder.counts["send"] - before
    lines = sum(data.count(b"\n") for data in scene.read_all().values())
    stage.table({"lines read by others": f"{lines}", "calls of send": f"{sends}"})
    stage.say(
        """The lines were appended to one log, whoever said them. At the end of the turn it was
        made into one block, and each listener was sent that block. A speaker does not read its
        own lines: its part is cut out of the log, so it is sent what is left, in one call as
        well."""
    )
