"""A change is made to the code that runs, shown as it is, and put back."""

import unittest

from reactor_chat.lesson.change import Change

FACTOR = 3


class Subject:
    def triple(self, number: int) -> int:
        """Return three times a number."""
        factor = FACTOR
        return factor * number


CHANGE = Change(Subject, "triple", "factor = FACTOR", "factor = FACTOR - 1")


class ChangeTest(unittest.TestCase):
    def test_it_holds_for_a_while(self) -> None:
        with CHANGE.made():
            self.assertEqual(Subject().triple(5), 10)
        self.assertEqual(Subject().triple(5), 15)

    def test_it_is_put_back_whatever_happens(self) -> None:
        with self.assertRaises(KeyError), CHANGE.made():
            raise KeyError
        self.assertEqual(Subject().triple(5), 15)

    def test_it_is_shown(self) -> None:
        self.assertEqual(
            CHANGE.diff(),
            [
                "--- tests/lesson/test_change.py, Subject.triple",
                " def triple(self, number: int) -> int:",
                '     """Return three times a number."""',
                "-    factor = FACTOR",
                "+    factor = FACTOR - 1",
                "     return factor * number",
            ],
        )

    def test_lines_that_are_not_there_any_more_are_an_error(self) -> None:
        with self.assertRaises(ValueError), CHANGE._replace(before="factor = 4").made():
            self.fail("it was made")


if __name__ == "__main__":
    unittest.main()
