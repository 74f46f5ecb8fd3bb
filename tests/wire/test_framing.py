"""Lines come out of a stream whole, each once, however the stream was cut."""

import re
import sys
import unittest
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from reactor_chat.wire.framing import (
    MAX_LINE,
    OVERLONG,
    Line,
    LineBuffer,
    encode_line,
    split_batch,
)
from reactor_chat.wire.telnet import MAX_SUBNEGOTIATION
from tests import support  # noqa: F401  (for its Hypothesis profile)

# Every edge is at hand within a few bytes: the ends of lines, and characters of two to four bytes.
STREAM = st.lists(
    st.sampled_from([b"\n", b"\r", b"\r\n", b"a", b"bc", b"\0", "é".encode(), "…😀".encode()]),
    max_size=40,
).map(b"".join)
LIMITS = st.integers(min_value=2, max_value=8)

BOM = "\ufeff".encode()
# What Telnet's commands are made of, whole ones, and those that are as long as they may be.
TELNET = st.lists(
    st.one_of(
        st.sampled_from([b"\n", b"a", BOM, BOM[:1], b"\xff", b"\xff\xff", b"\xff\xf4", b"\xf0"]),
        st.sampled_from([b"\xff\xfd\x06", b"\xff\xfb", b"\xff\xfa", b"\xff\xf0", b"\x06", b"\xfa"]),
        st.sampled_from([MAX_SUBNEGOTIATION + more for more in (-1, 0, 1)]).map(
            lambda size: b"\xff\xfa" + b"z" * size + b"\xff\xf0"
        ),
    ),
    max_size=12,
).map(b"".join)
STREAMS = st.one_of(STREAM, TELNET, st.tuples(TELNET, STREAM).map(b"".join))

_CONTENT = rb"\xff\xfa(?:[^\xff]|\xff[^\xf0\xfa]){0,%d}" % MAX_SUBNEGOTIATION
_SUBNEGOTIATION = re.compile(_CONTENT + rb"\xff\xf0")
_BEGUN_SUBNEGOTIATION = re.compile(_CONTENT + rb"\xff?")


def command_length(stream: bytes, at: int) -> int | None:
    """Say how long the command of Telnet is that begins there: 0 for none, None if it goes on."""
    kind = stream[at + 1 : at + 2]
    if kind and kind in b"\xfb\xfc\xfd\xfe":
        option = stream[at + 2 : at + 3]
        return None if not option else 0 if option == b"\n" else 3
    if kind != b"\xfa":
        return None if not kind else 2 if kind >= b"\xf0" else 0
    if whole := _SUBNEGOTIATION.match(stream, at):
        return len(whole[0])
    return None if _BEGUN_SUBNEGOTIATION.fullmatch(stream, at) else 0


def without_commands(stream: bytes) -> tuple[bytes, bytes]:
    """Say what is left of a stream, and what may become a command at its end."""
    text, start = b"", 0
    while (at := stream.find(b"\xff", start)) >= 0:
        text += stream[start:at]
        length = command_length(stream, at)
        if length is None:
            return text, stream[at:]
        if not length:
            text += b"\xff"
        start = at + (length or 1)
    return text + stream[start:], b""


def naive_lines(stream: bytes, limit: int, ended: bool, first: bool = True) -> list[Line]:
    """Say what comes out of a whole stream, in the plainest way."""
    stream, command = without_commands(stream)
    if first:
        stream = stream.removeprefix(BOM)
    if ended:
        stream += command
    *lines, tail = stream.split(b"\n")
    found: list[Line] = [line.removesuffix(b"\r") for line in lines]
    if ended and tail:
        found.append(tail)
    elif len(tail.removesuffix(b"\r")) > limit:
        found.append(OVERLONG)
    return [OVERLONG if line is OVERLONG or len(line) > limit else line for line in found]


def lines_left(buffer: LineBuffer) -> list[Line]:
    found = []
    while (line := buffer.next_line()) is not None:
        found.append(line)
    return found


def lines_of(chunks: list[bytes], limit: int = MAX_LINE, ended: bool = True) -> list[Line]:
    buffer = LineBuffer(limit)
    found: list[Line] = []
    for chunk in chunks:
        buffer.feed(chunk)
        found += lines_left(buffer)
    if ended:
        buffer.finish()
    return found + lines_left(buffer)


