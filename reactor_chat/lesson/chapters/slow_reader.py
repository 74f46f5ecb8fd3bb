"""Chapter: somebody reads nothing for a while, and nobody else waits for it."""

from collections.abc import Iterator
from typing import Final

from reactor_chat.lesson.scene import Scene
from reactor_chat.lesson.stage import Stage
from reactor_chat.net.shared import Limits

TITLE: Final = "A slow reader"

_LIMITS: Final = Limits(backlog=64 * 1024)
_BUFFER: Final = 2048  # bytes of kernel buffer for each; the kernel raises that to its minimum
_TALK: Final = ("x" * 78 + "\n") * 20  # lines that alice says at once: 1.6 KB
TIMES_UNREAD: Final = (20, 150)  # that she does so unread: the log keeps the first of these


def play(stage: Stage) -> Iterator[None]:
    """Let bob stop reading while alice goes on, and then read again, twice."""
    stage.say(
        """bob's program is stopped, and does not read. Of what alice says the kernel takes as much
        as it has buffers for, which are made small here. Look at what `send` returns, and what
        bob's connection waits for then."""
    )
    scene = stage.scene("alice", "carol", limits=_LIMITS, send_buffer=_BUFFER)
    _talk(scene)  # so that the server reads alice in large slices from here on
    scene.enter("bob", receive_buffer=_BUFFER)
    yield
    while not scene.connection("bob").blocked:
        _talk(scene, stage)
        yield
    stage.say("The rest waits for bob alone, and what follows in the log. He is not offered it.")
    _talk(scene, stage)
    yield
    read = b""
    for times in TIMES_UNREAD:
        stage.say(f"alice says as much {times} times, and carol reads. Then bob reads again.")
        for _ in range(times):
            _talk(scene)
        behind, kept = scene.behind("bob")
        how_far = f"{behind:,} bytes, of which the log still has {kept:,}"
        stage.table({"until then he is behind by": how_far})
        read += scene.peers["bob"].read()
        stage.turn(scene)
        read += scene.catch_up("bob")
        told = [line.decode() for line in read.splitlines() if line[:1] == b"*"]
        stage.table({"lines read, in all": f"{read.count(b'alice: ')}", "told": f"{told}"})
        yield
    stage.say(
        """The log keeps 64 KB for those who are behind here, and is trimmed in steps of as much. A
        reader who is overrun continues at the end of the log, and is told how many lines he has
        missed. Now bob has caught up, and is sent the news at once."""
    )
    _talk(scene, stage)


def _talk(scene: Scene, stage: Stage | None = None) -> None:
    scene.say("alice", _TALK)
    stage.turn(scene) if stage else scene.turn_until_idle()
    scene.peers["carol"].read()
