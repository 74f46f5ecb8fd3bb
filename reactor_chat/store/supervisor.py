"""Sees to it that there is a keeper: starts it, reads from it, watches it, replaces it.

    outbox -> socket -> keeper -> frames -> owner
      ^                   |
      +--- its death -----+   what it has not committed goes to the next one

Invariants:
- A keeper that is given up is killed first. One that cannot be killed now (it waits for a disk) is
  dead before it runs again, so no two of them ever write.
- A keeper that owes something and says nothing for `_STALL` seconds is given up.
- A descriptor stays open until the next keeper is started, at the end of a turn: its number must
  not come again within the turn, and meet the wrong handler.
- Nothing blocks but `start`, before the loop begins, and `drain`, after it has ended; and, for a
  tenth of a second at most, the look at how a keeper has ended.

Not here: what frames mean, and what becomes of the chat meanwhile (`channel`).
"""

import contextlib
from collections.abc import Callable
from typing import Final, Protocol

from reactor_chat.loop.reactor import NOTHING, READ, WRITE, Handler, Reactor
from reactor_chat.loop.timers import Timer
from reactor_chat.store.outbox import Outbox
from reactor_chat.store.process import Peer
from reactor_chat.store.records import Decoder, Frame

# Seconds. The keeper's slowest step, a checkpoint on a slow disk, takes less than this; one that
# fails says so every second.
_STALL: Final = 10.0
# For a file to be opened at the start. The keeper of the server before has some of it to finish.
_OPENING: Final = 10.0

# A keeper that dies is followed by another at once, by the next after this, and so on, doubled.
_FIRST_DELAY: Final = 0.25
_LONGEST_DELAY: Final = 30.0
# One that has lived for so long did not die of what it was given.
_HEALTHY: Final = 5.0

# For a process that has closed its socket, or was killed, to be gone.
_GIVING_UP: Final = 0.1

# Most of what it says is a few bytes; only slices are long. A buffer for those is taken from the
# kernel and given back at each reading: five times as much work as the reading itself.
_READ_SIZE: Final = 16 * 1024
_LONG_READ_SIZE: Final = 256 * 1024


class StoreError(Exception):
    """The file cannot be used; says why."""


class Owner(Protocol):
    """Who is told what becomes of the keepers."""

    @property
    def opened(self) -> bool:
        """Whether the present keeper has opened the file."""

    def begin(self) -> bytes:
        """Return the first frame for a keeper that was just started."""

    def take(self, frame: Frame) -> None:
        """A keeper has sent this."""

    def note_sent(self) -> bool:
        """Called when nothing waits to be sent; return whether there is something now."""

    def is_owed(self) -> bool:
        """Return whether the keeper has something to commit or to answer."""

    def note_taken(self) -> None:
        """The kernel has taken something."""

    def note_death(self, why: str, delay: float) -> None:
        """The keeper is gone; another one is started in so many seconds."""


