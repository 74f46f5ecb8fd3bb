"""The server's way to its keeper, whatever becomes of keepers and files.

    fresh frames -> outbox -> keeper -> COMMITTED -> the outbox forgets

Invariants:
- What the kernel has taken survives the server: `flush` tells whether that is all, and only then
  may it be delivered.
- The chat never waits for a file that cannot be written, nor for a keeper that does not stay alive:
  then it goes on in memory (*bypass*: every flush succeeds), up to `HELD` bytes are held, and all
  is handed over once there is a keeper and a file again.
- Until a keeper is told that all was handed over (HANDED_OVER), it will not mark the file as whole:
  members may have read lines that died with the server. A failure has a number, so that the word
  about an earlier one does not count for a later.
- Numbers of lines that had to be given up are kept all the same: they must not come again.

Not here: processes (`supervisor`), questions and answers (`client`).
"""

import os
import time
from collections.abc import Callable
from typing import Final, Protocol

from reactor_chat.loop.reactor import Reactor
from reactor_chat.store.outbox import Outbox
from reactor_chat.store.process import Peer, ProcessPeer
from reactor_chat.store.records import Frame, Kind, decode_lines, encode, split
from reactor_chat.store.supervisor import StoreError, Supervisor

# Bytes that may wait to be committed before those who speak are read later: a second's worth.
_BUSY: Final = 4 * 1024 * 1024
# Bytes that are held for a file that cannot be written now. Beyond it the oldest are given up.
HELD: Final = 16 * 1024 * 1024

# Seconds. Who would wait for longer than this for another keeper goes on in memory.
_PATIENCE: Final = 1.0

# How often the rest is sent to a keeper at the end: one may die of what another does not.
_ENDS: Final = 2


class Owner(Protocol):
    """Who is told what comes over the channel."""

    def take(self, frame: Frame) -> None:
        """The keeper has sent this."""

    def ask_again(self) -> None:
        """Another keeper has begun: questions must be asked again."""

    def give_up_asking(self) -> None:
        """There is no keeper for a while: questions are in vain."""

    def is_waiting(self) -> bool:
        """Return whether a question is not answered yet."""

    def note_drained(self) -> None:
        """What a refused flush had left may be delivered now."""

    def note_relieved(self) -> None:
        """The channel is not busy any more."""


