"""A log is one order that all read, and what was said last is kept of it."""

import unittest

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.chat.log import KEPT_LINES, SPARED_LINES, Log
from reactor_chat.wire.dialects import Dialect, Mark, Origin, current, other, tagged
from tests import support  # noqa: F401  (for its Hypothesis profile)

ALL = 1_000_000  # bytes: more than any of these logs has
BLOCKS = st.lists(st.integers(1, 4), min_size=1, max_size=12)  # lines of each


def new_log(said: int = 0) -> Log:
    return Log(Origin("tea", "0123abcd"), said)


def say(log: Log, lines: int = 1, keep: bool = True) -> bytes:
    first = log.tip.lines + 1
    block = b"".join(b"line %d\n" % n for n in range(first, first + lines))
    log.append(block, lines, 0.0, keep)
    return block


class ReadingTest(unittest.TestCase):
    def test_a_mark_counts_entries_lines_and_bytes_since_the_beginning(self) -> None:
        log = new_log()
        say(log, 2)
        say(log, 1, keep=False)
        self.assertEqual(log.tip, Mark(2, 3, 21))
        log.forget()
        self.assertEqual((log.tip, log.base), (Mark(2, 3, 21), log.tip))

    @given(BLOCKS, st.sampled_from([current, other, tagged]), st.data())
    def test_any_stretch_reads_the_same_rendered_at_once_or_entry_by_entry(
        self, sizes: list[int], dialect: Dialect, data: st.DataObject
    ) -> None:
        log = new_log()
        marks = [log.tip]
        for lines in sizes:
            say(log, lines)
            marks.append(log.tip)
        first = data.draw(st.integers(0, len(sizes)))
        last = data.draw(st.integers(first, len(sizes)))
        budget = data.draw(st.integers(1, 50))
        read, at = b"", marks[first]
        while at.entries < last:
            part, at = log.take(at, marks[last], dialect, budget)
            read += part
        log.render(marks[0], dialect)
        whole, end = log.take(marks[first], marks[last], dialect, ALL)
        self.assertEqual((read, end), (whole, marks[last]))
        self.assertEqual(whole.count(b"\n"), marks[last].lines - marks[first].lines)

    def test_trimming_keeps_the_last_bytes_and_whole_entries(self) -> None:
        log = new_log()
        for _ in range(9):
            say(log)
        self.assertTrue(log.trim(30))
        self.assertEqual(log.tip.size - log.base.size, 28)
        self.assertFalse(log.trim(30))
        self.assertEqual(log.take(log.base, log.tip, current, ALL)[0].count(b"\n"), 4)


class KeptTest(unittest.TestCase):
    def test_blocks_of_any_size_are_kept_to_the_last_hundred_lines_at_least(self) -> None:
        for size in (1, 3, 99, 100, 101, 1000):
            with self.subTest(size=size):
                log, said = new_log(), b""
                for _ in range(1 + 3 * KEPT_LINES // size):
                    said += say(log, size)
                kept = b"".join(entry.block for entry in log.since(log.forgotten))
                self.assertTrue(said.endswith(kept))
                self.assertLess(KEPT_LINES - 1, kept.count(b"\n"))
                self.assertLess(kept.count(b"\n"), KEPT_LINES + size)

    def test_what_comes_after_a_number_may_begin_within_an_entry(self) -> None:
        log = new_log(said=1000)
        say(log, 5)
        for number in range(1000, 1005):
            entries = log.since(number)
            self.assertEqual(entries[0].first, number + 1)
            self.assertEqual(entries[0].block.count(b"\n"), 1005 - number)
            self.assertEqual(entries[0].lines, 1005 - number)
        self.assertEqual(log.since(1005), [])

    def test_notices_are_not_kept_and_have_no_number(self) -> None:
        log = new_log()
        say(log)
        say(log, keep=False)
        say(log)
        self.assertEqual([entry.first for entry in log.since(0)], [1, 2])

    def test_with_memory_short_the_older_half_goes_and_the_last_lines_stay(self) -> None:
        log = new_log()
        for _ in range(KEPT_LINES):
            say(log)
        while log.shrink(delivered=True):
            self.assertEqual(log.since(log.forgotten)[-1].first, KEPT_LINES)
        self.assertEqual(log.said - log.forgotten, SPARED_LINES)


if __name__ == "__main__":
    unittest.main()
