"""What the command line says reaches those who do it; what makes no sense is one line."""

import contextlib
import io
import os
import subprocess
import sys
import tempfile
import unittest
from unittest.mock import patch

from reactor_chat import __version__
from reactor_chat.__main__ import main
from reactor_chat.lesson.book import CHAPTERS
from reactor_chat.store.log_command import LogOptions


class MainCase(unittest.TestCase):
    def run_main(self, *arguments: str) -> tuple[int, str, str]:
        """Return the status, and what was written to standard output and to standard error."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = main(arguments)
            except SystemExit as end:
                status = end.code if isinstance(end.code, int) else 0
        return status, out.getvalue(), err.getvalue()

    def assert_one_line(self, about: str, *arguments: str) -> None:
        status, out, err = self.run_main(*arguments)
        self.assertEqual((status, out), (2, ""))
        self.assertRegex(err, rf"\Areactor-chat\b.*{about}.*\n\Z")


class CheckTest(MainCase):
    def test_a_certificate_that_cannot_be_read_is_one_line(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/none.pem"
            found = self.run_main("server", "--cert", path, "--key", path, "--check")
        why = f"Cannot serve over TLS: cannot read {path}: No such file or directory.\n"
        self.assertEqual(found, (1, "", why))


class VersionTest(MainCase):
    def test_every_command_tells_it(self) -> None:
        for words in ((), ("server",), ("client",), ("log",)):
            told = self.run_main(*words, "--version")
            self.assertEqual(told, (0, f"reactor-chat {__version__}\n", ""))


# As if Ctrl-C came when the first module of the client is looked for.
_INTERRUPTED_START = """
import runpy, sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == "reactor_chat.client":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupt())
runpy.run_module("reactor_chat", run_name="__main__")
"""


class StartTest(unittest.TestCase):
    def test_an_interrupt_while_the_program_is_loaded_is_a_status_and_no_traceback(self) -> None:
        command = [sys.executable, "-c", _INTERRUPTED_START]
        done = subprocess.run(command, capture_output=True, check=False, timeout=30)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (130, b"", b""))


class LogTest(MainCase):
    def options(self, *arguments: str) -> LogOptions:
        with patch("reactor_chat.__main__.print_log", return_value=0) as run:
            self.assertEqual(self.run_main("log", *arguments), (0, "", ""))
        options = run.call_args.args[0]
        assert isinstance(options, LogOptions)
        return options

    def test_each_option_reaches_who_prints(self) -> None:
        self.assertEqual(self.options("56040.db"), LogOptions("56040.db"))
        self.assertEqual(
            self.options("56040.db", "tea", "--since", "1970-01-02", "--json"),
            LogOptions("56040.db", "tea", 24 * 3600 * 1000, True),
        )

    def test_what_makes_no_sense_is_one_line(self) -> None:
        self.assert_one_line("FILE", "log")
        self.assert_one_line("yesterday is not a time", "log", "56040.db", "--since", "yesterday")


class LessonTest(MainCase):
    def test_the_help_lists_the_chapters(self) -> None:
        status, out, _ = self.run_main("lesson", "--help")
        self.assertEqual(status, 0)
        for number, chapter in enumerate(CHAPTERS, 1):
            self.assertIn(f"{number:2}  {chapter.title}\n", out)

    def test_a_chapter_that_is_not_there_is_one_line(self) -> None:
        self.assert_one_line("invalid choice: 99", "lesson", "99")

    def test_one_chapter_is_written_to_a_pipe(self) -> None:
        run = subprocess.run(
            [sys.executable, "-m", "reactor_chat", "lesson", "4"],
            env={**os.environ, "TERM": "xterm"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertTrue(run.stdout.startswith(f"== 4. {CHAPTERS[3].title} "))
        self.assertNotIn("\x1b", run.stdout)
        self.assertEqual(run.stderr, "")


if __name__ == "__main__":
    unittest.main()
