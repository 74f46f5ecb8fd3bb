"""Finding peers whose machine is gone, though something is on its way to them.

An idle connection is kept alive by the kernel (`listener`), which asks the peer's system and closes
the connection if there is no answer. While something is unacknowledged the kernel does not ask: it
sends that again and again, for a quarter of an hour. `TCP_USER_TIMEOUT` would shorten this, but it
also ends a living peer that has stopped reading: its window is zero, and nothing moves.

What tells the two apart is whether the peer's system answers when the kernel sends something again,
or asks for its window. So all connections are looked at every `_EVERY` seconds:

    silent for _SILENCE, and asked in vain, at two looks in a row    ->  abort("timed out")

Invariants:
- One look is not enough: the kernel may have asked a moment ago, for the first time in a minute.
- A turn looks at `_LOOKS_A_TURN` connections at most.
- While there is no connection there is no timer: a server that nobody uses sleeps. Nor is there
  one where the kernel does not tell: looking would be in vain.

Not here: readers that are alive and take nothing (`stall`).
"""

from collections.abc import Callable, Iterable
from typing import Final, Protocol

from reactor_chat.loop.reactor import Handler, Reactor
from reactor_chat.net.tcp_info import unanswered_for
from reactor_chat.net.tls_stream import ByteStream

# Seconds. Together: a peer that is gone is found out after one and a half to two minutes.
_EVERY: Final = 30.0
_SILENCE: Final = 60.0

# A look is a system call and costs 1 to 2 us, so this is less than a millisecond.
_LOOKS_A_TURN: Final = 256


class Peer(Protocol):
    """A connection, as far as it is looked at."""

    @property
    def socket(self) -> ByteStream:
        """What its bytes go through."""

    def abort(self, reason: str) -> None:
        """Die now; harmless for one that is dead."""


class Liveness(Handler):
    """Looks after all connections of a server. `connections` returns those that there are."""

    def __init__(
        self,
        reactor: Reactor,
        connections: Callable[[], Iterable[Peer]],
        report: Callable[[Exception], None],
    ) -> None:
        super().__init__(-1)  # only for its timers
        self._reactor = reactor
        self._connections = connections
        self._report = report
        self._is_due = False  # a timer is set
        self._silent: set[Peer] = set()  # at the last look; asked, never walked
        self._to_look_at: list[Peer] = []  # in this round, from its end
        self._silent_now: set[Peer] = set()

    def begin(self) -> None:
        """Somebody has come in: look from now on."""
        if not self._is_due:
            self._look_in(_EVERY, self._begin_round)

    def on_crash(self, error: Exception) -> None:
        """Report it; whoever comes in next begins anew."""
        self._report(error)

    def _look_in(self, delay: float, look: Callable[[], None]) -> None:
        self._is_due = True
        self._reactor.call_later(delay, self, look)

    def _begin_round(self) -> None:
        self._to_look_at = [*self._connections()]
        if self._to_look_at:
            self._look()
        else:
            self._is_due = False
            self._silent.clear()

    def _look(self) -> None:
        """Look at some of them; then at more in the next turn, or at all in the next round."""
        self._is_due = False
        for peer in self._take_some():
            silence = unanswered_for(peer.socket)
            if silence is None:
                self._to_look_at.clear()
                return
            if silence > _SILENCE:
                self._judge(peer)
        if self._to_look_at:
            self._look_in(0.0, self._look)
        else:
            self._silent, self._silent_now = self._silent_now, set()
            self._look_in(_EVERY, self._begin_round)

    def _judge(self, peer: Peer) -> None:
        """End a silent peer, if it was silent the last time, too."""
        if peer in self._silent:
            peer.abort("timed out")
        else:
            self._silent_now.add(peer)

    def _take_some(self) -> list[Peer]:
        some = self._to_look_at[-_LOOKS_A_TURN:]
        del self._to_look_at[-_LOOKS_A_TURN:]
        return some
