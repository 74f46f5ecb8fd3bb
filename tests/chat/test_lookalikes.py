"""Names that look alike have one skeleton.

This module needs nothing but the standard library, so any Python can run it by itself.
"""

import unittest
from unicodedata import normalize

from reactor_chat.chat.lookalikes import skeleton

ALIKE = (
    ("alice", "ɑlice", "alıce", "a1ice", "aIice", "ALICE", "AL1CE", "ɑ1ιce", "ᴀlice"),
    ("bob", "b0b", "bᴏb", "B0B", "ʙob", "ВОВ", "ΒΟΒ"),
    ("server", "Serᴠer", "ꓢꓰꓣꓦꓰꓣ", "Տerver", "ѕегѵег"),
    ("coco", "сосо", "CОCО"),
    ("jack", "ȷack", "j\u0307ack"),
    ("igor", "i\u0307gor", "ı\u0307gor", "İgor"),
    ("Ida", "lda", "1da"),
    ("pax", "рах"),
    ("é", "е\u0301", "É"),
)
APART = (
    *("alice", "alicia", "bob", "bod", "rob", "zoe", "zoë", "zoé", "ole", "øle", "straße"),
    *("иван", "жанна", "michael", "modern", "modem", "王", "玉", "एक", "हरि"),
)


class SkeletonTest(unittest.TestCase):
    def test_what_looks_alike_has_one_skeleton(self) -> None:
        for first, *others in ALIKE:
            for other in others:
                with self.subTest(first, other=other):
                    self.assertEqual(skeleton(other), skeleton(first))

    def test_what_looks_different_has_not(self) -> None:
        self.assertEqual(len(set(map(skeleton, APART))), len(APART))

    def test_letters_and_digits_of_ascii_are_told_apart_but_for_a_few(self) -> None:
        letters = "abcdefghjkmnpqrstuvwxyz23456789"
        self.assertEqual(skeleton(letters), letters)
        self.assertEqual({skeleton(char) for char in "iIlL1"}, {"l"})
        self.assertEqual({skeleton(char) for char in "oO0"}, {"o"})

    def test_a_skeleton_is_its_own(self) -> None:
        for code in range(0x20000):  # letters of other planes are ideographs
            found = skeleton(chr(code))
            self.assertEqual(skeleton(found), found, hex(code))

    def test_how_a_text_is_composed_makes_no_difference(self) -> None:
        for text in ("Zoë", "Adébáyọ̀", "Йосип", "각"):
            forms = {skeleton(normalize(form, text)) for form in ("NFC", "NFD")}
            self.assertEqual(len(forms), 1)


if __name__ == "__main__":
    unittest.main()
