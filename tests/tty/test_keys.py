"""Bytes of a terminal become keys, however they are cut."""

import tracemalloc
import unittest

from hypothesis import example, given
from hypothesis import strategies as st

from reactor_chat.tty.keys import MAX_PASTE, Key, KeyDecoder, Keystroke, Paste, Place, Text

_PIECES = [
    b"\x1b", b"[", b"O", b"A", b"1;5C", b"0;", b"1~", b"\x1b[3~", b"\x1b[200~", b"\x1b[201~",
    b"\x1b[20",
    b"\x1b]", b"\x1bP", b"\x1b\\", b"\x07", b"\xc2\x9c",
    b"\r", b"\n", b"\t", b"\x7f", b"\x01", "é".encode(), "\U0001f600".encode(), b"\xff",
]  # fmt: skip
pieces = st.sampled_from(_PIECES) | st.binary(max_size=4)
streams = st.lists(pieces, max_size=30).map(b"".join)


def decode(*chunks: bytes) -> list[Keystroke]:
    """Return the key strokes in some reads, with text that comes in one run made one."""
    decoder = KeyDecoder()
    found: list[Keystroke] = []
    for stroke in (stroke for chunk in chunks for stroke in decoder.feed(chunk)):
        before = found[-1] if found else None
        if isinstance(stroke, Text) and isinstance(before, Text):
            found[-1] = Text(before.text + stroke.text)
        elif not isinstance(stroke, Place):
            found.append(stroke)
    return found


class KeyTest(unittest.TestCase):
    def test_each_sequence_is_its_key(self) -> None:
        cases = {
            b"\x1b[A": "up", b"\x1bOB": "down", b"\x1b[C": "right", b"\x1bOD": "left",
            b"\x1b[H": "home", b"\x1b[1~": "home", b"\x1bOF": "end", b"\x1b[8~": "end",
            b"\x1b[3~": "delete", b"\x7f": "backspace", b"\b": "backspace", b"\r": "enter",
            b"\n": "enter", b"\t": "tab", b"\x1b[Z": "back-tab", b"\x01": "ctrl-a",
            b"\x1f": "ctrl-_", b"\x00": "ctrl-@", b"\x1bb": "alt-b", b"\x1bF": "alt-f",
            b"\x1b\x7f": "alt-backspace", b"\x1b[1;5D": "ctrl-left", b"\x1b[1;3C": "alt-right",
            b"\x1b[1;2C": "right",
        }  # fmt: skip
        for data, name in cases.items():
            with self.subTest(data=data):
                self.assertEqual(decode(data), [Key(name)])

    def test_unknown_sequences_leave_nothing_behind(self) -> None:
        for data in (b"\x1b[15~", b"\x1b[[A", b"\x1b[?1;2c", b"\x1bOP", b"\x1b[<0;3;4M", b"\x1b[I"):
            with self.subTest(data=data):
                self.assertEqual(decode(data + b"x"), [Text("x")])

    def test_an_endless_sequence_is_not_held_for_ever(self) -> None:
        decoder = KeyDecoder()
        decoder.feed(b"\x1b[" + b"0" * 100_000)
        self.assertLess(len(decoder._held), 64)

    def test_characters_arrive_whole(self) -> None:
        self.assertEqual(decode(*(bytes([b]) for b in "é\U0001f600".encode())),
                         [Text("é\U0001f600")])  # fmt: skip

    def test_bytes_that_are_not_utf8_become_replacement_characters(self) -> None:
        self.assertEqual(decode(b"a\xffb"), [Text("a\ufffdb")])

    def test_a_c1_control_is_not_text(self) -> None:
        self.assertEqual(decode("\x9b".encode()), [])

    @given(streams, st.data())
    def test_any_chunking_gives_what_the_whole_gives(
        self, stream: bytes, data: st.DataObject
    ) -> None:
        cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
        ends = [*cuts, len(stream)]
        chunks = [stream[start:end] for start, end in zip([0, *cuts], ends, strict=True)]
        self.assertEqual(decode(*chunks), decode(stream))
        self.assertEqual(decode(*(bytes([byte]) for byte in stream)), decode(stream))

    @given(streams)
    def test_text_never_holds_a_control_character(self, stream: bytes) -> None:
        for event in decode(stream):
            if isinstance(event, Text):
                self.assertNotRegex(event.text, "[\x00-\x1f\x7f-\x9f]")


