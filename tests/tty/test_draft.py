"""The draft: its text and its cursor."""

import unittest
from collections.abc import Callable
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.tty.columns import clusters
from reactor_chat.tty.draft import Draft

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"

MOVES: list[Callable[[Draft], None]] = [
    Draft.left, Draft.right, Draft.home, Draft.end, Draft.word_left, Draft.word_right,
]  # fmt: skip
KILLS: list[Callable[[Draft], None]] = [
    Draft.kill_left, Draft.kill_right, Draft.kill_word_left, Draft.kill_word_right,
    Draft.kill_blank_left,
]  # fmt: skip
DELETIONS: list[Callable[[Draft], None]] = [Draft.delete_left, Draft.delete_right]

texts = st.text(
    st.sampled_from("ab -e\u0301中\U0001f600\u200d\ufe0f\U0001f1e9\U0001f1ea\u1100\u1161")
)
insertions = st.builds(lambda text: lambda draft: draft.insert(text), texts)
operations = st.one_of(insertions, *map(st.just, [*MOVES, *KILLS, *DELETIONS, Draft.yank]))


def draft_of(marked: str) -> Draft:
    """Make a draft from its text with `|` where the cursor is."""
    before, _, after = marked.partition("|")
    draft = Draft()
    draft.replace(before + after)
    draft.cursor = len(before)
    return draft


def marked(draft: Draft) -> str:
    return draft.before + "|" + draft.text[draft.cursor :]


class MovementTest(unittest.TestCase):
    def check(self, move: Callable[[Draft], None], before: str, after: str) -> None:
        draft = draft_of(before)
        move(draft)
        self.assertEqual(marked(draft), after)

    def test_each_movement_goes_where_readline_goes(self) -> None:
        cases: list[tuple[Callable[[Draft], None], str, str]] = [
            (Draft.left, "ab|", "a|b"), (Draft.left, "|ab", "|ab"),
            (Draft.right, "a|b", "ab|"), (Draft.right, "ab|", "ab|"),
            (Draft.home, "a b|c", "|a bc"), (Draft.end, "a|bc", "abc|"),
            (Draft.word_left, "one two|", "one |two"), (Draft.word_left, "one, |two", "|one, two"),
            (Draft.word_right, "|one two", "one| two"), (Draft.word_right, "a|, b", "a, b|"),
        ]  # fmt: skip
        for move, before, after in cases:
            with self.subTest(move=move.__name__, before=before):
                self.check(move, before, after)

    def test_the_cursor_steps_over_a_whole_cluster(self) -> None:
        self.check(Draft.left, f"a{FAMILY}|", f"a|{FAMILY}")
        self.check(Draft.right, "|e\u0301x", "e\u0301|x")


class DeletionTest(unittest.TestCase):
    def test_each_deletion_takes_what_it_takes_in_readline(self) -> None:
        cases: list[tuple[Callable[[Draft], None], str, str, str]] = [
            (Draft.kill_left, "one |two", "|two", "one "),
            (Draft.kill_right, "one |two", "one |", "two"),
            (Draft.kill_word_left, "a one-two|", "a one-|", "two"),
            (Draft.kill_word_right, "|one-two", "|-two", "one"),
            (Draft.kill_blank_left, "a one-two|", "a |", "one-two"),
            (Draft.kill_blank_left, "a b  |", "a |", "b  "),
        ]  # fmt: skip
        for kill, before, after, killed in cases:
            with self.subTest(kill=kill.__name__, before=before):
                draft = draft_of(before)
                kill(draft)
                self.assertEqual((marked(draft), draft.killed), (after, killed))

    def test_backspace_and_delete_take_a_whole_cluster(self) -> None:
        draft = draft_of(f"a{FAMILY}|e\u0301b")
        draft.delete_left()
        draft.delete_right()
        self.assertEqual(marked(draft), "a|b")

    def test_killing_nothing_keeps_what_was_killed(self) -> None:
        draft = draft_of("one|")
        draft.kill_left()
        draft.kill_left()
        draft.yank()
        self.assertEqual(marked(draft), "one|")


class PropertyTest(unittest.TestCase):
    @given(st.lists(operations))
    def test_the_cursor_is_always_between_clusters(
        self, steps: list[Callable[[Draft], None]]
    ) -> None:
        draft = Draft()
        for step in steps:
            step(draft)
            edges = [0, *accumulate(map(len, clusters(draft.text)))]
            self.assertIn(draft.cursor, edges)

    @given(texts, texts, st.lists(st.sampled_from(MOVES)))
    def test_moving_and_inserting_lose_no_text(
        self, text: str, more: str, moves: list[Callable[[Draft], None]]
    ) -> None:
        draft = Draft()
        draft.insert(text)
        for move in moves:
            move(draft)
        self.assertEqual(draft.text, text)
        before, after = draft.before, text[draft.cursor :]
        draft.insert(more)
        self.assertEqual(draft.text, before + more + after)

    @given(texts, st.lists(st.sampled_from(MOVES)), st.sampled_from(KILLS))
    def test_what_was_killed_is_what_is_missing(
        self, text: str, moves: list[Callable[[Draft], None]], kill: Callable[[Draft], None]
    ) -> None:
        draft = Draft()
        draft.insert(text)
        for move in moves:
            move(draft)
        kill(draft)
        self.assertEqual(len(draft.text) + len(draft.killed), len(text))
        self.assertIn(draft.killed, text)
