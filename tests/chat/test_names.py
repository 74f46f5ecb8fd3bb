"""People can bear their names, and no name passes for another, on every version of Unicode.

This module needs nothing but the standard library, so any Python can run it by itself.
"""

import sys
import unittest
from contextlib import suppress
from typing import ClassVar
from unicodedata import category, name, normalize

from reactor_chat.chat.names import (
    MAX_NAME,
    BadName,
    check_name,
    check_room_name,
    name_key,
    room_key,
)

GOOD = (
    *("alice", "Alice_2", "j.r.r-tolkien", "7of9", "a", "x" * 24, "Client-a", "servers", "10.0"),
    *("Zoë", "Ærøskøbing", "Øystein", "straße", "Adébáyọ̀", "Nguyễn", "Işık", "q\u0307"),
    *("Иван", "Иван42", "Йосип", "Αλέξανδρος", "Ծովինար", "ნინო", "ʔaʔ"),
    *("王小明", "たろう", "コーヒー", "김철수", "ㄅㄆㄇ", "佐々木ゆう"),
    *("日本Tokyo", "서울Seoul", "漢字かなABC", "漢ㄅa"),  # what people mix
    *("हरि", "प्रिया", "தமிழ்", "বাংলা", "ខ្មែរ", "မြန်မာ", "న్యా", "ഹരി", "සිංහල"),
    *("ກຸ", "བོད", "አማርኛ", "ᓄᓇᕗᑦ", "ᏣᎳᎩ"),
    *("محمد", "محمّد", "علی", "דוד", "٣", "४२"),
)
# Whose NFKC is another text.
RESPELLED = {
    "Zoe\u0308": "Zoë",
    "\uff41\uff4c\uff49\uff43\uff45": "alice",
    "Louis\u2167": "LouisVIII",
    "น้ำ": "น\u0e49\u0e4dา",
    "שָׁלוֹם": "ש\u05b8\u05c1לו\u05b9ם",
    "𝔟𝔬𝔟": "bob",
}

LENGTH = "has 1 to 24 characters."
START = "starts with a letter or digit."
MARKS = "has at most 2 marks after a letter."


def only(what: str) -> str:
    return f"has only letters, digits, '_', '-' and '.', not {what}."


def unseen(code: str) -> str:
    return f"cannot have {code}, which cannot be seen."


def sign(char: str) -> str:
    return f"cannot have '{char}', which is drawn like punctuation."


def mixed(scripts: str) -> str:
    return f"may not mix {scripts} letters."


