"""Chapter: `close` while the peer is still sending, and a last word that is lost."""

from collections.abc import Iterator
from typing import Final

from reactor_chat.lesson.change import Change
from reactor_chat.lesson.stage import Figures, Stage
from reactor_chat.net.connection import Connection

TITLE: Final = "Break it: close with unread input"

CHANGE: Final = Change(
    Connection,
    "_shut_down",
    "    if not self._shut:",
    "    self.abort(self._reason)\n    return\n    if not self._shut:",
)

_ASKED: Final = "tell me more\n" * 2000  # 26 KB, which bob does not read yet
_UNREAD: Final = "and another thing\n" * 3000  # more than the server reads in a turn


def play(stage: Stage) -> Iterator[None]:
    """Kick somebody who sends and does not read."""
    return stage.without(
        CHANGE,
        """bob has been sent answers that he has not read yet, and goes on sending. The operator
        kicks him. Without the rule the connection is closed once the kernel has taken the last
        word. The kernel finds input that nobody has read, and sends a reset at once, in place of
        all that it still had to deliver.""",
        measure,
    )


def measure(stage: Stage) -> Figures:
    """Return what of it all bob can read."""
    scene = stage.scene(send_buffer=256 * 1024)
    scene.enter("bob", room=None, receive_buffer=4096)
    before = scene.recorder.counts["sent bytes"]
    scene.pour("bob", _ASKED.encode())
    scene.say("bob", _UNREAD)
    scene.server.operator.receive("/kick bob good night")
    scene.turn()
    told = scene.recorder.counts["sent bytes"] - before
    data, end = scene.peers["bob"].read_to_end()
    return {
        "the server has sent": f"{told:,} bytes",
        "bob could read": f"{len(data):,} bytes",
        "bob's last line": repr(data.decode().splitlines()[-1]),
        "how it ended": end,
    }
