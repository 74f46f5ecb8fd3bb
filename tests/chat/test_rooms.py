"""A room remembers its last hundred lines, however they came."""

import unittest

from reactor_chat.chat.rooms import HISTORY, History


class HistoryTest(unittest.TestCase):
    def test_blocks_of_any_size_are_kept_to_the_last_hundred_lines(self) -> None:
        for size in (1, 3, 99, 100, 101, 1000):
            with self.subTest(size=size):
                history, said = History(), []
                for number in range(1 + 3 * HISTORY // size):
                    block = [b"%d.%d\n" % (number, n) for n in range(size)]
                    said += block
                    history.add(b"".join(block), size)
                self.assertEqual(history.last(HISTORY), b"".join(said[-HISTORY:]))
                self.assertEqual(history.last(10 * HISTORY), b"".join(said[-HISTORY:]))
                self.assertEqual(history.last(1), said[-1])

    def test_old_blocks_are_let_go(self) -> None:
        history = History()
        for _ in range(1000):
            history.add(b"x\n" * 10, 10)
        self.assertEqual(sum(lines for _, lines in history._blocks), HISTORY)


if __name__ == "__main__":
    unittest.main()
