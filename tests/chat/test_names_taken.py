"""Nobody can pass for somebody who is present."""

import unittest
from unicodedata import category

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.chat import visits
from reactor_chat.chat.errors import CommandError
from reactor_chat.chat.names import MAX_NAME, BadName, check_name
from reactor_chat.chat.naming import rename
from reactor_chat.wire.protocol import ACTION, PRIVATE, SPEECH
from tests.support import Gathering

# What is tried where alice, straße, Zoë and karl are present, what it is, and the answer.
ATTACKS = (
    ("\uff21lice", "somebody's name, full-width", "The name alice is taken."),
    ("ALICE", "somebody's name in another case", "The name alice is taken."),
    ("al\u2170ce", "somebody's name with a small Roman numeral", "The name alice is taken."),
    ("STRASSE", "somebody's name in capitals", "The name straße is taken."),
    ("zoe\u0308", "somebody's name, decomposed", "The name Zoë is taken."),
    ("\u212aarl", "somebody's name with the Kelvin sign", "The name karl is taken."),
    ("Server", "the operator", "The name Server is reserved."),
    ("Serᴠer", "the operator, nearly", "The name Serᴠer looks too much like Server."),
    ("x" * 25, "too long", "A name has 1 to 24 characters."),
)


class NamesTakenTest(unittest.TestCase):
    def test_an_attack_fails(self) -> None:
        gathering = Gathering()
        for name in ("alice", "straße", "Zoë", "karl"):
            gathering.enter(name)
        attacker = gathering.enter()
        for name, what, answer in ATTACKS:
            with self.subTest(what, name=name):
                with self.assertRaises(CommandError) as caught:
                    rename(gathering.chat, attacker, name)
                self.assertEqual(str(caught.exception), answer)
                self.assertEqual(attacker.name, "Client 5")

    def test_no_room_has_a_name_that_no_person_could_have(self) -> None:
        gathering = Gathering()
        attacker = gathering.enter()
        for name in ("x" * 25, "Server", "al\u0456ce", "10.0.0.1"):
            with self.subTest(name), self.assertRaises(CommandError):
                visits.join(gathering.chat, attacker, name)

    def test_a_given_name_cannot_be_had_even_after_its_owner_left(self) -> None:
        gathering = Gathering()
        first, second = gathering.enter(), gathering.enter()
        gathering.chat.leave(first)
        self.assertEqual(
            gathering.say(second, "/nick Client 1"),
            ["-> A name has only letters, digits, '_', '-' and '.', not spaces."],
        )
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
        self.assertTrue(all(c in "_-." or category(c)[0] in "LMN" for c in name))
        for line, pattern in (
            (f"{name}: hi", SPEECH),
            (f"** {name} waves", ACTION),
            (f"[PM from {name}] hi", PRIVATE),
        ):
            match = pattern.match(line)
            assert match is not None, line
            self.assertEqual(match["name"], name)


if __name__ == "__main__":
    unittest.main()
