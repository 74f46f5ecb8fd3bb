"""What is given to make reaches the command line, and nothing else does."""

import os
import shutil
import subprocess
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]

# What other programs may have set, for purposes of their own.
STRAY = {"HOST": "0.0.0.0", "PORT": "1", "NAME": "conda", "ROOM": "hall", "CHAPTER": "one"}


# Make tells a make that it has started what it was given itself.
OUTSIDE = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS")}

# Stands in for Python: it shows the arguments, or says which version it is.
SHOW = """\
#!/bin/sh
if [ "$1" = -m ]; then echo "$@"; else echo 3.11; fi
"""


@unittest.skipUnless(shutil.which("make"), "needs make")
class MakefileTest(unittest.TestCase):
    def setUp(self) -> None:
        self.python = Path(self.enterContext(TemporaryDirectory()), "python")
        self.python.write_text(SHOW)
        self.python.chmod(0o700)

    def command(self, *arguments: str, **environment: str) -> str:
        """Return the arguments with which make runs Python."""
        return subprocess.run(
            ["make", "--no-print-directory", f"PYTHON={self.python}", *arguments],
            cwd=ROOT,
            env={**OUTSIDE, **environment},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    def test_without_anything_the_programs_have_their_defaults(self) -> None:
        self.assertEqual(self.command("run-server"), "-m reactor_chat server")
        self.assertEqual(self.command("run-client"), "-m reactor_chat client")

    def test_variables_of_the_environment_do_not_reach_the_programs(self) -> None:
        self.assertEqual(self.command("run-server", **STRAY), "-m reactor_chat server")
        self.assertEqual(self.command("run-client", **STRAY), "-m reactor_chat client")
        self.assertEqual(self.command("-e", "run-client", **STRAY), "-m reactor_chat client")

    def test_what_is_given_to_make_does(self) -> None:
        given = ("HOST=a b", "PORT=5", "NAME=it's", "ROOM=$$tea", "ARGS=--quiet")
        self.assertEqual(
            self.command("run-client", *given, **STRAY),
            "-m reactor_chat client a b --port 5 --name it's --room $tea --quiet",
        )
        self.assertEqual(
            self.command("run-server", "HOST=[::1]:5", **STRAY),
            "-m reactor_chat server --host [::1]:5",
        )

    def test_a_chapter_of_the_lesson(self) -> None:
        self.assertEqual(self.command("lesson", **STRAY), "-m reactor_chat lesson")
        self.assertEqual(self.command("lesson", "CHAPTER=3"), "-m reactor_chat lesson 3")

    def test_what_is_empty_is_as_if_it_were_not_given(self) -> None:
        given = ("HOST=", "PORT=", "NAME=", "ROOM=")
        self.assertEqual(self.command("run-client", *given, **STRAY), "-m reactor_chat client")
        self.assertEqual(self.command("run-server", *given, **STRAY), "-m reactor_chat server")


if __name__ == "__main__":
    unittest.main()
