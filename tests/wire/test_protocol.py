"""No text drives a terminal or forges a line, and plain runs are told apart from the rest."""

import sys
import unittest

from hypothesis import example, given, settings
from hypothesis import strategies as st

from reactor_chat.chat.commands import receive
from reactor_chat.wire import protocol
from reactor_chat.wire.framing import MAX_LINE, LineBuffer
from reactor_chat.wire.protocol import (
    is_plain,
    prefixed,
    quote,
    sanitise,
    shouted,
    split_command,
    spoken,
)
from tests.support import Gathering, heard_by

REPLACED = (
    *(chr(code) for code in range(0x20) if code != 0x09),
    *map(chr, range(0x7F, 0xA0)),
    *"\u202a\u202b\u202c\u202d\u202e",  # embeddings and overrides, and what ends them
    *"\u2066\u2067\u2068\u2069",  # isolates, and what ends them
    *"\u2028\u2029",
)
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


class SanitiseTest(unittest.TestCase):
    def test_what_could_drive_a_terminal_or_forge_a_line_is_replaced(self) -> None:
        for char in REPLACED:
            with self.subTest(hex(ord(char))):
                self.assertEqual(sanitise(f"a{char}b"), "a\ufffdb")

    def test_nothing_else_is(self) -> None:
        others = "".join(
            char for char in map(chr, range(sys.maxunicode + 1)) if char not in REPLACED
        )
        self.assertTrue(sanitise(others) == others)

    def test_a_tab_survives(self) -> None:
        self.assertEqual(sanitise("a\tb"), "a\tb")

    def test_emoji_sequences_survive(self) -> None:
        for text in (
            FAMILY,
            "\u2764\ufe0f",
            "\U0001f3f4\U000e0067\U000e007f",
            "\U0001f44b\U0001f3fd",
        ):
            self.assertEqual(sanitise(text), text)

    def test_scripts_that_need_joiners_survive(self) -> None:
        self.assertEqual(sanitise("\u0645\u06cc\u200c\u062e"), "\u0645\u06cc\u200c\u062e")

    @given(st.text())
    def test_sanitised_text_is_one_line_however_it_is_split(self, text: str) -> None:
        self.assertLessEqual(len(sanitise(text).splitlines()), 1)

    @given(st.text())
    def test_sanitising_twice_changes_nothing(self, text: str) -> None:
        self.assertEqual(sanitise(sanitise(text)), sanitise(text))


RUN_LINES = st.one_of(
    st.just(b"hello"),
    st.sampled_from(
        [b"", b" ", b" x", b"/", b"/x", b"c", b"C", b"close socket", b"x/cC", b"~", b"!"]
    ),
    st.sampled_from([b"\0", b"x\t", b"x\r", b"\x1b[2J", b"\x7f", b"x\x80", b"\xff", "é".encode()]),
    st.binary(max_size=5),
)
RUNS = st.lists(RUN_LINES, min_size=1, max_size=4).map(lambda lines: b"\n".join(lines) + b"\n")
PLAIN_LINES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1).filter(
    lambda line: line[0] not in " /cC"
)
PLAIN_RUNS = st.lists(PLAIN_LINES, min_size=1, max_size=4).map(
    lambda lines: "".join(line + "\n" for line in lines).encode()
)


def is_plain_line(line: bytes) -> bool:
    return (
        line != b""
        and all(0x20 <= byte < 0x7F for byte in line)
        and line[0:1] not in (b" ", b"/", b"c", b"C")
    )


