"""The last row shows the part of the draft that the cursor is in."""

import unittest

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.tty.columns import clusters, visible, width
from reactor_chat.tty.viewport import last_row

texts = st.text(st.sampled_from("abc e\u0301中日\U0001f600\u200d\u1100\t"), max_size=200)


class LastRowTest(unittest.TestCase):
    def test_a_draft_that_fits_is_shown_whole_behind_the_prompt(self) -> None:
        self.assertEqual(last_row("> ", "hello", 2, 40), ("> hello", 4))

    def test_wide_characters_move_the_cursor_by_two(self) -> None:
        self.assertEqual(last_row("> ", "日本", 1, 40), ("> 日本", 4))

    def test_a_draft_of_all_but_the_last_column_fits(self) -> None:
        self.assertEqual(last_row("> ", "x" * 17, 17, 20), ("> " + "x" * 17, 19))

    def test_a_longer_draft_scrolls_and_marks_what_is_hidden(self) -> None:
        text = "".join(chr(ord("a") + at % 26) for at in range(60))
        self.assertEqual(last_row("> ", text, 0, 20), ("> abcdefghijklmno>", 2))
        self.assertEqual(last_row("> ", text, 60, 20), ("> <xyzabcdefgh", 14))

    def test_a_long_prompt_gives_way_to_the_draft(self) -> None:
        self.assertEqual(last_row("a long prompt> ", "hello", 5, 20), ("hello", 5))

    def test_a_draft_stands_still_while_one_types_a_few_characters(self) -> None:
        views = {last_row("> ", "x" * 100, at, 20).text for at in range(40, 45)}
        self.assertLessEqual(len(views), 2)

    @given(texts, st.data(), st.integers(1, 60))
    def test_the_row_fits_and_the_cursor_is_in_it(
        self, text: str, data: st.DataObject, columns: int
    ) -> None:
        parts = clusters(text)
        cursor = len("".join(parts[: data.draw(st.integers(0, len(parts)))]))
        row = last_row("> ", text, cursor, columns)
        self.assertLess(width(row.text), max(columns, 8))
        self.assertTrue(0 <= row.cursor < max(columns, 8))

    @given(texts.filter(bool), st.data(), st.integers(20, 60))
    def test_the_cluster_before_the_cursor_is_shown_left_of_it(
        self, text: str, data: st.DataObject, columns: int
    ) -> None:
        parts = clusters(text)
        count = data.draw(st.integers(1, len(parts)))
        row = last_row("> ", text, len("".join(parts[:count])), columns)
        shown, at = [], 0
        for part in clusters(row.text):
            at += width(part)
            shown.append((at, part))
        self.assertIn((row.cursor, visible(parts[count - 1])), shown)
