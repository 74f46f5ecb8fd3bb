"""What is said in a room in one turn, played to everybody there at its end.

What is said in a room goes to all of its members, so nothing is done for each of them while the
turn lasts: it is put on one tape. At the end of the turn the tape is joined once, and the members
are walked once, however much was said.

Some do not hear the whole tape, or not by itself: who spoke does not hear that, who ignores the
speaker neither, who has just come in hears only what follows, and an answer stands where it was
given. Such a member is *ahead*: what it was to hear so far is on its backlog already, and it has
its own place on the tape.

Invariants:
- `ahead` tells how much of the tape is done with for a member; for all others, nothing is yet.
- Whatever comes onto a member's backlog by another way comes after `catch_up`. So all hear what is
  said in the same order, and the answers where they belong.
- The tape is played before any of the members is settled, so each sends once.

Not here: who is in which room and who ignores whom (`chat`), and how much waits for one (`outlet`).
"""

from collections.abc import Callable, Iterable

from reactor_chat.outlet import Outlet, Source
from reactor_chat.reactor import Handler, Reactor


class Tape(Handler, Source):
    """What a room says, and who hears it. `report` is told of a defect that is no member's."""

    __slots__ = ("_ahead", "_members", "_report", "_said", "_unsettled")

    def __init__(self, reactor: Reactor, report: Callable[[Exception], None]) -> None:
        super().__init__(-1)  # a handler only for the end of the turn
        self._unsettled = reactor.unsettled
        self._report = report
        self._members: dict[Outlet, None] = {}
        self._said: list[tuple[bytes, int]] = []  # whole lines, and how many
        self._ahead: dict[Outlet, int] = {}

    def add(self, outlet: Outlet) -> None:
        """Let one more hear what is said from now on."""
        self._members[outlet] = None
        if self._said:
            self._ahead[outlet] = len(self._said)
        outlet.source = self

    def remove(self, outlet: Outlet) -> None:
        """Let one of them hear what was said so far, and no more."""
        self.catch_up(outlet)
        outlet.source = None
        del self._members[outlet]

    def tell(self, data: bytes, lines: int, but: Iterable[Outlet] = ()) -> None:
        """Let all members hear `data`, that many whole lines, but for some of the members."""
        for outlet in but:
            self.catch_up(outlet)
            self._ahead[outlet] = len(self._said) + 1
        if not self._said:
            self._unsettled.insert(0, self)  # before the members, which then send once
        self._said.append((data, lines))

    def catch_up(self, outlet: Outlet) -> None:
        """Put on a member's backlog what has been said in this turn and it is to hear."""
        said = self._said
        begin = self._ahead.get(outlet, 0)
        if begin < len(said):
            self._ahead[outlet] = len(said)
            for data, lines in said[begin:]:
                outlet.overhear(data, lines)

    # -- for the reactor --------------------------------------------------------------------------

    def on_settle(self) -> None:
        """Play the tape. This is the innermost loop of a chat, so `Outlet.write` is inlined."""
        block = b"".join([data for data, _ in self._said])
        ahead, unsettled = self._ahead, self._unsettled
        for outlet in self._members:
            if outlet.first or outlet in ahead:
                self._play_the_rest(outlet)
            else:
                outlet.first = block
                unsettled.append(outlet)
        self._said.clear()
        ahead.clear()

    def on_crash(self, error: Exception) -> None:
        """Report it, and lose the turn's tape: what follows must be heard."""
        self._said.clear()
        self._ahead.clear()
        self._report(error)

    def _play_the_rest(self, outlet: Outlet) -> None:
        try:
            self.catch_up(outlet)
        except Exception as error:
            outlet.on_crash(error)