def cut_up(stream: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    return [stream[start:end] for start, end in pairwise(edges)]


def bytes_held(buffer: LineBuffer) -> int:
    """Give the memory behind a buffer, whatever its attributes are called."""
    values = (getattr(buffer, name) for name in LineBuffer.__slots__)
    return sum(sys.getsizeof(value) for value in values if isinstance(value, bytes | list))


class ChunksTest(unittest.TestCase):
    @given(
        stream=STREAMS, cuts=st.lists(st.integers(min_value=0)), limit=LIMITS, ended=st.booleans()
    )
    @settings(max_examples=400)
    def test_any_chunking_gives_what_the_whole_gives(
        self, stream: bytes, cuts: list[int], limit: int, ended: bool
    ) -> None:
        whole = naive_lines(stream, limit, ended)
        self.assertEqual(lines_of([stream] if stream else [], limit, ended), whole)
        self.assertEqual(
            lines_of([stream[i : i + 1] for i in range(len(stream))], limit, ended), whole
        )
        self.assertEqual(lines_of(cut_up(stream, cuts), limit, ended), whole)

    @given(stream=st.binary(max_size=3 * MAX_LINE), cuts=st.lists(st.integers(min_value=0)))
    @example(stream=b"x" * 4095 + "é\n".encode() + b"next\n", cuts=[4096, 4097, 4098])
    @example(stream=b"x" * 4096 + b"\r\nnext\n", cuts=[4096, 4097, 4098])
    @example(stream=b"x" * 4097 + b"\r\nnext\n", cuts=[4096, 4097, 4098, 4099])
    @settings(max_examples=50)
    def test_so_it_is_with_the_real_limit(self, stream: bytes, cuts: list[int]) -> None:
        self.assertEqual(lines_of(cut_up(stream, cuts)), naive_lines(stream, MAX_LINE, True))

    @given(lines=st.lists(st.binary(max_size=30)), cuts=st.lists(st.integers(min_value=0)))
    def test_decoding_what_was_encoded_is_the_identity(
        self, lines: list[bytes], cuts: list[int]
    ) -> None:
        lines = [line.replace(b"\n", b"").rstrip(b"\r").replace(b"\xff", b"") for line in lines]
        lines = [b"first", *lines]  # with no byte order mark
        stream = b"".join(map(encode_line, lines))
        self.assertEqual(lines_of(cut_up(stream, cuts), ended=False), lines)


class LinesTest(unittest.TestCase):
    def test_a_cr_before_the_lf_is_dropped_and_only_one(self) -> None:
        self.assertEqual(lines_of([b"a\r\n", b"b\r\r\n"]), [b"a", b"b\r"])

    def test_cr_and_lf_may_come_apart(self) -> None:
        self.assertEqual(lines_of([b"a\r", b"\nb"]), [b"a", b"b"])

    def test_a_cr_at_the_end_of_the_stream_is_content(self) -> None:
        self.assertEqual(lines_of([b"a\r"]), [b"a\r"])

    def test_only_lf_ends_a_line(self) -> None:
        line = "a\vb\fc\rd\x1ce\x85f\u2028g\u2029h\0".encode()
        self.assertEqual(lines_of([line + b"\n"]), [line])

    def test_blank_lines_are_lines(self) -> None:
        self.assertEqual(lines_of([b"\n\r\n\n"]), [b"", b"", b""])

    def test_what_has_no_lf_is_a_line_at_the_end_of_the_stream(self) -> None:
        self.assertEqual(lines_of([b"hello"], ended=False), [])
        self.assertEqual(lines_of([b"hello"]), [b"hello"])

    def test_an_empty_stream_has_no_line(self) -> None:
        self.assertEqual(lines_of([]), [])

    def test_after_a_finish_the_stream_may_go_on(self) -> None:
        buffer = LineBuffer()
        for text in (b"one", b"two"):
            buffer.feed(text)
            buffer.finish()
            self.assertEqual(lines_left(buffer), [text])

    def test_whether_the_stream_ever_ended_a_line_is_known(self) -> None:
        buffer = LineBuffer()
        buffer.feed(b"a")
        buffer.finish()
        self.assertFalse(buffer.terminated)
        buffer.feed(b"b\nc")
        self.assertTrue(buffer.terminated)
        buffer = LineBuffer()
        buffer.take(b"d\n")
        self.assertTrue(buffer.terminated)


class LimitTest(unittest.TestCase):
    def assert_fits(self, stream: bytes, line: Line) -> None:
        """Check the first line of a stream, in one piece, in halves, and byte by byte."""
        for size in (len(stream), len(stream) - 1, 4096, 1):
            chunks = [stream[i : i + size] for i in range(0, len(stream), size)]
            self.assertEqual(lines_of(chunks), [line, b"next"], f"in chunks of {size}")

    def test_a_line_of_4096_bytes_is_accepted(self) -> None:
        self.assert_fits(b"x" * 4096 + b"\nnext\n", b"x" * 4096)

    def test_its_terminator_is_not_counted(self) -> None:
        self.assert_fits(b"x" * 4096 + b"\r\nnext\n", b"x" * 4096)

    def test_a_line_of_4097_bytes_is_not(self) -> None:
        self.assert_fits(b"x" * 4097 + b"\nnext\n", OVERLONG)
        self.assert_fits(b"x" * 4097 + b"\r\nnext\n", OVERLONG)

    def test_a_cr_that_no_lf_follows_is_counted(self) -> None:
        self.assert_fits(b"x" * 4096 + b"\ry\nnext\n", OVERLONG)
        self.assert_fits(b"x" * 4096 + b"\r\r\nnext\n", OVERLONG)

    def test_a_character_that_straddles_the_limit_is_counted_in_bytes(self) -> None:
        self.assert_fits(b"x" * 4094 + "é\nnext\n".encode(), b"x" * 4094 + "é".encode())
        self.assert_fits(b"x" * 4095 + "é\nnext\n".encode(), OVERLONG)

    def test_at_the_end_of_the_stream_the_limit_is_the_same(self) -> None:
        self.assertEqual(lines_of([b"x" * 4096]), [b"x" * 4096])
        self.assertEqual(lines_of([b"x" * 4097]), [OVERLONG])
        self.assertEqual(lines_of([b"x" * 4096 + b"\r"]), [OVERLONG])

    def test_an_overlong_line_is_reported_once_and_before_its_end(self) -> None:
        buffer = LineBuffer(4)
        buffer.feed(b"12345")
        self.assertTrue(buffer.ready)
        self.assertEqual(lines_left(buffer), [OVERLONG])
        buffer.feed(b"6789" * 100)
        self.assertFalse(buffer.ready)
        self.assertEqual(lines_left(buffer), [])
        buffer.feed(b"0\nnext\n")
        self.assertEqual(lines_left(buffer), [b"next"])

    def test_an_overlong_line_at_the_end_of_the_stream_is_reported_once(self) -> None:
        self.assertEqual(lines_of([b"x" * 4097, b"y" * 4097]), [OVERLONG])


class TelnetTest(unittest.TestCase):
    """What is not of Telnet is served as if the commands had not been there."""

    def assert_lines(self, stream: bytes, *lines: Line) -> None:
        for size in (len(stream), 3, 2, 1):
            chunks = [stream[i : i + size] for i in range(0, len(stream), size)]
            self.assertEqual(lines_of(chunks), list(lines), f"in chunks of {size}")

    def test_ctrl_c_of_telnet_does_not_spoil_the_line(self) -> None:
        self.assert_lines(b"\xff\xf4\xff\xfd\x06hello\r\n", b"hello")

    def test_negotiation_is_taken_out_of_a_line(self) -> None:
        self.assert_lines(b"\xff\xfb\x1f\xff\xfd\x01he\xff\xfe\x22llo\xff\xf9\n", b"hello")

    def test_a_subnegotiation_may_have_anything_in_it(self) -> None:
        size = b"\xff\xfa\x1f\x00\x50\x00\x0a\xff\xf0"  # a window of 80 columns and 10 rows
        self.assert_lines(size + b"one\n" + size + b"two\n", b"one", b"two")
        self.assert_lines(b"a\xff\xfa\xff\xff\xf0\xff\xf0b\n", b"ab")

    def test_an_escaped_0xff_is_taken_out_too(self) -> None:
        self.assert_lines(b"a\xff\xffb\n", b"ab")

    def test_what_is_no_command_is_content(self) -> None:
        for line in (b"\xff", b"\xff\xfe", b"a\xffb", b"\xff\xef"):
            self.assert_lines(line + b"\nnext\n", line, b"next")

    def test_a_command_that_never_ends_silences_nobody(self) -> None:
        long = b"x" * MAX_SUBNEGOTIATION
        self.assert_lines(b"\xff\xfa" + long + b"\nnext\n", b"\xff\xfa" + long, b"next")
        self.assert_lines(b"\xff\xfaone\ntwo", b"\xff\xfaone", b"two")
        self.assert_lines(b"one\xff", b"one\xff")

    def test_commands_do_not_count_towards_the_limit(self) -> None:
        self.assert_lines(b"\xff\xf4" * 3 + b"x" * MAX_LINE + b"\n", b"x" * MAX_LINE)

    def test_a_timing_mark_is_asked_for_once(self) -> None:
        for chunks in ([b"\xff\xf4\xff\xfd\x06"], [b"a\xff", b"\xfd", b"\x06b\n"]):
            buffer = LineBuffer()
            for chunk in chunks:
                self.assertFalse(buffer.mark_wanted)
                buffer.feed(chunk)
            self.assertTrue(buffer.mark_wanted)
        buffer = LineBuffer()
        buffer.feed(b"\xff\xfb\x06\xff\xfe\x06\xff\xfc\x06\xff\xfd\x01\xfd\x06\n")
        self.assertFalse(buffer.mark_wanted)

    def test_an_unfinished_command_is_in_the_buffer(self) -> None:
        buffer = LineBuffer()
        buffer.feed(b"a\n\xff")
        self.assertEqual(lines_left(buffer), [b"a"])
        self.assertFalse(buffer.transparent)
        buffer.feed(b"\xf4")
        self.assertTrue(buffer.transparent)

    def test_many_commands_cost_no_more_a_byte_than_few(self) -> None:
        for unit in (b"\xff\xf4", b"\xff\xfa", b"\xff", b"\xff\xfaxxxxxxxxx", b"\xffa"):
            buffer = LineBuffer()
            for _ in range(24):
                buffer.feed(unit * (16384 // len(unit)))  # would take minutes
                lines_left(buffer)


class ByteOrderMarkTest(unittest.TestCase):
    def test_one_at_the_beginning_of_the_stream_is_dropped(self) -> None:
        for cut in range(4):
            chunks = [BOM[:cut], BOM[cut:] + b"/msg bob hi\n"]
            self.assertEqual(lines_of(chunks), [b"/msg bob hi"])

    def test_a_second_one_and_a_later_one_are_content(self) -> None:
        self.assertEqual(lines_of([BOM + BOM + b"a\n"]), [BOM + b"a"])
        self.assertEqual(lines_of([b"a\n" + BOM + b"b\n"]), [b"a", BOM + b"b"])

    def test_what_only_begins_like_one_is_content(self) -> None:
        self.assertEqual(lines_of([b"\xef", b"\xbb", b"\n"]), [b"\xef\xbb"])
        self.assertEqual(lines_of([b"\xef\xbb"]), [b"\xef\xbb"])
        self.assertEqual(lines_of([BOM]), [])

    def test_after_a_finish_it_is_content(self) -> None:
        buffer = LineBuffer()
        buffer.finish()
        buffer.feed(BOM + b"\n")
        self.assertEqual(lines_left(buffer), [BOM])


class BatchTest(unittest.TestCase):
    def test_all_lines_that_have_ended_are_taken_at_once(self) -> None:
        buffer = LineBuffer()
        self.assertEqual(buffer.take(b"one\ntwo\r\nthr"), b"one\ntwo\r\n")
        self.assertEqual(buffer.take(b"ee"), b"")
        self.assertEqual(buffer.take(b"\n"), b"three\n")
        self.assertFalse(buffer.ready)

    def test_what_is_put_back_comes_line_by_line(self) -> None:
        buffer = LineBuffer()
        buffer.put_back(buffer.take(b"one\ntwo\r\nthree"))
        self.assertEqual(lines_left(buffer), [b"one", b"two"])

    def test_the_rest_of_a_batch_can_be_put_back(self) -> None:
        buffer = LineBuffer()
        first, rest = split_batch(buffer.take(b"one\ntwo\nthree\nfour"), 2)
        buffer.put_back(rest)
        self.assertEqual(first, b"one\ntwo\n")
        self.assertEqual(buffer.take(b"\n"), b"three\nfour\n")

    @given(st.lists(st.sampled_from([b"\n", b"x\n", b"\r\n"])), st.integers(1, 9))
    def test_a_batch_is_cut_after_so_many_lines(self, lines: list[bytes], count: int) -> None:
        parts = (b"".join(lines[:count]), b"".join(lines[count:]))
        self.assertEqual(split_batch(b"".join(lines), count), parts)

    def test_a_batch_may_be_long_if_no_line_is(self) -> None:
        batch = (b"x" * 4096 + b"\n" + b"y\n") * 5
        self.assertEqual(LineBuffer().take(batch), batch)

    def test_a_batch_with_a_line_that_may_be_overlong_is_kept_for_judgement(self) -> None:
        for tail, line in ((b"", OVERLONG), (b"\r", b"x" * 4096)):
            buffer = LineBuffer()
            long = b"x" * (4097 - len(tail)) + tail
            self.assertEqual(buffer.take(b"one\n" + long + b"\ntwo\n"), b"")
            self.assertEqual(lines_left(buffer), [b"one", line, b"two"])


class MemoryTest(unittest.TestCase):
    overhead = sys.getsizeof(b"") * 3

    @given(
        chunks=st.lists(
            st.builds(
                lambda unit, times: unit * times,
                st.sampled_from([b"x", b"x\r", b"\r", b"x\n", b"xxxxxxxxx\n", b"\n"]),
                st.integers(min_value=1, max_value=50),
            ),
            max_size=60,
        ),
        limit=LIMITS,
    )
    def test_an_emptied_buffer_holds_one_unfinished_line_at_most(
        self, chunks: list[bytes], limit: int
    ) -> None:
        buffer = LineBuffer(limit)
        for chunk in chunks:
            buffer.feed(chunk)
            self.assertLessEqual(bytes_held(buffer), len(chunk) + 2 * (limit + 2) + self.overhead)
            lines_left(buffer)
            self.assertLessEqual(bytes_held(buffer), limit + 2 + self.overhead)

    def test_a_flood_without_lf_holds_no_more_although_nobody_takes_a_line(self) -> None:
        buffer = LineBuffer()
        for _ in range(1000):
            buffer.feed(b"x" * 16384)
            self.assertLessEqual(bytes_held(buffer), MAX_LINE + 2 + self.overhead)

    def test_a_command_that_never_ends_is_kept_up_to_its_limit(self) -> None:
        for chunk in (b"\xff\xfa" + b"x" * 200, b"\xff\xfa", b"\xffx\xffx" * 50):
            buffer = LineBuffer(10)
            for _ in range(50):
                buffer.feed(chunk)
                lines_left(buffer)
                limit = 10 + 2 + 2 * MAX_SUBNEGOTIATION + 3
                self.assertLessEqual(bytes_held(buffer), limit + self.overhead)


class AgainstTheModel(RuleBasedStateMachine):
    """Feeding, taking lines or batches, putting them back, and finishing, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.limit = 4
        self.buffer = LineBuffer(self.limit)
        self.before: list[Line] = []  # expected of what was finished
        self.stream = b""  # since then
        self.first = True
        self.out: list[Line] = []

    @property
    def expected(self) -> list[Line]:
        return self.before + naive_lines(self.stream, self.limit, False, self.first)

    @rule(data=STREAMS)
    def feed(self, data: bytes) -> None:
        self.buffer.feed(data)
        self.stream += data

    @rule()
    def take_a_line(self) -> None:
        line = self.buffer.next_line()
        if line is None:
            assert self.out == self.expected
        else:
            self.out.append(line)

    @rule(data=STREAMS.filter(bool), keep=st.booleans())
    def take_a_batch(self, data: bytes, keep: bool) -> None:
        batch = self.buffer.take(data)
        self.stream += data
        if not batch:
            return
        assert batch.endswith(b"\n")
        if keep:
            self.out += [line.removesuffix(b"\r") for line in batch[:-1].split(b"\n")]
        else:
            self.buffer.put_back(batch)

    @rule()
    def finish(self) -> None:
        self.buffer.finish()
        self.before += naive_lines(self.stream, self.limit, True, self.first)
        self.stream = b""
        self.first = False

    @invariant()
    def nothing_comes_out_that_was_not_expected(self) -> None:
        assert self.expected[: len(self.out)] == self.out

    @invariant()
    def it_is_ready_while_something_is_to_come(self) -> None:
        assert self.buffer.ready == (len(self.out) < len(self.expected))

    @precondition(lambda self: self.buffer.ready)
    @rule()
    def take_all_lines(self) -> None:
        self.out += lines_left(self.buffer)
        assert self.out == self.expected


class FramingModelTest(AgainstTheModel.TestCase):  # type: ignore[misc, valid-type]
    settings = settings(max_examples=60, stateful_step_count=30)


if __name__ == "__main__":
    unittest.main()
