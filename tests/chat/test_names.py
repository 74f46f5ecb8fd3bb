"""Nobody can pass for somebody else."""

import sys
import unittest
from unicodedata import category

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.chat.chat import CommandError
from reactor_chat.chat.names import MAX_NAME, BadName, check_name, name_key
from tests.support import Gathering

RULES = "A name has 1 to 24 letters, digits, '_', '-' or '.', and starts with a letter or digit."
MIXED = "A name may not mix Latin, Cyrillic and Greek letters."

GOOD = (
    "alice",
    "Alice_2",
    "j.r.r-tolkien",
    "7of9",
    "a",
    "x" * 24,
    "Zoë",
    "Ærøskøbing",
    "Øystein",
    "Иван",
    "Αλέξανδρος",
    "王小明",
    "たろう",
    "김철수",
    "דוד",
    "محمد",
    "Ա",
    "٣",
    "straße",
    "Иван42",
    "日本Tokyo",  # no two of the three alphabets that look alike
)

# What is tried where alice, straße, Zoë and karl are present, what it is, and the answer.
ATTACKS = (
    ("", "no name", RULES),
    ("x" * 25, "too long", RULES),
    ("\ufdfa" * 2, "36 characters once it is spelled out", RULES),
    ("_alice", "does not start with a letter or digit", RULES),
    ("-> You", "an answer of the server", RULES),
    ("*", "a notice", RULES),
    ("alice bob", "a space", RULES),
    ("alice\u00a0bob", "a space that does not break", RULES),
    ("alice\u3000bob", "an ideographic space", RULES),
    ("alice:", "the end of a name", RULES),
    ("alice\uff1a", "a full-width colon", RULES),
    ("alice\ua789", "a colon that modifies letters", RULES),
    ("[PM", "a private message", RULES),
    ("/quit", "a command", RULES),
    ("alice\tbob", "a tab", RULES),
    ("alice\x1b[2J", "drives the terminal", RULES),
    ("alice\x9b2J", "drives the terminal in one byte", RULES),
    ("ali\u200bce", "zero-width space", RULES),
    ("ali\u200cce", "zero-width non-joiner", RULES),
    ("ali\u200dce", "zero-width joiner", RULES),
    ("ali\u2060ce", "word joiner", RULES),
    ("\ufeffalice", "byte order mark", RULES),
    ("ali\u00adce", "soft hyphen", RULES),
    ("\u202ealice", "right-to-left override", RULES),
    ("\u2067alice", "right-to-left isolate", RULES),
    ("alice\u200f", "right-to-left mark", RULES),
    ("alice\ufe0f", "variation selector", RULES),
    ("alice\U000e0061", "a tag, which is drawn as nothing", RULES),
    ("alice\u0489", "a combining mark", RULES),
    ("q\u0307", "a combining mark that NFKC cannot compose", RULES),
    ("a" + "\u0300\u0301" * 8, "a tower of marks", RULES),
    ("\u115f", "Hangul choseong filler", RULES),
    ("alice\u1160", "Hangul jungseong filler", RULES),
    ("alice\u3164", "Hangul filler", RULES),
    ("alice\uffa0", "half-width Hangul filler", RULES),
    ("alice\U00013441", "a hieroglyph that is drawn as nothing", RULES),
    ("alice\U00013442", "half a hieroglyph that is drawn as nothing", RULES),
    ("alice\u2800", "a Braille cell without dots", RULES),
    ("😀", "an emoji", RULES),
    ("alice\u2182", "a numeral that is no digit", RULES),
    ("a\u0131\udcff", "what no text holds", RULES),
    ("al\u0456ce", "a Cyrillic letter among Latin ones", MIXED),
    ("\u0430lice", "a Cyrillic letter before Latin ones", MIXED),
    ("alic\u03b5", "a Greek letter among Latin ones", MIXED),
    ("\u0391\u0432\u0433", "a Greek letter among Cyrillic ones", MIXED),
    ("alice\u00b5", "the micro sign, which is a Greek letter", MIXED),
    ("\u2126hm", "the ohm sign, which is a Greek letter", MIXED),
    ("\uff53erv\u0435r", "full-width and Cyrillic letters", MIXED),
    ("Server", "the operator", "The name Server is reserved."),
    ("server", "the operator", "The name server is reserved."),
    ("SERVER", "the operator", "The name SERVER is reserved."),
    ("\u017ferver", "the operator with a long s", "The name server is reserved."),
    ("\uff33erver", "the operator, full-width", "The name Server is reserved."),
    ("\U0001d412\U0001d41erver", "the operator in bold", "The name Server is reserved."),
    ("\u24e2erver", "the operator, circled", "The name server is reserved."),
    ("Client", "half of a given name", "The name Client is reserved."),
    ("Client 7", "a given name", RULES),
    ("Client\u00a07", "a given name", RULES),
    ("\uff21lice", "somebody's name, full-width", "The name alice is taken."),
    ("ALICE", "somebody's name in another case", "The name alice is taken."),
    ("al\u2170ce", "somebody's name with a small Roman numeral", "The name alice is taken."),
    ("STRASSE", "somebody's name in capitals", "The name straße is taken."),
    ("zoe\u0308", "somebody's name, decomposed", "The name Zoë is taken."),
    ("\u212aarl", "somebody's name with the Kelvin sign", "The name karl is taken."),
)


