"""No text drives a terminal or forges a line, and plain batches are told apart from the rest."""

import sys
import unittest
from unicodedata import category

from hypothesis import example, given, settings
from hypothesis import strategies as st

from reactor_chat.chat.commands import receive
from reactor_chat.wire import protocol
from reactor_chat.wire.framing import MAX_LINE, LineBuffer
from reactor_chat.wire.protocol import (
    OTHER_ROOM,
    drop_blank_lines,
    is_blank,
    is_plain,
    looks_like_http,
    looks_like_tls,
    prefixed,
    quote,
    sanitise,
    shouted,
    split_command,
    split_tags,
    spoken,
    wrong_protocol,
)
from tests.support import Gathering, read_by

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
        every = "".join(map(chr, range(sys.maxunicode + 1)))
        others = every.translate(dict.fromkeys(map(ord, REPLACED)))
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


BATCH_LINES = st.one_of(
    st.just(b"hello"),
    st.sampled_from(
        [
            b"",
            b" ",
            b"\r",
            b" \t\r",
            b"\r ",
            b" x",
            b"/",
            b"/x",
            b"c",
            b"C",
            b"close socket",
            b"x/cC",
            b"~",
            b"!",
        ]
    ),
    st.sampled_from([b"\0", b"x\t", b"x\r", b"\x1b[2J", b"\x7f", b"x\x80", b"\xff", "é".encode()]),
    st.binary(max_size=5),
)
BATCHES = st.lists(BATCH_LINES, min_size=1, max_size=4).map(lambda lines: b"\n".join(lines) + b"\n")
PLAIN_LINES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1).filter(
    lambda line: line[0] not in " /cC"
)
PLAIN_BATCHES = st.lists(PLAIN_LINES, min_size=1, max_size=4).map(
    lambda lines: "".join(line + "\n" for line in lines).encode()
)


def is_plain_line(line: bytes) -> bool:
    return (
        line != b""
        and all(0x20 <= byte < 0x7F for byte in line)
        and line[0:1] not in (b" ", b"/", b"c", b"C")
    )


def is_plain_batch(batch: bytes) -> bool:
    return is_plain(batch, batch.count(b"\n"))


class PlainBatchTest(unittest.TestCase):
    @given(BATCHES)
    @settings(max_examples=300)
    def test_a_batch_is_plain_if_each_of_its_lines_is(self, batch: bytes) -> None:
        self.assertEqual(is_plain_batch(batch), all(map(is_plain_line, batch[:-1].split(b"\n"))))

    @given(BATCHES)
    @settings(max_examples=300)
    def test_a_plain_batch_is_shouted_and_nothing_else_is(self, batch: bytes) -> None:
        expected = batch.upper() if is_plain_batch(batch) and b"/" not in batch else None
        self.assertEqual(shouted(batch), expected)

    def test_each_byte_is_judged_by_itself(self) -> None:
        for code in range(256):
            byte = bytes([code])
            with self.subTest(byte):
                if byte != b"\n":
                    self.assertEqual(is_plain_batch(byte + b"\n"), is_plain_line(byte))
                self.assertEqual(
                    is_plain_batch(b"x" + byte + b"y\n"), 0x20 <= code < 0x7F or code == 0x0A
                )

    @given(PLAIN_BATCHES)
    def test_what_is_plain_is_safe_text_and_no_command(self, batch: bytes) -> None:
        self.assertTrue(is_plain_batch(batch))
        for line in batch.decode("ascii")[:-1].split("\n"):
            self.assertEqual(sanitise(line), line)
            self.assertIsNone(split_command(line))
            self.assertEqual(spoken(line), line)
            self.assertTrue(line.strip())

    @given(batch=PLAIN_BATCHES, room=st.booleans(), muted=st.booleans())
    @example(batch=b"one\ntwo\n", room=True, muted=False)
    def test_a_plain_batch_says_the_same_as_its_lines_one_by_one(
        self, batch: bytes, room: bool, muted: bool
    ) -> None:
        outcomes = []
        for at_once in (True, False):
            gathering = Gathering()
            alice = gathering.enter("alice", "tea" if room else "")
            bob = gathering.enter("bob", "tea")
            alice.muted = muted
            if at_once:
                gathering.chat.speak(alice, batch, batch.count(b"\n"))
            else:
                buffer = LineBuffer()
                buffer.feed(batch)
                while (line := buffer.next_line()) is not None:
                    receive(gathering.chat, gathering.accounts, alice, line)
            heard = read_by(alice), read_by(bob)
            outcomes.append((heard, gathering.journal.lines, gathering.chat.relayed))
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

    def test_an_argument_in_which_nothing_can_be_seen_is_none(self) -> None:
        for text in ("/me \u200b", "/me \u2800\u3164 \u200d", "/me \u00ad"):
            with self.subTest(ascii(text)):
                self.assertEqual(split_command(text), ("me", ""))

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
        for text in ("CLOSE SOCKETS", "I CLOSE SOCKET", "CLOSE  SOCKET", "CLOſE SOCKET"):
            self.assertIsNone(split_command(text))

    def test_blanks_around_close_socket_change_nothing(self) -> None:
        for text in ("  close socket ", "CLOSE SOCKET ", "\tCLOSE SOCKET", "\u3000close socket"):
            self.assertEqual(split_command(text), ("quit", ""))
        for line in (b"  close socket \n", b"close socket  \n", b"Close Socket\n"):
            self.assertFalse(is_plain_batch(line))
            self.assertIsNone(shouted(line))


