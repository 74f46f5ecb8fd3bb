"""A server on a file, as its clients and its operator see it: restarts, troubles, passwords.

Not here: who is cut off meanwhile (`tests.client.test_resume_checker`).
"""

import contextlib
import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from reactor_chat.store.claim import Claim
from tests.processes import PATIENCE, Client, Process, ServerCase
from tests.store.mounts import MountedFolder

PASSWORD = "a sesame that opens"
WRONG = "a sesame that does not"


class KeptCase(ServerCase):
    flags: tuple[str, ...] = ()

    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = self.folder / "chat.db"
        self.addCleanup(self.wait_for_keeper)

    def wait_for_keeper(self) -> None:
        """Wait until the keeper of a server that was killed has finished, too."""
        with contextlib.suppress(OSError):  # the folder may be another one by now
            Claim(str(self.path), PATIENCE).release()

    def begin(self, *flags: str, **options: Any) -> Process:
        """Start a server on the file."""
        return self.start("--data", str(self.path), "--rate", "0", *flags, **options)

    def restart(self, *flags: str, number: int = signal.SIGTERM) -> None:
        """End the server, and start another on the file."""
        self.server.kill(number)
        self.server.exit_status()
        self.begin(*flags)

    def kept(self, room: str = "tea") -> list[str]:
        """Return what is in the file."""
        question = "SELECT text FROM lines WHERE room = (SELECT id FROM rooms WHERE name = ?)"
        return [text for (text,) in self.ask_file(question + " ORDER BY number", room)]

    def ask_file(self, question: str, *values: str) -> list[Any]:
        """Ask the file itself."""
        with closing(sqlite3.connect(self.path)) as file:
            return file.execute(question, values).fetchall()

    def print_log(self, *arguments: str) -> list[str]:
        """Run `log` on the file."""
        command = [sys.executable, "-m", "reactor_chat", "log", str(self.path), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.split("\n")[:-1]

    def until_kept(self, *lines: str, room: str = "tea") -> None:
        """Wait until the file has these last lines."""
        deadline = time.monotonic() + PATIENCE
        while self.kept(room)[-len(lines) :] != [*lines]:
            self.assertLess(time.monotonic(), deadline, f"{lines} are not kept")
            self.sources.take_in(0.02)


class RestartTest(KeptCase):
    def test_all_is_on_disk_when_the_process_ends(self) -> None:
        self.begin()
        alice = self.join("alice")
        alice.say(*(f"line {number}" for number in range(3000)))
        self.assertEqual(alice.ask("/msg alice read"), "[PM from alice] read")
        self.server.kill(signal.SIGTERM)
        self.assertEqual(self.server.exit_status(), 0)
        self.assertEqual(self.kept(), [f"alice: line {number}" for number in range(3000)])

    def test_topics_and_names_survive_either_end(self) -> None:
        self.begin()
        alice = self.join("alice")
        self.assertEqual(alice.ask("/topic Earl Grey"), "* alice set the topic: Earl Grey")
        alice.say(f"/register {PASSWORD}")
        self.assertIn("is yours now", alice.read_line() or "")
        for number in (signal.SIGTERM, signal.SIGKILL):
            self.restart(number=number)
            bob = self.connect()
            refusal = "-> The name alice is registered: /login alice PASSWORD takes it."
            self.assertEqual(bob.ask("/nick alice"), refusal)
            self.assertEqual(bob.ask(f"/login alice {PASSWORD}"), "-> You are now alice.")
            self.assertEqual(bob.ask("/join tea"), "-> You joined tea. Here: alice.")
            self.assertEqual(bob.read_line(), "-> Topic: Earl Grey")

    def test_bans_survive(self) -> None:
        self.begin(stdin=subprocess.PIPE)
        self.server.type("/ban 127.0.0.9\n")
        self.server.wait_for_log("127.0.0.9 is banned")
        self.restart()
        self.assertEqual(self.connect(source="127.0.0.9").read_line(), "-> You are banned.")
        self.assertIn("Client", self.connect().ask("/whoami") or "")

    def test_log_prints_what_is_kept_while_the_server_runs(self) -> None:
        self.begin()
        alice = self.join("alice")
        alice.say("hello", "/me waves", "/join games", "chess?")
        self.until_kept("alice: hello", "** alice waves")
        self.assertEqual([line[25:] for line in self.print_log("tea")], self.kept())
        self.until_kept("alice: chess?", room="games")
        said = [json.loads(line) for line in self.print_log("--json", "--since", "1h")]
        self.assertEqual([one["room"] for one in said], ["tea", "tea", "games"])


class OrderTest(KeptCase):
    def test_answers_to_later_commands_follow_what_is_read_from_disk(self) -> None:
        lines = [f"alice: line {number}" for number in range(3000)]
        self.begin()
        alice = self.join("alice")
        alice.say(*(line.removeprefix("alice: ") for line in lines))
        self.assertEqual(alice.ask("/msg alice read"), "[PM from alice] read")
        self.restart()
        bob, carol = self.connect(), self.connect()
        bob.say("/join tea", "/history 10000", "/whoami", "/history 2")
        carol.say("/join tea")
        read = bob.wait_for_lines(2 + 10 + 3000 + 1 + 2 + 1)
        self.assertEqual(read[0], "-> You joined tea. Here: Client 1.")
        notice = read.index("* Client 2 joined")  # at whatever place it was said
        del read[notice]
        self.assertEqual(read[1:12], ["-> Recent messages:", *lines[-10:]])
        self.assertEqual(read[12:3012], lines)
        self.assertEqual(read[3012:], ["-> You are Client 1, in tea.", *lines[-2:]])

    def test_resuming_far_back_counts_what_is_out_of_reach(self) -> None:
        self.begin()
        alice = self.join("alice")
        for first in range(0, 10_100, 1000):
            alice.say(*(f"line {number}" for number in range(first, min(first + 1000, 10_100))))
        self.assertEqual(alice.ask("/msg alice read"), "[PM from alice] read")
        self.assertEqual(alice.ask("/tags on"), "-> [PM to alice] read")
        alice.say("/part", "/join tea")
        tags = [alice.read_line() or "" for _ in range(3)][-1].partition(" ")[0]
        epoch = tags.partition("last=")[2].partition("-")[0]
        self.restart()
        bob = self.connect()
        bob.say(f"/resume tea {epoch}-40", "/msg Client 1 read")
        read = [bob.read_line()]
        while read[-1] != "[PM from Client 1] read":
            read.append(bob.read_line())
        del read[-1]
        self.assertEqual(read[1:3], ["* You missed 60 messages.", "-> Since then:"])
        self.assertEqual(read[3], "alice: line 100")
        self.assertEqual(read[-1], "alice: line 10099")


class TroubleTest(KeptCase):
    def talk(self, alice: Client, bob: Client, text: str) -> None:
        alice.say(text)
        self.assertEqual(bob.read_line(), f"alice: {text}")

    def test_a_locked_file_holds_nobody_up(self) -> None:
        self.begin()
        alice, bob = self.join("alice"), self.join("bob")
        self.assertEqual(alice.read_line(), "* bob joined")
        with closing(sqlite3.connect(self.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            self.talk(alice, bob, "one")
            self.server.wait_for_log("another program has locked it")
            self.talk(alice, bob, "two")
            other.execute("ROLLBACK")
        self.server.wait_for_log("lines are kept again")
        self.talk(alice, bob, "three")
        self.until_kept("alice: one", "alice: two", "alice: three")

    def test_a_room_that_cannot_be_written_is_not_forgotten(self) -> None:
        self.begin()
        alice = self.join("alice")
        with closing(sqlite3.connect(self.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            alice.say("one")
            self.server.wait_for_log("lines are not kept now")
            self.assertEqual(alice.ask("/part"), "-> You left tea.")
            self.assertEqual(alice.ask("/join tea"), "-> You joined tea. Here: alice.")
            self.assertEqual(alice.ask("/whoami"), "-> Recent messages:")
            self.assertEqual(alice.read_line(), "alice: one")
            other.execute("ROLLBACK")

    def test_a_file_that_vanished_is_made_anew(self) -> None:
        self.begin()
        alice, bob = self.join("alice"), self.join("bob")
        self.assertEqual(alice.read_line(), "* bob joined")
        self.talk(alice, bob, "zero")
        self.until_kept("alice: zero")
        for file in self.folder.iterdir():
            file.unlink()
        self.talk(alice, bob, "one")
        self.server.wait_for_log("it has vanished")
        self.talk(alice, bob, "two")
        self.server.wait_for_log("lines are kept again")
        self.until_kept("alice: one", "alice: two")

    def test_a_full_disk_and_a_read_only_one_hold_nobody_up(self) -> None:
        with MountedFolder(self) as disk:
            self.path = disk.path / "chat.db"
            self.begin()
            alice, bob = self.join("alice"), self.join("bob")
            self.assertEqual(alice.read_line(), "* bob joined")
            filler = disk.fill()
            self.talk(alice, bob, "x" * 4000)
            for number in range(10):  # more than there is room for by chance
                self.talk(alice, bob, f"{number} " + "x" * 4000)
            self.server.wait_for_log("lines are not kept now")
            self.talk(alice, bob, "two")
            filler.unlink()
            self.server.wait_for_log("lines are kept again")
            self.talk(alice, bob, "three")
            self.until_kept("alice: two", "alice: three")
            self.server.kill(signal.SIGTERM)
            self.assertEqual(self.server.exit_status(), 0)


class Visit:
    """On a server with such a log, a name is registered and had from elsewhere in the end."""

    def __init__(self, case: KeptCase, form: str) -> None:
        case.path = case.folder / f"{form}.db"
        self.server = server = case.begin("--log-format", form)
        server.wait(lambda: server.output.lines, "the server says where it listens")
        found = re.search(r"127\.0\.0\.1:(\d+)", server.output.lines[0])
        assert found
        server.port = int(found[1])
        self.alice, self.other, self.nobody = case.join("alice"), case.connect(), case.connect()
        self.alice.say("hello", f"/register {PASSWORD}", f"/password {PASSWORD}", "/history")
        self.lines = self.alice.wait_for_lines(3)
        self.other.say(f"/login alice {WRONG}", f"/login alice {PASSWORD}")
        self.other.say("/msg bob hi", f"/nick {'x' * 30}", "/unregister")
        self.nobody.say(f"/login nobody {WRONG}")

    def read_to_end(self) -> list[str]:
        """Return all that was read, once everything is answered."""
        self.lines += self.alice.read_to_end()
        self.lines += self.other.wait_for_lines(5)
        self.lines += self.nobody.wait_for_lines(1)
        return self.lines


class PasswordTest(KeptCase):
    def test_a_password_is_found_nowhere(self) -> None:
        # All at once: a wrong password costs a second.
        for visit in [Visit(self, form) for form in ("plain", "dated", "json")]:
            lines = visit.read_to_end()
            self.assertEqual(lines.count("-> The password is wrong."), 2)
            self.assertIn("-> You logged in from elsewhere.", lines)
            self.assertIn("-> The name alice is free again.", lines)
            seen = "\n".join(lines).encode() + command_lines(visit.server)
            visit.server.kill(signal.SIGTERM)
            self.assertEqual(visit.server.exit_status(), 0)
            seen += visit.server.output.text + visit.server.errors.text
            seen += b"".join(file.read_bytes() for file in self.folder.iterdir())
            for password in (PASSWORD, WRONG):
                self.assertNotIn(password.encode(), seen)


def command_lines(server: Process) -> bytes:
    """Return what `ps` would show of a server and its keeper."""
    pid = server.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    assert len(children) == 1
    places = [f"/proc/{one}/{name}" for one in (pid, *children) for name in ("cmdline", "environ")]
    return b"".join(Path(place).read_bytes() for place in places)
