"""What is remembered of those who send wrong passwords is bounded, in number and in time."""

import unittest

from reactor_chat.chat.tries import A_MINUTE, MOST, Tries


class TriesTest(unittest.TestCase):
    def setUp(self) -> None:
        self.tries = Tries()

    def test_an_address_is_barred_by_its_own_tries_for_a_minute(self) -> None:
        for number in range(A_MINUTE):
            self.assertFalse(self.tries.is_barred("one", number))
            self.tries.count("one", number)
        self.assertTrue(self.tries.is_barred("one", 59))
        self.assertFalse(self.tries.is_barred("other", 59))
        self.assertFalse(self.tries.is_barred("one", 61))

    def test_a_try_that_was_no_wrong_password_leaves_nothing(self) -> None:
        for _ in range(3 * A_MINUTE):
            self.tries.count("one", 0)
            self.tries.take_back("one")
        self.assertFalse(self.tries.is_barred("one", 0))
        self.assertEqual(len(self.tries), 0)

    def test_what_is_a_minute_old_is_forgotten(self) -> None:
        for number in range(100):
            self.tries.count(f"old{number}", 0)
        self.tries.count("new", 50)
        self.tries.count("old0", 55)
        self.tries.count("newer", 61)
        self.assertEqual(len(self.tries), 3)

    def test_within_a_minute_the_most_recent_are_remembered(self) -> None:
        for number in range(MOST + 100):
            self.tries.count(f"address{number}", 0)
        self.assertEqual(len(self.tries), MOST)
        for _ in range(A_MINUTE - 1):
            self.tries.count("address100", 0)
        self.assertTrue(self.tries.is_barred("address100", 0))