class Supervisor(Handler):
    """The keeper of the file at `path`, whichever process that is at the time."""

    def __init__(
        self,
        reactor: Reactor,
        outbox: Outbox,
        spawn: Callable[[], Peer],
        failure: Callable[[Exception], object],
        clock: Callable[[], float],
    ) -> None:
        super().__init__(-1)
        self._reactor = reactor
        self._outbox = outbox
        self._spawn = spawn
        self._failure = failure
        self._clock = clock
        self._decoder = Decoder()
        self._read_size = _READ_SIZE
        self._peer: Peer | None = None
        self._remains: list[Peer] = []  # keepers that were given up, and may not be gone yet
        self._delay = 0.0  # before the next start; 0 after a healthy life
        self._began_at = 0.0
        self._heard_at = 0.0
        self._restart_timer: Timer | None = None
        self._watchdog: Timer | None = None
        self._ending = False

    # What the owner calls

    def start(self, owner: Owner) -> None:
        """Start the first keeper, and wait until it has opened the file. Raises StoreError."""
        self._owner = owner
        try:
            self._begin()
            self._await_opening()
        except BaseException as error:
            self._give_up_peer()
            self._bury(_GIVING_UP)
            if isinstance(error, OSError):
                raise StoreError(f"no keeper can be started: {error}") from None
            raise
        self._watch()

    @property
    def has_keeper(self) -> bool:
        """Whether there is one at present."""
        return self._peer is not None

    def note_owing(self) -> None:
        """From now on the keeper owes something: its silence counts from here."""
        self._heard_at = self._reactor.now
        self._watch_silence()

    def send_fresh(self) -> bool:
        """Send what is fresh at once, if nothing goes before it; return whether it was all taken.

        That is so for nearly every line that is said. `push` would do the same with four times as
        many function calls. It also asks the owner whether there is more to send; this does not.
        """
        peer = self._peer
        if peer is None or self._ending:
            return False
        try:
            return self._outbox.pass_on(peer.send)
        except OSError:
            return False  # `push` will see it again

    def push(self) -> None:
        """Send what the kernel takes of what waits."""
        peer = self._peer
        if peer is None or self._ending:
            return
        try:
            self._pump(peer)
        except OSError:
            self._lose(_last_word(peer))
        else:
            self._go_on()

    def drain(self, patience: float) -> None:
        """Send the rest, to another keeper if there is none, and let it write all and end."""
        deadline = self._clock() + patience
        self._ending = True
        with contextlib.suppress(OSError):
            if self._peer is None:
                self._begin()
            peer = self._peer
            assert peer
            self._reactor.watch(self, NOTHING)
            self._send_rest(peer, deadline)
            peer.status(max(0.0, deadline - self._clock()))
        if self._peer:
            self._remains.append(self._peer)
            self._peer = None

    def close(self) -> None:
        """Give everything back; a keeper that still writes goes on alone."""
        for timer in (self._restart_timer, self._watchdog):
            if timer:
                timer.cancel()
        self._bury()

    # What the reactor calls

    def on_readable(self) -> None:
        """Take what the keeper says."""
        peer = self._peer
        assert peer
        if not self._read(peer):
            self._lose(_last_word(peer))

    def on_writable(self) -> None:
        """Send what it did not take."""
        self.push()

    def on_crash(self, error: Exception) -> None:
        """Report a defect of ours, and begin anew: the stream may be out of step."""
        self._failure(error)
        if self._peer:
            self._lose("a defect")

    # How a keeper comes

    def _begin(self) -> None:
        """Start a keeper, to which all that is held will be sent. Raises OSError."""
        self._peer = peer = self._spawn()
        self.fd = peer.fileno()
        self._decoder = Decoder()
        self._heard_at = self._began_at = self._reactor.now
        self._outbox.begin(self._owner.begin())
        self._pump(peer)

    def _await_opening(self) -> None:
        deadline = self._clock() + _OPENING
        peer = self._peer
        assert peer
        while not self._owner.opened:
            if not peer.wait(False, deadline - self._clock()):
                raise StoreError("the keeper does not answer")
            if not self._read(peer):
                raise StoreError(f"the keeper has ended ({_last_word(peer)})")

    def _restart(self) -> None:
        self._restart_timer = None
        self._bury()
        try:
            self._begin()
        except OSError as error:
            self._lose(f"it cannot be started: {error}")
        else:
            self._go_on()

    # How it goes

    def _lose(self, why: str) -> None:
        """Abandon the keeper, and start another, which takes over what is not committed."""
        self._give_up_peer()
        self._outbox.rewind()
        if self._reactor.now - self._began_at >= _HEALTHY:
            self._delay = 0.0
        delay, self._delay = self._delay, min(2 * self._delay or _FIRST_DELAY, _LONGEST_DELAY)
        self._restart_timer = self._reactor.call_later(delay, self, self._restart)
        self._owner.note_death(why, delay)

    def _give_up_peer(self) -> None:
        if self._peer:
            self._reactor.watch(self, NOTHING)
            self._peer.kill()
            self._remains.append(self._peer)
            self._peer = None

    def _bury(self, patience: float = 0.0) -> None:
        for peer in self._remains:
            peer.close()
        self._remains = [peer for peer in self._remains if peer.status(patience) is None]

    def _go_on(self) -> None:
        self._watch()
        self._owner.note_taken()

    def _watch(self) -> None:
        """Wait for what the keeper can do next; see to it that it does not take for ever."""
        if self._peer:
            waits = self._outbox.next() is not None
            self._reactor.watch(self, READ | (WRITE if waits else NOTHING))
            if self._owner.is_owed():
                self._watch_silence()

    def _watch_silence(self) -> None:
        if self._watchdog is None:
            self._watchdog = self._reactor.call_later(_STALL, self, self._check_alive)

    def _check_alive(self) -> None:
        """Give up a keeper that owes something and is silent."""
        self._watchdog = None
        silence = self._reactor.now - self._heard_at
        if self._peer and self._owner.is_owed() and silence >= _STALL:
            self._lose(f"it said nothing for {_STALL:.0f} s")
        self._watch()

    # What goes out, and what comes in

    def _pump(self, peer: Peer) -> None:
        """Send until the kernel takes no more. Raises OSError."""
        outbox = self._outbox
        with contextlib.suppress(BlockingIOError):
            while True:
                data = outbox.next()
                if data is not None:
                    outbox.took(peer.send(data))
                elif not self._owner.note_sent():
                    return

    def _send_rest(self, peer: Peer, deadline: float) -> None:
        """Send all, end the keeper's input, and read to the end of what it says."""
        ended = False
        while (left := deadline - self._clock()) > 0:
            if not ended:
                self._pump(peer)
            waits = not ended and self._outbox.next() is not None
            if not (waits or ended):
                peer.end_input()
                ended = True
            if peer.wait(waits, left) and not self._read(peer):
                return

    def _read(self, peer: Peer) -> bool:
        """Take what has come; return False at the end."""
        try:
            data = peer.recv(self._read_size)
        except BlockingIOError:
            return True
        except OSError:
            return False  # it was killed with something unread
        self._read_size = _LONG_READ_SIZE if len(data) == self._read_size else _READ_SIZE
        self._heard_at = self._reactor.now
        for frame in self._decoder.feed(data):
            if self._peer is peer:  # the frame before may have been the end of it
                self._owner.take(frame)
        return bool(data)


def _last_word(peer: Peer) -> str:
    """Say how a keeper ended whose stream is at its end."""
    status = peer.status(_GIVING_UP)
    if status is None:
        return "it closed its socket"
    return f"signal {-status}" if status < 0 else f"status {status}"
