"""Leaving without losing what was said last, and without waiting for ever."""

import unittest

from reactor_chat.client.leaving import Leaving


class LeavingTest(unittest.TestCase):
    def setUp(self) -> None:
        self.now = 100.0
        self.leaving = Leaving(lambda: self.now)

    def test_nobody_leaves_who_did_not_begin_to(self) -> None:
        self.leaving.observe(5, "some")
        self.assertFalse(self.leaving.has_begun)
        self.assertFalse(self.leaving.is_over)

    def test_with_nothing_left_a_server_is_not_waited_for_long(self) -> None:
        self.leaving.begin()
        self.leaving.observe(0, "same")
        self.now += 1.9
        self.assertFalse(self.leaving.is_over)
        self.now += 0.1
        self.assertTrue(self.leaving.is_over)

    def test_as_long_as_there_is_progress_it_is_waited_for(self) -> None:
        self.leaving.begin()
        for left in range(400, 0, -1):
            self.leaving.observe(left, left)
            self.now += 10
            self.assertFalse(self.leaving.is_over)

    def test_without_progress_it_is_given_up(self) -> None:
        self.leaving.begin()
        self.leaving.observe(400, 400)
        for _ in range(15):
            self.now += 1
            self.leaving.observe(400, 400)
        self.assertTrue(self.leaving.is_over)
