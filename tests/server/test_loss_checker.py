"""The judge of what is lost accepts a sound history, and finds each kind of fault."""

import copy
import unittest

from tests.server.loss_checker import Ending, Missed, View, faults


class Checker(unittest.TestCase):
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
