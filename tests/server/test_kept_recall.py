"""What is told of lines that are asked for and are not kept: how many, and where they were."""

import unittest
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.chat.recall import Kept, OnSlice, Recall
from reactor_chat.wire.dialects import Entry, Mark, Origin, current

_ORIGIN = Origin("tea", "0123abcd")


class FakeReader:
    def wake(self) -> None:
        """The test looks by itself."""


def _line(number: int) -> bytes:
    return b"line %d\n" % number


def _missed(lines: int) -> bytes:
    return b"missed %d\n" % lines


def recalled(kept: set[int], after: int, archived: int, said: int, counts: bool = True) -> str:
    """Return what is read of lines up to `said`, those up to `archived` out of an archive."""
    waiting: list[tuple[int, int, OnSlice]] = []
    entries = [
        Entry(_line(number), Mark(0, 0, 0), number, 5.0, 1)
        for number in range(archived + 1, said + 1)
    ]
    recall = Recall(b"heading\n", entries, _ORIGIN, current, after, _missed if counts else None)
    recall.read_first(
        lambda start, stop, on_slice: waiting.append((start, stop, on_slice)),
        after,
        archived,
        FakeReader(),
    )
    parts = []
    while not recall.done:
        if waiting:
            start, stop, on_slice = waiting.pop()
            on_slice(_found(kept, start, stop))
        parts.append(recall.take(100))
    return b"".join(parts).decode()


def _found(kept: set[int], start: int, stop: int) -> Sequence[Kept]:
    return [(number, 5.0, _line(number)) for number in range(start + 1, stop + 1) if number in kept]


class MissedTest(unittest.TestCase):
    def test_what_is_deleted_is_counted_first(self) -> None:
        read = recalled({8, 9}, after=2, archived=9, said=10)
        self.assertEqual(read, "missed 5\nheading\nline 8\nline 9\nline 10\n")

    def test_what_is_lost_in_between_is_counted_where_it_was(self) -> None:
        read = recalled({3, 4, 8}, after=2, archived=8, said=9)
        self.assertEqual(read, "heading\nline 3\nline 4\nmissed 3\nline 8\nline 9\n")

    def test_that_nothing_at_all_is_kept_is_told_too(self) -> None:
        self.assertEqual(recalled(set(), after=2, archived=900, said=900), "missed 898\n")

    def test_without_a_count_there_is_none(self) -> None:
        read = recalled({3, 7}, after=2, archived=7, said=7, counts=False)
        self.assertEqual(read, "heading\nline 3\nline 7\n")

    @given(st.sets(st.integers(1, 700)), st.integers(0, 700), st.integers(0, 20))
    def test_each_line_is_read_or_counted(self, kept: set[int], after: int, recent: int) -> None:
        read = recalled(kept, after, archived=700, said=700 + recent).split("\n")[:-1]
        numbers = [int(line.split()[1]) for line in read if line.startswith("line")]
        missed = sum(int(line.split()[1]) for line in read if line.startswith("missed"))
        wanted = sorted(number for number in kept if number > after)
        self.assertEqual(numbers, [*wanted, *range(701, 701 + recent)])
        self.assertEqual(missed, 700 - after - len(wanted))
