"""Widths and clusters: text takes the columns that a terminal gives it."""

import unittest
from unicodedata import category

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.tty.columns import (
    boundary_from,
    cluster_end,
    cluster_start,
    clusters,
    most_columns,
    visible,
    width,
)

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"

# Text made of what is hard: marks, joiners, flags, tones, Hangul parts, controls.
hard_text = st.text(
    st.sampled_from("ab \t\n\x1b\u0301\u0903\u200d\u200b\ufe0f\u202e中ａ한\u1100\u1161\u11a8❤")
    | st.sampled_from("\U0001f600\U0001f44d\U0001f3fd\U0001f1e9\U0001f1ea\U000e0067\U0001fae8")
    | st.characters()
)


class WidthTest(unittest.TestCase):
    def test_text_takes_the_columns_that_it_takes(self) -> None:
        cases = {
            "": 0, "hello": 5, "straße": 6, "日本語": 6, "ｈｉ": 4, "한국": 4,
            "e\u0301": 1, "\u1112\u1161\u11ab": 4, "का": 2, "\U0001f600": 2, "❤": 1, "❤\ufe0f": 2,
            "\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7": 8, "a\u200bb": 3, "\ta": 2,
            "\U0001f6dc": 2, "1\ufe0f\u20e3": 2,
        }  # fmt: skip
        for text, columns in cases.items():
            with self.subTest(text=text):
                self.assertEqual(width(text), columns)

    @given(hard_text)
    def test_a_text_is_as_wide_as_its_clusters(self, text: str) -> None:
        self.assertEqual(width(text), sum(map(most_columns, clusters(text))))

    def test_where_nothing_is_joined_each_part_takes_its_own_columns(self) -> None:
        thumb = "\U0001f44d"
        for cluster, columns in (
            ("a", 1), ("e\u0301", 1), ("中", 2), ("❤\ufe0f", 2), (thumb, 2),
            (thumb + "\U0001f3fd", 4), (FAMILY, 8), ("\U0001f1e9\U0001f1ea", 4),
        ):  # fmt: skip
            self.assertEqual(most_columns(cluster), columns, cluster)

    @given(hard_text)
    def test_every_cluster_has_a_column(self, text: str) -> None:
        for cluster in clusters(text):
            self.assertGreaterEqual(most_columns(cluster), 1)


class ClusterTest(unittest.TestCase):
    def test_what_is_seen_as_one_character_is_one_cluster(self) -> None:
        for text in ("e\u0301", FAMILY, SCOTLAND, "\U0001f1e9\U0001f1ea", "❤\ufe0f", "का", "한"):
            with self.subTest(text=text):
                self.assertEqual(clusters(text), [text])

    def test_two_flags_are_two_clusters(self) -> None:
        germany, france = "\U0001f1e9\U0001f1ea", "\U0001f1eb\U0001f1f7"
        self.assertEqual(clusters(germany + france), [germany, france])

    def test_a_joiner_between_letters_joins_nothing(self) -> None:
        self.assertEqual(clusters("a\u200db"), ["a\u200d", "b"])

    @given(hard_text)
    def test_the_clusters_put_together_are_the_text(self, text: str) -> None:
        self.assertEqual("".join(clusters(text)), text)

    @given(hard_text, hard_text)
    def test_a_cut_between_clusters_moves_none_of_those_before_it(self, one: str, two: str) -> None:
        parts = clusters(one + two)
        for count in range(len(parts)):
            self.assertEqual(clusters("".join(parts[:count])), parts[:count])


class BoundaryTest(unittest.TestCase):
    @given(hard_text)
    def test_the_cluster_around_an_index_is_found_without_the_rest_of_the_text(
        self, text: str
    ) -> None:
        at = 0
        for cluster in clusters(text):
            end = at + len(cluster)
            for index in range(at, end):
                self.assertEqual((cluster_start(text, index), cluster_end(text, index)), (at, end))
                self.assertEqual(boundary_from(text, index), at if index == at else end)
            at = end
        self.assertEqual(boundary_from(text, at), at)


class VisibleTest(unittest.TestCase):
    def test_what_a_terminal_would_obey_is_replaced(self) -> None:
        self.assertEqual(visible("a\x1b[2J\u202eb\x9b"), "a\ufffd[2J\ufffdb\ufffd")

    def test_a_tab_is_a_blank(self) -> None:
        self.assertEqual(visible("a\tb"), "a b")

    def test_a_mark_without_a_letter_stands_on_a_blank(self) -> None:
        self.assertEqual(visible("\u0301a"), " \u0301a")

    def test_emoji_sequences_survive(self) -> None:
        self.assertEqual(visible(FAMILY + SCOTLAND), FAMILY + SCOTLAND)

    @given(hard_text)
    def test_nothing_visible_is_a_control(self, text: str) -> None:
        for char in visible(text):
            self.assertNotIn(category(char), ("Cc", "Zl", "Zp", "Cs"))
            self.assertNotIn(char, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

    @given(hard_text)
    def test_visible_text_is_as_wide_as_promised(self, text: str) -> None:
        self.assertEqual(width(visible(text)), width(text))
