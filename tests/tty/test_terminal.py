"""What is on the screen of a real pseudo-terminal, and what the terminal is left as."""

import errno
import os
import select
import termios
import unittest
from collections.abc import Sequence
from typing import ClassVar
from unittest import mock

from reactor_chat.tty.links import Links
from reactor_chat.tty.terminal import (
    Answered,
    End,
    Event,
    HungUp,
    Interrupt,
    Submit,
    Suspend,
    Terminal,
    in_foreground,
    is_terminal,
)
from tests.window import PATIENCE, Window

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


def names(before: str) -> tuple[int, Sequence[str]]:
    return 0, [name for name in ("alice: ", "alan: ") if name.startswith(before)]


class TerminalCase(unittest.TestCase):
    """A terminal in a window of 40 columns and 8 rows."""

    def setUp(self) -> None:
        self.use(Window())

    def use(self, window: Window) -> None:
        self.window = window
        self.screen = window.screen
        self.addCleanup(window.close)
        self.writes: list[bytes] = []
        self.terminal = Terminal(window.slave, window.slave, self.write, completer=names)
        self.addCleanup(self.terminal.close)
        self.terminal.open()

    def write(self, data: bytes) -> None:
        self.writes.append(data)
        self.window.write(data)

    def press(self, keys: str) -> list[Event]:
        """Press keys, and let the terminal read all of them at once."""
        self.window.type(keys)
        while self.window.waiting() < len(keys.encode()):
            if not select.select([self.window.slave], [], [], PATIENCE)[0]:
                self.fail("the keys never arrived")
        return self.terminal.on_input()

    def pour(self, keys: str) -> None:
        """Press more keys than come through in one read."""
        for at in range(0, len(keys), 4000):
            self.assertEqual(self.press(keys[at : at + 4000]), [])

    def resize(self, columns: int, lines: int) -> None:
        self.window.resize(columns, lines)
        self.terminal.resize()