class NamesTest(unittest.TestCase):
    def test_good_names_are_taken_as_they_are(self) -> None:
        for name in GOOD:
            with self.subTest(name):
                self.assertEqual(check_name(name), name)

    def test_a_name_is_kept_in_nfkc(self) -> None:
        self.assertEqual(check_name("Zoe\u0308"), "Zoë")
        self.assertEqual(check_name("\uff41\uff4c\uff49\uff43\uff45"), "alice")
        self.assertEqual(check_name("Louis\u2167"), "LouisVIII")

    def test_an_attack_fails(self) -> None:
        gathering = Gathering()
        for name in ("alice", "straße", "Zoë", "karl"):
            gathering.enter(name)
        attacker = gathering.enter()
        for name, what, answer in ATTACKS:
            with self.subTest(what, name=name):
                with self.assertRaises(CommandError) as caught:
                    gathering.chat.rename(attacker, name)
                self.assertEqual(str(caught.exception), answer)
                self.assertEqual(attacker.name, "Client 5")

    def test_no_room_has_a_name_that_no_person_could_have(self) -> None:
        gathering = Gathering()
        attacker = gathering.enter()
        for name, what, answer in ATTACKS:
            if answer not in (RULES, MIXED):
                continue
            with self.subTest(what, name=name), self.assertRaises(CommandError) as caught:
                gathering.chat.join(attacker, name)
            self.assertEqual(str(caught.exception), answer)

    def test_a_given_name_cannot_be_had_even_after_its_owner_left(self) -> None:
        gathering = Gathering()
        first, second = gathering.enter(), gathering.enter()
        gathering.chat.leave(first)
        self.assertEqual(gathering.say(second, "/nick Client 1"), [f"-> {RULES}"])
        self.assertEqual(gathering.enter().name, "Client 3")

    def test_changing_only_the_case_of_ones_own_name_works(self) -> None:
        gathering = Gathering()
        alice = gathering.enter("alice")
        self.assertEqual(gathering.say(alice, "/nick ALICE"), ["-> You are now ALICE."])
        self.assertEqual(gathering.say(alice, "/whoami"), ["-> You are ALICE."])

    def test_a_name_that_was_given_up_is_free(self) -> None:
        gathering = Gathering()
        alice, bob = gathering.enter("alice"), gathering.enter("bob")
        gathering.say(alice, "/nick carol")
        self.assertEqual(gathering.say(bob, "/nick Alice"), ["-> You are now Alice."])

    @given(st.text(max_size=MAX_NAME + 2))
    def test_what_is_granted_can_be_seen_and_stays_as_it_is(self, text: str) -> None:
        try:
            name = check_name(text)
        except BadName:
            return
        self.assertEqual(check_name(name), name)
        self.assertLessEqual(len(name), MAX_NAME)
        self.assertTrue(all(c in "_-." or category(c)[0] in "LN" for c in name))

    def test_case_makes_no_name_another(self) -> None:
        for code in range(sys.maxunicode + 1):
            char = chr(code)
            if char in (char.upper(), "ı"):  # the capital of the dotless i is that of i
                continue
            key = name_key(char)
            self.assertEqual([name_key(char.upper()), name_key(key)], [key, key], hex(code))


if __name__ == "__main__":
    unittest.main()