class EscapeTest(unittest.TestCase):
    def test_a_lone_escape_is_a_key_once_the_line_is_still(self) -> None:
        decoder = KeyDecoder()
        self.assertEqual(decoder.feed(b"\x1b"), [])
        self.assertIsNotNone(decoder.patience)
        self.assertEqual(decoder.still(), [Key("escape")])
        self.assertIsNone(decoder.patience)
        self.assertEqual(decoder.feed(b"b"), [Text("b")])

    def test_alt_and_a_bracket_is_a_key_once_the_line_is_still(self) -> None:
        decoder = KeyDecoder()
        decoder.feed(b"\x1bO")
        self.assertEqual(decoder.still(), [Key("alt-o")])

    def test_half_a_sequence_waits_for_the_rest(self) -> None:
        decoder = KeyDecoder()
        decoder.feed(b"\x1b[1;")
        self.assertIsNone(decoder.patience)
        self.assertEqual(decoder.still(), [])
        self.assertEqual(decoder.feed(b"5C"), [Key("ctrl-right")])

    def test_two_escapes_before_an_arrow_are_escape_and_the_arrow(self) -> None:
        self.assertEqual(decode(b"\x1b\x1b[A"), [Key("escape"), Key("up")])


STRINGS = [
    b"\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\", b"\x1b]11;rgb:1e1e/1e1e/1e1e\x07",
    b"\x1b]52;c;aGk=\xc2\x9c",
    b"\x1bP1$r0m\x1b\\", b"\x1bP>|XTerm(390)\x1b\\", b"\x1b_Gi=31;OK\x1b\\", b"\x1bXsos\r\n\x1b\\",
    b"\x1b^pm\x07", "\x1b]0;tëa ☕\x07".encode(), b"\x1b]\x1b\\",
]  # fmt: skip


class StringTest(unittest.TestCase):
    def test_where_the_cursor_is_is_no_key_either(self) -> None:
        self.assertEqual(KeyDecoder().feed(b"a\x1b[12;80Rb"), [Text("a"), Place(12), Text("b")])

    def test_answers_of_the_terminal_are_no_keys_however_they_are_cut(self) -> None:
        for string in STRINGS:
            for cut in range(len(string) + 1):
                with self.subTest(string=string, cut=cut):
                    strokes = decode(b"a" + string[:cut], string[cut:] + b"b")
                    self.assertEqual(strokes, [Text("ab")])

    def test_in_a_paste_they_are_text(self) -> None:
        self.assertEqual(
            decode(b"\x1b[200~\x1b]0;x\x07\x1b[201~"), [Paste("\ufffd]0;x\ufffd", cut=False)]
        )

    def test_alt_and_what_opens_one_is_a_key_once_the_line_is_still(self) -> None:
        for data, name in ((b"\x1bP", "alt-p"), (b"\x1b]", "alt-]"), (b"\x1b_", "alt-_")):
            decoder = KeyDecoder()
            self.assertEqual(decoder.feed(data), [])
            self.assertEqual(decoder.still(), [Key(name)])
            self.assertEqual(decoder.feed(b"x"), [Text("x")])

    def test_what_opens_one_has_as_long_for_the_rest_as_what_follows(self) -> None:
        for opening in (b"]", b"P", b"X", b"^", b"_"):
            decoder = KeyDecoder()
            decoder.feed(b"\x1b")
            for_escape = decoder.patience
            decoder.feed(opening)
            for_opening = decoder.patience
            decoder.feed(b"11;")
            self.assertEqual(for_opening, decoder.patience)
            self.assertNotEqual(for_opening, for_escape)

    def test_one_that_never_ends_is_given_up_after_a_silence(self) -> None:
        decoder = KeyDecoder()
        self.assertEqual(decoder.feed(b"\x1bPabc"), [])
        self.assertIsNotNone(decoder.patience)
        self.assertEqual(decoder.still(), [])
        self.assertIsNone(decoder.patience)
        self.assertEqual(decoder.feed(b"hi\r"), [Text("hi"), Key("enter")])

    def test_its_end_may_come_after_the_silence(self) -> None:
        decoder = KeyDecoder()
        decoder.feed(b"\x1b]11;rgb:")
        decoder.still()
        self.assertEqual(decoder.feed(b"1e1e/1e1e/1e1e\x1b\\a"), [Text("a")])

    def test_the_escape_key_gets_out_of_one(self) -> None:
        decoder = KeyDecoder()
        decoder.feed(b"\x1bPabc\x1b")
        self.assertEqual(decoder.still(), [Key("escape")])
        self.assertEqual(decoder.feed(b"x"), [Text("x")])

    def test_what_cannot_stand_in_one_is_a_key_at_once(self) -> None:
        for data, name in ((b"\x03", "ctrl-c"), (b"\x1b[A", "up"), (b"\x7f", "backspace")):
            self.assertEqual(decode(b"\x1b]0;abc" + data + b"x"), [Key(name), Text("x")])

    def test_an_endless_one_takes_no_memory(self) -> None:
        decoder = KeyDecoder()
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        for _ in range(100):
            decoder.feed(b"\x1b]52;c;" + b"QUJD" * 2500)
        self.assertLess(tracemalloc.get_traced_memory()[0], 10_000)


