"""A mention is a whole name."""

import unittest

from reactor_chat.tty.mentions import mentions


def meant(text: str, name: str = "ann") -> list[str]:
    return [text[start:end] for start, end in mentions(text, name)]


class MentionsTest(unittest.TestCase):
    def test_a_name_is_meant_wherever_it_stands_by_itself(self) -> None:
        for text in (
            "ann", "ann: hi", "hi ann", "@ann", "is it ann?", "it was ann.", "ann...", "ann, hi",
            "(ann)", "ann's", "ann - hi", "-ann", "ann!", "\u201cann\u201d", "ann/bob", "…ann…",
        ):  # fmt: skip
            with self.subTest(text):
                self.assertEqual(meant(text), ["ann"])

    def test_a_part_of_another_name_is_not(self) -> None:
        for text in (
            "anna", "joann", "ann-marie", "dr.ann", "mary-ann", "ann.b", "ann_b", "ann2", "2ann",
            "ann\u0301", "ann--b", "\u0905ann",
        ):  # fmt: skip
            with self.subTest(text):
                self.assertEqual(meant(text), [])

    def test_names_are_compared_as_everywhere(self) -> None:
        self.assertEqual(meant("Ann and ANN and ａｎｎ"), ["Ann", "ANN", "ａｎｎ"])
        self.assertEqual(meant("STRASSE!", "straße"), ["STRASSE"])
        self.assertEqual(meant("e\u0301va, \u00e9va", "\u00c9va"), ["e\u0301va", "\u00e9va"])

    def test_marks_belong_to_a_name(self) -> None:
        self.assertEqual(meant("हरि?", "हरि"), ["हरि"])
        self.assertEqual(meant("हरिया", "हरि"), [])

    def test_a_name_that_ends_with_punctuation_needs_it(self) -> None:
        self.assertEqual(meant("hi dr., hi", "dr."), ["dr."])
        self.assertEqual(meant("hi dr, hi", "dr."), [])

    def test_a_given_name_has_two_words(self) -> None:
        self.assertEqual(meant("hi client 1.", "Client 1"), ["client 1"])
        for text in (
            "Client 12",
            "Client  1",
            "Client-1",
            "a Client, 1",
            "xClient 1",
            "Client 1-a",
        ):
            with self.subTest(text):
                self.assertEqual(meant(text, "Client 1"), [])


if __name__ == "__main__":
    unittest.main()
