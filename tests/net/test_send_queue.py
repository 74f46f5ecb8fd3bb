"""What a connection has to say: when it leaves, and what is left out."""

from selectors import EVENT_READ, EVENT_WRITE
from unittest import mock

from reactor_chat.net.pieces import Missed
from tests.sim.pair import CAPACITY, LIMITS, ConnectionCase


class OutputTest(ConnectionCase):
    def test_writing_makes_no_system_call(self) -> None:
        self.connection.write(b"one\n")
        self.assertEqual(self.sends, [])

    def test_what_a_turn_has_written_leaves_in_one_send(self) -> None:
        for line in (b"one\n", b"two\n", b"three\n"):
            self.connection.write(line)
        self.reactor.end_turn()
        self.assertEqual(self.sends, [b"one\ntwo\nthree\n"])
        self.assertEqual((self.connection.waiting, self.connection.pieces), (0, []))

    def test_it_waits_for_output_exactly_while_the_kernel_has_refused_some(self) -> None:
        self.assertEqual(self.interest, EVENT_READ)
        said = b"x" * 299 + b"\n"
        self.connection.write(said)
        self.settle()
        self.assertEqual(self.interest, EVENT_READ | EVENT_WRITE)
        self.assertEqual(self.connection.waiting, 300 - 2 * CAPACITY)
        self.assertEqual(self.read(), said)
        self.assertEqual(self.interest, EVENT_READ)

    @mock.patch("reactor_chat.net.gathering.CHUNK", CAPACITY)
    def test_a_large_piece_leaves_alone_and_all_that_waits_is_counted(self) -> None:
        pieces = [b"x" * 599 + b"\n", b"y" * 299 + b"\n", b"z" * 9 + b"\n"]
        for piece in pieces:
            self.connection.write(piece)
            self.settle()
        self.assertEqual(self.connection.waiting, 910 - 2 * CAPACITY)
        self.assertEqual(self.shared.waiting, self.connection.waiting)
        self.assertEqual(self.read(), b"".join(pieces))
        self.assertIn(pieces[1], self.sends)
        self.assertEqual((self.connection.waiting, self.shared.waiting), (0, 0))

    def test_while_it_waits_nothing_is_offered_in_vain(self) -> None:
        self.connection.write(b"x" * 300)
        self.settle()
        self.sends.clear()
        self.connection.write(b"more\n")
        self.settle()
        self.assertEqual(self.sends, [])

    def test_everything_arrives_in_order_through_a_small_kernel_buffer(self) -> None:
        lines = [b"line %d\n" % n for n in range(200)]
        for line in lines:
            self.connection.write(line)
        self.assertEqual(self.read(), b"".join(lines))

    def test_writing_after_its_death_is_harmless_and_sends_nothing(self) -> None:
        self.connection.abort("done")
        self.connection.write(b"never\n")
        self.connection.write_or_skip(b"never\n", 1, render)
        self.settle()
        self.connection.write(b"never\n")
        self.settle()
        self.assertEqual(self.sends, [])

    def test_what_waited_for_a_dead_one_is_counted_no_more(self) -> None:
        self.connection.write(b"x" * 500)
        self.settle()
        self.connection.write(b"x" * 500)
        self.connection.abort("done")
        self.assertEqual(self.shared.waiting, 0)
        self.settle()
        self.assertEqual(self.shared.waiting, 0)

    def test_a_last_word_may_take_the_place_of_all_that_waits_after_a_line_that_is_begun(
        self,
    ) -> None:
        said = b"x" * 299 + b"\n"
        for _ in range(5):
            self.connection.write(said)
        self.settle()
        self.connection.cut_short("memory is short", b"bye\n")
        self.assertEqual(self.shared.waiting, self.connection.waiting)
        self.assertEqual(self.read(), said + b"bye\n")

    def test_a_last_word_takes_the_place_of_what_the_turn_has_said(self) -> None:
        self.connection.write(b"never read\n")
        self.connection.cut_short("memory is short", b"bye\n")
        self.assertEqual(self.read(), b"bye\n")


def render(lines: int) -> bytes:
    return b"missed %d\n" % lines


class SkippingTest(ConnectionCase):
    """What is told to all is left out where too much waits already."""

    def announce(self, count: int) -> None:
        for number in range(count):
            self.connection.write_or_skip(b"%03d\n" % number, 1, render)
            self.reactor.end_turn()

    def test_what_is_more_than_its_backlog_is_left_out_counted_and_told_of_in_its_place(
        self,
    ) -> None:
        self.announce(400)
        kept = (LIMITS.backlog + 2 * CAPACITY) // 4
        self.assertEqual(self.connection.waiting, LIMITS.backlog)
        heard = self.read()
        self.assertEqual(heard.count(b"\n"), kept + 1)
        self.assertTrue(heard.endswith(b"%03d\nmissed %d\n" % (kept - 1, 400 - kept)))
        self.announce(1)
        self.assertEqual(self.read(), b"000\n")

    @mock.patch("reactor_chat.net.gathering.CHUNK", CAPACITY)
    def test_once_lines_are_left_out_all_are_until_it_has_caught_up(self) -> None:
        self.announce(400)
        self.peer.recv(1000)
        self.settle()
        self.assertLess(self.connection.waiting, LIMITS.backlog)
        self.announce(1)
        last = self.connection.pieces[-1]
        assert isinstance(last, Missed)
        self.assertEqual(last.lines, 101)

    def test_an_answer_is_never_left_out(self) -> None:
        self.announce(400)
        self.connection.write(b"answer\n")
        self.assertTrue(self.read().endswith(b"299\nmissed 100\nanswer\n"))

    def test_a_full_backlog_that_does_not_move_ends_it(self) -> None:
        self.announce(400)
        self.wait(LIMITS.stall - 0.1)
        self.assertEqual(self.owner.events, [])
        self.wait(0.2)
        self.assertEqual(self.owner.events, ["closed: stopped reading"])

    def test_room_in_the_kernel_that_was_not_announced_is_no_progress(self) -> None:
        self.announce(400)
        self.peer.recv(CAPACITY // 5)
        self.wait(LIMITS.stall / 2)
        self.assertEqual(self.owner.events, [])
        self.wait(LIMITS.stall)
        self.assertEqual(self.owner.events, ["closed: stopped reading"])

    def test_one_that_reads_too_little_to_be_announced_does_not_end(self) -> None:
        self.announce(400)
        for _ in range(6):
            self.peer.recv(CAPACITY // 20)
            self.wait(LIMITS.stall / 3)
        self.assertEqual(self.owner.events, [])

    def test_one_that_moves_a_little_does_not(self) -> None:
        self.announce(400)
        for _ in range(5):
            self.peer.recv(CAPACITY)
            self.wait(LIMITS.stall - 1)
        self.assertEqual(self.owner.events, [])

    def test_one_whose_backlog_is_not_full_may_take_its_time(self) -> None:
        self.announce(LIMITS.backlog // 4)
        self.wait(3600)
        self.assertEqual(self.owner.events, [])