class PasteTest(unittest.TestCase):
    def test_a_paste_is_one_event(self) -> None:
        self.assertEqual(
            decode(b"a\x1b[200~one\r\ntwo\rthree\x1b[201~b"),
            [Text("a"), Paste("one\ntwo\nthree", cut=False), Text("b")],
        )

    def test_keys_in_a_paste_are_not_obeyed(self) -> None:
        self.assertEqual(
            decode(b"\x1b[200~\x03\x1b[Ax\t\x1b[201~"),
            [Paste("\ufffd\ufffd[Ax\t", cut=False)],
        )

    def test_an_escape_in_a_paste_is_not_waited_for(self) -> None:
        decoder = KeyDecoder()
        decoder.feed(b"\x1b[200~text\x1b")
        self.assertEqual(decoder.still(), [])
        self.assertEqual(decoder.feed(b"[201~"), [Paste("text", cut=False)])

    def test_a_paste_that_never_ends_is_given_up_by_ctrl_c(self) -> None:
        decoder = KeyDecoder()
        decoder.feed(b"\x1b[200~text\x1b[20")
        self.assertIsNotNone(decoder.patience)
        decoder.still()
        self.assertIsNone(decoder.patience)
        self.assertEqual(decoder.feed(b"\x03a"), [Text("a")])

    def test_a_paste_that_stalls_and_goes_on_is_whole(self) -> None:
        decoder = KeyDecoder()
        decoder.feed(b"\x1b[200~one ")
        decoder.still()
        self.assertEqual(decoder.feed(b"two\x1b[201~"), [Paste("one two", cut=False)])

    def test_ctrl_c_in_a_paste_that_has_not_stalled_is_no_key(self) -> None:
        decoder = KeyDecoder()
        decoder.feed(b"\x1b[200~one")
        decoder.still()
        decoder.feed(b"two")
        self.assertEqual(decoder.feed(b"\x03/quit\r"), [])
        self.assertEqual(decoder.feed(b"\x1b[201~"), [Paste("onetwo\ufffd/quit\n", cut=False)])

    def test_a_paste_over_the_limit_is_cut_and_says_so(self) -> None:
        [event] = decode(b"\x1b[200~", b"x" * MAX_PASTE, b"xx", b"\x1b[201~")
        self.assertTrue(event == Paste("x" * MAX_PASTE, cut=True))

    def test_a_paste_of_exactly_the_limit_is_whole(self) -> None:
        [event] = decode(b"\x1b[200~" + b"x" * MAX_PASTE + b"\x1b[201~")
        self.assertTrue(event == Paste("x" * MAX_PASTE, cut=False))

    @given(st.text(st.characters(exclude_categories=["Cc", "Cs"])), st.integers(1, 5))
    @example("\x1b[20", 1)
    def test_what_was_pasted_comes_out(self, text: str, size: int) -> None:
        data = b"\x1b[200~" + text.encode() + b"\x1b[201~"
        [event] = decode(*(data[at : at + size] for at in range(0, len(data), size)))
        self.assertEqual(event, Paste(text.replace("\x1b", "\ufffd"), cut=False))
