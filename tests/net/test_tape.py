"""What a room says in a turn: who hears it, in which order, and in how many system calls."""

import contextlib
import errno
import unittest
from collections.abc import Iterable
from typing import Any, ClassVar
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.net.connection import OPEN, Connection
from reactor_chat.net.send_queue import Outlet
from reactor_chat.net.tape import Tape
from tests.sim.pair import CAPACITY, LIMITS, ConnectionCase
from tests.sim.stream import Stream


class RoomCase(ConnectionCase):
    """Three connections are in a room, and so is nobody else."""

    TAPE: ClassVar[type[Tape]] = Tape

    def setUp(self) -> None:
        super().setUp()
        self.reports: list[Exception] = []
        self.tape = self.TAPE(self.reactor, self.reports.append)
        self.peers: dict[Connection, Stream] = {self.connection: self.peer}
        for _ in range(2):
            connection, peer, _ = self.connect()
            self.peers[connection] = peer
        for connection in self.peers:
            self.tape.add(connection)
            self.peers[connection].send(b"a line ends here\n")
        self.one, self.two, self.three = self.peers
        self.settle()
        self.owner.events.clear()

    def heard(self, connection: Connection) -> bytes:
        """Everything that has reached somebody."""
        self.peer = self.peers[connection]
        return self.read()


class HearingTest(RoomCase):
    def test_everybody_hears_what_is_said(self) -> None:
        self.tape.tell(b"hello\n", 1)
        self.assertEqual([self.heard(one) for one in self.peers], [b"hello\n"] * 3)

    def test_nothing_is_done_for_the_members_before_the_end_of_the_turn(self) -> None:
        self.tape.tell(b"hello\n", 1)
        self.assertEqual([one.size for one in self.peers], [0, 0, 0])

    def test_a_turn_leaves_in_one_block_that_all_share(self) -> None:
        for line in (b"one\n", b"two\n", b"three\n"):
            self.tape.tell(line, 1)
        self.reactor.settle()
        self.assertEqual(self.sends, [b"one\ntwo\nthree\n"] * 3)
        self.assertEqual(len({id(block) for block in self.sends}), 1)

    def test_who_speaks_hears_the_others_but_not_that(self) -> None:
        for speaker, line in zip(self.peers, (b"1\n", b"2\n", b"3\n"), strict=True):
            self.tape.tell(line, 1, [speaker])
        heard = [self.heard(one) for one in self.peers]
        self.assertEqual(heard, [b"2\n3\n", b"1\n3\n", b"1\n2\n"])

    def test_more_than_one_may_be_left_out(self) -> None:
        self.tape.tell(b"1\n", 1, [self.one, self.two])
        self.tape.tell(b"2\n", 1, [self.three, self.one, self.one])
        self.assertEqual([self.heard(one) for one in self.peers], [b"", b"2\n", b"1\n"])

    def test_each_turn_begins_with_an_empty_tape(self) -> None:
        self.tape.tell(b"first\n", 1, [self.one])
        self.settle()
        self.tape.tell(b"second\n", 1, [self.two])
        heard = [self.heard(one) for one in self.peers]
        self.assertEqual(heard, [b"second\n", b"first\n", b"first\nsecond\n"])

    def test_answers_stand_where_they_were_given_and_leave_with_the_rest(self) -> None:
        self.one.write(b"answer 1\n")
        self.tape.tell(b"said 1\n", 1)
        self.one.write(b"answer 2\n")
        self.tape.tell(b"said 2\n", 1)
        self.reactor.settle()
        both = b"said 1\nsaid 2\n"
        mixed = b"answer 1\nsaid 1\nanswer 2\nsaid 2\n"
        self.assertEqual(sorted(self.sends), [mixed, both, both])

    def test_what_everybody_hears_besides_stands_where_it_was_said(self) -> None:
        self.tape.tell(b"before\n", 1)
        self.one.overhear(b"broadcast\n", 1)
        self.tape.tell(b"after\n", 1)
        self.assertEqual(self.heard(self.one), b"before\nbroadcast\nafter\n")

    def test_who_ends_no_lines_is_sent_none_that_ends(self) -> None:
        self.one.unframed = True
        self.one.update_interest()
        self.tape.tell(b"one\ntwo\n", 2)
        self.assertEqual(self.heard(self.one), b"one\ntwo")

    def test_who_comes_in_hears_only_what_follows(self) -> None:
        newcomer, self.peers[newcomer], _ = self.connect()
        self.tape.tell(b"before\n", 1)
        self.tape.add(newcomer)
        self.tape.tell(b"after\n", 1)
        self.assertEqual(self.heard(newcomer), b"after\n")

    def test_who_goes_hears_what_was_said_until_then(self) -> None:
        self.tape.tell(b"before\n", 1)
        self.tape.remove(self.one)
        self.tape.tell(b"after\n", 1)
        self.one.write(b"outside\n")
        self.assertEqual(self.heard(self.one), b"before\noutside\n")
        self.assertEqual(self.heard(self.two), b"before\nafter\n")

    def test_a_last_word_comes_after_what_was_said(self) -> None:
        self.tape.tell(b"before\n", 1)
        self.one.finish("put out", b"last word\n")
        self.assertEqual(self.heard(self.one), b"before\nlast word\n")

    def test_the_end_comes_after_what_was_said(self) -> None:
        self.tape.tell(b"before\n", 1)
        self.one.finish("left")
        self.tape.remove(self.one)
        self.assertEqual(self.heard(self.one), b"before\n")

    def test_what_is_said_at_a_burial_is_heard_in_the_same_turn(self) -> None:
        def leave(reason: str) -> None:
            self.tape.remove(self.one)
            self.tape.tell(b"gone\n", 1)

        self.owner.on_closed = leave  # type: ignore[method-assign]
        self.one.close("done")
        self.reactor.settle()
        self.assertEqual(self.sends, [b"gone\n"] * 2)


