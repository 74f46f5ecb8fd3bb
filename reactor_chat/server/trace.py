"""What the loop did, for `--trace FILE`: turns, handlers and sends, in the Trace Event Format.

The file opens in Perfetto (ui.perfetto.dev) and in chrome://tracing. It is for people who ask why a
turn took 40 ms.

Invariants:
- Nothing is written while the server serves, so nobody waits for the disk: the file is written
  once, when the server has ended. That it can be written is found out at the start. A pipe is
  refused, as whoever reads it could hold up the start or the end.
- The file is an array of events, and nothing around it: viewers open such an array even if its end
  is missing, because the disk was full, or the process was killed while it wrote.
- What is kept is bounded: the last `EVENTS`, and of the `LONGEST` longest turns, however long ago
  they were, the first `EVENTS_A_TURN` each.
- A server without a trace has a plain reactor and plain sockets, and pays nothing.

Not here: how the loop is observed (`loop.observed`, `net.observed`).
"""

import heapq
import json
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple, TextIO

from reactor_chat.loop.observed import ObservedReactor
from reactor_chat.loop.reactor import Handler
from reactor_chat.loop.readiness import Ready
from reactor_chat.loop.reasons import reason_for
from reactor_chat.net.observed import ObservedSocket, StreamObserver
from reactor_chat.server.server import Server

EVENTS: Final = 100_000  # the last minutes of a busy server, in about 30 MB
LONGEST: Final = 20
EVENTS_A_TURN: Final = 2000  # more is not looked at one by one

# Seconds. Of a step that takes longer, the client is named; to look for it costs some microseconds.
_LONG: Final = 0.001

_NAMES: Final = {
    "ready": "serve",
    "timer": "timer",
    "early": "publish",
    "end": "flush",
    "dispose": "dispose",
    "send": "send",
}
_MICROSECONDS: Final = 1e6


class CannotTrace(Exception):
    """The file cannot be written; the message is one line that says why."""


class Event(NamedTuple):
    """One thing that took time, or (`seconds` is None) figures at one time."""

    name: str
    start: float
    seconds: float | None
    about: dict[str, Any]

    def as_json(self) -> str:
        """Return the event as the format has it; there is one process, and one thread."""
        event = {"name": self.name, "pid": 1, "tid": 1, "ts": self.start * _MICROSECONDS}
        if self.seconds is None:
            event["ph"] = "C"
        else:
            event |= {"ph": "X", "dur": self.seconds * _MICROSECONDS}
        return json.dumps(event | {"args": self.about})


class Trace(StreamObserver):
    """Keeps what it is told, and writes it to `file`."""

    def __init__(self, file: TextIO, clock: Callable[[], float] = time.perf_counter) -> None:
        self._file = file
        self._clock = clock
        self._server: Server | None = None
        self._last: deque[Event] = deque(maxlen=EVENTS)
        self._longest: list[tuple[float, int, list[Event]]] = []  # a heap, the shortest first
        self._sequence = count()
        self._turn: list[Event] = []
        self._woke: float | None = None
        self._steps: list[tuple[str, object, float]] = []  # that are not over
        self._sent = (0, 0)  # bytes that were offered to the kernel last, and that it took
        self._figures: dict[str, int] = {}

    def new_reactor(self) -> ObservedReactor:
        """Return a reactor that this observes."""
        return ObservedReactor(self)

    def observe(self, server: Server) -> None:
        """Note the server's figures, too."""
        self._server = server

    def write(self) -> None:
        """Write all that is kept, and close the file; say so if it cannot be."""
        try:
            self._write()
        except OSError as error:
            sys.stderr.write(f"Cannot write the trace: {reason_for(error)}.\n")

    def _write(self) -> None:
        with self._file as file:
            file.write('[\n{"name": "process_name", "ph": "M", "pid": 1, "tid": 1, ')
            file.write('"args": {"name": "reactor_chat"}}')
            for event in self._kept():
                file.write(",\n" + event.as_json())
            file.write("\n]\n")

    def _kept(self) -> Iterator[Event]:
        """Return the events in their order, with those of the longest turns that are older."""
        last = [*self._last, *self._turn]
        present = set(map(id, last))
        for _, _, turn in sorted(self._longest, key=lambda kept: kept[2][0].start):
            yield from (event for event in turn if id(event) not in present)
        yield from last

    # -- what is told -----------------------------------------------------------------------------

    def on_wake(self, ready: Ready) -> None:
        """A turn begins."""
        self._woke = self._clock()

    def on_call(self, what: str, subject: object) -> None:
        """A step begins."""
        self._steps.append((what, subject, self._clock()))

    def on_send(self, fd: int, data: bytes | memoryview, sent: int) -> None:
        """Note how much was sent, for the step that is about to end."""
        self._sent = len(data), sent

    def on_return(self) -> None:
        """A step is over."""
        what, subject, start = self._steps.pop()
        seconds = self._clock() - start
        about: dict[str, Any] = {"what": type(subject).__name__}
        if what == "send":
            about = dict(zip(("bytes", "sent"), self._sent, strict=True))
        fd = _descriptor(subject)
        if fd >= 0:
            about["fd"] = fd
            if seconds > _LONG and (name := self._who(fd)):
                about["who"] = name
        self._add(Event(_NAMES[what], start, seconds, about))

    def on_turn(self, ready: int) -> None:
        """A turn is over: keep it, and the figures, if they have changed."""
        assert self._woke is not None
        start, seconds = self._woke, self._clock() - self._woke
        turn, self._turn = self._turn, []
        # First, as what is around it: steps come when they end.
        turn.insert(0, Event("turn", start, seconds, {"ready": ready}))
        turn += self._figures_of(start + seconds)
        self._last.extend(turn)
        entry = (seconds, next(self._sequence), turn[:EVENTS_A_TURN])
        if len(self._longest) < LONGEST:
            heapq.heappush(self._longest, entry)
        elif seconds > self._longest[0][0]:
            heapq.heapreplace(self._longest, entry)

    def _add(self, event: Event) -> None:
        if len(self._turn) < EVENTS:
            self._turn.append(event)

    def _figures_of(self, now: float) -> list[Event]:
        if self._server is None:
            return []
        shared = self._server.shared
        figures = {
            "clients": len(self._server.sessions),
            "backlog": shared.waiting,
            "missed": shared.missed,
        }
        changed = [name for name in figures if figures[name] != self._figures.get(name)]
        self._figures = figures
        return [Event(name, now, None, {name: figures[name]}) for name in changed]

    def _who(self, fd: int) -> str:
        sessions = self._server.sessions if self._server else ()
        names = (one.member.name for one in sessions if one.connection.fd == fd)
        return next(names, "")


def open_trace(path: str | None) -> Trace | None:
    """Return a trace that writes to a file, if one is named; raise CannotTrace."""
    if path is None:
        return None
    try:
        if Path(path).is_fifo():
            raise OSError("it is a pipe")
        return Trace(open(path, "w", encoding="utf-8"))
    except OSError as error:
        raise CannotTrace(f"Cannot write the trace to {path}: {reason_for(error)}.") from error


def _descriptor(subject: object) -> int:
    if isinstance(subject, Handler):
        return subject.fd
    return subject.fileno() if isinstance(subject, ObservedSocket) else -1
