"""Chapter: a connection ends in two halves, and why `close` alone would not do."""

from collections.abc import Iterator
from typing import Final

from reactor_chat.lesson.stage import Stage

TITLE: Final = "An end"


def play(stage: Stage) -> Iterator[None]:
    """Let a peer half-close, and let the operator kick somebody who is still sending."""
    stage.say(
        """alice asks something and ends her input at once, as `printf … | nc -N` does. She has not
        left: she still wants the answer. Her side of the connection is closed, ours is not."""
    )
    scene = stage.scene("alice", "bob")
    yield
    scene.say("alice", "/who\n")
    scene.peers["alice"].end()
    while "alice" in scene.present:
        stage.turn(scene)
        yield
    stage.read(scene, "alice", "bob")
    yield
    stage.say(
        """Now the operator kicks bob, who is in the middle of sending. close(2) with unread input
        would send a reset, and that can destroy the last word on its way. So our side is ended
        with shutdown, and what bob still sends is thrown away until he ends, too."""
    )
    scene.server.operator.receive("/kick bob good night")
    scene.say("bob", "and another th")
    stage.turn(scene)
    yield
    scene.say("bob", "ing")
    stage.turn(scene)
    yield
    stage.read(scene, "bob")
    stage.say(
        """bob's program sees the end, and closes. Only now is his descriptor free. (Once both sides
        have ended, epoll reports a hang-up, which counts as readable and as writable.)"""
    )
    scene.peers["bob"].end()
    stage.turn(scene)
    yield
    stage.say("Who never ended would be cut off after 5 seconds: a timer was set for that.")
