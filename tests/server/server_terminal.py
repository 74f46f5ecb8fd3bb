"""The operator's terminal: a window with a server in it, and people on real sockets who call it.

Nothing here sleeps: what waits, waits on a descriptor, and fails after `PATIENCE` seconds.
"""

import re
import subprocess
import tempfile
import unittest

from tests.client.peer import environment
from tests.processes import Client, Sources, server_argv
from tests.window import PATIENCE, Window

STAMP = len("18:20:56 ")  # what stands before each line of the log


class ServerTerminal(unittest.TestCase):
    """A server in a window of 76 columns and 16 rows, and people who call it."""

    def setUp(self) -> None:
        self.sources = Sources()
        self.open_window()

    def open_window(self) -> None:
        self.window = Window(76, 16)
        self.addCleanup(self.window.close)
        self.screen = self.window.screen

    def run_here(self, argv: list[str], **variables: str) -> None:
        self.errors = self.enterContext(tempfile.TemporaryFile())
        self.process = self.window.run(argv, stderr=self.errors, env=environment(**variables))
        self.addCleanup(finish, self.process)
        self.window.until(lambda screen: screen.last == ">")
        shown = re.search(r"listening on \S+:(\d+)", "\n".join(self.screen.rows))
        assert shown is not None
        self.port = int(shown[1])

    def start(self, *flags: str, **variables: str) -> None:
        """Run a server, and wait until one can type."""
        self.run_here(server_argv(*flags), **variables)

    def connect(self, stays: bool = False) -> Client:
        client = Client(self.sources, self.port, stays=stays)
        self.addCleanup(client.close)
        return client

    def assert_serves(self) -> None:
        client = self.connect()
        self.assertEqual(client.ask("hello"), "HELLO")
        client.close()  # or the end would wait for it

    def join(self, name: str) -> Client:
        client = self.connect()
        client.say(f"/nick {name}", "/join tea")
        client.wait_for_lines(2)
        self.window.until_shows(f"{name} joined")
        return client

    def until_draft(self, draft: str) -> None:
        self.window.until(lambda screen: screen.last == draft)

    def lines(self) -> list[str]:
        """The rows above the draft, without the time of day."""
        return [row[STAMP:] for row in self.screen.above]

    def said_to_stderr(self) -> str:
        self.errors.seek(0)
        return self.errors.read().decode()

    def expect_exit(self, status: int) -> None:
        """Wait for the end; nothing of the console may be left in the window."""
        self.assertEqual(self.process.wait(PATIENCE), status)
        self.assertTrue(self.window.is_restored())
        self.window.until(lambda screen: not screen.pastes_bracketed and not screen.last)


def finish(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait(PATIENCE)
