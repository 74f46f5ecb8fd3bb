"""The questions before connecting."""

import os
import unittest

from reactor_chat.client.asking import ask_for_server, confirm


class AskingTest(unittest.TestCase):
    def ask(self, answers: bytes) -> tuple[str | None, int, bytes]:
        """Give the answer, how many questions it took, and what was left of the input."""
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        os.write(writing, answers)
        os.close(writing)
        asked: list[str] = []
        host = ask_for_server(reading, asked.append)
        return host, len(asked), os.read(reading, 1000)

    def test_the_address_and_then_connect(self) -> None:
        self.assertEqual(self.ask(b"example.org\nCONNECT\n"), ("example.org", 2, b""))

    def test_enter_means_localhost(self) -> None:
        self.assertEqual(self.ask(b"\nCONNECT\n"), ("localhost", 2, b""))

    def test_connect_in_any_case_and_with_blanks(self) -> None:
        self.assertEqual(self.ask(b" ::1 \r\n connect\r\n"), ("::1", 2, b""))

    def test_anything_else_is_asked_again(self) -> None:
        self.assertEqual(self.ask(b"\nyes\n\nCONNECT\n"), ("localhost", 4, b""))

    def test_what_follows_is_left_for_the_conversation(self) -> None:
        self.assertEqual(self.ask(b"\nCONNECT\nhello\n")[2], b"hello\n")

    def test_the_end_of_the_input_is_no_answer(self) -> None:
        for answers in (b"", b"\n", b"\nno\n"):
            with self.subTest(answers=answers):
                self.assertIsNone(self.ask(answers)[0])

    def test_a_last_line_needs_no_end(self) -> None:
        self.assertEqual(self.ask(b"\nCONNECT")[0], "localhost")

    def test_an_endless_answer_is_cut(self) -> None:
        host, _, _ = self.ask(b"x" * 5000 + b"\nCONNECT\n")
        self.assertEqual(host, "x" * 1024)


class ConfirmingTest(unittest.TestCase):
    def confirm(self, typed: bytes) -> tuple[bool, list[str]]:
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        os.write(writing, typed)
        os.close(writing)
        asked: list[str] = []
        return confirm(reading, asked.append, "Who is it?"), asked

    def test_only_the_whole_word_confirms(self) -> None:
        self.assertTrue(self.confirm(b"yes\n")[0])
        self.assertTrue(self.confirm(b"y\nYES\n")[0])
        for typed in (b"no\n", b"n\n", b"", b"y\n"):
            self.assertFalse(self.confirm(typed)[0], typed)

    def test_what_it_is_about_is_shown_first(self) -> None:
        self.assertTrue(self.confirm(b"no\n")[1][0].startswith("Who is it?\n"))
