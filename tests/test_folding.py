"""How long lines stand on several rows."""

import re
import unittest

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.tty.columns import width
from reactor_chat.tty.folding import fold

_SGR = re.compile(r"\x1b\[[0-9;]*m")
_text = st.text(st.sampled_from("ab  中é👍"), max_size=40)


class FoldTest(unittest.TestCase):
    def test_what_fits_is_one_row(self) -> None:
        self.assertEqual(fold("12345", 5, 2), ["12345"])
        self.assertEqual(fold("", 5, 2), [""])

    def test_a_row_breaks_between_words(self) -> None:
        self.assertEqual(fold("one two three", 8, 2), ["one two", "  three"])

    def test_a_word_longer_than_a_row_is_cut(self) -> None:
        self.assertEqual(fold("abcdefghij", 6, 2), ["abcdef", "  ghij"])

    def test_wide_characters_take_their_columns(self) -> None:
        self.assertEqual(fold("中中中中", 5, 1), ["中中", " 中中"])

    def test_nothing_can_stand_in_the_first_column_of_a_second_row(self) -> None:
        forged = "19:13 eve: ok" + " " * 47 + "19:13 Server: your password?"
        rows = fold(forged, 60, 6)
        self.assertGreater(len(rows), 1)
        for row in rows[1:]:
            self.assertTrue(row.startswith(" " * 6), row)

    def test_colours_take_no_column_and_are_kept(self) -> None:
        line = "\x1b[1mone\x1b[0m two \x1b[2mthree\x1b[0m"
        rows = fold(line, 8, 2)
        self.assertEqual([_SGR.sub("", row) for row in rows], ["one two", "  three"])
        self.assertEqual(_SGR.findall("".join(rows)), _SGR.findall(line))

    @given(_text, st.integers(min_value=4, max_value=20), st.integers(min_value=0, max_value=6))
    def test_no_row_is_wider_than_the_screen_and_only_blanks_are_lost(
        self, text: str, columns: int, indent: int
    ) -> None:
        rows = fold(text, columns, indent)
        for row in rows:
            self.assertLessEqual(width(row), columns)
        self.assertEqual("".join(rows).replace(" ", ""), text.replace(" ", ""))
