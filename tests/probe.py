"""A handler that notes what the reactor calls it for.

Not here: what is right.
"""

from collections.abc import Callable

from reactor_chat.loop.reactor import NOTHING, Handler


class Probe(Handler):
    """Writes `NAME EVENT` into a log, and then does what it was told to do on that."""

    def __init__(self, log: list[str], name: str, fd: int) -> None:
        super().__init__(fd)
        self.name = name
        self._log = log
        self._acts: dict[str, list[Callable[[], object]]] = {}

    def on(self, event: str, act: Callable[[], object]) -> None:
        """Do something when this happens, after what is to be done already."""
        self._acts.setdefault(event, []).append(act)

    def on_readable(self) -> None:
        self._note("reads")

    def on_writable(self) -> None:
        self._note("writes")

    def on_early_end_of_turn(self) -> None:
        self._note("ends early")

    def on_end_of_turn(self) -> None:
        self._note("ends")

    def on_dispose(self) -> None:
        assert self.interest == NOTHING
        self._note("is disposed of")

    def on_crash(self, error: Exception) -> None:
        self._note(f"crashes: {error}")

    def _note(self, event: str) -> None:
        self._log.append(f"{self.name} {event}")
        for act in self._acts.get(event, ()):
            act()
