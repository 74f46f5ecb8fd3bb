"""Each key does what people expect of it."""

import unittest
from collections.abc import Iterable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.tty.editor import (
    Editor,
    Effect,
    End,
    Interrupt,
    Redraw,
    Ring,
    Show,
    Submit,
    Suspend,
)
from reactor_chat.tty.keys import Event, Key, Paste, Text

KEYS = [
    "left", "right", "home", "end", "up", "down", "backspace", "delete", "tab", "back-tab",
    *(f"ctrl-{letter}" for letter in "abcdefgklnpuwyz"), "alt-b", "alt-f", "alt-d", "enter",
    "alt-backspace", "escape", "no-such-key",
]  # fmt: skip
pastes = st.builds(Paste, st.text("ab \n"), st.booleans())
chars = st.builds(Text, st.sampled_from("ab é中\u0301"))
key_strokes = chars | st.sampled_from(KEYS).map(Key) | pastes


def names(before: str) -> tuple[int, Sequence[str]]:
    """Complete the last word among three names."""
    start = before.rfind(" ") + 1
    known = ("alice ", "alan ", "bob ")
    return start, [name for name in known if name.startswith(before[start:])]


def typed(editor: Editor, *strokes: str) -> list[Effect]:
    """Press keys: `<name>` is a key, everything else is text."""
    effects = [editor.handle(event) for stroke in strokes for event in _events(stroke)]
    return [effect for effect in effects if effect is not None]


def _events(stroke: str) -> Iterable[Event]:
    return [Key(stroke[1:-1])] if stroke.startswith("<") else map(Text, stroke)


class TypingTest(unittest.TestCase):
    def test_enter_submits_the_line_and_empties_the_draft(self) -> None:
        editor = Editor()
        self.assertEqual(typed(editor, "hello", "<enter>"), [Submit(("hello",))])
        self.assertEqual(editor.draft.text, "")

    def test_a_blank_line_is_not_submitted(self) -> None:
        self.assertEqual(typed(Editor(), "  ", "<enter>"), [])

    def test_the_keys_of_a_line_editor_work(self) -> None:
        cases: dict[str, Sequence[str]] = {
            "hallo": ("hello", "<left>", "<ctrl-b>", "<ctrl-b>", "<backspace>", "a"),
            "one two": ("two", "<home>", "one "),
            "one": ("xone", "<ctrl-a>", "<delete>"),
            "onetwo!": ("onetwo", "<ctrl-a>", "<ctrl-f>", "<right>", "<ctrl-e>", "!"),
            "two": ("one two", "<alt-b>", "<ctrl-u>"),
            "one ": ("one two", "<alt-b>", "<ctrl-k>"),
            "two one ": ("one two", "<ctrl-w>", "<home>", "<ctrl-y>", " ", "<end>", "<ctrl-h>"),
            "ne": ("one", "<ctrl-a>", "<ctrl-d>"),
        }
        for result, strokes in cases.items():
            with self.subTest(result=result):
                editor = Editor()
                typed(editor, *strokes)
                self.assertEqual(editor.draft.text, result)

    def test_unknown_keys_do_nothing(self) -> None:
        editor = Editor()
        self.assertEqual(typed(editor, "a", "<f13>", "<escape>", "b"), [])
        self.assertEqual(editor.draft.text, "ab")


class LeavingTest(unittest.TestCase):
    def test_ctrl_c_clears_the_draft(self) -> None:
        editor = Editor()
        self.assertEqual(typed(editor, "hello", "<ctrl-c>"), [])
        self.assertEqual(editor.draft.text, "")

    def test_ctrl_c_on_an_empty_line_counts(self) -> None:
        effects = typed(Editor(), "hello", "<ctrl-c>", "<ctrl-c>", "<ctrl-c>")
        self.assertEqual(effects, [Interrupt(1), Interrupt(2)])

    def test_any_other_key_starts_the_count_again(self) -> None:
        effects = typed(Editor(), "<ctrl-c>", "<left>", "<ctrl-c>")
        self.assertEqual(effects, [Interrupt(1), Interrupt(1)])

    def test_ctrl_d_ends_only_an_empty_line(self) -> None:
        self.assertEqual(typed(Editor(), "a", "<ctrl-d>"), [])
        self.assertEqual(typed(Editor(), "<ctrl-d>"), [End()])

    def test_ctrl_z_suspends_and_ctrl_l_redraws(self) -> None:
        self.assertEqual(typed(Editor(), "<ctrl-z>", "<ctrl-l>"), [Suspend(), Redraw()])


class HistoryTest(unittest.TestCase):
    def test_the_draft_is_kept_while_looking_back(self) -> None:
        editor = Editor()
        typed(editor, "one", "<enter>", "draft", "<up>")
        self.assertEqual(editor.draft.text, "one")
        typed(editor, "<down>")
        self.assertEqual(editor.draft.text, "draft")

    def test_beyond_the_oldest_line_the_bell_rings(self) -> None:
        self.assertEqual(typed(Editor(), "<up>", "<down>"), [Ring(), Ring()])

    def test_ctrl_c_comes_back_from_the_history(self) -> None:
        editor = Editor()
        typed(editor, "one", "<enter>", "two", "<enter>", "<up>", "<up>", "<ctrl-c>", "<up>")
        self.assertEqual(editor.draft.text, "two")


