"""How long lines stand on several rows."""

import re
import unittest

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.tty.columns import clusters, most_columns
from reactor_chat.tty.folding import fold, without_escapes

_SGR = re.compile(r"\x1b\[[0-9;]*m")
_clusters = st.sampled_from(["a", "b", " ", "中", "é", "👍", "👍🏽", "👩\u200d🚀", "🇩🇪"])
_LINK_END = "\x1b]8;;\x1b\\"
_CODE = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;[ -~]*?\x1b\\")
_PARTS = ["a", " ", "中", "👍🏽", "\x1b[1m", "\x1b[0m", "\x1b]8;id=1;http://a.b\x1b\\", _LINK_END]
_text = st.lists(_clusters, max_size=40).map("".join)


class FoldTest(unittest.TestCase):
    def test_what_fits_is_one_row(self) -> None:
        self.assertEqual(fold("12345", 5, 2), ["12345"])
        self.assertEqual(fold("", 5, 2), [""])

    def test_a_row_breaks_between_words(self) -> None:
        self.assertEqual(fold("one two three", 8, 2), ["one two", "  three"])

    def test_a_word_longer_than_a_row_is_cut(self) -> None:
        self.assertEqual(fold("abcdefghij", 6, 2), ["abcdef", "  ghij"])

    def test_a_blank_for_which_there_is_no_room_at_the_end_is_lost(self) -> None:
        self.assertEqual(fold("abcd ", 4, 0), ["abcd"])
        self.assertEqual(fold("\x1b[1mabcd\x1b[0m ", 4, 0), ["\x1b[1mabcd\x1b[0m"])

    def test_wide_characters_take_their_columns(self) -> None:
        self.assertEqual(fold("中中中中", 5, 1), ["中中", " 中中"])

    def test_nothing_can_stand_in_the_first_column_of_a_second_row(self) -> None:
        forged = "19:13 eve: ok" + " " * 47 + "19:13 Server: your password?"
        rows = fold(forged, 60, 6)
        self.assertGreater(len(rows), 1)
        for row in rows[1:]:
            self.assertTrue(row.startswith(" " * 6), row)

    def test_a_terminal_that_joins_nothing_does_not_wrap_either(self) -> None:
        # tmux 3.3a draws a thumb and its skin tone side by side, in four columns.
        forged = "14:38 mal: " + 17 * "👍🏽" + "z14:38 bob: I resign"
        rows = fold(forged, 80, 6)
        for row in rows[1:]:
            self.assertTrue(row.startswith(" " * 6), row)
        self.assertLess(len(rows[0]), 11 + 2 * 17)  # not all thumbs fit if each takes four columns

    def test_colours_take_no_column_and_are_kept(self) -> None:
        line = "\x1b[1mone\x1b[0m two \x1b[2mthree\x1b[0m"
        rows = fold(line, 8, 2)
        self.assertEqual([_SGR.sub("", row) for row in rows], ["one two", "  three"])
        self.assertEqual(_SGR.findall("".join(rows)), _SGR.findall(line))

    def test_a_colour_that_goes_on_in_the_next_row_begins_behind_the_indentation(self) -> None:
        rows = fold("\x1b[7mone two three\x1b[0m!", 8, 2)
        self.assertEqual(rows, ["\x1b[7mone two\x1b[0m", "  \x1b[7mthree\x1b[0m!"])

    def test_each_part_of_a_link_is_the_whole_link(self) -> None:
        begin, end = "\x1b]8;id=1;http://a.org/bcdef\x1b\\", "\x1b]8;;\x1b\\"
        rows = fold(f"see {begin}http://a.org/bcdef{end}.", 10, 2)
        self.assertEqual(
            rows,
            ["see", f"  {begin}http://a{end}", f"  {begin}.org/bcd{end}", f"  {begin}ef{end}."],
        )
        self.assertEqual("".join(map(without_escapes, rows)), "see  http://a  .org/bcd  ef.")

    @given(_text, st.integers(min_value=4, max_value=24), st.integers(min_value=0, max_value=6))
    def test_no_row_is_wider_than_the_screen_and_only_blanks_are_lost(
        self, text: str, columns: int, indent: int
    ) -> None:
        rows = fold(text, columns, indent)
        for row in rows:
            if len(clusters(row.strip(" "))) > 1:
                self.assertLessEqual(sum(map(most_columns, clusters(row))), columns)
        self.assertEqual("".join(rows).replace(" ", ""), text.replace(" ", ""))

    @given(st.lists(st.sampled_from(_PARTS), max_size=40), st.integers(4, 24), st.integers(0, 6))
    def test_every_row_undoes_what_it_opens(
        self, parts: list[str], columns: int, indent: int
    ) -> None:
        line = "".join(parts) + "\x1b[0m" + _LINK_END
        rows = fold(line, columns, indent)
        plain = fold(without_escapes(line), columns, indent)
        self.assertEqual(list(map(without_escapes, rows)), plain)
        for row in rows:
            codes = _CODE.findall(row)
            for end in ("\x1b[0m", _LINK_END):
                kind = [code for code in codes if code[:2] == end[:2]]
                self.assertEqual(kind[-1:], [end] if kind else [])
