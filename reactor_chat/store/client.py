"""What the server keeps, and reads back, by way of its keeper.

Whoever keeps lines needs three of these, which a chat can know as a protocol of its own:

    keep(room, first_number, time_ms, block)    append to the stream; no system call
    flush() -> bool                             one `send`; whether what was kept may be delivered
    busy                                        too much is not on disk: read speakers later

`on_drained` is called when what a refused flush had left may be delivered, `on_relieved` when
`busy` has become false.

Invariants:
- Callbacks come from the loop, never from within the call that asked. What they raise is reported,
  and stops nothing here.
- A question that a keeper did not live to answer is put to the next one. If there is none for a
  while, it is answered at once: "busy", or a reading that has `failed`.
- What is read back comes in slices, each only when it is asked for: a reader who takes nothing
  costs one slice of memory, not 10,000 lines.

Not here: keepers that die, files that cannot be written (`channel`), and when a line is delivered.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Final, Literal

from reactor_chat.loop.reactor import Reactor
from reactor_chat.store.channel import Channel
from reactor_chat.store.process import Peer, ProcessPeer
from reactor_chat.store.records import (
    Frame,
    Kind,
    Line,
    RoomFacts,
    decode_slice,
    encode,
    encode_lines,
)

# How many may wait for a password to be worked out: at 50 ms each, less than a second.
PASSWORDS: Final = 16

# What `/history` and `/resume` reach back at most.
FURTHEST: Final = 10_000

Answer = Callable[[bool | Literal["busy"]], object]
OnSlice = Callable[[list[Line], bool], object]
Then = Callable[[Frame | None], object]  # None: nobody can answer now


@dataclass
class Snapshot:
    """What was in the file when the server started."""

    epoch: str = ""
    floor: int = 0  # a room that is not among `rooms` may have given out numbers up to this
    rooms: list[RoomFacts] = field(default_factory=list)
    accounts: list[tuple[str, str]] = field(default_factory=list)  # name, key
    bans: list[str] = field(default_factory=list)


class Store:
    """What is kept in the file at `path`."""

    def __init__(
        self,
        reactor: Reactor,
        path: str,
        *,
        log: Callable[[str], object],
        failure: Callable[[Exception], object],
        keep_days: int = 0,
        spawn: Callable[[str], Peer] = ProcessPeer,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start a keeper, and wait for what is in the file. Raises StoreError."""
        self.snapshot = Snapshot()
        self.on_drained: Callable[[], object] = _nothing
        self.on_relieved: Callable[[], object] = _nothing
        self._reactor = reactor
        self._failure = failure
        self._ids = count(1)
        self._questions: dict[int, tuple[bytes, Then]] = {}
        self._passwords = 0  # of these
        self._channel = Channel(reactor, path, keep_days, log, failure, spawn, clock)
        self._fresh = self._channel.outbox.fresh
        self._channel.start(self)

    # What is kept

    def keep(self, room: str, first_number: int, time_ms: int, block: bytes) -> None:
        """Keep whole lines as members see them, numbered from `first_number` up."""
        self._fresh.append(encode_lines(room, first_number, time_ms, block))

    def flush(self) -> bool:
        """Send what waits; return whether it may be delivered now."""
        return self._channel.flush()

    @property
    def is_keeping(self) -> bool:
        """Whether what is said now can be read back by who asks for it later."""
        return self._channel.is_keeping

    @property
    def busy(self) -> bool:
        """Whether more waits for the disk than should."""
        return self._channel.busy

    def set_topic(self, room: str, text: str, last: int) -> None:
        """Keep a room's topic; "" for none. `last` is the last number that was given out there."""
        self._keep_fact(Kind.TOPIC, [room, text, last])

    def ban(self, text: str) -> None:
        """Keep a ban."""
        self._keep_fact(Kind.BAN, text)

    def unban(self, text: str) -> None:
        """Keep it no more."""
        self._keep_fact(Kind.UNBAN, text)

    # What is asked

    def register(self, name: str, key: str, password: str, answer: Answer) -> None:
        """Keep a new account; refused if there is one with that key and another password."""
        self._ask_password(Kind.REGISTER, [name, key, password], answer)

    def login(self, key: str, password: str, answer: Answer) -> None:
        """Ask whether that is the account's password."""
        self._ask_password(Kind.LOGIN, [key, password], answer)

    def change_password(self, key: str, password: str, answer: Answer) -> None:
        """Keep another password; refused if there is no such account."""
        self._ask_password(Kind.CHANGE_PASSWORD, [key, password], answer)

    def forget(self, key: str, answer: Answer) -> None:
        """Delete an account; refused if there is none."""
        self.ask(Kind.FORGET, key, partial(_pass_on, answer))

    def read_last(self, room: str, lines: int, upto: int, on_slice: OnSlice) -> "Reading":
        """Read a room's last lines, of those numbered up to `upto`; begin with the first slice."""
        reading = Reading(self, room, upto, on_slice)
        reading.ask(Kind.READ_LAST, [room, min(lines, FURTHEST), upto])
        return reading

    def read_after(self, room: str, number: int, upto: int, on_slice: OnSlice) -> "Reading":
        """Read a room's lines after one and up to another; begin with the first slice."""
        reading = Reading(self, room, upto, on_slice)
        reading.ask(Kind.READ_AFTER, [room, number, upto, FURTHEST])
        return reading

    def ask(self, kind: Kind, value: object, then: Then) -> None:
        """Put a question to the keeper, now or once there is one again."""
        if self._channel.is_in_vain:
            self._later(partial(then, None))
            return
        number = next(self._ids)
        self._questions[number] = (encode(kind, value, number), then)
        self._channel.ask(self._questions[number][0])

    def close(self, patience: float) -> None:
        """Let the keeper write all there is, and end; wait no longer than so many seconds."""
        self._channel.close(patience)

    # What the channel tells its owner

    def take(self, frame: Frame) -> None:
        """Pass on an answer, or note what is in the file."""
        if frame.kind in (Kind.ANSWER, Kind.SLICE):
            _, then = self._questions.pop(frame.request, (b"", _nothing))
            self._call(partial(then, frame))
        elif not self.snapshot.epoch:
            self._note(frame)

    def ask_again(self) -> None:
        """Put all questions to another keeper."""
        for frame, _ in self._questions.values():
            self._channel.outbox.ask(frame)

    def give_up_asking(self) -> None:
        """Answer all questions: nobody can now."""
        questions = list(self._questions.values())
        self._questions.clear()
        for _, then in questions:
            self._later(partial(then, None))

    def is_waiting(self) -> bool:
        """Return whether a question is not answered yet."""
        return bool(self._questions)

    def note_drained(self) -> None:
        """What a refused flush had left may be delivered now."""
        self._call(self.on_drained)

    def note_relieved(self) -> None:
        """The channel is not busy any more."""
        self._call(self.on_relieved)

    def _note(self, frame: Frame) -> None:
        """Take a piece of the snapshot; the epoch comes with the last one."""
        value = frame.value()
        if frame.kind == Kind.ROOMS:
            self.snapshot.rooms += [RoomFacts(*room) for room in value]
        elif frame.kind == Kind.ACCOUNTS:
            self.snapshot.accounts += map(tuple, value)
        elif frame.kind == Kind.OPENED:
            self.snapshot.epoch = value["origin"][0]
            self.snapshot.floor = value["floor"]
            self.snapshot.bans = value["bans"]

    def _keep_fact(self, kind: Kind, value: object) -> None:
        self._fresh.append(encode(kind, value))
        self._channel.push()

    def _ask_password(self, kind: Kind, value: object, answer: Answer) -> None:
        if self._passwords >= PASSWORDS:
            self._later(partial(answer, "busy"))
            return
        self._passwords += 1
        self.ask(kind, value, partial(self._take_password, answer))

    def _take_password(self, answer: Answer, frame: Frame | None) -> None:
        self._passwords -= 1
        _pass_on(answer, frame)

    def _later(self, callback: Callable[[], object]) -> None:
        self._reactor.call_soon(self._channel.supervisor, partial(self._call, callback))

    def _call(self, callback: Callable[[], object]) -> None:
        """Call one who is not to stop us."""
        try:
            callback()
        except Exception as error:
            self._failure(error)