class PlainRunTest(unittest.TestCase):
    @given(RUNS)
    @settings(max_examples=300)
    def test_a_run_is_plain_if_each_of_its_lines_is(self, run: bytes) -> None:
        self.assertEqual(is_plain(run), all(map(is_plain_line, run[:-1].split(b"\n"))))

    @given(RUNS)
    @settings(max_examples=300)
    def test_a_plain_run_is_shouted_and_nothing_else_is(self, run: bytes) -> None:
        expected = run.upper() if is_plain(run) and b"/" not in run else None
        self.assertEqual(shouted(run), expected)

    def test_each_byte_is_judged_by_itself(self) -> None:
        for code in range(256):
            byte = bytes([code])
            with self.subTest(byte):
                if byte != b"\n":
                    self.assertEqual(is_plain(byte + b"\n"), is_plain_line(byte))
                self.assertEqual(
                    is_plain(b"x" + byte + b"y\n"), 0x20 <= code < 0x7F or code == 0x0A
                )

    @given(PLAIN_RUNS)
    def test_what_is_plain_is_safe_text_and_no_command(self, run: bytes) -> None:
        self.assertTrue(is_plain(run))
        for line in run.decode("ascii")[:-1].split("\n"):
            self.assertEqual(sanitise(line), line)
            self.assertIsNone(split_command(line))
            self.assertEqual(spoken(line), line)
            self.assertTrue(line.strip())

    @given(run=PLAIN_RUNS, room=st.booleans(), muted=st.booleans())
    @example(run=b"one\ntwo\n", room=True, muted=False)
    def test_a_plain_run_says_the_same_as_its_lines_one_by_one(
        self, run: bytes, room: bool, muted: bool
    ) -> None:
        outcomes = []
        for at_once in (True, False):
            gathering = Gathering()
            alice = gathering.enter("alice", "tea" if room else "")
            bob = gathering.enter("bob", "tea")
            alice.muted = muted
            if at_once:
                gathering.chat.speak(alice, run)
            else:
                buffer = LineBuffer()
                buffer.feed(run)
                while (line := buffer.next_line()) is not None:
                    receive(gathering.chat, alice, line)
            heard = heard_by(alice), heard_by(bob)
            outcomes.append((heard, gathering.said, gathering.chat.relayed))
        self.assertEqual(*outcomes)


class CommandLineTest(unittest.TestCase):
    def test_a_command_is_a_word_after_a_slash_and_the_rest(self) -> None:
        for text, parts in (
            ("/help", ("help", "")),
            ("/msg bob  hello  there ", ("msg", "bob  hello  there")),
            ("/me\twaves", ("me", "waves")),
            ("/me\u3000waves", ("me", "waves")),
            ("/", ("", "")),
            ("/ help", ("", "help")),
            ("/NICK x", ("NICK", "x")),
        ):
            with self.subTest(text):
                self.assertEqual(split_command(text), parts)

    def test_text_is_no_command(self) -> None:
        for text in ("", "hello", " /help", "a/b", "//help", "///", "//"):
            with self.subTest(text):
                self.assertIsNone(split_command(text))

    def test_two_slashes_say_one(self) -> None:
        self.assertEqual(spoken("//help"), "/help")
        self.assertEqual(spoken("///"), "//")
        self.assertEqual(spoken("a//b"), "a//b")

    def test_close_socket_as_a_whole_line_means_quit_in_any_case(self) -> None:
        for text in ("CLOSE SOCKET", "close socket", "Close Socket"):
            self.assertEqual(split_command(text), ("quit", ""))
        # The last one has a long s, whose capital is S.
        for text in ("CLOSE SOCKET ", " CLOSE SOCKET", "CLOSE  SOCKET", "CLOſE SOCKET"):
            self.assertIsNone(split_command(text))


class FrameTest(unittest.TestCase):
    def test_frames_are_whole_lines(self) -> None:
        self.assertEqual(protocol.frame("é"), "é\n".encode())
        self.assertEqual(protocol.answer("Yes."), b"-> Yes.\n")
        self.assertEqual(protocol.notice("alice left"), b"* alice left\n")

    def test_the_limit_in_the_error_is_the_limit(self) -> None:
        self.assertEqual(
            protocol.TOO_LONG, b"-> Message too long: the limit is %d bytes.\n" % MAX_LINE
        )

    def test_invalid_utf_8_has_its_error(self) -> None:
        self.assertEqual(protocol.NOT_UTF8, b"-> Message is not valid UTF-8.\n")

    @given(st.lists(st.binary(max_size=5).map(lambda b: b.replace(b"\n", b"")), min_size=1))
    def test_a_prefix_stands_before_each_line_of_a_run(self, lines: list[bytes]) -> None:
        run = b"".join(line + b"\n" for line in lines)
        self.assertEqual(prefixed(b"a: ", run), b"".join(b"a: " + line + b"\n" for line in lines))

    def test_a_quotation_is_short(self) -> None:
        self.assertEqual(quote("x" * 40), "x" * 40)
        self.assertEqual(quote("x" * 5000), "x" * 40 + "…")


if __name__ == "__main__":
    unittest.main()
