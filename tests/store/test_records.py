"""What passes between server and keeper comes out as it went in, however it is cut."""

import unittest
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

import tests.support  # noqa: F401  (the profile)
from reactor_chat.store.records import (
    MAX_BODY,
    Decoder,
    Frame,
    Kind,
    Slice,
    StreamError,
    decode_lines,
    decode_slice,
    encode,
    encode_lines,
    encode_slice,
    split,
)

NUMBERS = st.integers(0, 2**63 - 1)
REQUESTS = st.integers(0, 2**32 - 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"))
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=5,
)
FRAMES = st.tuples(st.sampled_from(Kind), VALUES, REQUESTS)


class RecordsTest(unittest.TestCase):
    @given(st.lists(FRAMES, max_size=5), st.lists(st.integers(0, 500)))
    def test_frames_are_the_same_however_the_stream_is_cut(
        self, frames: list[tuple[Kind, object, int]], cuts: list[int]
    ) -> None:
        stream = b"".join(encode(*frame) for frame in frames)
        places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
        decoder = Decoder()
        found = [
            frame for start, stop in pairwise(places) for frame in decoder.feed(stream[start:stop])
        ]
        self.assertEqual([(f.kind, f.value(), f.request) for f in found], frames)
        self.assertEqual(sum(frame.size for frame in found), len(stream))
        self.assertEqual(b"".join(frame.encode() for frame in found), stream)

    @given(TEXTS, NUMBERS, NUMBERS, st.lists(TEXTS, min_size=1))
    def test_lines_keep_room_number_and_time(
        self, room: str, number: int, time: int, texts: list[str]
    ) -> None:
        block = "".join(f"{text}\n" for text in texts).encode()
        (frame,) = split([encode_lines(room, number, time, block)])
        self.assertEqual(frame.kind, Kind.LINES)
        self.assertEqual(decode_lines(frame.body), (room, number, time, texts))

    @given(
        REQUESTS,
        st.lists(st.tuples(NUMBERS, NUMBERS, st.binary())),
        st.booleans(),
        NUMBERS,
    )
    def test_a_slice_keeps_its_lines(
        self, request: int, lines: list[tuple[int, int, bytes]], done: bool, missed: int
    ) -> None:
        piece = Slice(lines, done, missed)
        (frame,) = split([encode_slice(request, piece)])
        self.assertEqual((frame.kind, frame.request), (Kind.SLICE, request))
        self.assertEqual(decode_slice(frame.body), piece)

    def test_a_length_that_nobody_sends_is_refused_at_once(self) -> None:
        huge = Frame(Kind.BAN, 0, bytes(MAX_BODY + 1)).encode()
        with self.assertRaises(StreamError):
            Decoder().feed(huge[:20])
