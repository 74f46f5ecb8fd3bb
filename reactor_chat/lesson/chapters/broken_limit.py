"""Chapter: no limit on a line, and one client who takes all the memory."""

import time
from collections.abc import Iterator
from typing import Final

from reactor_chat.lesson.change import Change
from reactor_chat.lesson.stage import Figures, Stage
from reactor_chat.wire.framing import MAX_LINE, LineBuffer

TITLE: Final = "Break it: no limit on a line"

CHANGE: Final = Change(LineBuffer, "__init__", "self._limit = limit", "self._limit = 1 << 40")

_SIZE: Final = 4 * 1024 * 1024


def play(stage: Stage) -> Iterator[None]:
    """Let somebody send a line that does not end."""
    return stage.without(
        CHANGE,
        f"""Until its line ends, what a client sends has to be kept. So a line has at most
        {MAX_LINE} bytes; a longer one is refused as soon as that is known, and what follows of it
        is thrown away. mallory sends {_SIZE // 1024**2} MB without a line feed; nothing forbids
        4 GB.""",
        measure,
    )


def measure(stage: Stage) -> Figures:
    """Return what the server keeps of it."""
    scene = stage.scene("alice")
    scene.enter("mallory", room=None)
    begin = time.perf_counter()
    scene.pour("mallory", bytes(_SIZE).replace(b"\0", b"x"))
    seconds = time.perf_counter() - begin
    kept = len(scene.connection("mallory").lines.unfinished)
    return {
        "kept for mallory": f"{kept:,} bytes",
        "time for it": f"{seconds * 1000:.0f} ms",
        "mallory reads": repr(scene.peers["mallory"].read().decode()[:28]),
    }
