"""The lesson as a program: its streams, whatever they are, and its status."""

import os
import resource
import signal
import subprocess
import sys
import termios
import unittest
from collections.abc import Callable

from reactor_chat.lesson.peer import LEAST_DESCRIPTORS
from tests.client.peer import environment, read_to_end
from tests.window import PATIENCE, Window

PROMPT = "[q] quit:"


def lesson(chapter: int) -> list[str]:
    strict = ["-X", "dev", "-W", "error"]
    return [sys.executable, *strict, "-m", "reactor_chat", "lesson", str(chapter)]


def allow_descriptors(soft: int, hard: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class StreamsTest(unittest.TestCase):
    """Whatever its streams are, a lesson that cannot go on says so in one line."""

    def play(
        self,
        chapter: int = 1,
        stdout: int = subprocess.DEVNULL,
        prepare: Callable[[], None] | None = None,
        **variables: str,
    ) -> tuple[int, str]:
        """Return the status, and what was written to standard error."""
        run = subprocess.run(
            lesson(chapter),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            preexec_fn=prepare,
            env=environment(**variables),
            timeout=PATIENCE,
        )
        return run.returncode, run.stderr.decode()

    def test_a_disk_that_is_full(self) -> None:
        full = os.open("/dev/full", os.O_WRONLY)
        self.addCleanup(os.close, full)
        said = "Cannot go on with the lesson: no space left on device.\n"
        self.assertEqual(self.play(stdout=full), (1, said))

    def test_a_reader_that_has_seen_enough_is_no_error(self) -> None:
        here, there = os.pipe()
        os.close(here)
        self.addCleanup(os.close, there)
        self.assertEqual(self.play(stdout=there), (0, ""))

    def test_an_output_that_is_closed(self) -> None:
        said = "Cannot go on with the lesson: standard output is closed.\n"
        self.assertEqual(self.play(prepare=lambda: os.close(1)), (1, said))

    def test_an_input_that_is_closed_is_as_good_as_none(self) -> None:
        self.assertEqual(self.play(prepare=lambda: os.close(0)), (0, ""))

    def test_an_output_that_knows_little_of_unicode(self) -> None:
        self.assertEqual(self.play(PYTHONIOENCODING="ascii"), (0, ""))

    def test_too_few_descriptors(self) -> None:
        least = LEAST_DESCRIPTORS
        takes = f"it takes {least} open files, and fewer are allowed"
        said = f"Cannot go on with the lesson: {takes}.\n"
        self.assertEqual(self.play(8, prepare=lambda: allow_descriptors(40, least - 1)), (1, said))
        self.assertEqual(self.play(8, prepare=lambda: allow_descriptors(40, least)), (0, ""))


class TerminalTest(unittest.TestCase):
    """A reader at a terminal of 80 columns and 24 rows."""

    def setUp(self) -> None:
        self.window = Window(80, 24)
        self.addCleanup(self.window.close)
        self.screen = self.window.screen

    def start(self, chapter: int = 1, **variables: str) -> None:
        self.lesson = self.window.run(
            lesson(chapter), stderr=subprocess.PIPE, env=environment(**variables)
        )
        self.addCleanup(self.lesson.communicate)
        self.addCleanup(self.lesson.kill)
        self.until_asked()

    def until_asked(self) -> None:
        self.window.until(lambda screen: screen.last.endswith(PROMPT))

    def type(self, keys: str | bytes) -> None:
        """Type, and wait until more is asked for."""
        before = self.times_asked()
        self.window.type(keys)
        self.window.until(lambda screen: self.times_asked() > before)

    def times_asked(self) -> int:
        return sum(PROMPT in row for row in self.screen.scrolled_off + self.screen.rows)

    def end(self, keys: str | bytes) -> tuple[int, str]:
        """Type what ends it; return the status, and what was written to standard error."""
        self.window.type(keys)
        assert self.lesson.stderr is not None
        error = read_to_end(self.lesson.stderr.fileno()).decode()
        status = self.lesson.wait(PATIENCE)
        self.window.until(lambda screen: not screen.last)
        return status, error

    def test_the_end_of_the_input_leaves_the_shell_a_row_of_its_own(self) -> None:
        self.start()
        self.assertEqual(self.end(b"\x04"), (0, ""))

    def test_ctrl_c_ends_it_as_a_shell_expects(self) -> None:
        self.start()
        self.assertEqual(self.end(b"\x03"), (128 + signal.SIGINT, ""))

    def test_keys_that_are_no_text_are_nothing(self) -> None:
        self.start(PYTHONIOENCODING="utf-8:strict")  # as in most locales
        self.echo(False)  # a terminal would show them, each in its own way
        self.type(b"\xff\xfe\n")
        self.echo(True)
        self.assertEqual(self.end("q\n"), (0, ""))

    def echo(self, on: bool) -> None:
        modes = termios.tcgetattr(self.window.slave)
        modes[3] = modes[3] | termios.ECHO if on else modes[3] & ~termios.ECHO
        termios.tcsetattr(self.window.slave, termios.TCSANOW, modes)

    def test_a_terminal_has_colours_unless_they_are_unwelcome(self) -> None:
        for term, no_color, coloured in (
            ("xterm", "", True),
            ("xterm", "1", False),
            ("dumb", "", False),
        ):
            with self.subTest(TERM=term, NO_COLOR=no_color):
                self.setUp()
                self.start(TERM=term, NO_COLOR=no_color)
                styles = {style for row in self.screen.cells for _, style in row}
                self.assertEqual(len(styles) > 1, coloured)

    def test_a_page_fits_into_a_window_that_became_smaller(self) -> None:
        self.start()
        self.window.resize(80, 12)
        self.type("\n")
        shown = [row for row in self.screen.rows if row.startswith("-- a turn")]
        self.assertEqual(len(shown), 1)


if __name__ == "__main__":
    unittest.main()
