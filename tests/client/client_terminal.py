"""A person's terminal: a window with the client in it, and the server that the client calls."""

import re
import subprocess
import sys
import time
import unittest
from datetime import UTC, datetime
from typing import Any

from tests.client.peer import Peer, client_argv, environment, read_to_end
from tests.window import PATIENCE, Window

# A shell's job control, as far as one job needs it. The job begins as the first argument says, in
# the foreground (fg) or behind (bg). Each time it stops, a line that is typed continues it, as fg
# and bg do, or as `kill` does with a job that is stopped.
SHELL = """
import os, signal, subprocess, sys

def begin():
    os.setpgid(0, 0)
    if sys.argv[1] == "fg":
        os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)

signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = subprocess.Popen(sys.argv[2:], preexec_fn=begin)
stops = 0
while True:
    _, status = os.waitpid(job.pid, os.WUNTRACED)
    os.tcsetpgrp(0, os.getpgrp())
    if not os.WIFSTOPPED(status):
        break
    stops += 1
    print("stopped", stops)
    command = input()
    if command == "fg":
        os.tcsetpgrp(0, job.pid)
    elif command == "kill":
        os.killpg(job.pid, signal.SIGTERM)
    else:
        assert command == "bg"
    os.killpg(job.pid, signal.SIGCONT)
job.returncode = os.waitstatus_to_exitcode(status)
print("status", job.returncode)
"""


_PROMPT = re.compile(r"[^>]*>")


NO_TAGS = "-> Unknown command /tags. /help lists the commands."


def tagged(text: str, number: int | None = None, room: str | None = "tea", second: int = 0) -> str:
    """Write a line with tags, said so many seconds after midnight of this day."""
    midnight = time.mktime((*time.localtime()[:3], 0, 0, 0, 0, 0, -1))
    said = datetime.fromtimestamp(midnight + second, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    tags = [f"time={said}", *([f"room={room}"] if room else [])]
    tags += [f"id=0badcafe-{number}"] if number is not None else []
    return f"@{';'.join(tags)} {text}"


class ClientTerminal(unittest.TestCase):
    """A test of a client in a window of 76 columns and 12 rows, and a peer that it calls."""

    def setUp(self) -> None:
        self.peer = Peer()
        self.addCleanup(self.peer.close)
        self.window = Window(76, 12)
        self.addCleanup(self.window.close)
        self.screen = self.window.screen

    def argv(self, **options: Any) -> list[str]:
        return client_argv(**{"host": "127.0.0.1", "port": self.peer.port, **options})

    def run_in_window(self, argv: list[str], **variables: str) -> None:
        self.client = self.window.run(argv, stderr=subprocess.PIPE, env=environment(**variables))
        self.addCleanup(_finish, self.client)

    def start(self, **options: Any) -> None:
        """Run a client and let it get as far as being Client 1."""
        self.run_in_window(self.argv(**options))
        self.welcome()

    def start_in_shell(self, command: str = "fg") -> None:
        """Begin a job of a shell's."""
        self.run_in_window([sys.executable, "-u", "-c", SHELL, command, *self.argv()])

    def welcome(self) -> None:
        """Answer a call and the client's own questions, as a server without tags."""
        self.peer.accept()
        self.peer.expect("/tags on", "/whoami")
        self.peer.say(NO_TAGS, "-> You are Client 1.")
        self.window.until_shows("You are Client 1.")

    def start_with_tags(self, **options: Any) -> None:
        """Run a client, and let it be Client 1 on a connection with tags."""
        self.run_in_window(self.argv(**options))
        self.peer.accept()
        self.peer.expect("/tags on", "/whoami")
        self.peer.say("-> Lines carry tags now.", tagged("-> You are Client 1.", room=None))
        self.window.until_shows("You are Client 1.")

    def join(self) -> None:
        """Be alice, in tea, with bob."""
        self.peer.say("-> You are now alice.", "-> You joined tea. Here: alice, bob.")
        self.window.until_shows("You joined tea.")

    def join_with_tags(self, *rooms: str) -> None:
        """Be alice, with bob, in some rooms."""
        self.peer.say(tagged("-> You are now alice.", room=None))
        for room in rooms:
            self.peer.say(tagged(f"-> You joined {room}. Here: alice, bob.", room=room))
            self.window.until_shows(f"You joined {room}.")

    def until_draft(self, draft: str) -> None:
        self.window.until(lambda screen: screen.last == draft)

    def lines(self) -> list[str]:
        """What stands above the draft, without the time of day."""
        # A terminal passes a block on in pieces: the last one draws the draft, if there is one.
        self.window.until(lambda screen: not screen.last or _PROMPT.match(screen.last))
        return [row[6:] for row in self.screen.above]

    def expect_exit(self, status: int, error: str = "") -> None:
        """Wait for the program's end; the terminal must be as it was."""
        assert self.client.stderr is not None
        self.assertEqual(read_to_end(self.client.stderr.fileno()).decode(), error)
        self.assertEqual(self.client.wait(PATIENCE), status)
        self.assertTrue(self.window.is_restored())
        self.window.until(lambda screen: not screen.pastes_bracketed and not screen.last)


def _finish(client: subprocess.Popen[bytes]) -> None:
    client.kill()
    client.communicate()