def is_blank_line(line: bytes) -> bool:
    return not line.removesuffix(b"\r").strip(b" \t")


class BlankTest(unittest.TestCase):
    invisible = (
        *("", " ", "\t ", "\u00a0", "\u3000", "\u2003", "\u1680", "\u202f", "\u205f"),
        *("\u200b", "\u200c\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f", "\u180e", "\u061c"),
        *("\u115f", "\u1160", "\u3164", "\uffa0", "\u2800", "\ufe0f", "\U000e0100", "\u17b5"),
        *("\U000e0067\U000e007f", "\u202e", "\u2066\u2069", "\u200f", "\u2064", "\U0001d173"),
    )

    def test_a_text_in_which_nothing_can_be_seen_is_blank(self) -> None:
        for text in (*self.invisible, "".join(self.invisible), "\u200b" * 1365):
            self.assertTrue(is_blank(text), ascii(text))

    def test_any_other_is_not(self) -> None:
        for char in (
            *"a.é王\u0301\u0600",
            "\x00",
            "\x1b",
            "\x0b",
            "\x85",
            "\ufffd",
            "\ufffc",
            FAMILY,
        ):
            for text in (char, *(f"{other}{char}{other}" for other in self.invisible)):
                self.assertFalse(is_blank(text), ascii(text))

    def test_all_that_unicode_calls_a_space_or_a_format_is_blank_but_for_what_is_drawn(
        self,
    ) -> None:
        drawn = "؀؁؂؃؄؅\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"  # signs of numbers
        for char in map(chr, range(sys.maxunicode + 1)):
            if category(char) in ("Cf", "Zs", "Zl", "Zp") and char not in drawn:
                self.assertTrue(is_blank(char), ascii(char))

    @given(BATCHES)
    @settings(max_examples=300)
    def test_blank_lines_are_dropped_from_a_batch_and_no_others(self, batch: bytes) -> None:
        lines, left = batch[:-1].split(b"\n"), drop_blank_lines(batch).split(b"\n")
        self.assertEqual(left.pop(), b"")
        # A blank line may stay where some line has a CR that is no part of its end.
        kept = [line for line in lines if line in left or not is_blank_line(line)]
        self.assertEqual(left, kept)
        if all(b"\r" not in line[:-1] for line in lines):
            self.assertFalse(any(map(is_blank_line, left)), left)

    def test_a_slice_of_blank_lines_is_nothing(self) -> None:
        for unit in (b"\n", b" \n", b"\r\n", b"\t \n", b" \r\n\n"):
            batch = unit * (16384 // len(unit))
            self.assertEqual(drop_blank_lines(batch), b"")
            self.assertEqual(drop_blank_lines(batch + b"x\n" + batch), b"x\n")


class WrongProtocolTest(unittest.TestCase):
    def test_tls_gets_its_line(self) -> None:
        for hello in (
            b"\x16\x03\x01\x02\x00\x01\x00",
            b"\x16\x03\x01",
            b"\x16\x03\x03\x00\xf0\x01",
        ):
            self.assertTrue(looks_like_tls(hello))
            self.assertEqual(
                wrong_protocol(hello), b"-> This is a chat server without TLS on this port.\n"
            )

    def test_http_gets_its_line(self) -> None:
        for request in (
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            b"POST /form?a=b HTTP/1.0\n",
            b"CONNECT example.org:443 HTTP/1.1\r\n",
            b"OPTIONS * HTTP/1.1\r\n",
            b"GET http://example.org/ HTTP/1.1\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"PROPFIND /share HTTP/1.1\r\n",
            b"M-SEARCH * HTTP/1.1\r\n",
            b"LOCK http://example.org/x HTTP/1.1\r\n",
            b"GET /" + b"x" * 443,  # a slice of a longer one
        ):
            self.assertTrue(looks_like_http(request), request)
            self.assertEqual(
                wrong_protocol(request), b"-> This is a chat server, and no web server.\n"
            )

    def test_chat_gets_none(self) -> None:
        for data in (
            *(
                b"",
                b"G",
                b"hello\n",
                b"GET",
                b"GET / \n",
                b"GET out of here\n",
                b"get / HTTP/1.1\n",
            ),
            *(b"\x16", b"\x16\x03", b"\x16hello\n", b"/join tea\n", b"I GET / HTTP/1.1\n"),
            *(b"GET " + b"x" * 4096, b"GET / x HTTP/1.1\n"),
            *(b"WE SPEAK HTTP/2\n", b"SEE https://example.org/" + b"x" * 300),
        ):
            self.assertIsNone(wrong_protocol(data), data)


class ReadingTest(unittest.TestCase):
    def test_tags_stand_before_a_line(self) -> None:
        for line, tags, text in (
            ("alice: hi", {}, "alice: hi"),
            ("@time=2026-11-27T20:47:00.123Z;id=0a-7 alice: hi", None, "alice: hi"),
            ("@room=tea * bob joined", {"room": "tea"}, "* bob joined"),
            ("@a=b=c;new a  b", {"a": "b=c", "new": ""}, "a  b"),
            ("@room=tea ", {"room": "tea"}, ""),
        ):
            found, rest = split_tags(line)
            self.assertEqual(rest, text)
            if tags is not None:
                self.assertEqual(found, tags)

    def test_a_line_of_another_room_names_it(self) -> None:
        for line in ("[games] bob: hi", "[games] * bob left", "[games] ** bob waves"):
            match = OTHER_ROOM.match(line)
            assert match is not None
            self.assertEqual(match["room"], "games")
        for line in ("[PM from bob] hi", "[PM to bob] hi", "bob: [games] hi"):
            self.assertIsNone(OTHER_ROOM.match(line))


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
    def test_a_prefix_stands_before_each_line_of_a_batch(self, lines: list[bytes]) -> None:
        batch = b"".join(line + b"\n" for line in lines)
        self.assertEqual(prefixed(b"a: ", batch), b"".join(b"a: " + line + b"\n" for line in lines))

    def test_a_quotation_is_short(self) -> None:
        self.assertEqual(quote("x" * 40), "x" * 40)
        self.assertEqual(quote("x" * 5000), "x" * 40 + "…")


if __name__ == "__main__":
    unittest.main()