class DraftTest(TerminalCase):
    def test_the_prompt_waits_on_the_last_row(self) -> None:
        self.assertEqual(self.screen.rows, [">"])
        self.assertEqual(self.screen.column, 2)

    def test_what_is_typed_stands_behind_the_prompt(self) -> None:
        self.press("hello")
        self.assertEqual(self.screen.rows, ["> hello"])
        self.assertEqual(self.screen.column, 7)

    def test_the_draft_stays_whole_below_what_arrives(self) -> None:
        self.press("half a sent")
        self.terminal.show(["alice: hi", "bob: hello"])
        self.press("ence")
        self.terminal.show(["carol: good morning"])
        self.assertEqual(self.screen.above, ["alice: hi", "bob: hello", "carol: good morning"])
        self.assertEqual(self.screen.last, "> half a sentence")
        self.assertEqual(self.screen.column, 17)

    def test_the_cursor_keeps_its_place_while_lines_arrive(self) -> None:
        self.press("hello\x1b[D\x1b[D")
        self.terminal.show(["alice: hi"])
        self.assertEqual((self.screen.last, self.screen.column), ("> hello", 5))

    def test_it_stays_on_the_last_row_when_the_screen_is_full(self) -> None:
        self.press("draft")
        self.terminal.show([f"line {number}" for number in range(20)])
        self.assertEqual(self.screen.rows, [f"line {n}" for n in range(13, 20)] + ["> draft"])

    def test_lines_wider_than_the_screen_wrap_above_it(self) -> None:
        self.press("draft")
        self.terminal.show(["x" * 40, "y" * 41, "日" * 21])
        self.assertEqual(
            self.screen.rows, ["x" * 40, "y" * 40, "      y", "日" * 20, "      日", "> draft"]
        )

    def test_a_submitted_line_leaves_an_empty_draft(self) -> None:
        self.assertEqual(self.press("hello\r"), [Submit(("hello",))])
        self.assertEqual(self.screen.rows, [">"])

    def test_typing_ahead_gives_every_line_and_keeps_the_rest(self) -> None:
        self.assertEqual(self.press("one\rtwo\rthr"), [Submit(("one",)), Submit(("two",))])
        self.assertEqual(self.screen.last, "> thr")

    def test_wide_characters_marks_and_emoji_take_their_columns(self) -> None:
        for text, columns in (("日本", 4), ("e\u0301x", 2), (FAMILY, 2), ("ｈｉ", 4)):
            with self.subTest(text=text):
                self.press(text)
                self.assertEqual(self.screen.last, "> " + text)
                self.assertEqual(self.screen.column, 2 + columns)
                self.press("\x01\x0b")

    def test_the_cursor_goes_around_wide_characters(self) -> None:
        self.press("日本" + FAMILY + "\x1b[D\x1b[D")
        self.assertEqual(self.screen.column, 4)

    def test_a_long_draft_scrolls_sideways_on_its_one_row(self) -> None:
        text = "".join(f"{number:04}" for number in range(30))
        self.press(text)
        self.terminal.show(["alice: hi"])
        self.assertEqual(self.screen.above, ["alice: hi"])
        self.assertTrue(self.screen.last.startswith("> <"))
        self.assertTrue(self.screen.last.endswith("0029"))
        self.press("\x01")
        self.assertTrue(self.screen.last.startswith("> 00000001"))
        self.assertTrue(self.screen.last.endswith(">"))
        self.assertEqual(self.press("\r"), [Submit((text,))])

    def test_tab_completes(self) -> None:
        self.press("al\t")
        self.assertEqual(self.screen.last, "> alice:")
        self.press("\t")
        self.assertEqual(self.screen.last, "> alan:")

    def test_up_brings_back_what_was_typed_and_down_the_draft(self) -> None:
        self.press("one\rdraft\x1b[A")
        self.assertEqual(self.screen.last, "> one")
        self.press("\x1bOB")
        self.assertEqual(self.screen.last, "> draft")

    def test_a_line_that_was_put_back_is_the_draft_again(self) -> None:
        self.press("hello\r")
        self.terminal.put_back("hello")
        self.assertEqual((self.screen.last, self.screen.column), ("> hello", 7))

    def test_typing_replaces_a_line_that_was_put_back(self) -> None:
        self.press("one\r")
        self.terminal.put_back("one")
        self.press("two")
        self.assertEqual(self.screen.last, "> two")

    def test_keys_edit_a_line_that_was_put_back(self) -> None:
        self.press("one\r")
        self.terminal.put_back("one")
        self.press("\x01two ")
        self.assertEqual(self.screen.last, "> two one")

    def test_a_line_is_not_put_back_over_another(self) -> None:
        self.press("one\rtwo")
        self.terminal.put_back("one")
        self.assertEqual(self.screen.last, "> two")

    def test_a_lone_escape_is_settled_by_stillness(self) -> None:
        self.press("a\x1b")
        self.assertIsNotNone(self.terminal.patience)
        self.terminal.on_still()
        self.press("b")
        self.assertEqual(self.screen.last, "> ab")


