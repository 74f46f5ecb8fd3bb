"""What the hostile callers send, and what is made of the witness's samples.

No process is started here and no time is measured.
"""

import itertools
import socket
import unittest

from benchmarks import hostile
from benchmarks.floods import KINDS
from benchmarks.helpers import Done
from benchmarks.hostile import Case
from benchmarks.witness import Probe, Sample

LONGEST_LINE = 4096


class FloodsTest(unittest.TestCase):
    def test_blocks_are_whole_lines_that_are_not_too_long(self) -> None:
        for name, kind in KINDS.items():
            with self.subTest(name):
                block = next(kind.blocks(0))
                self.assertTrue(block.endswith(b"\n"))
                self.assertLessEqual(max(map(len, block.split(b"\n"))), LONGEST_LINE)

    def test_names_are_new_for_ever_and_for_every_caller(self) -> None:
        blocks = [*itertools.islice(KINDS["nick"].blocks(0), 3), next(KINDS["nick"].blocks(1))]
        lines = b"".join(blocks).splitlines()
        self.assertEqual(len(set(lines)), len(lines))

    def test_the_marks_are_two_classes_in_turn_that_have_to_be_sorted(self) -> None:
        self.assertIn("\u0301\u0323\u0301\u0323", next(KINDS["marks"].blocks(0)).decode())

    def test_those_who_have_rooms_of_their_own_have_different_ones(self) -> None:
        greeting = KINDS["rooms"].greeting
        self.assertNotEqual(greeting(1), greeting(2))


class CaseTest(unittest.TestCase):
    def case(self, samples: list[tuple[float, float]], callers: int = 20) -> Case:
        done = Done(began=10.0, left=13.0, answers=600, cpu=1.5)
        whole = [Sample(at, took, took / 2) for at, took in samples]
        return hostile.case("blank", callers, "echo", whole, done, before=1.0)

    def test_samples_are_told_apart_by_when_they_began(self) -> None:
        case = self.case([(8.0, 9.0), (9.5, 0.001), (10.5, 0.002), (13.5, 0.5), (14.5, 0.003)])
        worst = [phase.worst for phase in (case.before, case.during, case.recovered)]
        self.assertEqual(worst, [1, 2, 3])

    def test_what_the_server_spent_meanwhile_is_told_apart(self) -> None:
        self.assertEqual(self.case([(10.5, 0.02)]).during.spent, 10)

    def test_answers_and_cpu_are_those_of_a_second(self) -> None:
        case = self.case([(10.5, 0.001)])
        self.assertEqual((case.answers, case.cpu), (200, 0.5))

    def test_a_slow_message_after_they_left_says_for_how_long_they_were_felt(self) -> None:
        case = self.case([(12.9, 1.1), (13.9, 0.001), (14.5, 0.001)])
        self.assertAlmostEqual(case.slow_for, 1.0)
        self.assertFalse(case.still_slow)

    def test_one_that_was_never_answered_says_that_they_still_are(self) -> None:
        self.assertTrue(self.case([(12.9, 5.0), (13.9, 4.0)]).still_slow)

    def test_with_more_callers_more_patience_is_good_enough(self) -> None:
        samples = [(10.5, 0.05), (14.5, 0.001)]
        self.assertFalse(self.case(samples).good)
        self.assertTrue(self.case(samples, callers=300).good)

    def test_who_is_slow_after_they_left_is_not_good(self) -> None:
        self.assertFalse(self.case([(10.5, 0.001), (14.5, 0.05)]).good)

    def test_a_row_has_a_cell_for_every_column(self) -> None:
        row = hostile.row(self.case([(10.5, 0.001), (14.5, 0.001)]))
        self.assertEqual(len(row), len(hostile.header()) + len(" ok"))


class WitnessTest(unittest.TestCase):
    def setUp(self) -> None:
        self.sockets = [*socket.socketpair(), *socket.socketpair()]
        for sock in self.sockets:
            self.addCleanup(sock.close)
        self.first, self.first_peer, self.second, self.second_peer = self.sockets
        self.probe = Probe([self.first, self.second], self.first, lambda: 0.0)

    def test_speakers_take_turns_and_may_overtake_each_other(self) -> None:
        self.probe.say()
        self.probe.say()
        lines = [peer.recv(100) for peer in (self.second_peer, self.first_peer)]
        self.first_peer.send(b"bob: " + lines[0] + b"alice: " + lines[1])
        self.probe.hear()
        self.assertEqual(len(self.probe.samples), 2)

    def test_a_line_that_came_in_pieces_counts_when_it_is_whole(self) -> None:
        self.probe.say()
        line = self.first_peer.recv(100)
        self.first_peer.send(line[:3])
        self.probe.hear()
        self.assertEqual(self.probe.samples, [])
        self.first_peer.send(line[3:])
        self.probe.hear()
        self.assertEqual(len(self.probe.samples), 1)

    def test_a_line_that_nobody_said_ends_it(self) -> None:
        self.first_peer.send(b"W0000009\n")
        self.assertRaises(ConnectionError, self.probe.hear)

    def test_what_never_came_counts_as_long_as_it_was_waited_for(self) -> None:
        self.probe.say()
        self.probe.end()
        self.assertEqual(len(self.probe.samples), 1)


if __name__ == "__main__":
    unittest.main()
