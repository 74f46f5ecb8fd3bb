"""Each key does what people expect of it."""

import unittest
from collections.abc import Iterable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.tty.editor import Editor
from reactor_chat.tty.effects import (
    Answered,
    Effect,
    End,
    Interrupt,
    Redraw,
    Ring,
    Show,
    Submit,
    Suspend,
    Switch,
)
from reactor_chat.tty.keys import Key, Keystroke, Paste, Text

KEYS = [
    "left", "right", "home", "end", "up", "down", "backspace", "delete", "tab", "back-tab",
    *(f"ctrl-{letter}" for letter in "abcdefgklnpruwyz"), "alt-b", "alt-f", "alt-d", "enter",
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
    pressed = [key for stroke in strokes for key in _keys(stroke)]
    return [effect for key in pressed for effect in editor.handle(key)]


def _keys(stroke: str) -> Iterable[Keystroke]:
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
    def paste(self, editor: Editor, text: str) -> list[Effect]:
        return editor.handle(Paste(text, cut=False))

    def test_one_line_goes_into_the_draft(self) -> None:
        editor = Editor()
        typed(editor, "<>", "<left>")
        self.assertEqual(self.paste(editor, "https://example.org\n"), [])
        self.assertEqual(editor.draft.text, "https://example.org")

    def test_several_lines_are_shown_and_sent_once_confirmed(self) -> None:
        editor = Editor()
        self.assertEqual(self.paste(editor, "one\n\ntwo\n"), [Show(("| one", "| two"))])
        self.assertIn("2 lines", editor.view.text)
        self.assertEqual(typed(editor, "y"), [Submit(("one", "two"))])
        self.assertEqual(editor.view.text, "")

    def test_enter_does_not_confirm_them(self) -> None:
        editor = Editor()
        self.paste(editor, "one\ntwo\n")
        self.assertEqual(typed(editor, "<enter>", "<enter>"), [Ring(), Ring()])
        self.assertEqual(typed(editor, "y"), [Submit(("one", "two"))])

    def test_what_is_typed_ahead_of_the_question_answers_it_and_goes_on(self) -> None:
        editor = Editor()
        self.paste(editor, "one\ntwo\n")
        self.assertEqual(editor.handle(Text("yes")), [Submit(("one", "two"))])
        self.assertEqual(editor.draft.text, "es")

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
        self.assertIn("2 lines", editor.view.text)

    def test_a_long_paste_is_shown_shortened_and_sent_whole(self) -> None:
        editor = Editor()
        [shown] = self.paste(editor, "\n".join(map(str, range(100))))
        assert isinstance(shown, Show)
        self.assertEqual(shown.lines[-1], "| and 88 more")
        self.assertEqual(typed(editor, "y"), [Submit(tuple(map(str, range(100))))])

    def test_of_a_long_line_the_beginning_is_shown(self) -> None:
        [shown] = self.paste(Editor(), "x" * 500_000 + "\ntwo")
        assert isinstance(shown, Show)
        self.assertLess(len(shown.lines[0]), 300)
        self.assertTrue(shown.lines[0].endswith("…"))

    def test_a_paste_that_was_cut_says_so(self) -> None:
        [shown] = Editor().handle(Paste("one", cut=True))
        assert isinstance(shown, Show)
        self.assertIn("cut", shown.lines[0])

    def test_what_is_shown_of_a_paste_cannot_drive_the_terminal(self) -> None:
        self.assertEqual(self.paste(Editor(), "a\u202e\nb"), [Show(("| a\ufffd", "| b"))])


def with_history(*lines: str, editor: Editor | None = None) -> Editor:
    editor = editor or Editor()
    for line in lines:
        typed(editor, line, "<enter>")
    return editor


class SearchTest(unittest.TestCase):
    def setUp(self) -> None:
        self.editor = with_history("good morning", "what a day", "Good night", "so long")

    def seen(self) -> str:
        prompt, text, cursor = self.editor.view
        return f"{prompt}{text[:cursor]}^{text[cursor:]}"

    def test_typing_narrows_to_the_newest_line_that_fits(self) -> None:
        typed(self.editor, "<ctrl-r>", "o")
        self.assertEqual(self.seen(), "search 'o'> s^o long")
        typed(self.editor, "od")
        self.assertEqual(self.seen(), "search 'ood'> G^ood night")

    def test_another_ctrl_r_goes_further_back_and_rings_at_the_end(self) -> None:
        self.assertEqual(typed(self.editor, "<ctrl-r>", "good", "<ctrl-r>"), [])
        self.assertEqual(self.seen(), "search 'good'> ^good morning")
        self.assertEqual(typed(self.editor, "<ctrl-r>"), [Ring()])
        self.assertEqual(self.seen(), "search 'good'> ^good morning")

    def test_typing_goes_on_from_where_one_is(self) -> None:
        typed(self.editor, "<ctrl-r>", "o", "<ctrl-r>", "<ctrl-r>", "o")
        self.assertEqual(self.seen(), "search 'oo'> g^ood morning")

    def test_enter_submits_what_is_found(self) -> None:
        self.assertEqual(
            typed(self.editor, "<ctrl-r>", "day", "<enter>"), [Submit(("what a day",))]
        )
        self.assertEqual(self.editor.view, (None, "", 0))

    def test_other_keys_leave_it_in_the_draft_and_do_what_they_do(self) -> None:
        for key, seen in (
            ("<escape>", "Nonewhat a ^day"), ("<left>", "Nonewhat a^ day"),
            ("<end>", "Nonewhat a day^"), ("<ctrl-k>", "Nonewhat a ^"),
        ):  # fmt: skip
            with self.subTest(key):
                typed(self.editor, "<ctrl-r>", "day", key)
                self.assertEqual(self.seen(), seen)
                typed(self.editor, "<ctrl-c>")

    def test_cancelling_gives_the_draft_back(self) -> None:
        for key in ("<ctrl-g>", "<ctrl-c>"):
            typed(self.editor, "draft", "<left>", "<ctrl-r>", "day", key)
            self.assertEqual(self.seen(), "Nonedraf^t")
            typed(self.editor, "<ctrl-c>")

    def test_down_comes_back_to_the_draft_from_what_was_found(self) -> None:
        typed(self.editor, "draft", "<ctrl-r>", "night", "<down>", "<down>")
        self.assertEqual(self.editor.draft.text, "draft")

    def test_what_fits_nothing_rings_and_is_not_sent(self) -> None:
        effects = typed(self.editor, "draft", "<ctrl-r>", "xyz", "<enter>")
        self.assertEqual(effects, [Ring()] * 4)
        self.assertEqual(self.seen(), "no match 'xyz'> draft^")
        typed(self.editor, "<backspace>", "<backspace>", "<backspace>")
        self.assertEqual(self.seen(), "search ''> draft^")

    def test_ctrl_r_twice_looks_for_the_same_again(self) -> None:
        typed(self.editor, "<ctrl-r>", "day", "<escape>", "<ctrl-c>", "<ctrl-r>", "<ctrl-r>")
        self.assertEqual(self.seen(), "search 'day'> what a ^day")


class SecretTest(unittest.TestCase):
    def test_what_is_typed_is_not_seen_and_leaves_with_enter(self) -> None:
        editor = Editor()
        typed(editor, "draft")
        editor.ask_secret("Password for alice: ")
        self.assertEqual(typed(editor, "swordfishh", "<backspace>"), [])
        self.assertEqual(editor.view, ("", "Password for alice: ", 20))
        self.assertEqual(typed(editor, "<enter>"), [Answered("swordfish")])
        self.assertEqual(editor.view, (None, "draft", 5))

    def test_it_is_not_remembered(self) -> None:
        editor = Editor()
        editor.ask_secret("? ")
        typed(editor, "swordfish", "<ctrl-u>", "hunter22", "<enter>")
        self.assertEqual(typed(editor, "<ctrl-y>", "<up>"), [Ring()])
        self.assertEqual(editor.draft.text, "")

    def test_it_may_be_pasted_in_one_line(self) -> None:
        editor = Editor()
        editor.ask_secret("? ")
        self.assertEqual(editor.handle(Paste("one\ntwo", cut=False)), [Ring()])
        editor.handle(Paste("swordfish\n", cut=False))
        self.assertEqual(typed(editor, "<enter>"), [Answered("swordfish")])

    def test_refusing_answers_nothing_and_counts_as_no_ctrl_c(self) -> None:
        for key in ("<escape>", "<ctrl-c>", "<ctrl-d>", "<ctrl-g>"):
            editor = Editor()
            editor.ask_secret("? ")
            self.assertEqual(typed(editor, "sword", key), [Answered(None)])
            self.assertEqual(typed(editor, "<ctrl-c>"), [Interrupt(1)])

    def test_a_question_can_be_withdrawn(self) -> None:
        editor = Editor()
        editor.ask_secret("? ")
        typed(editor, "sword")
        editor.cancel_secret()
        self.assertEqual(editor.view, (None, "", 0))

    def test_a_password_in_a_command_is_drawn_as_asterisks_and_forgotten(self) -> None:
        editor = Editor()
        typed(editor, "/login alice swordfish")
        self.assertEqual(editor.view, (None, "/login alice *********", 22))
        self.assertEqual(typed(editor, "<enter>"), [Submit(("/login alice swordfish",))])
        typed(editor, "<up>")
        self.assertEqual(editor.draft.text, "/login alice ********")


class RoomKeysTest(unittest.TestCase):
    def test_alt_and_an_arrow_switch_rooms_where_there_are_any(self) -> None:
        editor = Editor(switches_rooms=True)
        effects = typed(editor, "one two", "<alt-left>", "<alt-right>")
        self.assertEqual(effects, [Switch(-1), Switch(+1)])
        typed(editor, "<alt-b>", "x")
        self.assertEqual(editor.draft.text, "one xtwo")

    def test_elsewhere_they_move_by_a_word(self) -> None:
        editor = Editor()
        self.assertEqual(typed(editor, "one two", "<alt-left>", "x"), [])
        self.assertEqual(editor.draft.text, "one xtwo")


class PropertyTest(unittest.TestCase):
    @given(st.lists(key_strokes))
    def test_the_cursor_stays_within_the_draft(self, strokes: list[Keystroke]) -> None:
        editor = Editor(names)
        for stroke in strokes:
            editor.handle(stroke)
            self.assertTrue(0 <= editor.draft.cursor <= len(editor.draft.text))

    @given(st.lists(key_strokes))
    def test_a_submitted_line_is_never_blank_and_has_no_line_end(
        self, strokes: list[Keystroke]
    ) -> None:
        editor = Editor(names)
        effects = [effect for stroke in strokes for effect in editor.handle(stroke)]
        for effect in effects:
            for line in effect.lines if isinstance(effect, Submit) else ():
                self.assertTrue(line.strip())
                self.assertNotIn("\n", line)