class KernelTest(RoomCase):
    def test_what_the_kernel_does_not_take_waits(self) -> None:
        said = b"x" * 500 + b"\n"
        self.tape.tell(said, 1)
        self.settle()
        self.assertEqual([one.blocked for one in self.peers], [True] * 3)
        self.tape.tell(b"more\n", 1)
        self.assertEqual([self.heard(one) for one in self.peers], [said + b"more\n"] * 3)

    def test_nothing_is_offered_in_vain(self) -> None:
        self.tape.tell(b"x" * 500 + b"\n", 1)
        self.settle()
        self.sends.clear()
        self.tape.tell(b"more\n", 1)
        self.settle()
        self.assertEqual(self.sends, [])

    def test_what_one_does_not_take_is_no_loss_to_the_others(self) -> None:
        full = BlockingIOError(errno.EAGAIN, "")
        self.tape.tell(b"hello\n", 1)
        with mock.patch.object(self.one.socket, "send", side_effect=full):
            self.reactor.settle()
        self.assertEqual([self.heard(one) for one in self.peers], [b"hello\n"] * 3)

    def test_a_broken_connection_costs_that_one_alone(self) -> None:
        broken = BrokenPipeError(errno.EPIPE, "")
        self.tape.tell(b"hello\n", 1)
        with mock.patch.object(self.one.socket, "send", side_effect=broken):
            self.reactor.settle()
        self.assertEqual(self.owner.events, ["closed: broken pipe"])
        self.assertEqual(self.heard(self.three), b"hello\n")


class DeathTest(RoomCase):
    def test_the_dead_are_told_nothing_more(self) -> None:
        self.tape.tell(b"hello\n", 1)
        self.one.close("done")
        self.tape.remove(self.one)
        self.assertEqual(self.one.size, 0)

    def test_who_is_buried_forgets_the_room(self) -> None:
        self.one.close("done")
        self.settle()
        self.assertIsNone(self.one.channel)