class Reading:
    """Lines that are read back, a slice at a time, each when `next` asks for it."""

    def __init__(self, store: Store, room: str, upto: int, on_slice: OnSlice) -> None:
        self.missed = 0  # lines that were asked for and are not kept; known with the first slice
        self.failed = False  # nothing can be read now; what was given so far is all
        self._store = store
        self._room = room
        self._upto = upto
        self._on_slice: OnSlice | None = on_slice  # None: there is no more to come
        self._after: int | None = None  # where the next slice begins, once it may be asked for

    def next(self) -> None:
        """Ask for the next slice, if there is one and it is not on its way."""
        if self._after is not None and self._on_slice:
            self.ask(Kind.READ_AFTER, [self._room, self._after, self._upto])

    def cancel(self) -> None:
        """Hear no more of it."""
        self._on_slice = None

    def ask(self, kind: Kind, value: list[object]) -> None:
        """Ask for a slice in so many words."""
        self._after = None
        self._store.ask(kind, value, self._take)

    def _take(self, frame: Frame | None) -> None:
        on_slice = self._on_slice
        if on_slice is None:
            return
        lines: list[Line] = []
        done = self.failed = frame is None or frame.kind != Kind.SLICE
        if frame and not done:
            lines, done, missed = decode_slice(frame.body)
            self.missed += missed
        if done:
            self._on_slice = None
        else:
            self._after = lines[-1][0]
        on_slice(lines, done)


def _pass_on(answer: Answer, frame: Frame | None) -> None:
    answer(frame.value() if frame else "busy")


def _nothing(*_: object) -> None:
    """Nobody wants to know."""
