"""Lines wait for the screen in order, and what finds no room is counted."""

import unittest

from reactor_chat.server.waiting_lines import WaitingLines


class WaitingLinesTest(unittest.TestCase):
    def test_lines_come_out_in_order_about_as_many_as_asked_for(self) -> None:
        waiting = WaitingLines()
        waiting.add(str(number) for number in range(100))
        first = waiting.take(200)
        self.assertTrue(1 < len(first) < 20)
        rest = waiting.take(1 << 20)
        self.assertEqual(first + rest, [str(number) for number in range(100)])
        self.assertFalse(waiting)

    def test_a_line_longer_than_a_slice_comes_by_itself(self) -> None:
        waiting = WaitingLines()
        waiting.add(["x" * 1000, "y"])
        self.assertEqual(waiting.take(10), ["x" * 1000])

    def test_there_is_one_gap_at_the_end_of_what_waits(self) -> None:
        waiting = WaitingLines()
        waiting.add(["x" * 100_000] * 3)
        waiting.add(["y"])  # there would be room for it, but not in its place
        self.assertEqual(waiting.take_left_out(), 0)
        self.assertEqual(len(waiting.take(1 << 20)), 2)
        self.assertEqual(waiting.take_left_out(), 2)
        waiting.add(["z"])
        self.assertEqual((waiting.take(1), waiting.take_left_out()), (["z"], 0))


if __name__ == "__main__":
    unittest.main()