class PasteTest(TerminalCase):
    def test_the_terminal_is_asked_to_mark_pastes_and_told_when_to_stop(self) -> None:
        self.assertTrue(self.screen.pastes_bracketed)
        self.terminal.close()
        self.assertFalse(self.screen.pastes_bracketed)

    def test_pasted_lines_are_shown_and_wait_for_a_yes(self) -> None:
        self.press("so ")
        self.assertEqual(self.press("\x1b[200~one\rtwo\x1b[201~"), [])
        self.assertEqual(self.screen.above, ["| so one", "| two"])
        self.assertTrue(self.screen.last.startswith("Send 2 lines?"))
        self.assertEqual(self.press("\ry"), [Submit(("so one", "two"))])
        self.assertEqual(self.screen.last, ">")

    def test_a_paste_that_is_refused_leaves_the_draft(self) -> None:
        self.press("so \x1b[200~one\rtwo\x1b[201~")
        self.press("n")
        self.assertEqual(self.screen.above[-1], "Not sent.")
        self.assertEqual((self.screen.last, self.screen.column), ("> so", 5))

    def test_lines_arrive_above_the_question(self) -> None:
        self.press("\x1b[200~one\rtwo\x1b[201~")
        self.terminal.show(["alice: hi"])
        self.assertEqual(self.screen.above[-1], "alice: hi")
        self.assertTrue(self.screen.last.startswith("Send"))

    def test_a_paste_of_a_megabyte_is_taken_whole_and_told_shortly(self) -> None:
        self.pour("\x1b[200~" + "0123456789" * 50_000 + "\n" + "x" * 500_000 + "\x1b[201~")
        self.assertTrue(self.screen.last.startswith("Send 2 lines?"))
        self.assertEqual(self.press("y"), [Submit(("0123456789" * 50_000, "x" * 500_000))])

    def test_a_long_line_in_the_draft_is_drawn_as_a_screen_of_it(self) -> None:
        self.pour("\x1b[200~" + "x" * 500_000 + "\x1b[201~")
        self.assertTrue(self.screen.last.startswith("> <xxx"))
        self.assertLess(len(self.writes[-1]), 200)


class SecretTest(TerminalCase):
    def test_a_password_is_asked_for_in_the_place_of_the_draft(self) -> None:
        self.press("draft")
        self.terminal.ask_secret("Password for alice: ")
        self.assertEqual(self.screen.last, "Password for alice:")
        self.press("swordfish")
        self.terminal.show(["bob: hi"])
        self.assertEqual(self.screen.rows, ["bob: hi", "Password for alice:"])
        self.assertEqual(self.press("\r"), [Answered("swordfish")])
        self.assertEqual(self.screen.last, "> draft")
        self.assertNotIn(b"fish", b"".join(self.writes))

    def test_the_question_can_be_withdrawn(self) -> None:
        self.terminal.ask_secret("Password for alice: ")
        self.terminal.cancel_secret()
        self.assertEqual(self.screen.last, ">")


class LinkTest(TerminalCase):
    def test_a_folded_address_is_one_link(self) -> None:
        address = "http://example.org/" + "x" * 60
        self.terminal.show([Links().mark(f"bob: {address}")])
        link = f"id=1;{address}"
        self.assertEqual({target for target, _ in self.screen.links}, {link})
        self.assertGreater(len(self.screen.links), 1)
        self.assertEqual("".join(text for _, text in self.screen.links), address)


