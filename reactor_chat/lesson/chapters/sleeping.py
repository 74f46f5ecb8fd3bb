"""Chapter: how the loop knows how long it may sleep."""

from collections.abc import Iterator
from typing import Final

from reactor_chat.lesson.stage import Stage

TITLE: Final = "Time: sleeping until the next deadline"


def play(stage: Stage) -> Iterator[None]:
    """Send a text that never ends its line, and wait."""
    stage.say(
        """A bare client, such as a first exercise with send and recv, ends no lines. The server
        cannot know that its message is whole. If the text has been still for a quarter of a
        second, it is taken for one. bare has sent `hello`, and no line feed."""
    )
    scene = stage.scene()
    scene.connect("bare")
    yield
    scene.say("bare", "hello")
    stage.turn(scene)
    yield
    stage.say(
        """Nothing was answered, but a timer was set. Timers need no thread and no alarm: the next
        turn asks select to wake it by the next deadline at the latest."""
    )
    stage.turn(scene)
    yield
    stage.read(scene, "bare")
    stage.say(
        """The answer has no line feed either: such a program would print it. Without a deadline
        select sleeps until somebody is ready, and an idle server does nothing at all."""
    )
