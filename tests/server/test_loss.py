"""Whether anything is ever lost in a room: a run of many members with many mishaps, then judged.

A run draws what happens from a seed: members come, speak, stop reading, go on, leave, and are cut
off, and now and then the whole server stands still. Everything goes over real sockets. In the end
`loss_checker` compares what everybody has heard.

The account of the one who always reads is what the others are compared with, so it must not miss
anything. Reading alone does not ensure that: after a standstill the server reads everybody in one
turn, and may hand out more than a backlog holds. So what is said and not yet heard stays below the
smallest backlog, and however the turns fall, the observer cannot be overrun.
"""

import random
import re
from collections import Counter
from collections.abc import Sequence
from typing import Final, cast

from tests.processes import Client, ServerCase
from tests.server.loss_checker import Ending, Missed, View, faults

ROOM = "tea"

LEAST_BACKLOG: Final = 64 * 1024

# Bytes that may be said and not yet heard. The rest of the backlog is for those who come and go.
MOST_IN_FLIGHT: Final = 48 * 1024
_MISSED = re.compile(r"\* You missed (\d+) messages\.")
_CAME_OR_WENT = re.compile(r"\* (Client \d+) (joined|left)")


class Member:
    """One stay: a client, and the view that comes of it."""

    def __init__(self, client: Client, name: str) -> None:
        self.client = client
        self.view = View(name)
        self.leaving = False
        self.asked = 0  # questions
        self.answered = 0
        self._outgoing = bytearray()
        self._asked_after: list[int] = []  # how many lines each unanswered question came after
        self._queue(f"/join {ROOM}")
        self.ask()
        self.flush()

    def say(self, text: str) -> None:
        """Say a line that nobody ever said before."""
        self.view.said.append(text)
        self._queue(text)

    def ask(self) -> None:
        """Ask something; the answer will show that all of the above was served."""
        self.asked += 1
        self._asked_after.append(len(self.view.said))
        self._queue("/whoami")

    def leave(self) -> None:
        """Say farewell; whatever was still on its way is read to the end."""
        self.leaving = True
        self.view.ending = Ending.LEFT
        self._queue("/quit")

    def cut(self) -> None:
        """Reset the connection."""
        self.digest()
        self.view.ending = Ending.CUT
        self.client.reset()

    def flush(self) -> None:
        """Send as much as the server takes now."""
        if self._outgoing:
            del self._outgoing[: self.client.offer(bytes(self._outgoing))]

    def digest(self) -> None:
        """Put into the view what has arrived."""
        lines, self.client.lines = self.client.lines, []
        for line in lines:
            if line.startswith("-> "):
                self._note_answer(line)
            elif missed := _MISSED.fullmatch(line):
                self.view.heard.append(Missed(int(missed[1])))
            else:
                self.view.heard.append(line)

    @property
    def settled(self) -> bool:
        """Whether all its questions are answered, or it has read to the end."""
        self.flush()
        self.digest()
        return self.client.ended if self.leaving else self.answered == self.asked

    def _queue(self, text: str) -> None:
        self._outgoing += text.encode() + b"\n"

    def _note_answer(self, line: str) -> None:
        if line.startswith("-> You are"):
            self.answered += 1
            self.view.confirmed = self._asked_after.pop(0)


class InFlight:
    """How many bytes each of them has said that the observer has not heard so far.

    What a member had on its way when it was cut counts until the observer hears that it left.
    """

    def __init__(self, observer: Member) -> None:
        self._observer = observer
        self._sizes: Counter[str] = Counter()
        self._seen = 0  # events that the observer has heard
        self._present: set[str] = set()

    def add(self, name: str, texts: Sequence[str]) -> None:
        """Note that somebody says this."""
        self._sizes[name] += _size(name, texts)

    def fits(self, name: str, texts: Sequence[str]) -> bool:
        """Return whether there is room for this."""
        self._take_in()
        return self._sizes.total() + _size(name, texts) <= MOST_IN_FLIGHT

    def of(self, name: str) -> int:
        """Return the bytes of one of them."""
        return self._sizes[name]

    def surely_ends(self, name: str) -> bool:
        """Return whether the observer will hear the end of it, should its connection be cut."""
        self._take_in()
        return name in self._present or not self._sizes[name]

    def _take_in(self) -> None:
        self._observer.digest()
        heard = self._observer.view.heard
        for event in heard[self._seen :]:
            assert isinstance(event, str), f"the one who always reads has missed lines: {event}"
            self._note(event)
        self._seen = len(heard)

    def _note(self, line: str) -> None:
        if came_or_went := _CAME_OR_WENT.fullmatch(line):
            name, what = came_or_went.groups()
            if what == "joined":
                self._present.add(name)
            else:
                self._present.remove(name)
                del self._sizes[name]
        else:
            name, _, text = line.partition(": ")
            self._sizes[name] -= _size(name, [text])


def _size(name: str, texts: Sequence[str]) -> int:
    return sum(len(f"{name}: {text}\n") for text in texts)


