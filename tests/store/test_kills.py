"""Servers and keepers are killed at any moment; what anybody has read is kept, or it is known.

A long run: `python -m tests.store.test_kills 200`.
"""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import unittest
from contextlib import closing
from pathlib import Path

from tests.store.stores import StoreCase

DELIVERIES = 300


class KilledServerTest(StoreCase):
    rounds = 5

    def setUp(self) -> None:
        super().setUp()
        self.rng = random.Random(56040)

    def start_speaker(self) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.store.speaker", str(self.path)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert server.stdout
        self.epoch = server.stdout.readline().strip()
        self.delivered = 0
        return server

    def listen(self, server: "subprocess.Popen[str]") -> None:
        """Read some of what is delivered; it may end meanwhile."""
        assert server.stdout
        for _ in range(self.rng.randrange(DELIVERIES)):
            self.note(server.stdout.readline())

    def note(self, line: str) -> None:
        if line.endswith("\n") and line[:-1].isdecimal():
            self.delivered = int(line)

    def kill(self, server: "subprocess.Popen[str]") -> None:
        """Kill it, read what it had delivered by then, and wait for its keeper."""
        server.kill()
        with server:
            assert server.stdout
            for line in server.stdout:
                self.note(line)
        self.wait_for_keeper()

    def kept(self) -> int:
        """Return the last line's number, having checked that all before it are there."""
        ((lines, last),) = self.ask("SELECT count(*), max(number) FROM lines")
        wrong = "SELECT count(*) FROM lines WHERE text != 'alice: ' || number"
        self.assertEqual(self.ask(wrong), [(0,)])
        self.assertEqual(lines, last or 0)
        return int(str(last or 0))

    def test_a_killed_server_loses_nothing_and_its_epoch_goes_on(self) -> None:
        epochs = set()
        for _ in range(self.rounds):
            server = self.start_speaker()
            self.listen(server)
            self.kill(server)
            self.assertGreaterEqual(self.kept(), self.delivered)
            epochs.add(self.epoch)
        self.assertEqual(len(epochs), 1)

    def test_an_epoch_in_which_lines_were_lost_does_not_go_on(self) -> None:
        """Keepers are killed too, and other programs lock the file."""
        kept, delivered, epoch = 0, 0, ""
        for _ in range(self.rounds):
            server = self.start_speaker()
            if self.epoch == epoch:
                self.assertGreaterEqual(kept, delivered)
            self.listen(server)
            getattr(self, self.rng.choice(["kill_keeper_of", "lock_for", "pass_over"]))(server)
            self.kill(server)
            ((_, last),) = self.ask("SELECT count(*), max(number) FROM lines")
            kept, delivered, epoch = int(str(last or 0)), self.delivered, self.epoch

    def kill_keeper_of(self, server: "subprocess.Popen[str]") -> None:
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        for pid in children:
            os.kill(int(pid), signal.SIGKILL)
        if self.rng.random() < 0.7:
            self.listen(server)

    def lock_for(self, server: "subprocess.Popen[str]") -> None:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for _ in range(self.rng.randrange(4)):
                self.listen(server)
            if self.rng.random() < 0.5:
                server.kill()

    def pass_over(self, server: "subprocess.Popen[str]") -> None:
        """Nothing happens but the end."""


if __name__ == "__main__":
    KilledServerTest.rounds = int(sys.argv.pop())
    unittest.main()
