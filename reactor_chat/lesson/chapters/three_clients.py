"""Chapter: several are ready at once, and one thread serves them all."""

from collections.abc import Iterator
from typing import Final

from reactor_chat.lesson.stage import Stage

TITLE: Final = "Three clients, one thread"


def play(stage: Stage) -> Iterator[None]:
    """Let three speak before the loop is turned, and then nobody."""
    stage.say(
        """alice, bob and carol speak at the same time. No thread waits for any of them: one call
        of select returns all who are ready, and they are served one after the other."""
    )
    scene = stage.scene("alice", "bob", "carol")
    yield
    for name in scene.peers:
        scene.say(name, f"I am {name}\n")
    stage.turn(scene)
    yield
    stage.read(scene, "alice", "bob", "carol")
    stage.say(
        """Three lines came in with one recv each. Each of the three was sent two of them with one
        send: what a turn has for somebody leaves at once. All see the lines in the same order."""
    )
    yield
    stage.say("Outside of a room the server answers in uppercase. dave is new, and in no room.")
    scene.enter("dave", room=None)
    scene.say("dave", "hello\n")
    scene.say("alice", "who is dave?\n")
    stage.turn(scene)
    yield
    stage.read(scene, "bob", "dave")