class ScreenTest(TerminalCase):
    def test_a_wider_window_keeps_the_draft(self) -> None:
        self.terminal.show(["alice: hi"])
        self.press("hello")
        self.resize(60, 8)
        self.assertEqual(self.screen.rows, ["alice: hi", "> hello"])

    def test_a_narrower_window_shows_the_draft_once(self) -> None:
        for reflows in (True, False):
            with self.subTest(reflows=reflows):
                self.use(Window(reflows=reflows))
                self.terminal.show(["alice: hi"])
                self.press("a draft of more than 24 columns")
                self.resize(24, 8)
                self.assertEqual(self.screen.above, ["alice: hi"])
                self.assertTrue(self.screen.last.startswith("> <"))
                self.assertTrue(self.screen.last.endswith("24 columns"))

    def test_going_back_to_the_old_width_shows_all_of_it_again(self) -> None:
        self.press("a draft of more than 24 columns")
        self.resize(24, 8)
        self.resize(40, 8)
        self.assertEqual(self.screen.rows, ["> a draft of more than 24 columns"])

    def test_a_resize_leaves_no_copies_in_the_scrollback(self) -> None:
        self.terminal.show([f"line {number}" for number in range(20)])
        self.press("a draft of more than 24 columns")
        for columns in (24, 12, 24, 40, 16, 40):
            self.resize(columns, 8)
        everything = self.screen.scrolled_off + self.screen.rows
        lines = [row for row in everything if row.startswith("line ")]
        self.assertEqual(lines, [f"line {number}" for number in range(20)])
        self.assertEqual([row for row in everything if "draft" in row], everything[-1:])

    def test_a_line_that_has_partly_scrolled_off_is_not_copied(self) -> None:
        self.terminal.show([f"line {number}" for number in range(5)])
        self.terminal.show(["alice: " + "word " * 30 + "end", *"123"])
        for columns in (24, 32, 20, 40):
            self.resize(columns, 8)
            with self.subTest(columns=columns):
                everything = "".join(self.screen.scrolled_off + self.screen.rows)
                self.assertEqual(everything.count("alice"), 1)
                self.assertEqual(everything.replace(" ", "").count("word"), 30)
                self.assertIn("end", everything)

    def test_ctrl_l_clears_what_others_wrote_and_draws_the_lines_again(self) -> None:
        self.terminal.show(["alice: hi"])
        self.press("draft")
        self.window.write(b"\r\nsome other program's noise")
        self.press("\x0c")
        self.assertEqual(self.screen.rows, ["alice: hi", "> draft"])

    def test_ctrl_l_draws_no_more_than_the_screen_holds(self) -> None:
        self.terminal.show([f"line {number}" for number in range(20)])
        self.press("\x0c")
        self.assertEqual(self.screen.rows, [f"line {n}" for n in range(13, 20)] + [">"])

    def test_ctrl_l_draws_no_more_of_a_long_line_than_the_screen_holds(self) -> None:
        self.terminal.show(["alice: " + "word " * 30 + "end", *"12345"])
        self.press("draft")
        before = self.screen.scrolled_off[:], self.screen.rows
        for _ in range(3):
            self.press("\x0c")
            self.assertEqual((self.screen.scrolled_off, self.screen.rows), before)

    def test_a_line_that_ctrl_l_drew_in_part_is_not_copied_by_a_resize(self) -> None:
        self.terminal.show(["alice: " + "word " * 30 + "end", *"12345"])
        self.press("\x0c")
        for columns in (24, 40):
            self.resize(columns, 8)
            everything = "".join(self.screen.scrolled_off + self.screen.rows)
            self.assertEqual(everything.count("alice"), 1)
            self.assertEqual(everything.replace(" ", "").count("word"), 30)

    def test_the_bell_rings_when_asked(self) -> None:
        self.terminal.show(["[PM from alice] hi"], ring=True)
        self.assertEqual(self.screen.bells, 1)
        self.assertEqual(self.screen.rows, ["[PM from alice] hi", ">"])

    def test_many_lines_are_one_write(self) -> None:
        self.writes.clear()
        self.terminal.show([f"line {number}" for number in range(100)])
        self.assertEqual(len(self.writes), 1)

    def test_a_key_that_changes_nothing_writes_nothing(self) -> None:
        self.writes.clear()
        self.press("\x1b[D")
        self.assertEqual(self.writes, [])

    def test_a_new_prompt_shows_at_once(self) -> None:
        self.press("hello")
        self.terminal.set_prompt("tea (games 3)> ")
        self.assertEqual((self.screen.last, self.screen.column), ("tea (games 3)> hello", 20))
        self.assertEqual(self.terminal.prompt, "tea (games 3)> ")

    def test_what_happens_in_a_batch_is_one_write(self) -> None:
        self.writes.clear()
        with self.terminal.batch():
            self.assertEqual(self.press("one\rtwo"), [Submit(("one",))])
            self.terminal.show(["alice: hi"])
            self.terminal.set_prompt("tea> ")
            self.terminal.show(["bob: hello"], ring=True)
        self.assertEqual(len(self.writes), 1)
        self.assertEqual(self.screen.rows, ["alice: hi", "bob: hello", "tea> two"])
        self.assertEqual(self.screen.bells, 1)

    def test_closing_within_a_batch_loses_no_line(self) -> None:
        with self.terminal.batch():
            self.terminal.show(["alice: hi"])
            self.terminal.close()
        self.assertEqual(self.screen.rows, ["alice: hi", ""])

    def test_keys_that_come_together_are_drawn_once(self) -> None:
        self.writes.clear()
        self.press("\u043f" * 400 + "\x7f" * 300)
        self.assertEqual(len(self.writes), 1)

    def test_a_size_of_nothing_counts_as_80_columns(self) -> None:
        termios.tcsetwinsize(self.window.slave, (0, 0))
        self.press("x" * 39)
        self.assertIn(b"x" * 39, self.writes[-1])