class SlowListenerTest(RoomCase):
    def stall(self) -> None:
        """Let the first member read nothing until its backlog is full."""
        self.one.write(b"x" * (2 * CAPACITY + LIMITS.backlog - 1) + b"\n")
        self.settle()

    def test_it_misses_what_is_too_much_line_by_line(self) -> None:
        self.stall()
        self.tape.tell(b"one\ntwo\n", 2)
        self.tape.tell(b"three\n", 1)
        self.settle()
        self.assertEqual(self.one.missed, 3)
        self.assertEqual(self.heard(self.two), b"one\ntwo\nthree\n")
        self.assertTrue(self.heard(self.one).endswith(b"x\nmissed 3\n"))

    def test_it_hears_as_much_of_a_turn_as_it_has_room_for(self) -> None:
        self.one.write(b"x" * (2 * CAPACITY + LIMITS.backlog - 5) + b"\n")
        self.settle()
        self.tape.tell(b"one\n", 1)
        self.tape.tell(b"two\n", 1)
        self.assertTrue(self.heard(self.one).endswith(b"x\none\nmissed 1\n"))

    def test_it_does_not_keep_up_from_the_line_on_that_is_too_much(self) -> None:
        self.one.write(b"x" * (2 * CAPACITY + LIMITS.backlog - 6) + b"\n")
        self.settle()
        self.tape.tell(b"one\n", 1)
        self.assertTrue(self.one.keeps_up())
        self.tape.tell(b"two\n", 1)
        self.assertFalse(self.one.keeps_up())

    def test_an_answer_comes_after_the_count_of_what_it_missed_in_the_turn(self) -> None:
        self.stall()
        self.tape.tell(b"never heard\n", 1)
        self.one.write(b"answer\n")
        self.tape.tell(b"nor this\n", 1)
        self.assertTrue(self.heard(self.one).endswith(b"x\nmissed 1\nanswer\nmissed 1\n"))

    def test_what_is_said_after_it_has_caught_up_is_heard(self) -> None:
        self.stall()
        self.tape.tell(b"never heard\n", 1)
        self.heard(self.one)
        self.tape.tell(b"heard\n", 1)
        self.assertEqual(self.heard(self.one), b"heard\n")

    def test_what_was_said_before_it_read_in_the_same_turn_is_counted(self) -> None:
        self.stall()
        self.tape.tell(b"never heard\n", 1)
        self.settle()
        self.tape.tell(b"nor this\n", 1)
        while self.one.blocked:
            self.peer.recv(CAPACITY)
            self.one.on_writable()
        self.assertTrue(self.heard(self.one).endswith(b"missed 2\n"))

    def test_a_last_word_comes_after_one_count_of_all_that_it_missed(self) -> None:
        self.stall()
        self.tape.tell(b"never heard\n", 1)
        self.settle()
        self.tape.tell(b"nor this\n", 1)
        self.one.finish("put out", b"last word\n")
        self.assertTrue(self.heard(self.one).endswith(b"x\nmissed 2\nlast word\n"))


class DefectTest(RoomCase):
    def test_a_defect_that_one_member_meets_costs_that_one_alone(self) -> None:
        self.tape.tell(b"hello\n", 1, [self.two])
        self.one.write(b"x" * 1000)
        self.settle()
        with mock.patch.object(Connection, "overhear", side_effect=ZeroDivisionError):
            self.tape.tell(b"again\n", 1)
            self.reactor.settle()
        self.assertEqual(self.owner.events, [ZeroDivisionError, "closed: internal error"])
        self.assertEqual(self.heard(self.three), b"hello\nagain\n")
        self.assertEqual(self.reports, [])

    def test_so_does_one_in_keeping_what_the_kernel_does_not_take(self) -> None:
        self.tape.tell(b"x" * 300 + b"\n", 1)
        keep = Connection.keep

        def fail_for_one(connection: Connection, data: bytes, sent: int) -> None:
            if connection is self.one:
                raise ZeroDivisionError
            keep(connection, data, sent)

        with mock.patch.object(Connection, "keep", fail_for_one):
            self.settle()
        self.assertEqual(self.owner.events, [ZeroDivisionError, "closed: internal error"])
        self.assertEqual(self.heard(self.two), b"x" * 300 + b"\n")

    def test_it_costs_neither_the_speaker_nor_the_room_anything(self) -> None:
        self.tape.tell(b"before\n", 1)
        with mock.patch.object(Connection, "overhear", side_effect=ZeroDivisionError):
            self.tape.tell(b"hello\n", 1, [self.one])
            self.tape.remove(self.one)
        self.assertIsNone(self.one.channel)
        self.assertEqual(self.heard(self.two), b"before\nhello\n")
        self.assertEqual(self.owner.events, [ZeroDivisionError, "closed: internal error"])

    def test_another_is_reported_and_the_room_goes_on(self) -> None:
        self.tape.tell(b"lost\n", 1, [self.one])
        self.tape._said.append(("no bytes", 1))  # type: ignore[arg-type]
        self.reactor.settle()
        self.assertIsInstance(self.reports[0], TypeError)
        self.tape.tell(b"hello\n", 1)
        self.assertEqual(self.heard(self.one), b"hello\n")


