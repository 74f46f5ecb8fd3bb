"""Chapter: somebody reads nothing for a while, and nobody else waits for it."""

from collections.abc import Iterator
from typing import Final

from reactor_chat.lesson.stage import Stage
from reactor_chat.net.shared import Limits

TITLE: Final = "A slow reader"

_LIMITS: Final = Limits(backlog=64 * 1024)
_BUFFER: Final = 4096  # bytes of the kernel for each: the least that it takes, and soon full
_TALK: Final = ("x" * 78 + "\n") * 150  # lines that alice says at once: 12 KB


def play(stage: Stage) -> Iterator[None]:
    """Let bob stop reading while alice goes on, and then read again."""
    stage.say(
        """bob's program is stopped, and does not read. Of what alice says the kernel takes as much
        as it has buffers for, which are made small here. Look at what `send` returns, and what
        bob's connection waits for then."""
    )
    scene = stage.scene("alice", "carol", limits=_LIMITS, send_buffer=_BUFFER)
    scene.enter("bob", receive_buffer=_BUFFER)
    yield
    while not scene.connection("bob").blocked:
        scene.say("alice", _TALK)
        stage.turn(scene)
        scene.peers["carol"].read()
        yield
    stage.say("alice goes on. bob is not offered anything, carol reads as before, 40 times.")
    for _ in range(40):
        scene.say("alice", _TALK)
        scene.turn_until_idle()
        scene.peers["carol"].read()
    place = scene.connection("bob").places[scene.audience()]
    stage.table(
        {
            "bob is behind by": f"{place.behind_by:,} bytes",
            "the room's log keeps": f"{scene.audience().log.size:,} bytes, for all together",
        }
    )
    yield
    stage.say("The log keeps no more than its limit (64 KB here). Now bob reads again.")
    stage.read(scene, "bob")
    stage.turn(scene)
    yield
    data = scene.catch_up("bob")
    for line in data.splitlines():
        if line.startswith(b"*"):
            stage.say(f"What was trimmed is counted, at its place: bob reads {line.decode()!r}.")
    stage.say("He has caught up, and is sent the news directly again.")
