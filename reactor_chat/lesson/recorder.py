"""What happened in a turn, as it was observed: the loop's steps, system calls, lines that ran.

Invariants:
- What is noted is what the running code told, and the line that it told it from.
- The counts go on while nothing is noted, so that a scene of a million lines costs a few numbers.

Not here: how it looks (`view`), and who the descriptors are (`scene`).
"""

import sys
from collections import Counter
from collections.abc import Callable
from typing import Final, NamedTuple

from reactor_chat.lesson.source import CallTrace, Place, place_of
from reactor_chat.loop.reactor import READ, WRITE, Handler
from reactor_chat.loop.readiness import Ready
from reactor_chat.loop.timers import Callback
from reactor_chat.net.observed import StreamObserver

_INTERESTS: Final = {
    0: "nothing",
    READ: "to read",
    WRITE: "to write",
    READ | WRITE: "to read and to write",
}

# Seconds that tell a loop that slept from one that was kept waiting for the processor. The
# lesson's own sleeps are longer.
_A_SLEEP: Final = 0.2


class Seen(NamedTuple):
    """One thing that was observed."""

    kind: str
    text: str
    place: Place | None = None


class Recorder(StreamObserver):
    """Notes what it is told. `name` knows who a descriptor is, `queues` what waits in them."""

    def __init__(
        self,
        name: Callable[[int], str],
        describe: Callable[[object], str],
        queues: Callable[[], list[str]],
        clock: Callable[[], float],
    ) -> None:
        self._name = name
        self._describe = describe
        self._queues = queues
        self._clock = clock
        self._asleep_since = 0.0
        self._patience: float | None = None  # seconds that the loop wants to sleep at most
        self._noting = False
        self._ending = False  # the end of the turn has begun
        self.seen: list[Seen] = []
        self.path: list[tuple[str, str]] = []  # files and functions, in the order of the calls
        self.counts: Counter[str] = Counter()
        self.sent: Counter[int] = Counter()  # bytes for each descriptor

    def record(self, act: Callable[[], object], path: bool = False) -> list[Seen]:
        """Return what happens while `act` runs; with its path, also who called whom."""
        self.seen, self.path = [], []
        self._noting, self._ending = True, False
        try:
            if path:
                with CallTrace(self._on_function):
                    act()
            else:
                act()
        finally:
            self._noting = False
        return self.seen

    def _note(self, kind: str, text: str, placed: bool = True) -> None:
        if self._noting:
            place = place_of(sys._getframe(2)) if placed else None
            self.seen.append(Seen(kind, text, place))

    def _on_function(self, file: str, function: str, caller: Place | None) -> None:
        self.path.append((file, function))
        if caller is not None:
            self.seen.append(Seen("call", "", caller))

    # -- of the loop ------------------------------------------------------------------------------

    def on_sleep(self, patience: float | None) -> None:
        """Note when the loop fell asleep."""
        self._asleep_since, self._patience = self._clock(), patience

    def on_wake(self, ready: Ready) -> None:
        """Note how long it slept, and why it woke."""
        if not self._noting:
            return
        slept = self._clock() - self._asleep_since
        most = "" if self._patience is None else f" of at most {self._patience:.2f}"
        asleep = not ready or slept >= _A_SLEEP
        long = f"slept {slept:.2f} s{most}" if asleep else "woke at once"
        names = [f"{self._name(fd)} ({_means(mask)})" for fd, mask in ready]
        if len(names) > 6:
            names = [*names[:5], f"and {len(names) - 5} more"]
        self._note("select", f"{long}: {', '.join(names) or 'nobody; a timer is due'}")

    def on_call(self, what: str, subject: object) -> None:
        """Note the steps of the loop; before its end of turn, what lies in the queues."""
        self.counts["timers"] += what == "timer"
        if not self._noting or what == "send":
            return
        if what in ("early", "end", "dispose") and not self._ending:
            self._ending = True
            for line in self._queues():
                self._note("queued", line, placed=False)
        self._note(what, self._describe(subject))

    def on_watch(self, handler: Handler, interest: int) -> None:
        """Note what a handler waits for from now on."""
        self._note("watch", f"{self._describe(handler)} waits {_waits(interest)}")

    def on_timer(self, delay: float, handler: Handler, callback: Callback) -> None:
        """Note a timer."""
        name = getattr(callback, "__qualname__", "a callback")
        when = f"in {delay:.2f} s" if delay else "as soon as the others had their turn"
        self._note("set", f"{name} of {self._describe(handler)}, {when}")

    # -- of the sockets ---------------------------------------------------------------------------

    def on_recv(self, fd: int, data: bytes) -> None:
        """Note what came."""
        self.counts["recv"] += 1
        what = _show(data) if data else "the end of the input"
        self._note("recv", f"{self._name(fd)}: {what}")

    def on_send(self, fd: int, data: bytes | memoryview, sent: int) -> None:
        """Note what left."""
        self.counts["send"] += 1
        self.counts["sent bytes"] += sent
        self.sent[fd] += sent
        if self._noting:
            took = f"{sent:,} bytes" if sent == len(data) else f"{sent:,} of {len(data):,} bytes"
            shown = _show(bytes(data[:60])) if len(data) <= 60 else ""
            self._note("send", f"{self._name(fd)}: the kernel took {took} {shown}".rstrip())

    def on_shutdown(self, fd: int) -> None:
        """Note an end of ours."""
        self._note("shutdown", f"{self._name(fd)}: our side is ended")

    def on_close(self, fd: int) -> None:
        """Note that a descriptor is free."""
        del self.sent[fd]  # it will be somebody else's
        self._note("close", f"{self._name(fd)}: the descriptor is free")


def _means(mask: int) -> str:
    return {READ: "readable", WRITE: "writable"}.get(mask, "readable, writable")


def _waits(interest: int) -> str:
    return "for nothing" if not interest else _INTERESTS[interest]


def _show(data: bytes) -> str:
    return repr(data) if len(data) <= 60 else f"{len(data):,} bytes, {bytes(data[:24])!r}…"