# What is refused, and why. The reasons are said of "A name" and of "A room's name".
BAD = (
    ("", LENGTH),
    ("x" * 25, LENGTH),
    ("\u0301" * 4096, LENGTH),
    ("\ufdfa" * 2, LENGTH),  # 36 characters once it is spelled out
    ("_alice", START),
    (".", START),
    ("\u0301a", START),
    ("-> You", only("'>'")),
    ("*", only("'*'")),
    ("alice bob", only("spaces")),
    ("alice\u00a0bob", only("spaces")),
    ("alice\u3000bob", only("spaces")),
    ("alice\tbob", only("spaces")),
    ("alice:", only("':'")),
    ("alice\uff1a", only("'\uff1a'")),
    ("O\u00b4Neil", only("'\u00b4'")),  # NFKC makes a space and a mark of it
    ("\u304b\u309b", only("'\u309b'")),
    ("\ufdfa", only("'\ufdfa'")),
    ("alice\ua789", only("'\ua789'")),  # a colon that modifies letters
    ("[PM", only("'['")),
    ("/quit", only("'/'")),
    ("alice\x1b[2J", only("U+001B")),
    ("alice\x9b2J", only("U+009B")),
    ("alice\u2800", only("'\u2800'")),  # a Braille cell without dots
    ("😀", only("'😀'")),
    ("alice\u2182", only("'\u2182'")),  # a numeral that is no digit
    ("a\u0131\udcff", only("U+DCFF")),
    ("alice\u0489", only("U+0489")),  # an enclosing mark
    ("alice\u20d2", only("U+20D2")),  # a mark for symbols
    ("ali\u200bce", unseen("U+200B")),  # zero-width space, non-joiner, joiner; word joiner
    ("ali\u200cce", unseen("U+200C")),
    ("ali\u200dce", unseen("U+200D")),
    ("ali\u2060ce", unseen("U+2060")),
    ("\ufeffalice", unseen("U+FEFF")),
    ("ali\u00adce", unseen("U+00AD")),
    ("\u202ealice", unseen("U+202E")),
    ("\u2067alice", unseen("U+2067")),
    ("alice\u200f", unseen("U+200F")),
    ("alice\U000e0061", unseen("U+E0061")),
    ("alice\ufe0f", unseen("U+FE0F")),
    ("alice\u034f", unseen("U+034F")),
    ("ខ\u17b4", unseen("U+17B4")),
    ("ᠮ\u180b", unseen("U+180B")),
    ("\u115f", unseen("U+115F")),
    ("alice\u1160", unseen("U+1160")),
    ("alice\u3164", unseen("U+3164")),  # NFKC makes another filler of these
    ("alice\uffa0", unseen("U+FFA0")),
    ("Serverꓽ", sign("ꓽ")),
    ("Serverː", sign("ː")),
    ("ǃXu", sign("ǃ")),
    ("مـد", sign("ـ")),
    ("oʻo", sign("ʻ")),
    ("a" + "\u0300\u0301" * 8, MARKS),
    ("a\u0301\u0301\u0301", MARKS),
    ("ก\u0e47\u0e47\u0e47", MARKS),
    ("ש\u05b8\u05c1\u05bc", MARKS),
    ("1\u0301", "cannot have U+0301 after '1'."),
    ("a_\u0301", "cannot have U+0301 after '_'."),
    ("王\u0308", "cannot have U+0308 after '王'."),
    ("al\u0456ce", mixed("Latin and Cyrillic")),
    ("\u0430lice", mixed("Cyrillic and Latin")),
    ("alic\u03b5", mixed("Latin and Greek")),
    ("\u0391\u0432\u0433", mixed("Greek and Cyrillic")),
    ("alice\u00b5", mixed("Latin and Greek")),  # the micro sign
    ("\u2126hm", mixed("Greek and Latin")),  # the ohm sign
    ("\uff53erv\u0435r", mixed("Latin and Cyrillic")),
    ("Ꮪerver", mixed("Cherokee and Latin")),
    ("Տerver", mixed("Armenian and Latin")),
    ("ꓢerver", mixed("Lisu and Latin")),
    ("bօb", mixed("Latin and Armenian")),
    ("bob٣", mixed("Latin and Arabic")),
    ("alice\u064e", mixed("Latin and Arabic")),
    ("김ひ", mixed("Hangul and kana")),
    ("Иван王", mixed("Cyrillic and Han")),
    ("a\u0430\u03b1", mixed("Latin, Cyrillic and Greek")),
    ("10.0.0.1", "cannot be an address."),
    ("\uff11\uff10.0.0.1", "cannot be an address."),
    ("300.1.1.1", "cannot be an address."),
)

# What stands for the operator or a given name, and as what it would be taken.
RESERVED = (
    *("Server", "server", "SERVER", "Server.", "Server_2", "server-7", "Server..", "Client"),
    *("client", "Client-7", "cLIENT1", "ServeR.7_"),
)
RESERVED_RESPELLED = {
    "\u017ferver": "server",  # a long s
    "\uff33erver": "Server",
    "\U0001d412\U0001d41erver": "Server",
    "\u24e2erver": "server",
}
LIKE_RESERVED = {
    "Serᴠer": "Server",
    "sᴇʀᴠᴇʀ": "Server",
    "Serᴠer_2": "Server",
    "ꓢꓰꓣꓦꓰꓣ": "Server",
    "C1ient": "Client",
    "clıent7": "Client",
    "CIIent": "Client",
}


class NamesTest(unittest.TestCase):
    def assert_refused(self, text: str, reason: str) -> None:
        with self.subTest(ascii(text)):
            with self.assertRaises(BadName) as caught:
                check_name(text)
            self.assertEqual(str(caught.exception), reason)

    def test_good_names_are_taken_as_they_are(self) -> None:
        for text in GOOD:
            with self.subTest(text):
                self.assertEqual(check_name(text), text)

    def test_a_name_is_kept_in_nfkc(self) -> None:
        for text, kept in RESPELLED.items():
            with self.subTest(ascii(text)):
                self.assertEqual(check_name(text), kept)
                self.assertEqual(check_name(kept), kept)

    def test_what_is_no_name_is_refused_with_the_reason_that_applies(self) -> None:
        for text, reason in BAD:
            self.assert_refused(text, f"A name {reason}")

    def test_names_that_stand_for_the_server_are_reserved(self) -> None:
        for text in RESERVED:
            self.assert_refused(text, f"The name {text} is reserved.")
        for text, kept in RESERVED_RESPELLED.items():
            self.assert_refused(text, f"The name {kept} is reserved.")

    def test_names_that_look_like_those_are_refused(self) -> None:
        for text, word in LIKE_RESERVED.items():
            self.assert_refused(text, f"The name {text} looks too much like {word}.")

    def test_a_name_that_only_begins_so_is_free(self) -> None:
        for text in ("Servera", "server-side", "Clients", "client.eastwood", "Servër"):
            self.assertEqual(check_name(text), text)

    def test_no_text_is_worked_on_before_its_length_is_known(self) -> None:
        # Normalising it would take minutes.
        tower = "\u0344\u0301" * 2_000_000
        self.assert_refused(tower, f"A name {LENGTH}")
        self.assertEqual((name_key(tower), room_key(tower)), ("", ""))


