"""What is said in a room in one turn, played to everybody there at its end.

What is said in a room goes to all of its members, so nothing is done for each of them while the
turn lasts: it is put on one tape. At the end of the turn the tape is joined once, and the members
are walked once, however much was said. Most have nothing else waiting, and are sent the block then
and there.

Some do not hear the whole tape, or not by itself: who spoke does not hear that, who ignores the
speaker neither, who has just come in hears only what follows, and an answer stands where it was
given. Such a member goes ahead: what it was to hear so far is put on its backlog already. So is,
at the end, what those are to hear who are out of the ordinary; who is blocked may miss some of it.

Invariants:
- `Outlet.place` tells how much of the tape is done with for a member: nothing, for most of them.
- Whatever comes onto a member's backlog by another way comes after `play_to`. So all hear what is
  said in the same order, and the answers where they belong.
- The tape is played before any of the members is settled, so nobody sends twice for it.
- A defect that one member meets costs that one alone, as it does on the reactor.

Not here: who is in which room and who ignores whom (`chat`), and how much waits for one (`outlet`).
"""

from collections.abc import Callable, Iterable

from reactor_chat.loop.reactor import Handler, Reactor
from reactor_chat.net.send_queue import Channel, Outlet

Said = list[tuple[bytes, int]]  # whole lines, and how many


class Tape(Handler, Channel):
    """What a room says, and who hears it. `report` is told of a defect that is no member's."""

    __slots__ = ("_members", "_report", "_said", "_unsettled")

    def __init__(self, reactor: Reactor, report: Callable[[Exception], None]) -> None:
        super().__init__(-1)  # only for the end of the turn
        self._unsettled = reactor.unsettled
        self._report = report
        self._members: dict[Outlet, None] = {}
        self._said: Said = []

    def add(self, outlet: Outlet) -> None:
        """Let one more hear what is said from now on."""
        self._members[outlet] = None
        outlet.channel = self
        outlet.place = len(self._said)

    def remove(self, outlet: Outlet) -> None:
        """Let one of them hear what was said so far, and no more."""
        if not outlet.closed:
            self.play_to(outlet)
        outlet.channel = None
        del self._members[outlet]

    def tell(self, data: bytes, lines: int, but: Iterable[Outlet] = ()) -> None:
        """Let all members hear `data`, that many whole lines, but for some of the members."""
        for outlet in but:
            self.play_to(outlet)
            outlet.place = len(self._said) + 1
        if not self._said:
            self._unsettled.insert(0, self)  # before the members, which then send once
        self._said.append((data, lines))

    def play_to(self, outlet: Outlet) -> None:
        """Put on a member's backlog what it was to hear up to now."""
        begin, end = outlet.place, len(self._said)
        if begin < end:  # mostly not: each line that is played asks again
            outlet.place = end
            self._play(self._said[begin:], outlet)

    # -- for the reactor --------------------------------------------------------------------------

    def on_settle(self) -> None:
        """Play the tape to everybody, and begin a new one.

        This is the innermost loop of a chat: with `Outlet.on_settle` inlined for the everyday case,
        a recipient costs 7 % less (benchmarks/README.md).
        """
        said, self._said = self._said, []
        block = b"".join([data for data, _ in said])
        size = len(block)
        for outlet in self._members:
            if not outlet.ordinary or outlet.first or outlet.place:
                begin, outlet.place = outlet.place, 0
                self._play(said[begin:], outlet)
                continue
            try:
                sent = outlet.socket.send(block)
            except OSError as error:
                sent = outlet.on_refusal(error)
            if sent != size:
                self._keep(block, sent, outlet)

    def on_crash(self, error: Exception) -> None:
        """Report it, and lose the turn's tape: what follows must be heard."""
        for outlet in self._members:
            outlet.place = 0
        self._report(error)

    def _play(self, said: Said, outlet: Outlet) -> None:
        try:
            for data, lines in said:
                outlet.overhear(data, lines)  # finds nothing left to catch up with
        except Exception as error:
            outlet.on_crash(error)

    def _keep(self, block: bytes, sent: int, outlet: Outlet) -> None:
        try:
            outlet.keep(block, sent)
        except Exception as error:
            outlet.on_crash(error)
