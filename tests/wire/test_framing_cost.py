"""Cutting lines out of a stream costs work in proportion to its bytes, whatever they are.

Work is counted, not timed: the chunks are of a class that notes how many bytes were looked at.
"""

import unittest
from collections.abc import Iterator
from typing import Any

from reactor_chat.wire.framing import MAX_LINE, LineBuffer


class Metered(bytes):
    """Bytes that count how many of them are looked at or copied."""

    work = 0

    def __new__(cls, value: bytes) -> "Metered":
        cls.work += len(value)
        return super().__new__(cls, value)

    def __add__(self, other: Any) -> "Metered":
        return Metered(bytes(self) + bytes(other))

    def __radd__(self, other: Any) -> "Metered":
        return Metered(bytes(other) + bytes(self))

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        return found if isinstance(found, int) else Metered(found)

    def rfind(self, sub: Any, start: Any = 0, end: Any = None) -> int:
        end = len(self) if end is None else min(end, len(self))
        at = super().rfind(sub, start, end)
        Metered.work += end - (start if at < 0 else at)
        return at

    def index(self, sub: Any, start: Any = 0, end: Any = None) -> int:
        at = super().index(sub, start)
        Metered.work += at - start + 1
        return at

    find: Any = None  # not used; who starts to use these has to meter them
    split: Any = None
    partition: Any = None


def work_for(stream: bytes, chunk: int, limit: int, in_batches: bool) -> int:
    """Count the bytes that are touched while a stream is taken apart."""
    buffer = LineBuffer(limit)
    Metered.work = 0
    for start in range(0, len(stream), chunk):
        data = Metered(stream[start : start + chunk])
        if not (in_batches and buffer.take(data)):
            if not in_batches:
                buffer.feed(data)
            while buffer.next_line() is not None:
                pass
    return Metered.work


class CostTest(unittest.TestCase):
    streams = (b"x" * 64, b"\n", b"x\n", b"x" * 31 + b"\n", b"x" * 32 + b"\r\n", b"x" * 63 + b"\n")
    limit = 32

    def each_way(self) -> Iterator[tuple[bytes, int, bool]]:
        for unit in self.streams:
            for chunk in (1, 7, 64, 4096):
                for in_batches in (False, True):
                    yield unit, chunk, in_batches

    def test_twice_the_bytes_are_twice_the_work(self) -> None:
        for unit, chunk, in_batches in self.each_way():
            with self.subTest(unit=unit, chunk=chunk, in_batches=in_batches):
                stream = unit * (max(1024, 2 * chunk) // len(unit))
                once = work_for(stream, chunk, self.limit, in_batches)
                twice = work_for(stream * 2, chunk, self.limit, in_batches)
                self.assertLess(twice, 2.2 * once)

    def test_in_chunks_of_a_few_lines_each_byte_is_touched_a_few_times(self) -> None:
        for unit, _, in_batches in self.each_way():
            with self.subTest(unit=unit, in_batches=in_batches):
                stream = unit * (8192 // len(unit))
                self.assertLess(work_for(stream, 256, self.limit, in_batches), 8 * len(stream))

    def test_a_large_chunk_of_small_lines_costs_no_more_a_byte_than_a_small_one(self) -> None:
        stream = b"x\n" * 30_000
        self.assertLess(work_for(stream, len(stream), MAX_LINE, False), 6 * len(stream))


if __name__ == "__main__":
    unittest.main()