class RoomNamesTest(unittest.TestCase):
    def test_a_room_is_named_as_a_person_is(self) -> None:
        for text in GOOD:
            self.assertEqual(check_room_name(text), text)
        for text, reason in BAD:
            with self.subTest(ascii(text)), self.assertRaises(BadName) as caught:
                check_room_name(text)
            self.assertEqual(str(caught.exception), f"A room's name {reason}")

    def test_one_hash_before_it_is_dropped(self) -> None:
        self.assertEqual(check_room_name("#tea"), "tea")
        self.assertEqual(check_room_name("#" + "x" * 24), "x" * 24)
        self.assertEqual(room_key("#Tea"), room_key("tea"))
        for text, reason in (("#", LENGTH), ("##tea", only("'#'")), ("tea#", only("'#'"))):
            with self.assertRaises(BadName) as caught:
                check_room_name(text)
            self.assertEqual(str(caught.exception), f"A room's name {reason}")

    def test_a_person_has_no_hash(self) -> None:
        with self.assertRaises(BadName):
            check_name("#tea")
        self.assertNotEqual(name_key("#tea"), name_key("tea"))


class EveryCharacterTest(unittest.TestCase):
    """Whatever version of Unicode this Python has."""

    assigned: ClassVar[list[str]]
    granted: ClassVar[dict[str, str]]  # what is a name by itself, and how it is kept

    @classmethod
    def setUpClass(cls) -> None:
        every = map(chr, range(sys.maxunicode + 1))
        cls.assigned = [char for char in every if category(char) not in ("Cn", "Co", "Cs")]
        cls.granted = {}
        for char in cls.assigned:
            with suppress(BadName):
                cls.granted[char] = check_name(char)

    def test_a_character_that_is_granted_is_a_letter_or_a_digit(self) -> None:
        for char, kept in self.granted.items():
            kinds = {category(one) for one in kept if one not in "_-."}
            self.assertTrue(all(kind[0] in "LM" or kind == "Nd" for kind in kinds), ascii(char))

    def test_letters_and_digits_are_granted_unless_they_are_signs_or_unseen(self) -> None:
        refused = [
            char
            for char in self.assigned
            if (category(char)[0] == "L" or category(char) == "Nd")
            and normalize("NFKC", char) == char
            and char not in self.granted
        ]
        self.assertLess(len(refused), 120)
        for char in refused:
            with self.assertRaises(BadName) as caught:
                check_name(f"a{char}")
            self.assertRegex(str(caught.exception), "drawn like punctuation|cannot be seen")

    def test_no_mark_is_granted_that_is_drawn_as_nothing(self) -> None:
        unseen = (0x034F, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2D7F)
        for code in (*unseen, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)):
            for letter in ("a", "ខ", "ᠮ", "王", "ⴰ"):
                with self.assertRaises(BadName, msg=hex(code)):
                    check_name(letter + chr(code))

    def test_case_makes_no_name_another(self) -> None:
        for char in self.assigned:
            if char in (char.upper(), "ı"):  # the capital of the dotless i is that of i
                continue
            key = name_key(char)
            self.assertEqual([name_key(char.upper()), name_key(key)], [key, key], ascii(char))

    def test_what_is_granted_stays_as_it_is(self) -> None:
        for kept in self.granted.values():
            self.assertEqual(check_name(kept), kept)
            self.assertLessEqual(len(kept), MAX_NAME)

    def test_only_tangut_has_letters_without_names(self) -> None:
        for char in self.assigned:
            if category(char)[0] in "LM" and not name(char, ""):
                self.assertTrue("\U00017000" <= char < "\U00018d80", ascii(char))


if __name__ == "__main__":
    unittest.main()