class PlaceTest(TerminalCase):
    """In tmux, which says where the cursor is."""

    def setUp(self) -> None:
        self.enterContext(mock.patch.dict(os.environ, TMUX="/tmp/tmux,1,0"))
        super().setUp()

    def drag(self, columns: int, lines: int) -> None:
        self.resize(columns, lines)
        self.window.until(lambda screen: screen.answers)
        answer, self.screen.answers = self.screen.answers, ""
        self.assertEqual(self.press(answer), [])

    def test_what_stands_above_the_lines_is_left_alone(self) -> None:
        self.terminal.close()
        self.window.write(b"$ reactor-chat client\r\n")
        self.terminal.open()
        self.terminal.show(["alice: hi", "bob: hello"])
        self.press("a draft of more than 24 columns")
        for columns in (24, 40, 12, 40):
            self.drag(columns, 8)
        self.assertEqual(self.screen.scrolled_off, [])
        self.assertEqual(
            [row for row in self.screen.rows if row],
            [
                "$ reactor-chat client",
                "alice: hi",
                "bob: hello",
                "> a draft of more than 24 columns",
            ],
        )

    def test_nothing_is_copied_into_the_scrollback(self) -> None:
        self.terminal.show([f"line {number}" for number in range(20)])
        self.press("a draft of more than 24 columns")
        for columns, lines in ((24, 8), (12, 8), (40, 6), (16, 8), (40, 8)):
            self.drag(columns, lines)
        everything = self.screen.scrolled_off + [row for row in self.screen.rows if row]
        self.assertEqual(
            everything,
            [f"line {number}" for number in range(20)] + ["> a draft of more than 24 columns"],
        )

    def test_a_line_that_comes_back_out_of_the_scrollback_is_there_once(self) -> None:
        self.use(Window(110, 12, pulls=True))
        lines = [f"line {number}" for number in range(8)]
        long = [f"{name}: {'word ' * 25}".rstrip() for name in ("alice", "bob", "carol")]
        self.terminal.show([*lines, *long, "dora: hi"])
        self.drag(40, 4)
        self.drag(30, 24)
        everything = self.screen.scrolled_off + self.screen.rows
        self.assertEqual([row for row in everything if row.startswith("line ")], lines)
        self.assertEqual("".join(everything).count("word"), 75)

    def test_emoji_that_the_terminal_joins_hide_no_line(self) -> None:
        self.use(Window(70, 12))
        lines = [f"line {number}" for number in range(4)]
        self.terminal.show([*lines, f"alice: {'word ' * 10}{FAMILY}"])
        self.drag(30, 8)
        everything = self.screen.scrolled_off + self.screen.rows
        self.assertEqual([row for row in everything if row.startswith("line ")], lines)
        self.assertEqual("".join(everything).count("word"), 10)

    def test_what_arrives_before_the_answer_is_shown_at_once(self) -> None:
        self.terminal.show(["alice: hi"])
        self.press("draft")
        self.resize(30, 8)
        self.terminal.show(["bob: hello"])
        self.assertEqual(self.screen.above[-2:], ["alice: hi", "bob: hello"])
        self.assertEqual(self.screen.last, "> draft")
        self.press("\x1b[1;1R")
        self.assertEqual(self.screen.last, "> draft")

    def test_what_arrives_before_the_answer_copies_no_line_that_has_partly_scrolled_off(
        self,
    ) -> None:
        self.terminal.show(["alice: " + "word " * 30 + "end", *"1234"])
        self.resize(30, 8)
        self.terminal.show(["bob: hello"])
        everything = "".join(self.screen.scrolled_off + self.screen.rows)
        self.assertEqual(everything.count("alice"), 1)
        self.assertEqual(everything.replace(" ", "").count("word"), 30)


