"""How lines look, with colours and without."""

import re
import time
import unittest

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.tty.style import Style, colours_welcome, links_welcome

SGR = re.compile(r"\x1b\[[0-9;]*m")
LINK = re.compile(r"\x1b\]8;(?:id=\d+;https?://[!-~]+|;)\x1b\\")
NOON = time.mktime((2026, 1, 2, 12, 34, 56, 0, 0, -1))

plain = Style(colour=False, clock=lambda: NOON)
linking = Style(colour=True, clock=lambda: NOON, links=True)
colourful = Style(colour=True, clock=lambda: NOON)

lines = st.text(st.sampled_from("ab:*->[] \x1b[31m\u202e\n\t") | st.characters(), max_size=60)
prefixes = st.sampled_from(
    ["", "http://a.b/", "alice: ", "** bob ", "* ", "-> ", "[PM from x] ", "[tea] "]
)


def colour_of(shown: str, text: str) -> str:
    """Give the SGR parameters in force where `text` begins."""
    found = re.search(r"\x1b\[([0-9;]*)m" + re.escape(text), shown)
    return found[1] if found else ""


class IncomingTest(unittest.TestCase):
    def test_each_line_has_the_time_before_it(self) -> None:
        self.assertEqual(plain.incoming("alice: hi").text, "12:34 alice: hi")

    def test_without_colours_nothing_is_added_to_a_line(self) -> None:
        for line in ("alice: hi", "* bob joined", "-> no", "[PM from bob] psst", "** bob waves"):
            with self.subTest(line=line):
                self.assertEqual(plain.incoming(line, "alice").text, f"12:34 {line}")

    def test_a_name_has_its_own_colour_wherever_it_speaks(self) -> None:
        spoken = colour_of(colourful.incoming("alice: hi").text, "alice")
        self.assertTrue(spoken.startswith("38;5;"))
        self.assertEqual(colour_of(colourful.incoming("** alice waves").text, "alice"), spoken)
        self.assertEqual(colour_of(colourful.log("[tea] alice: hi"), "alice"), spoken)
        self.assertNotEqual(colour_of(colourful.incoming("bob: hi").text, "bob"), spoken)

    def test_a_colour_stays_the_same_from_run_to_run(self) -> None:
        self.assertEqual(colour_of(colourful.incoming("alice: hi").text, "alice"), "38;5;97")

    def test_a_given_name_is_a_name(self) -> None:
        self.assertTrue(colour_of(colourful.incoming("Client 7: hi").text, "Client 7"))

    def test_notices_are_dim(self) -> None:
        self.assertEqual(colour_of(colourful.incoming("* bob joined").text, "* bob joined"), "2")

    def test_a_private_message_is_marked_and_rings(self) -> None:
        shown = colourful.incoming("[PM from bob] psst", "alice")
        self.assertEqual(colour_of(shown.text, "[PM from bob]"), "1;35")
        self.assertTrue(shown.ring)

    def test_the_copy_of_a_private_message_does_not_ring(self) -> None:
        self.assertFalse(colourful.incoming("-> [PM to bob] psst", "alice").ring)

    def test_ones_own_name_is_marked_and_rings(self) -> None:
        shown = colourful.incoming("bob: is Alice here?", "alice")
        self.assertEqual(colour_of(shown.text, "Alice"), "7")
        self.assertTrue(shown.ring)

    def test_part_of_a_word_is_no_mention(self) -> None:
        for line in ("bob: malice", "bob: alices", "bob: hello", "* alice joined", "-> alice, bob"):
            with self.subTest(line=line):
                self.assertFalse(plain.incoming(line, "alice").ring)
        self.assertFalse(plain.incoming("bob: Client 12", "Client 1").ring)

    def test_one_does_not_mention_oneself(self) -> None:
        self.assertFalse(plain.incoming("alice: alice", "alice").ring)

    def test_a_name_with_a_dot_is_taken_literally(self) -> None:
        self.assertTrue(plain.incoming("bob: hi a.b", "a.b").ring)
        self.assertFalse(plain.incoming("bob: hi axb", "a.b").ring)


class RoomTest(unittest.TestCase):
    def test_a_line_may_name_the_room_it_was_said_in(self) -> None:
        self.assertEqual(plain.incoming("bob: hi", room="tea").text, "12:34 [tea] bob: hi")
        self.assertEqual(plain.sent("hi", "bob", room="tea"), "12:34 [tea] bob: hi")
        self.assertEqual(plain.incoming("bob: hi", room="a\x1b[2J").text,
                         "12:34 [a\ufffd[2J] bob: hi")  # fmt: skip

    def test_a_mention_rings_there_too(self) -> None:
        self.assertTrue(plain.incoming("bob: hi alice", "alice", room="tea").ring)


class MentionTest(unittest.TestCase):
    def test_a_name_rings_at_the_end_of_a_sentence_and_within_no_other_name(self) -> None:
        for said, rings in (("it was ann.", True), ("ann-marie is here", False), ("dr.ann", False)):
            self.assertEqual(plain.incoming(f"bob: {said}", "ann").ring, rings)
        self.assertEqual(colourful.incoming("bob: ANN?", "ann").text[-12:], "\x1b[7mANN\x1b[0m?")

    def test_a_name_in_an_address_is_nobody(self) -> None:
        for style in (plain, colourful, linking):
            self.assertFalse(style.incoming("bob: see http://a.org/ann", "ann").ring)
        self.assertTrue(plain.incoming("bob: see http://a.org/ann, ann", "ann").ring)


