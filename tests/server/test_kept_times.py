"""A line has the same time when it is said, in the file, and when it is recalled."""

import unittest

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.chat.recall import Kept
from reactor_chat.server.archive import StoreArchive
from reactor_chat.wire.dialects import format_time, milliseconds
from tests.store.stores import StoreCase

_TIMES = st.floats(0, 2**33)


class FormTest(unittest.TestCase):
    @given(_TIMES)
    def test_a_time_that_was_kept_reads_as_it_did_before(self, time: float) -> None:
        self.assertEqual(format_time(milliseconds(time) / 1000), format_time(time))

    @given(st.integers(0, 2**43))
    def test_a_millisecond_is_told_as_itself(self, millisecond: int) -> None:
        self.assertEqual(milliseconds(millisecond / 1000), millisecond)
        self.assertEqual(format_time(millisecond / 1000)[20:23], f"{millisecond % 1000:03d}")


class ArchiveTest(StoreCase):
    def test_a_time_comes_back_as_it_was_told(self) -> None:
        times = [1764276800.0009, 1764276800.123, 1764276800.9996, 1764276801.0]
        archive = StoreArchive(self.start())
        for number, time in enumerate(times, 1):
            archive.keep("tea", number, time, b"alice: hi\n")
        found: list[Kept] = []
        archive.read("tea", 0, len(times), found.extend)
        self.wait(lambda: found, "lines")
        self.assertEqual([format_time(time) for _, time, _ in found], list(map(format_time, times)))
        self.store.close(20)