class OthersTest(TerminalCase):
    """What others write on the same screen is theirs: before the first line, and after a stop."""

    variables: ClassVar[dict[str, str]] = {}

    def setUp(self) -> None:
        self.enterContext(mock.patch.dict(os.environ, self.variables))
        super().setUp()

    def drag(self, columns: int, lines: int) -> None:
        self.resize(columns, lines)
        if self.variables:
            self.window.until(lambda screen: screen.answers)
            answer, self.screen.answers = self.screen.answers, ""
            self.press(answer)

    def run_others(self, *lines: str) -> None:
        """Give the terminal to others, who write lines, and take it again."""
        self.terminal.close()
        self.window.write("".join(f"{line}\r\n" for line in lines).encode())
        self.terminal.open()

    def everything(self) -> list[str]:
        return self.screen.scrolled_off + [row for row in self.screen.rows if row]

    def test_a_resize_leaves_what_stood_there_before(self) -> None:
        before = ["$ ls", "file1 file2", "$ reactor-chat client"]
        self.run_others(*before)
        self.terminal.show(["alice: hi", "bob: hello"])
        for columns, lines in ((50, 8), (24, 8), (40, 6), (40, 8)):
            self.drag(columns, lines)
            with self.subTest(columns=columns, lines=lines):
                self.assertEqual(self.everything(), [*before, "alice: hi", "bob: hello", ">"])

    def test_a_resize_leaves_what_was_written_during_a_stop(self) -> None:
        old, built = [f"line {n}" for n in range(20)], [f"built {n}" for n in range(9)]
        self.terminal.show(old)
        self.run_others("$ make", *built, "$ fg")
        self.terminal.show(["bob: back?"])
        for columns, lines in ((50, 8), (24, 8), (40, 12)):
            self.drag(columns, lines)
            with self.subTest(columns=columns, lines=lines):
                self.assertEqual(
                    self.everything(), [*old, "$ make", *built, "$ fg", "bob: back?", ">"]
                )

    def test_so_does_one_for_which_a_line_does_not_wait(self) -> None:
        self.terminal.show([f"line {n}" for n in range(20)])
        self.run_others("$ make", "$ fg")
        self.resize(50, 8)
        self.terminal.show(["bob: back?"])
        self.assertEqual(self.screen.rows[-4:], ["$ make", "$ fg", "bob: back?", ">"])

    def test_ctrl_l_brings_the_lines_back_that_stood_there_before_a_stop(self) -> None:
        self.terminal.show([f"line {n}" for n in range(20)])
        self.run_others("$ make", "$ fg")
        self.terminal.show(["bob: back?"])
        self.press("\x0c")
        shown = [*(f"line {n}" for n in range(14, 20)), "bob: back?", ">"]
        self.assertEqual(self.screen.rows, shown)
        self.drag(20, 8)
        self.assertEqual(self.screen.rows, shown)


class OthersInTmuxTest(OthersTest):
    variables: ClassVar[dict[str, str]] = {"TMUX": "/tmp/tmux,1,0"}


