"""Whether anything is ever lost in a room: a run of many members with many mishaps, then judged.

A run draws what happens from a seed: members come, speak, stop reading, go on, leave, and are cut
off, and now and then the whole server stands still. Everything goes over real sockets. In the end
`loss_checker` compares what everybody has heard.
"""

import copy
import random
import re
import unittest
from collections.abc import Sequence
from typing import cast

from tests.processes import Client, ServerCase
from tests.server.loss_checker import Ending, Missed, View, faults

ROOM = "tea"
_MISSED = re.compile(r"\* You missed (\d+) messages\.")


class Checker(unittest.TestCase):
    """The judge is judged: it accepts a sound history, and finds each kind of fault."""

    OBSERVED = (
        "* a joined", "a: 1", "* b joined", "a: 2", "b: 3", "a: 4", "* c joined", "b: 5",
        "* b left", "a: 6", "* c left",
    )  # fmt: skip

    def setUp(self) -> None:
        self.observed = list(self.OBSERVED)
        self.a = View("a", said=["1", "2", "4", "6"], confirmed=4)
        self.a.heard = ["* b joined", "b: 3", "* c joined", "b: 5", "* b left", "* c left"]
        self.b = View("b", Ending.LEFT, said=["3", "5"], confirmed=1)
        self.b.heard = ["a: 1", "a: 2", "a: 4", "* c joined"]
        self.c = View("c", Ending.CUT)
        self.c.heard = ["a: 1", "a: 2", "b: 3", "a: 4", "b: 5", "* b left"]

    def assert_fault(self, text: str) -> None:
        found = faults(self.observed, [self.a, self.b, self.c])
        self.assertEqual(len(found), 1, found)
        self.assertIn(text, found[0])

    def test_a_sound_history_passes(self) -> None:
        self.assertEqual(faults(self.observed, [self.a, self.b, self.c]), [])

    def test_what_is_counted_as_missed_may_be_absent(self) -> None:
        for view in (self.a, self.b, self.c):
            for start in range(len(view.heard)):
                for count in range(1, len(view.heard) - start + 1):
                    other = copy.copy(view)
                    other.heard = [*view.heard[:start], Missed(count), *view.heard[start + count :]]
                    views = [{view.name: other}.get(v.name, v) for v in (self.a, self.b, self.c)]
                    self.assertEqual(faults(self.observed, views), [])

    def test_a_gap_that_was_not_told(self) -> None:
        del self.a.heard[1]
        self.assert_fault("1 lines before it are absent")

    def test_a_gap_at_the_end(self) -> None:
        self.b.heard.pop()
        self.assert_fault("never heard the last 1")

    def test_a_gap_at_the_end_of_who_was_cut_is_none(self) -> None:
        self.c.heard.clear()
        self.assertEqual(faults(self.observed, [self.a, self.b, self.c]), [])

    def test_a_wrong_count(self) -> None:
        self.a.heard[1:3] = [Missed(1)]
        self.assert_fault("absent")
        self.a.heard[1:2] = [Missed(3)]
        self.assert_fault("had its turn before")

    def test_a_count_beyond_the_end(self) -> None:
        self.b.heard[1:] = [Missed(4)]
        self.assert_fault("1 missed lines too many")

    def test_a_line_twice(self) -> None:
        self.a.heard.insert(2, "b: 3")
        self.assert_fault("had its turn before")

    def test_two_lines_in_another_order(self) -> None:
        self.b.heard[0], self.b.heard[1] = self.b.heard[1], self.b.heard[0]
        self.assert_fault("absent")

    def test_a_line_from_before_joining_or_after_leaving(self) -> None:
        self.observed[2:2] = [f"a: {number}" for number in range(10, 20)]
        self.a.said[1:1] = [str(number) for number in range(10, 20)]
        self.b.heard[1:1] = self.observed[2:12]  # one line more than are shown on joining
        self.c.heard[:2] = [*self.observed[5:12], "a: 2"]
        self.assert_fault("should not have heard it")
        del self.b.heard[0]
        self.b.heard.append("a: 6")
        self.assert_fault("should not have heard it")

    def test_ones_own_line(self) -> None:
        self.a.heard.insert(0, "a: 1")
        self.assert_fault("should not have heard it")

    def test_a_line_that_nobody_said(self) -> None:
        self.observed.insert(4, "b: 7")
        self.a.heard.insert(1, "b: 7")
        found = faults(self.observed, [self.a, self.b, self.c])
        self.assertIn("nobody has caused 'b: 7'", found)

    def test_a_line_that_everybody_lost(self) -> None:
        self.observed.remove("a: 4")
        self.b.heard.remove("a: 4")
        self.c.heard.remove("a: 4")
        found = faults(self.observed, [self.a, self.b, self.c])
        self.assertIn("what a said was not heard in its order, or not without gaps", found)

    def test_the_last_line_that_everybody_lost(self) -> None:
        self.observed.remove("a: 6")
        self.assert_fault("of the 4 lines that a surely said, 3 were heard")

    def test_who_was_cut_may_lose_what_was_not_confirmed(self) -> None:
        self.c.said = ["8", "9"]
        self.assertEqual(faults(self.observed, [self.a, self.b, self.c]), [])
        self.c.confirmed = 1
        self.assert_fault("surely said")

    def test_a_doubled_line_that_everybody_heard(self) -> None:
        self.observed.insert(5, "b: 3")
        self.a.heard.insert(2, "b: 3")
        self.c.heard.insert(3, "b: 3")
        found = faults(self.observed, [self.a, self.b, self.c])
        self.assertIn("the observer heard 2 times 'b: 3'", found)

    def test_what_was_said_last_before_is_not_shown(self) -> None:
        del self.b.heard[0]
        self.assert_fault("1 lines before it are absent")

    def test_a_farewell_that_nobody_heard(self) -> None:
        self.observed.remove("* b left")
        self.a.heard.remove("* b left")
        self.c.heard.remove("* b left")
        self.b.heard += ["a: 6", "* c left"]
        self.assert_fault("nobody was told that b left")


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