class Eager(Tape):
    """Appends to each member's backlog at once."""

    def tell(self, data: bytes, lines: int, but: Iterable[Outlet] = ()) -> None:
        deaf = list(but)
        for outlet in self._members:
            if outlet not in deaf:
                outlet.overhear(data, lines)


class EagerRoomCase(RoomCase):
    TAPE = Eager


class World:
    """A room with three connections, and what may happen in it, in any turn."""

    def __init__(self, case: RoomCase) -> None:
        self.case = case
        case.setUp()
        self.people = list(case.peers)
        self.present = dict.fromkeys(self.people)

    def speak(self, one: Connection, line: bytes) -> None:
        if one in self.present:
            self.case.tape.tell(line, 1, [one])

    def speak_to_some(self, one: Connection, line: bytes) -> None:
        if one in self.present:
            ignoring = list(self.present)[:1]
            self.case.tape.tell(line, 1, [one, *ignoring])

    def answer(self, one: Connection, line: bytes) -> None:
        if one.life is OPEN:
            one.write(line)

    def overhear(self, one: Connection, line: bytes) -> None:
        if one.life is OPEN:
            one.overhear(line, 1)

    def come_or_go(self, one: Connection, line: bytes) -> None:
        if one in self.present:
            self.case.tape.remove(one)
            del self.present[one]
        elif one.life is OPEN:
            self.case.tape.add(one)
            self.present[one] = None

    def finish(self, one: Connection, line: bytes) -> None:
        if one in self.present:
            self.come_or_go(one, line)
            one.finish("put out", line)

    def read(self, one: Connection, line: bytes) -> None:
        """Let the peer read, and the connection notice it in the middle of the turn."""
        with contextlib.suppress(BlockingIOError):
            self.case.peers[one].recv(CAPACITY)
            one.on_writable()

    def end_turn(self, one: Connection, line: bytes) -> None:
        self.case.senders.clear()
        self.case.reactor.settle()
        senders = self.case.senders
        assert len(set(senders)) == len(senders), "somebody was sent to twice"
        self.case.settle()

    def all_heard(self) -> list[bytes]:
        return [self.case.heard(one) for one in self.people]


class OneOrderTest(unittest.TestCase):
    """Whatever happens in a turn, each hears what it would have been told one by one."""

    ACTS: ClassVar = st.sampled_from(
        [
            World.speak,
            World.speak_to_some,
            World.answer,
            World.overhear,
            World.come_or_go,
            World.finish,
            World.read,
            World.end_turn,
        ]
    )
    SIZES: ClassVar = st.sampled_from([10, 150])  # bytes: with the larger, some get blocked

    @given(st.lists(st.tuples(ACTS, st.integers(0, 2), SIZES), min_size=5, max_size=60))
    def test_nobody_can_tell_that_there_is_a_tape(self, acts: list[tuple[Any, int, int]]) -> None:
        heard = []
        for case in (RoomCase(), EagerRoomCase()):
            world = World(case)
            for number, (act, who, size) in enumerate(acts):
                act(world, world.people[who], b"%*d\n" % (size, number))
            world.case.settle()
            heard.append(world.all_heard())
            self.assertEqual(case.process.violations, [])
        self.assertEqual(*heard)
