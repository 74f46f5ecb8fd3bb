"""One client of the simulated server: what it sends, and what it makes of what it receives.

It reads and sends whenever it is pumped, as a program does that never sleeps for long, unless it
is told to stall. What it says goes to the model at once, and what it receives to its expectations.

What does not belong here: when it does something.
"""

import errno
import socket

from tests.sim import acts
from tests.sim.acts import END, Act
from tests.sim.clock import Clock
from tests.sim.model import Model, Person
from tests.sim.stream import Stream

FULL = b"-> Server is full.\n"
_SLICE = 4096  # Bytes that it reads at once.


class Client:
    """One caller, who connects from a host of its own, and reads unless it is stalled."""

    def __init__(self, model: Model, clock: Clock, stall: float, stream: Stream, host: str) -> None:
        self.person = Person(model, self._may_die)
        self.stream = stream
        self.host = host
        self.received = bytearray()
        self.end = ""  # How its stream ended: "end" or "reset".
        self.stalled_since: float | None = None
        self.vanished = False
        self.excused = False  # From receiving everything, because of its own doing.
        self._model = model
        self._clock = clock
        self._stall = stall  # Seconds without reading, after which it may be ended.
        self._outgoing = bytearray()
        self._was_reset = False  # As `send` has told already.
        self._hold = 0  # Bytes at the end of a line that are not sent yet.
        self._half_closes = False
        model.called(host, self.person)
        self.say(acts.blank(0))  # Whoever has never ended a line is taken for a bare client.

    @property
    def is_here(self) -> bool:
        return not (self.end or self.vanished)

    @property
    def may_speak(self) -> bool:
        return self.is_here and not self._half_closes

    # What it does

    def say(self, *said: Act, hold: int = 0) -> None:
        """Send acts at once, but for the last `hold` bytes, which wait for what comes next."""
        self.person.acts.extend(said)
        self._outgoing += b"".join(act.wire + b"\n" for act in said)
        self._hold = hold
        self._send()

    def say_to(self, other: "Client", token: str, hold: int = 0) -> None:
        self._model.means(token, self.person, other.person)
        self.say(acts.private(other.person.name, token), hold=hold)

    def half_close(self, tail: Act | None = None) -> None:
        """End its side, perhaps after a line without a terminator."""
        if tail:
            self.person.acts.append(tail)
            self._outgoing += tail.wire
        self.person.acts.append(END)
        self._half_closes = True
        self._hold = 0
        self._send()

    def end_line(self) -> None:
        """Send what was held back."""
        self._hold = 0

    def stall(self) -> None:
        if self.stalled_since is None:
            self.stalled_since = self._clock()

    def resume(self) -> None:
        """Read again, and finish what one has begun to send."""
        self.excused |= self.stalled_since is not None and self.person.gone
        self.stalled_since = None
        self._hold = 0
        self.pump()

    def vanish(self, how: str = "reset") -> None:
        """Be gone without a goodbye; what it sent last may be lost."""
        self.vanished = True
        if how == "timeout":
            self.stream.peer.fail(errno.ETIMEDOUT)
        if how == "close" and not self._outgoing:  # Otherwise half a line would be a message.
            self.stream.close()
        self.stream.reset()

    def pump(self) -> bool:
        """Read and send what one can; tell whether anything moved."""
        if not self.is_here:
            return False
        moved = self.stalled_since is None and self._read()
        return (self.is_here and self._send()) or moved

    def assert_complete(self) -> None:
        """Unless it is excused, it has received all that it must."""
        if not (self.vanished or self.excused):
            self._model.assert_complete(self.person)

    def assert_refused(self, may_be_reset: bool, may_be_full: bool) -> None:
        """It was never let in; what it read of the reason is the beginning of it."""
        if self.vanished or (self.end == "reset" and not self.received and may_be_reset):
            return
        assert self.end, f"the caller from {self.host} was forgotten"
        assert FULL.startswith(self.received), f"{self.received!r} to a stranger"
        assert may_be_full, "the server was not full"

    def _read(self) -> bool:
        moved = False
        try:
            while not self.end:
                self._take(self.stream.recv(_SLICE))
                moved = True
        except ConnectionResetError:
            self._end("reset")
        except BlockingIOError:
            return moved
        return True

    def _take(self, data: bytes) -> None:
        self.received += data
        if self.person.name:
            self.person.expectations.feed(data)
        if not data:
            self._end("reset" if self._was_reset else "end")

    def _end(self, how: str) -> None:
        self.end = how
        self.stream.close()

    def _send(self) -> bool:
        count = len(self._outgoing) - self._hold
        sent = 0
        try:
            if count > 0:
                sent = self.stream.send(bytes(self._outgoing[:count]))
            del self._outgoing[:sent]
            if self._half_closes and not self._outgoing:
                self.stream.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            return False
        except OSError as error:
            self._outgoing.clear()
            self._was_reset |= error.errno == errno.ECONNRESET
        return sent > 0

    def _may_die(self, reason: str) -> bool:
        if self.vanished:
            return True
        if self.stalled_since is None or reason not in ("", "stopped reading"):
            return False
        return self._clock() - self.stalled_since >= self._stall
