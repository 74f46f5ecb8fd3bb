"""Chapter: TCP carries bytes, not messages; where a line ends is for the server to find."""

from collections.abc import Iterator
from typing import Final

from reactor_chat.lesson.scene import Scene
from reactor_chat.lesson.stage import Stage

TITLE: Final = "A stream has no messages"


def play(stage: Stage) -> Iterator[None]:
    """Send a line in pieces, and two lines in one."""
    stage.say(
        """Whoever calls send twice may be read with one recv, and the other way round. alice sends
        a line in two pieces, each in a packet of its own."""
    )
    scene = stage.scene("alice", "bob")
    yield
    for piece in ("is there any Ea", "rl Grey left?\n"):
        scene.say("alice", piece)
        stage.turn(scene)
        _show_buffer(stage, scene)
        yield
    stage.read(scene, "bob")
    stage.say(
        """After the first piece nothing was said: `LineBuffer` keeps what has not ended. Now
        three lines in one piece, and the beginning of a fourth."""
    )
    yield
    scene.say("alice", "one\ntwo\nthree\nfo")
    stage.turn(scene)
    _show_buffer(stage, scene)
    yield
    scene.say("alice", "ur\n")
    stage.turn(scene)
    yield
    stage.read(scene, "bob")


def _show_buffer(stage: Stage, scene: Scene) -> None:
    stage.table({"unfinished line of alice": repr(scene.connection("alice").lines.unfinished)})