class CompletionTest(unittest.TestCase):
    def test_tab_goes_through_the_candidates_and_round(self) -> None:
        editor = Editor(names)
        typed(editor, "hi a", "<tab>")
        self.assertEqual(editor.draft.text, "hi alice ")
        typed(editor, "<tab>")
        self.assertEqual(editor.draft.text, "hi alan ")
        typed(editor, "<tab>")
        self.assertEqual(editor.draft.text, "hi alice ")
        typed(editor, "<back-tab>")
        self.assertEqual(editor.draft.text, "hi alan ")

    def test_what_follows_the_cursor_stays(self) -> None:
        editor = Editor(names)
        typed(editor, "b!", "<left>", "<tab>")
        self.assertEqual(editor.draft.text, "bob !")

    def test_after_another_key_tab_starts_anew(self) -> None:
        editor = Editor(names)
        typed(editor, "a", "<tab>", "b", "<tab>")
        self.assertEqual(editor.draft.text, "alice bob ")

    def test_a_single_candidate_is_settled_at_once(self) -> None:
        editor = Editor(names)
        typed(editor, "b", "<tab>", "<tab>")
        self.assertEqual(editor.draft.text, "bob alice ")

    def test_without_a_candidate_the_bell_rings(self) -> None:
        self.assertEqual(typed(Editor(names), "x", "<tab>"), [Ring()])


class PasteTest(unittest.TestCase):
    def paste(self, editor: Editor, text: str) -> Effect | None:
        return editor.handle(Paste(text, cut=False))

    def test_one_line_goes_into_the_draft(self) -> None:
        editor = Editor()
        typed(editor, "<>", "<left>")
        self.assertIsNone(self.paste(editor, "https://example.org\n"))
        self.assertEqual(editor.draft.text, "https://example.org")

    def test_several_lines_are_shown_and_sent_once_confirmed(self) -> None:
        editor = Editor()
        self.assertEqual(self.paste(editor, "one\n\ntwo\n"), Show(("| one", "| two")))
        self.assertIn("2 lines", editor.question or "")
        self.assertEqual(typed(editor, "<enter>"), [Submit(("one", "two"))])
        self.assertIsNone(editor.question)

    def test_they_join_the_draft_where_the_cursor_is(self) -> None:
        editor = Editor()
        typed(editor, "begin end", "<alt-b>")
        self.paste(editor, "x\ny ")
        self.assertEqual(typed(editor, "y"), [Submit(("begin x", "y end"))])
        self.assertEqual(editor.draft.text, "")

    def test_refusing_keeps_the_draft(self) -> None:
        for refusal in ("<escape>", "<ctrl-c>", "n"):
            with self.subTest(refusal=refusal):
                editor = Editor()
                typed(editor, "draft")
                self.paste(editor, "one\ntwo")
                self.assertEqual(typed(editor, refusal), [Show(("Not sent.",))])
                self.assertEqual(editor.draft.text, "draft")

    def test_any_other_key_is_refused(self) -> None:
        editor = Editor()
        self.paste(editor, "one\ntwo")
        self.assertEqual(typed(editor, "x", "<up>"), [Ring(), Ring()])
        self.assertIsNotNone(editor.question)

    def test_a_long_paste_is_shown_shortened_and_sent_whole(self) -> None:
        editor = Editor()
        shown = self.paste(editor, "\n".join(map(str, range(100))))
        assert isinstance(shown, Show)
        self.assertEqual(shown.lines[-1], "| and 88 more")
        self.assertEqual(typed(editor, "<enter>"), [Submit(tuple(map(str, range(100))))])

    def test_a_paste_that_was_cut_says_so(self) -> None:
        shown = Editor().handle(Paste("one", cut=True))
        assert isinstance(shown, Show)
        self.assertIn("cut", shown.lines[0])

    def test_what_is_shown_of_a_paste_cannot_drive_the_terminal(self) -> None:
        self.assertEqual(self.paste(Editor(), "a\u202e\nb"), Show(("| a\ufffd", "| b")))


class PropertyTest(unittest.TestCase):
    @given(st.lists(key_strokes))
    def test_the_cursor_stays_within_the_draft(self, events: list[Event]) -> None:
        editor = Editor(names)
        for event in events:
            editor.handle(event)
            self.assertTrue(0 <= editor.draft.cursor <= len(editor.draft.text))

    @given(st.lists(key_strokes))
    def test_a_submitted_line_is_never_blank_and_has_no_line_end(self, events: list[Event]) -> None:
        editor = Editor(names)
        for event in events:
            effect = editor.handle(event)
            for line in effect.lines if isinstance(effect, Submit) else ():
                self.assertTrue(line.strip())
                self.assertNotIn("\n", line)
