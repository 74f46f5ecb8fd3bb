"""Chapter: a line on its way from alice to the others, call by call.

README's *How a message travels* is this turn in words; a test compares the two.
"""

from collections.abc import Iterator
from typing import Final

from reactor_chat.lesson.stage import Stage

TITLE: Final = "One message"


def play(stage: Stage) -> Iterator[None]:
    """Say one line in a room of three."""
    stage.say(
        """Three clients are in the room tea, and the server sleeps in select. alice says a line.
        This is the one turn of the loop that follows: each line of the program that calls the
        next function, and what passes between the program and the kernel."""
    )
    scene = stage.scene("alice", "bob", "carol")
    yield
    scene.say("alice", "is there any Earl Grey left?\n")
    stage.turn(scene, path=True)
    yield
    stage.read(scene, "alice", "bob", "carol")
    stage.say(
        """Nothing was sent while alice's line was served: it was put at the end of the room's log.
        The end of the turn sent it, the same bytes to bob and to carol, one system call each. A
        member does not read its own lines."""
    )