class ModesTest(TerminalCase):
    def test_no_key_sends_a_signal_or_stops_the_output(self) -> None:
        modes = termios.tcgetattr(self.window.slave)
        self.assertFalse(modes[3] & (termios.ISIG | termios.ICANON | termios.ECHO))
        self.assertFalse(modes[0] & termios.IXON)

    def test_closing_restores_the_modes_and_clears_the_row(self) -> None:
        self.terminal.show(["alice: hi"])
        self.press("draft")
        self.terminal.close()
        self.assertTrue(self.window.is_restored())
        self.assertEqual(self.screen.rows, ["alice: hi", ""])

    def test_closing_again_does_nothing(self) -> None:
        self.terminal.close()
        self.writes.clear()
        self.terminal.close()
        self.assertEqual(self.writes, [])

    def test_the_descriptor_stays_blocking(self) -> None:
        self.assertTrue(os.get_blocking(self.window.slave))

    def test_closed_and_opened_again_it_stands_below_what_came_between(self) -> None:
        self.press("draft")
        self.terminal.close()
        self.assertFalse(self.terminal.is_open)
        self.assertEqual((self.window.is_restored(), self.screen.rows), (True, [""]))
        self.window.write(b"$ fg\r\n")
        self.terminal.open()
        self.assertTrue(self.terminal.is_open)
        self.assertEqual(self.screen.rows, ["$ fg", "> draft"])
        self.assertFalse(self.window.is_restored())

    def test_after_a_stop_without_warning_it_takes_the_terminal_again(self) -> None:
        self.press("draft")
        termios.tcsetattr(self.window.slave, termios.TCSANOW, self.window.modes)
        self.window.write(b"\r\n$ fg\r\n")
        self.terminal.open()
        self.assertFalse(self.window.is_restored())
        self.assertEqual(self.screen.last, "> draft")
        self.terminal.close()
        self.assertTrue(self.window.is_restored())

    def test_a_job_that_goes_to_the_background_while_it_opens_stays_closed(self) -> None:
        self.terminal.close()
        error = termios.error(errno.EINTR, "Interrupted system call")
        with mock.patch("termios.tcsetattr", side_effect=error):
            self.terminal.open()
        self.assertFalse(self.terminal.is_open)
        self.terminal.open()
        self.assertTrue(self.terminal.is_open)
        self.terminal.close()
        self.assertTrue(self.window.is_restored())

    def test_lines_shown_after_closing_are_plain(self) -> None:
        self.terminal.close()
        self.writes.clear()
        self.terminal.show(["the last words"])
        self.assertEqual(self.writes, [b"the last words\r\n"])


class EventTest(TerminalCase):
    def test_what_the_caller_must_act_on_is_given_to_it(self) -> None:
        self.assertEqual(self.press("\x03\x03"), [Interrupt(1), Interrupt(2)])
        self.assertEqual(self.press("\x1a"), [Suspend()])
        self.assertEqual(self.press("\x04"), [End()])

    def test_a_terminal_that_hung_up_is_no_key(self) -> None:
        self.window.hang_up()
        self.assertEqual(self.terminal.on_input(), [HungUp()])
        self.write = lambda data: None  # type: ignore[method-assign]

    def test_an_end_of_input_that_somebody_else_made_of_ctrl_d_is_a_key(self) -> None:
        with mock.patch("os.read", return_value=b""):
            self.assertEqual(self.terminal.on_input(), [End()])

    def test_closing_a_terminal_that_hung_up_raises_nothing(self) -> None:
        self.window.hang_up()
        with mock.patch.object(self.terminal, "_write", side_effect=OSError):
            self.terminal.close()


class IsTerminalTest(unittest.TestCase):
    def setUp(self) -> None:
        self.window = Window()
        self.addCleanup(self.window.close)

    def check(self, term: str, in_fd: int, out_fd: int) -> bool:
        with mock.patch.dict(os.environ, {"TERM": term}):
            return is_terminal(in_fd, out_fd)

    def test_both_ends_must_be_one(self) -> None:
        slave = self.window.slave
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        self.addCleanup(os.close, writing)
        self.assertTrue(self.check("xterm", slave, slave))
        self.assertFalse(self.check("xterm", reading, slave))
        self.assertFalse(self.check("xterm", slave, writing))

    def test_one_without_escape_codes_does_not_count(self) -> None:
        self.assertFalse(self.check("dumb", self.window.slave, self.window.slave))

    def test_a_terminal_that_is_not_ours_to_lose_is_in_the_foreground(self) -> None:
        self.assertTrue(in_foreground(self.window.slave))
