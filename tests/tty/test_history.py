"""What was typed before can be looked through, and the draft waits."""

import unittest

from reactor_chat.tty.history import MAX_HISTORY, History


def history_of(*lines: str) -> History:
    history = History()
    history.add(lines)
    return history


class HistoryTest(unittest.TestCase):
    def test_up_goes_back_and_down_comes_forward_to_the_draft(self) -> None:
        history = history_of("one", "two")
        self.assertEqual(history.older("draft"), "two")
        self.assertEqual(history.older("two"), "one")
        self.assertEqual(history.newer(), "two")
        self.assertEqual(history.newer(), "draft")

    def test_there_is_nothing_beyond_either_end(self) -> None:
        history = history_of("one")
        self.assertIsNone(history.newer())
        history.older("")
        self.assertIsNone(history.older("one"))

    def test_a_line_that_was_edited_in_passing_stays_as_it_was(self) -> None:
        history = history_of("one", "two")
        history.older("")
        history.older("two, edited")
        self.assertEqual(history.newer(), "two")

    def test_a_repeated_line_is_kept_once(self) -> None:
        history = history_of("one", "one")
        history.older("")
        self.assertIsNone(history.older("one"))

    def test_an_empty_line_is_not_kept(self) -> None:
        self.assertIsNone(history_of("").older(""))

    def test_only_the_newest_lines_are_kept(self) -> None:
        history = history_of(*map(str, range(MAX_HISTORY + 10)))
        lines = [history.older("") for _ in range(MAX_HISTORY)]
        self.assertEqual(lines[-1], "10")
        self.assertIsNone(history.older(""))