class Runs(ServerCase):
    """Each test is one seed."""

    STEPS = 2500
    MOST = 12  # members at a time

    def test_a_run(self) -> None:
        self.run_with(seed=1)

    def test_a_run_with_less_backlog(self) -> None:
        self.run_with("--max-backlog", "65536", seed=2)

    def test_another_run_with_less_backlog(self) -> None:
        self.run_with("--max-backlog", "65536", seed=3)

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
        for _ in range(4):
            self.let_in()
        for _ in range(self.STEPS):
            self.step()
        self.come_to_rest([observer, *sleepers, *self.members, *self.leavers])
        self.assert_nothing_missed(observer)
        others = (*sleepers, *self.members, *self.leavers, *self.gone)
        observed = cast(list[str], observer.view.heard)
        self.assertEqual(faults(observed, [member.view for member in others]), [], f"seed {seed}")
        for sleeper in sleepers:  # or it has slept for nothing
            self.assertTrue(any(isinstance(event, Missed) for event in sleeper.view.heard))

    def assert_nothing_missed(self, observer: Member) -> None:
        """See that the one who always read was never told to have missed anything."""
        missed = [event for event in observer.view.heard if isinstance(event, Missed)]
        self.assertEqual(missed, [])

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
        for member in (*self.members, *self.leavers):
            member.flush()
        self.sources.take_in()

    def pick(self) -> Member | None:
        """Choose somebody who is in."""
        return self.random.choice(self.members) if self.members else None

    def speak(self) -> None:
        if member := self.pick():
            for _ in range(self.random.randint(1, 4)):
                self.spoken += 1
                member.say(f"{self.spoken} {'x' * self.random.randint(0, 4000)}")

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
        if member := self.pick():
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