class Channel:
    """What leads to the file at `path`."""

    def __init__(
        self,
        reactor: Reactor,
        path: str,
        keep_days: int,
        log: Callable[[str], object],
        failure: Callable[[Exception], object],
        spawn: Callable[[str], Peer] = ProcessPeer,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.outbox = Outbox()
        self.opened = False  # the file, by the present keeper
        # Not by way of a link: whoever comes by another would find another claim beside it.
        self._path = path = os.path.realpath(path)
        self._keep_days = keep_days
        self._log = log
        self._clock = clock
        self.supervisor = Supervisor(reactor, self.outbox, lambda: spawn(path), failure, clock)
        self._origin: list[str] | None = None  # which file it is: its epoch, and its last opening
        self._bypass = False
        self._trouble = ""  # why there is a bypass
        self._refused = False  # a flush was
        self._failures = 0  # which one the keeper has told of
        self._owed: int | None = None  # the one of which HANDED_OVER must tell
        self._lost = 0  # lines that were given up since the bypass began
        self._gaps: dict[str, int] = {}  # rooms where some were, and up to which number
        self._facts: list[Frame] = []  # what else was in the same chunks

    # What the owner calls

    def start(self, owner: Owner) -> None:
        """Start the first keeper, and wait until it has opened the file. Raises StoreError."""
        self._owner = owner
        self.supervisor.start(self)

    @property
    def is_in_vain(self) -> bool:
        """Whether nobody will answer soon."""
        return self._bypass and not self.opened

    @property
    def is_keeping(self) -> bool:
        """Whether what is said now will be found in the file by who asks for it later."""
        return not self._bypass

    @property
    def busy(self) -> bool:
        """Whether more waits for the disk than should."""
        return self.outbox.held > _BUSY and not self._bypass

    def flush(self) -> bool:
        """Send what waits; return whether it may be delivered now."""
        outbox = self.outbox
        if not outbox.fresh and outbox.is_taken:
            return True  # with what another room had to say in this turn
        if not outbox.held:
            self.supervisor.note_owing()
        # While HANDED_OVER is owed, only `push` will do: it sends that after what was held.
        if self._owed is None and self.supervisor.send_fresh():
            return True
        self.push()
        if self._bypass or self.outbox.is_taken:
            return True
        self._refused = True
        return False

    def push(self) -> None:
        """Send what the kernel takes of what waits."""
        if not self.is_owed():
            self.supervisor.note_owing()
        self.outbox.seal()
        if self._bypass:
            self._trim()
        self.supervisor.push()

    def ask(self, frame: bytes) -> None:
        """Put a question; it goes after all that was kept before."""
        self.outbox.ask(frame)
        self.push()

    def close(self, patience: float) -> None:
        """Let the keeper write all there is, and end; wait no longer than so many seconds."""
        deadline = self._clock() + patience
        self.outbox.seal()
        why = self._trouble or "it is still being written to"
        self._bypass = False  # whether it can be kept, its end will show
        for _ in range(_ENDS):
            self._hand_over()
            self.supervisor.drain(deadline - self._clock())
            if not self.outbox.held:
                break
        else:
            self._log(f"the end of {self._path} may be missing: {why}")
        self.supervisor.close()

    # What the supervisor calls

    def begin(self) -> bytes:
        """Return the first frame for a keeper that was just started."""
        self.opened = False
        self._failures = 0
        self._owed = None
        self._fill_gaps()
        self._owner.ask_again()
        order = {"path": self._path, "keep_days": self._keep_days, "origin": self._origin}
        return encode(Kind.OPEN, order)

    def take(self, frame: Frame) -> None:
        """Take what the keeper says of the file, and pass on the rest."""
        kind = frame.kind
        if kind == Kind.COMMITTED:
            self._forget(frame.value())
        elif kind == Kind.OPENED:
            self.opened = True
            self._origin = frame.value()["origin"]
            self._owner.take(frame)
            self._hand_over()
        elif kind == Kind.FAILING:
            self._take_failure(*frame.value())
        elif kind == Kind.WORKING:
            self._failures = frame.value()
            self._hand_over()
        elif kind == Kind.DEFECT:
            self._log(f"a defect in the keeper: {frame.value()}")
        else:
            self._owner.take(frame)

    def note_sent(self) -> bool:
        """Say that all was handed over, if that is still to be said."""
        if self._owed is None or not self.outbox.is_taken:
            return False
        self.outbox.ask(encode(Kind.HANDED_OVER, self._owed))
        self._owed = None
        self._end_bypass()
        return True

    def is_owed(self) -> bool:
        """Return whether the keeper has something to commit or to answer."""
        return self.outbox.held > 0 or self._owner.is_waiting()

    def note_death(self, why: str, delay: float) -> None:
        """Go on without, or wait for the next keeper, if that one comes soon."""
        opened, self.opened = self.opened, False
        self._owed = None
        if opened and delay <= _PATIENCE:
            self._log(f"the keeper has ended ({why}), and is started again")
        else:
            self._begin_bypass(f"the keeper has ended ({why})")

    # How the chat goes on without

    def _take_failure(self, failure: int, why: str) -> None:
        if self._origin is None:
            raise StoreError(why)  # it is the first
        self._failures = failure
        self._owed = None
        self.outbox.is_closed = True
        self._begin_bypass(why)

    def _begin_bypass(self, why: str) -> None:
        """Let what is said be delivered, and hold it until it can be kept."""
        if why != self._trouble:
            self._log(f"lines are not kept now: {self._path}: {why}")
            self._trouble = why
        was_busy = self.busy
        self._bypass = True
        if not self.opened:
            self._owner.give_up_asking()
        if was_busy:
            self._owner.note_relieved()
        self.note_taken()

    def _end_bypass(self) -> None:
        """All is in the stream: from here on, what the kernel takes is what is delivered."""
        if self._bypass:
            but = f"; {self._lost} of them were given up" if self._lost else ""
            self._log(f"lines are kept again: {self._path}{but}")
        self._bypass = False
        self._trouble = ""
        self._lost = 0

    def note_taken(self) -> None:
        """Deliver what a refused flush had left, if it may be."""
        if self._refused and self.outbox.fresh:
            # Said since then. Nobody flushes that before it hears that all is taken.
            self.outbox.seal()
            self.supervisor.push()
        elif self._refused and (self._bypass or self.outbox.is_taken):
            self._refused = False
            self._owner.note_drained()

    def _hand_over(self) -> None:
        """The file can be written: send what was held meanwhile."""
        self.outbox.is_closed = False
        self._fill_gaps()
        self._owed = self._failures
        self.supervisor.push()

    def _forget(self, committed: int) -> None:
        was_busy = self.busy
        self.outbox.committed(committed)
        if was_busy and not self.busy:
            self._owner.note_relieved()

    def _trim(self) -> None:
        """Give up the oldest of what is held, if it is too much, but for facts and numbers."""
        if self.supervisor.has_keeper and not self.outbox.is_closed:
            return  # it is being handed over
        for frame in split(self.outbox.trim(HELD)):
            if frame.kind == Kind.LINES:
                room, number, _, lines = decode_lines(frame.body)
                self._lost += len(lines)
                self._gaps[room] = number + len(lines) - 1
            elif frame.kind == Kind.NUMBERS:
                self._gaps.update(frame.value())
            else:
                self._facts.append(frame)

    def _fill_gaps(self) -> None:
        """Put what is left of the chunks that were given up before those that were not."""
        facts = [frame.encode() for frame in self._facts]
        if self._gaps:
            facts.append(encode(Kind.NUMBERS, self._gaps))
        self._facts.clear()
        self._gaps.clear()
        self.outbox.put_first(b"".join(facts))
