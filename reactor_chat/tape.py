"""What is said in a room in one turn, played to everybody there at its end.

What is said in a room goes to all of its members, so nothing is done for each of them while the
turn lasts: it is put on one tape. At the end of the turn the tape is joined once, and the members
are walked once, however much was said. Most have nothing else waiting, and are sent the block then
and there.

Some do not hear the whole tape, or not by itself: who spoke does not hear that, who ignores the
speaker neither, who has just come in hears only what follows, and an answer stands where it was
given. Such a member goes *ahead*: what it was to hear so far is put on its backlog already.

Invariants:
- `Outlet.heard` tells how much of the tape is done with for a member: nothing, for most of them.
- Whatever comes onto a member's backlog by another way comes after `catch_up`. So all hear what is
  said in the same order, and the answers where they belong.
- The tape is played before any of the members is settled, so each sends once.
- A defect that one member meets costs that one alone, as it does on the reactor.

Not here: who is in which room and who ignores whom (`chat`), and how much waits for one (`outlet`).
"""

from collections.abc import Callable, Iterable

from reactor_chat.outlet import Outlet, Source
from reactor_chat.reactor import Handler, Reactor


class Tape(Handler, Source):
    """What a room says, and who hears it. `report` is told of a defect that is no member's."""

    __slots__ = ("_members", "_report", "_said", "_unsettled")

    def __init__(self, reactor: Reactor, report: Callable[[Exception], None]) -> None:
        super().__init__(-1)  # a handler only for the end of the turn
        self._unsettled = reactor.unsettled
        self._report = report
        self._members: dict[Outlet, None] = {}
        self._said: list[tuple[bytes, int]] = []  # whole lines, and how many

    def add(self, outlet: Outlet) -> None:
        """Let one more hear what is said from now on."""
        self._members[outlet] = None
        outlet.source = self
        outlet.heard = len(self._said)

    def remove(self, outlet: Outlet) -> None:
        """Let one of them hear what was said so far, and no more."""
        self.catch_up(outlet)
        outlet.source = None
        del self._members[outlet]

    def tell(self, data: bytes, lines: int, but: Iterable[Outlet] = ()) -> None:
        """Let all members hear `data`, that many whole lines, but for some of the members."""
        for outlet in but:
            self.catch_up(outlet)
            outlet.heard = len(self._said) + 1
        if not self._said:
            self._unsettled.insert(0, self)  # before the members, which then send once
        self._said.append((data, lines))

    def catch_up(self, outlet: Outlet) -> None:
        """Put on a member's backlog what has been said in this turn and it is to hear."""
        said, heard = self._said, outlet.heard
        if heard < len(said):
            outlet.heard = len(said)
            for data, lines in said[heard:]:
                outlet.overhear(data, lines)

    # -- for the reactor --------------------------------------------------------------------------

    def on_settle(self) -> None:
        """Play the tape.

        This is the innermost loop of a chat: with `Outlet.on_settle` inlined for the everyday case,
        a recipient costs 0.09 us less (benchmarks/README.md).
        """
        block = b"".join([data for data, _ in self._said])
        size = len(block)
        for outlet in self._members:
            try:
                if outlet.ordinary and not outlet.first and not outlet.heard:
                    sent = outlet.socket.send(block)
                    if sent != size:
                        outlet.keep(block, sent)
                else:
                    self.catch_up(outlet)
                    outlet.heard = 0
            except OSError as error:
                outlet.keep(block, outlet.refused(error))
            except Exception as error:
                outlet.on_crash(error)
        self._said.clear()

    def on_crash(self, error: Exception) -> None:
        """Report it, and lose the turn's tape: what follows must be heard."""
        self._said.clear()
        for outlet in self._members:
            outlet.heard = 0
        self._report(error)