class LinkTest(unittest.TestCase):
    def test_addresses_are_links_in_every_kind_of_line(self) -> None:
        for line in ("alice: {}", "** alice {}", "* alice set the topic: {}", "-> Topic: {}",
                     "[PM from bob] {}", "-> [PM to bob] {}", "{}"):  # fmt: skip
            with self.subTest(line):
                style = Style(colour=False, clock=lambda: NOON, links=True)
                link = "\x1b]8;id=1;http://a.org\x1b\\http://a.org\x1b]8;;\x1b\\"
                shown = style.incoming(line.format("http://a.org"), "me").text
                self.assertEqual(shown, "12:34 " + line.format(link))
                self.assertIn("http://a.org\x1b]8;;", style.log(line.format("http://a.org")))
                self.assertIn("http://a.org\x1b]8;;", style.sent("http://a.org", "me"))

    def test_what_a_server_makes_of_one_itself_is_text(self) -> None:
        shown = linking.incoming("a: \x1b]8;;http://evil.org\x1b\\http://good.org").text
        self.assertNotIn("\x1b]8;;http", shown)
        self.assertEqual(shown.count("\x1b]8;id="), shown.count("\x1b]8;;\x1b\\"))

    def test_a_dumb_terminal_gets_none(self) -> None:
        self.assertTrue(links_welcome({"TERM": "xterm"}))
        for environ in ({"TERM": "dumb"}, {"TERM": ""}, {}):
            self.assertFalse(links_welcome(environ))


class TimeTest(unittest.TestCase):
    def test_a_line_may_have_been_said_at_another_time(self) -> None:
        self.assertEqual(plain.incoming("bob: hi", "me", NOON - 3600).text, "11:34 bob: hi")
        self.assertEqual(plain.sent("hi", "me", NOON - 3600), "11:34 me: hi")

    def test_a_day_has_its_line(self) -> None:
        self.assertEqual(plain.day(NOON), "— 2 January —")
        self.assertEqual(colour_of(colourful.day(NOON), "— 2"), "2")


class OwnTest(unittest.TestCase):
    def test_what_one_said_in_a_room_stands_under_ones_name(self) -> None:
        self.assertEqual(plain.sent("hi", "alice"), "12:34 alice: hi")

    def test_what_one_told_the_server_stands_behind_a_prompt(self) -> None:
        self.assertEqual(plain.sent("/join tea", None), "12:34 > /join tea")

    def test_the_clients_own_lines_are_dim(self) -> None:
        self.assertEqual(colour_of(colourful.own("You are alice."), "You are alice."), "2")


class LogTest(unittest.TestCase):
    def test_log_lines_have_the_time_to_the_second(self) -> None:
        self.assertEqual(plain.log("[tea] alice: hi"), "12:34:56 [tea] alice: hi")

    def test_the_usage_of_a_command_of_the_console_is_nobodys_speech(self) -> None:
        self.assertEqual(colour_of(colourful.log("Usage: /kick NAME [REASON]"), "Usage"), "")
        self.assertTrue(colour_of(colourful.log("[tea] Usage: hi"), "Usage"))

    def test_what_was_said_in_a_room_looks_as_it_does_elsewhere(self) -> None:
        shown = colourful.log("[tea] * alice joined")
        self.assertEqual(colour_of(shown, "[tea] "), "2")
        self.assertEqual(colour_of(shown, "* alice joined"), "2")


class SafetyTest(unittest.TestCase):
    def test_a_server_cannot_drive_the_terminal(self) -> None:
        self.assertEqual(plain.incoming("a\x1b[2Jb\x07\u202ec\x9b").text,
                         "12:34 a\ufffd[2Jb\ufffd\ufffdc\ufffd")  # fmt: skip

    def test_a_tab_is_blanks(self) -> None:
        self.assertEqual(plain.incoming("a\tb").text, "12:34 a   b")

    @given(prefixes, lines, st.none() | st.sampled_from(["a", "alice", "("]))
    def test_only_colours_are_added_and_each_is_undone(
        self, prefix: str, line: str, me: str | None
    ) -> None:
        for style in (plain, colourful, linking):
            incoming = style.incoming(prefix + line, me).text
            sent = style.sent(line, me)
            for shown in (incoming, style.log(prefix + line), style.own(line), sent):
                rest = LINK.sub("", SGR.sub("", shown))
                self.assertNotRegex(rest, "[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
                codes = SGR.findall(shown)
                self.assertEqual(set(codes[1::2]) - {"\x1b[0m"}, set())
                self.assertEqual(len(codes) % 2, 0)

    @given(prefixes, lines)
    def test_colours_change_nothing_else(self, prefix: str, line: str) -> None:
        shown = colourful.incoming(prefix + line, "a").text
        self.assertEqual(SGR.sub("", shown), plain.incoming(prefix + line, "a").text)


class EnvironmentTest(unittest.TestCase):
    def test_no_color_counts_when_it_is_set_and_not_empty(self) -> None:
        self.assertTrue(colours_welcome({}))
        self.assertTrue(colours_welcome({"NO_COLOR": ""}))
        self.assertFalse(colours_welcome({"NO_COLOR": "1"}))