class Runs(ServerCase):
    """Each test is one seed."""

    STEPS = 2500
    MOST = 12  # members at a time

    def test_a_run(self) -> None:
        self.run_with(seed=1)

    def test_a_run_with_less_backlog(self) -> None:
        self.run_with("--max-backlog", str(LEAST_BACKLOG), seed=2)

    def test_another_run_with_less_backlog(self) -> None:
        self.run_with("--max-backlog", str(LEAST_BACKLOG), seed=3)

    def run_with(self, *flags: str, seed: int) -> None:
        """Let things happen, bring everybody to rest, and judge."""
        self.start("--quiet", "--rate", "0", *flags)
        self.random = random.Random(seed)
        self.members: list[Member] = []
        self.leavers: list[Member] = []  # they have said farewell, and may still have to read
        self.gone: list[Member] = []
        self.joined = 0
        self.spoken = 0
        self.standing = 0  # steps for which the server stands still
        observer, *sleepers = self.let_listeners_in()
        self.in_flight = InFlight(observer)
        for _ in range(4):
            self.let_in()
        for _ in range(self.STEPS):
            self.step()
        self.come_to_rest([observer, *sleepers, *self.members, *self.leavers])
        others = (*sleepers, *self.members, *self.leavers, *self.gone)
        observed = cast(list[str], observer.view.heard)
        self.assertEqual(faults(observed, [member.view for member in others]), [], f"seed {seed}")
        for sleeper in sleepers:  # or it has slept for nothing
            self.assertTrue(any(isinstance(event, Missed) for event in sleeper.view.heard))

    def let_listeners_in(self) -> list[Member]:
        """The first of them reads all the time; the others do not for most of the run."""
        listeners = [self.let_in() for _ in range(3)]
        self.sources.wait(lambda: self.are_settled(listeners), "they are in")
        self.members.clear()
        for sleeper in listeners[1:]:
            sleeper.client.paused = True
        return listeners

    def let_in(self) -> Member:
        """Somebody connects and joins; every other one through a narrow window."""
        self.joined += 1
        client = self.connect(window=None if self.joined % 2 else 16384)
        member = Member(client, f"Client {self.joined}")
        self.members.append(member)
        return member

    def step(self) -> None:
        """Let one thing happen, and take in what arrives."""
        happenings = (self.speak, self.ask, self.stall, self.go_on, self.depart, self.cut,
                      self.arrive, self.stand_still)  # fmt: skip
        [happening] = self.random.choices(happenings, weights=(70, 8, 3, 3, 1, 1, 3, 1))
        happening()
        if self.standing:
            self.standing -= 1
            if not self.standing:
                self.server.resume()
        self.flush()
        self.sources.take_in()

    def flush(self) -> None:
        """Let everybody send what the server takes."""
        for member in (*self.members, *self.leavers):
            member.flush()

    def pick(self) -> Member | None:
        """Choose somebody who is in."""
        return self.random.choice(self.members) if self.members else None

    def speak(self) -> None:
        if member := self.pick():
            lengths = [self.random.randint(0, 4000) for _ in range(self.random.randint(1, 4))]
            texts = [f"{self.spoken + n} {'x' * length}" for n, length in enumerate(lengths)]
            if self.make_room(member.view.name, texts):
                self.spoken += len(texts)
                self.in_flight.add(member.view.name, texts)
                for text in texts:
                    member.say(text)

    def make_room(self, name: str, texts: Sequence[str]) -> bool:
        """Wait until this may be said; while the server stands still it may never be."""
        if self.standing:
            return self.in_flight.fits(name, texts)

        def fits() -> bool:
            self.flush()
            return self.in_flight.fits(name, texts)

        if not fits():
            self.let_go_on_who_hold_up_the_others()
            self.sources.wait(fits, "there is room for more to be said")
        return True

    def let_go_on_who_hold_up_the_others(self) -> None:
        """Let read on whose lines take up the room: the server does not serve who never reads.

        Half of the room is enough for all that anybody says at once.
        """
        sizes = {
            member: self.in_flight.of(member.view.name)
            for member in (*self.members, *self.leavers)
            if member.client.paused
        }
        if sum(sizes.values()) > MOST_IN_FLIGHT // 2:
            for member, size in sizes.items():
                member.client.paused = not size

    def ask(self) -> None:
        if member := self.pick():
            member.ask()

    def stall(self) -> None:
        if member := self.pick():
            member.client.paused = True

    def go_on(self) -> None:
        if member := self.pick():
            member.client.paused = False

    def depart(self) -> None:
        if member := self.pick():
            self.members.remove(member)
            self.leavers.append(member)
            member.leave()

    def cut(self) -> None:
        member = self.pick()
        if member and self.in_flight.surely_ends(member.view.name):
            self.members.remove(member)
            self.gone.append(member)
            member.cut()

    def arrive(self) -> None:
        if len(self.members) < self.MOST:
            self.let_in()

    def stand_still(self) -> None:
        if not self.standing:
            self.standing = self.random.randint(1, 20)
            self.server.suspend()

    def come_to_rest(self, everybody: Sequence[Member]) -> None:
        """Let everybody read on, and hear everybody out."""
        if self.standing:
            self.server.resume()
        for member in everybody:
            member.client.paused = False
        # After the first round everything was said, after the second everything was heard.
        for _ in range(2):
            for member in everybody:
                if not member.leaving:
                    member.ask()
            self.sources.wait(lambda: self.are_settled(everybody), "everybody is answered")

    def are_settled(self, members: Sequence[Member]) -> bool:
        """Move everybody on, and tell whether all of them have come to rest."""
        return [member.settled for member in members].count(False) == 0
