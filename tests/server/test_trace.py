"""What `--trace` keeps, and what it writes."""

import contextlib
import io
import json
import os
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest.mock import patch

from reactor_chat.loop.reactor import Handler
from reactor_chat.server import trace as trace_module
from reactor_chat.server.trace import Trace
from tests.processes import PATIENCE, ServerCase, server_argv
from tests.sim.clock import START, Clock

MICROSECOND = 1e-6

Told = dict[str, Any]


class _Kept(io.StringIO):
    """A file that can be read once it is closed."""

    def close(self) -> None:
        self.text = self.getvalue()
        super().close()


class TraceTest(unittest.TestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.file = _Kept()
        self.trace = Trace(self.file, self.clock)

    def turn(self, milliseconds: int, steps: int = 1) -> None:
        """Let a turn of so many steps pass."""
        self.trace.on_wake([])
        for _ in range(steps):
            self.trace.on_call("ready", Handler(7))
            self.clock.advance(milliseconds / 1000 / steps)
            self.trace.on_return()
        self.trace.on_turn(steps)

    def written(self) -> list[Told]:
        """End, and return the events that were written, but for what is about the process."""
        self.trace.write()
        events: list[Told] = json.loads(self.file.text)
        return [event for event in events if event["ph"] != "M"]

    def test_a_turn_and_its_steps_have_a_beginning_and_a_length(self) -> None:
        self.turn(4, steps=2)
        turn, first, second = self.written()
        self.assertEqual((turn["name"], turn["ph"], turn["args"]), ("turn", "X", {"ready": 2}))
        self.assertAlmostEqual(turn["ts"] * MICROSECOND, START)
        self.assertAlmostEqual(turn["dur"], 4000, places=3)
        self.assertEqual((first["name"], first["args"]["fd"]), ("serve", 7))
        self.assertAlmostEqual(second["ts"] - first["ts"], 2000, places=3)

    def test_what_is_kept_is_bounded(self) -> None:
        with patch.object(trace_module, "EVENTS", 10), patch.object(trace_module, "LONGEST", 1):
            self.trace = Trace(self.file, self.clock)
            self.turn(5)
            for _ in range(50):
                self.turn(1)
        self.assertEqual(len(self.written()), 10 + 2)

    def test_the_longest_turns_are_kept_however_long_ago_they_were(self) -> None:
        with patch.object(trace_module, "EVENTS", 10):
            self.trace = Trace(self.file, self.clock)
            self.turn(40)
            for _ in range(100):
                self.turn(1)
        turns = [event["dur"] for event in self.written() if event["name"] == "turn"]
        self.assertAlmostEqual(turns[0], 40_000, places=3)
        self.assertLessEqual(len(turns), 5 + trace_module.LONGEST)

    def test_nothing_is_written_twice(self) -> None:
        for _ in range(5):
            self.turn(1)
        starts = [event["ts"] for event in self.written() if event["name"] == "turn"]
        self.assertEqual(len(starts), len(set(starts)))

    def test_nothing_is_written_before_the_end(self) -> None:
        for _ in range(5):
            self.turn(1)
        self.assertEqual(self.file.getvalue(), "")

    def test_a_file_that_was_cut_off_can_be_opened(self) -> None:
        # Of an array of events, and of nothing else, the viewers do not expect the end.
        self.turn(1, steps=3)
        self.trace.write()
        first, *events = self.file.text.split(",\n")
        self.assertEqual(first[:3], "[\n{")
        self.assertEqual(len([json.loads(event) for event in events[:-1]]), 3)

    def test_a_disk_that_is_full_is_one_line(self) -> None:
        full = os.fdopen(os.open("/dev/full", os.O_WRONLY), "w")
        with contextlib.redirect_stderr(io.StringIO()) as err:
            Trace(full).write()
        self.assertEqual(err.getvalue(), "Cannot write the trace: no space left on device.\n")


class TracedServerTest(ServerCase):
    def setUp(self) -> None:
        super().setUp()
        self.file = Path(self.enterContext(tempfile.TemporaryDirectory()), "trace.json")

    def test_it_has_turns_handlers_sends_and_figures(self) -> None:
        self.start("--trace", str(self.file))
        alice, bob = self.join("alice"), self.join("bob")
        alice.say("any tea?")
        while bob.read_line() != "alice: any tea?":
            pass
        self.assertEqual(self.file.read_text(), "")
        self.server.kill(signal.SIGTERM)
        self.assertEqual(self.server.exit_status(), 0)
        events = json.loads(self.file.read_text())
        names = {event["name"] for event in events}
        self.assertGreaterEqual(names, {"turn", "serve", "publish", "flush", "send", "dispose"})
        sends = [event["args"] for event in events if event["name"] == "send"]
        self.assertIn(len("alice: any tea?\n"), [args["sent"] for args in sends])
        clients = [event["args"]["clients"] for event in events if event["name"] == "clients"]
        self.assertEqual((max(clients), clients[-1]), (2, 0))

    def test_a_file_that_cannot_be_written_is_one_line(self) -> None:
        nowhere = str(self.file.parent / "nowhere" / "file")
        run = subprocess.run(server_argv("--trace", nowhere), capture_output=True, text=True)
        said = f"Cannot write the trace to {nowhere}: no such file or directory.\n"
        self.assertEqual((run.returncode, run.stdout, run.stderr), (1, "", said))

    def test_a_pipe_is_no_file_as_it_would_be_waited_for(self) -> None:
        pipe = str(self.file.parent / "pipe")
        os.mkfifo(pipe)
        here, there = os.pipe()
        self.addCleanup(os.close, here)
        self.addCleanup(os.close, there)
        for path in (pipe, f"/dev/fd/{there}"):
            run = subprocess.run(
                server_argv("--trace", path),
                pass_fds=(there,),
                capture_output=True,
                text=True,
                timeout=PATIENCE,
            )
            said = f"Cannot write the trace to {path}: it is a pipe.\n"
            self.assertEqual((run.returncode, run.stdout, run.stderr), (1, "", said))


if __name__ == "__main__":
    unittest.main()
