"""What signals do to the server as a process."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

from tests.processes import HOST, LISTENING, PATIENCE, Client, ServerCase, server_argv
from tests.procfs import work_in_a_while
from tests.window import Window

ENDING = "* The server is shutting down."

# A shell's job control, as far as one job needs it: `fg` and `bg` continue it in either place.
SHELL = """
import os, signal, subprocess, sys

signal.signal(signal.SIGTTOU, signal.SIG_IGN)
place = sys.argv[1]

def begin():
    os.setpgid(0, 0)
    if place == "fg":
        os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)

job = subprocess.Popen(sys.argv[2:], preexec_fn=begin)
print("pid", job.pid, flush=True)
while True:
    if place == "fg":
        _, status = os.waitpid(job.pid, os.WUNTRACED)
        os.tcsetpgrp(0, os.getpgrp())
        if not os.WIFSTOPPED(status):
            break
        print("stopped", flush=True)
    place = input()
    if place == "fg":
        os.tcsetpgrp(0, job.pid)
    os.kill(job.pid, signal.SIGCONT)
job.returncode = os.waitstatus_to_exitcode(status)
print("status", job.returncode, flush=True)
"""


class OrderlyEnd(ServerCase):
    def test_either_signal_ends_an_idle_server_well(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                server = self.start()
                client = self.connect()
                self.assertEqual(client.ask("hello"), "HELLO")
                client.close()
                server.kill(number)
                self.assertEqual(server.exit_status(), 0)

    def test_clients_read_an_end_and_no_reset(self) -> None:
        self.start()
        client = self.connect()
        client.ask("hello")
        self.server.kill(signal.SIGTERM)
        self.assertEqual(client.read_to_end(), [ENDING])
        client.close()
        self.assertFalse(client.was_reset)
        self.assertEqual(self.server.exit_status(), 0)
        self.assertIn("Client 1 disconnected (server shutdown)", self.server.output.lines)

    def test_nobody_is_let_in_any_more(self) -> None:
        self.start()
        client = self.connect(stays=True)
        client.ask("hello")
        self.server.kill(signal.SIGTERM)
        client.read_to_end()
        with self.assertRaises(ConnectionError):
            while True:  # the listener closes in the same turn, a moment later
                self.connect()

    def test_what_had_arrived_is_answered(self) -> None:
        self.start()
        clients = [self.connect() for _ in range(50)]
        for client in clients:
            client.ask("hello")
        self.server.suspend()
        for client in clients:
            client.say("my last words")
        self.server.kill(signal.SIGTERM)
        self.server.resume()
        for client in clients:
            self.assertEqual(client.read_to_end(), ["MY LAST WORDS", ENDING])
            self.assertFalse(client.was_reset)

    def test_under_load_everybody_has_heard_the_same(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                self.start("--rate", "0", "--log-rate", "0")
                listeners = [self.join(f"listener{number}") for number in range(10)]
                speakers = [self.join(f"speaker{number}") for number in range(3)]
                self.speak_until_the_end(speakers, number)
                self.assert_all_heard_the_same(listeners)
                for client in (*listeners, *speakers):
                    client.close()
                self.assertEqual(self.server.exit_status(), 0)

    def speak_until_the_end(self, speakers: list[Client], number: int) -> None:
        """Let all of them say numbered lines, and send the signal in the middle of it."""
        for start in range(0, 1_000_000, 10):
            if start == 1000:
                self.server.kill(number)
            texts = "".join(f"{line}\n" for line in range(start, start + 10)).encode()
            for speaker in speakers:
                with contextlib.suppress(ConnectionError):
                    # In whole lines: each is the last of which a part may have been sent.
                    speaker.offer(texts)
            self.sources.take_in(0.01)
            if all(speaker.ended for speaker in speakers):
                return

    def assert_all_heard_the_same(self, listeners: list[Client]) -> None:
        views = []
        for listener in listeners:
            received = listener.read_to_end()
            self.assertFalse(listener.was_reset)
            views.append([line for line in received if not line.startswith("* ")])
        self.assertEqual(views.count(views[0]), len(views))
        self.assertGreaterEqual(len(views[0]), 1000)
        logged = [line.removeprefix("[tea] ") for line in self.server.output.lines]
        self.assertEqual([line for line in logged if re.match(r"speaker\d: ", line)], views[0])

    def test_a_client_that_reads_slowly_gets_all_of_it(self) -> None:
        self.start("--rate", "0")
        slow, speaker = self.join("slow", window=16384), self.join("speaker")
        slow.read_line()
        slow.paused = True
        # More than the kernel holds for it, so that the rest waits in the server.
        texts = [f"{number} {'x' * 4000}" for number in range(250)]
        for start in range(0, len(texts), 50):
            speaker.say(*texts[start : start + 50])
            speaker.ask("/whoami")
        self.server.kill(signal.SIGTERM)
        speaker.read_to_end()
        slow.paused = False
        said = [f"speaker: {text}" for text in texts]
        self.assertEqual(slow.read_to_end(), [*said, ENDING])
        self.assertFalse(slow.was_reset)

    def test_the_second_interrupt_ends_at_once(self) -> None:
        self.start()
        client = self.connect(stays=True)
        client.ask("hello")
        self.server.kill(signal.SIGINT)
        client.read_to_end()
        self.server.kill(signal.SIGINT)
        self.assertEqual(self.server.exit_status(), 130)

    def test_an_interrupt_after_a_termination_does_not_hurry(self) -> None:
        self.start()
        client = self.connect(stays=True)
        client.ask("hello")
        self.server.kill(signal.SIGTERM)
        client.read_to_end()
        self.server.kill(signal.SIGINT)
        client.close()
        self.assertEqual(self.server.exit_status(), 0)


class Storms(ServerCase):
    def test_a_storm_of_signals_disturbs_nobody(self) -> None:
        self.start(stdin=subprocess.PIPE)
        client = self.connect()
        storm = (signal.SIGCONT, signal.SIGHUP, signal.SIGWINCH, signal.SIGUSR1, signal.SIGPIPE)
        for turn in range(100):
            for number in storm * 10:
                self.server.kill(number)
            self.assertEqual(client.ask(f"turn {turn}"), f"TURN {turn}")
        self.server.type("still here\n")
        self.assertEqual(client.read_line(), "Server: still here")

    def test_after_a_stop_all_that_was_said_meanwhile_arrives(self) -> None:
        self.start()
        alice, bob = self.join("alice"), self.join("bob")
        self.assertEqual(alice.read_line(), "* bob joined")
        for turn in range(2):
            self.server.suspend()
            alice.say(f"from alice {turn}")
            bob.say(f"from bob {turn}")
            raw = self.connect()
            raw.send(b"raw")
            self.server.resume()
            self.assertEqual(bob.read_line(), f"alice: from alice {turn}")
            self.assertEqual(alice.read_line(), f"bob: from bob {turn}")
            raw.end_output()
            self.assertEqual(raw.read_to_end(), ["RAW"])

    def test_usr1_shows_the_figures(self) -> None:
        self.start()
        self.connect().ask("hello")
        self.server.kill(signal.SIGUSR1)
        self.server.wait_for_log("longest turn")
        self.assertIn("clients 1", " ".join(self.server.output.lines))

    def test_a_hang_up_means_nothing_where_no_terminal_is(self) -> None:
        self.start()
        client = self.connect()
        client.ask("hello")
        self.server.kill(signal.SIGHUP)
        self.server.wait_for_log("Reloaded; nothing has changed.")
        self.assertEqual(client.ask("still there?"), "STILL THERE?")

    def test_what_nohup_ignores_stays_ignored(self) -> None:
        self.start(through='trap "" HUP; exec "$@"')
        client = self.connect()
        client.ask("hello")
        self.server.kill(signal.SIGHUP)
        self.assertEqual(client.ask("still there?"), "STILL THERE?")
        self.assertNotIn("Reloaded", self.server.output.text.decode())


class OnATerminal(unittest.TestCase):
    """The server with a real terminal of its own."""

    def setUp(self) -> None:
        self.window = Window(60, 12)
        self.addCleanup(self.window.close)

    def run_here(self, argv: list[str], term: str = "xterm") -> subprocess.Popen[bytes]:
        self.errors = self.enterContext(tempfile.TemporaryFile())
        process = self.window.run(argv, env={**os.environ, "TERM": term}, stderr=self.errors)
        self.addCleanup(self.finish, process)
        return process

    def finish(self, process: subprocess.Popen[bytes]) -> None:
        """End it, however it is, and see that it did not complain."""
        process.kill()
        process.wait(PATIENCE)
        self.errors.seek(0)
        self.assertEqual(self.errors.read(), b"")

    def until_prompted(self) -> None:
        """Wait until one can type."""
        self.window.until(lambda screen: ">" in screen.rows)

    def connect(self) -> socket.socket:
        """Connect to the server that says on the screen where it listens."""
        self.window.until_shows(LISTENING)
        shown = re.search(LISTENING + r"\S+:(\d+)", "\n".join(self.window.screen.rows))
        assert shown is not None
        client = socket.create_connection((HOST, int(shown[1])), PATIENCE)
        self.addCleanup(client.close)
        return client

    def ask(self, client: socket.socket, text: str) -> None:
        """See that the server answers."""
        client.sendall(text.encode() + b"\n")
        self.assertEqual(client.recv(1024), text.upper().encode() + b"\n")


class HangUp(OnATerminal):
    def hang_up(self) -> None:
        """Close the window, as a person would."""
        os.close(self.window.slave)
        os.close(self.window.master)
        self.window.master, self.window.slave = os.openpty()  # for `close`

    def test_closing_the_window_ends_the_server_in_order(self) -> None:
        self.assert_ends("xterm")

    def test_closing_a_window_without_escape_codes_does_too(self) -> None:
        self.assert_ends("dumb")

    def test_a_server_that_outlives_its_window_does_not_spin(self) -> None:
        self.assert_serves("xterm")

    def test_one_that_outlives_a_window_without_escape_codes_does_not_spin(self) -> None:
        self.assert_serves("dumb")

    def assert_ends(self, term: str) -> None:
        server = self.run_here(server_argv(), term)
        client = self.connect()
        self.ask(client, "hello")
        self.hang_up()
        with client.makefile() as stream:
            self.assertEqual(stream.read(), f"{ENDING}\n")
        client.close()
        self.assertEqual(server.wait(PATIENCE), 0)

    def assert_serves(self, term: str) -> None:
        server = self.run_here(["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *server_argv()], term)
        client = self.connect()
        self.ask(client, "hello")
        self.hang_up()
        self.ask(client, "still there?")
        self.assertLess(work_in_a_while(server.pid).seconds, 0.05)


class JobControl(OnATerminal):
    """A shell runs the server as its job."""

    def run_job(self, place: str) -> int:
        """Start the job in the foreground or in the background; give its process."""
        self.run_here([sys.executable, "-c", SHELL, place, *server_argv()])
        self.window.until_shows("pid ")
        shown = re.search(r"pid (\d+)", "\n".join(self.window.screen.rows))
        assert shown is not None
        pid = int(shown[1])
        job = os.pidfd_open(pid)  # its number may be somebody else's by the end
        self.addCleanup(os.close, job)
        self.addCleanup(self.kill_job, job)
        return pid

    def kill_job(self, job: int) -> None:
        """See that it does not outlive its shell."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(job, signal.SIGKILL)

    def test_in_the_background_the_chat_goes_on_and_the_terminal_is_left_alone(self) -> None:
        pid, client = self.run_job("bg"), self.connect()
        self.ask(client, "hello")
        for number in (signal.SIGCONT, signal.SIGWINCH) * 20:
            os.kill(pid, number)
        self.ask(client, "still there?")
        self.window.type("fg\n")  # for the shell
        self.until_prompted()
        self.window.type("for all\r")
        self.assertEqual(client.recv(1024), b"Server: for all\n")
        self.window.type("\x03\x03")
        self.window.until_shows("status 0")

    def test_stopped_with_ctrl_z_and_sent_to_the_background_it_serves(self) -> None:
        self.run_job("fg")
        client = self.connect()
        self.until_prompted()
        self.ask(client, "hello")
        self.window.type("\x1a")
        self.window.until_shows("stopped")
        self.window.type("bg\n")
        self.ask(client, "in the background")
        self.window.type("fg\n")
        self.until_prompted()
        self.ask(client, "in the foreground")

    def test_ctrl_c_twice_ends_it(self) -> None:
        server = self.run_here(server_argv())
        self.until_prompted()
        self.window.type("\x03\x03")
        self.assertEqual(server.wait(PATIENCE), 0)
        self.assertTrue(self.window.is_restored())
