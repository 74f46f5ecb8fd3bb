"""The last row shows the part of the draft that the cursor is in."""

import unittest

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.tty.columns import clusters, visible, width
from reactor_chat.tty.viewport import last_row

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"

texts = st.text(
    st.sampled_from("abc e\u0301中日\U0001f600\u200d\u1100\t\U0001f1e9❤\ufe0f\U0001f3fd"),
    max_size=200,
)


def seen(prompt: str, text: str, cursor: int, columns: int) -> str:
    """Return the row with `|` where the cursor is."""
    row, before = last_row(prompt, text, cursor, columns)
    assert row.startswith(before), (row, before)
    return before + "|" + row[len(before) :]


class LastRowTest(unittest.TestCase):
    def test_a_draft_that_fits_is_shown_whole_behind_the_prompt(self) -> None:
        self.assertEqual(seen("> ", "hello", 2, 40), "> he|llo")

    def test_a_draft_of_all_but_the_last_column_fits(self) -> None:
        self.assertEqual(seen("> ", "x" * 17, 17, 20), "> " + "x" * 17 + "|")
        self.assertEqual(seen("> ", "日" * 8, 8, 20), "> " + "日" * 8 + "|")

    def test_a_longer_draft_scrolls_and_marks_what_is_hidden(self) -> None:
        text = "".join(chr(ord("a") + at % 26) for at in range(60))
        self.assertEqual(seen("> ", text, 0, 20), "> |abcdefghijklmno>")
        self.assertEqual(seen("> ", text, 30, 20), "> <vwxyzabcd|efghij>")
        self.assertEqual(seen("> ", text, 60, 20), "> <xyzabcdefgh|")

    def test_what_some_terminals_draw_apart_is_given_the_room_for_it(self) -> None:
        # Eight columns each, where neither people nor joiners are joined.
        row, _ = last_row("> ", FAMILY * 4, 0, 24)
        self.assertEqual(row, "> " + FAMILY * 2 + ">")

    def test_a_long_prompt_is_shortened_before_it_takes_more_than_half(self) -> None:
        self.assertEqual(seen("tea (games 3)> ", "hello", 5, 40), "tea (games 3)> hello|")
        self.assertEqual(seen("tea (games 3)> ", "hello", 5, 28), "tea (games …> hello|")
        self.assertEqual(seen("tea (games 3)> ", "hello", 5, 20), "tea …> hello|")
        self.assertEqual(seen("tea (games 3)> ", "hello", 5, 14), "hello|")

    def test_a_draft_stands_still_while_one_types_a_few_characters(self) -> None:
        views = {last_row("> ", "x" * 100, at, 20).text for at in range(40, 45)}
        self.assertLessEqual(len(views), 2)

    @given(texts, st.data(), st.integers(1, 60))
    def test_the_row_fits_and_the_cursor_is_in_it(
        self, text: str, data: st.DataObject, columns: int
    ) -> None:
        parts = clusters(text)
        cursor = len("".join(parts[: data.draw(st.integers(0, len(parts)))]))
        row, before = last_row("> ", text, cursor, columns)
        self.assertTrue(row.startswith(before))
        self.assertLess(width(row), max(columns, 8))

    @given(texts.filter(bool), st.data(), st.integers(24, 60))
    def test_the_cluster_before_the_cursor_is_shown_left_of_it(
        self, text: str, data: st.DataObject, columns: int
    ) -> None:
        parts = clusters(text)
        count = data.draw(st.integers(1, len(parts)))
        _, before = last_row("> ", text, len("".join(parts[:count])), columns)
        last = parts[count - 1]
        if width(last) < columns - 8:  # or nothing could show it
            self.assertTrue(before.endswith(visible(last)))


if __name__ == "__main__":
    unittest.main()
