"""The operator's place at a real pseudo-terminal: how one leaves it, and what is left behind."""

import os
import signal
import sys
import termios
import unittest

from tests.client.client_terminal import SHELL
from tests.processes import server_argv
from tests.server.server_terminal import STAMP, ServerTerminal

HINT = "Ctrl-C twice, or /quit, ends the server."
DEFECT = "a defect ended the console; the chat goes on:"

# A server in which something is badly wrong, once one asks it for its figures; by a signal, in the
# loop itself.
BROKEN = """
import sys
from reactor_chat import __main__
from reactor_chat.loop import reactor, signals
from reactor_chat.server import server
signals.SignalWatch.on_crash = reactor.Handler.on_crash
server.Server.stats = lambda _: 1 / 0
sys.exit(__main__.main(["server", "--port", "0"]))
"""


class LeavingTest(ServerTerminal):
    def leave_draft(self) -> None:
        self.window.type("draft")
        self.until_draft("> draft")

    def test_ctrl_c_clears_the_draft_and_twice_on_an_empty_line_ends_the_server(self) -> None:
        self.start()
        self.leave_draft()
        self.window.type("\x03")
        self.until_draft(">")
        self.window.type("\x03")
        self.window.until_shows(HINT)
        self.assert_serves()
        self.window.type("x\x15\x03")  # any other key between the two, and it is a first one again
        self.window.until(lambda screen: "\n".join(screen.rows).count(HINT) == 2)
        self.window.type("\x03")
        self.expect_exit(0)

    def test_once_more_ends_it_at_once_whoever_is_still_there(self) -> None:
        self.start()
        client = self.connect(stays=True)
        client.ask("hello")
        self.window.type("\x03\x03")
        client.read_to_end()
        self.window.type("\x03")
        self.expect_exit(130)

    def test_ctrl_d_on_an_empty_line_ends_nothing(self) -> None:
        self.start()
        self.window.type("\x04")
        self.window.until_shows(HINT)
        self.assert_serves()

    def test_quit_ends_it(self) -> None:
        self.start()
        self.window.type("/quit\r")
        self.expect_exit(0)

    def test_signals_restore_the_terminal(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(number):
                self.open_window()
                self.start()
                self.leave_draft()
                self.process.send_signal(number)
                self.expect_exit(0)

    def test_an_end_without_order_restores_it_too(self) -> None:
        self.start()
        client = self.connect(stays=True)
        client.ask("hello")
        self.leave_draft()
        self.process.send_signal(signal.SIGINT)
        client.read_to_end()
        self.process.send_signal(signal.SIGINT)
        self.expect_exit(130)
        self.assertEqual(self.said_to_stderr(), "")

    def test_an_exception_in_the_loop_restores_it_too(self) -> None:
        self.run_here([sys.executable, "-c", BROKEN])
        self.leave_draft()
        self.process.send_signal(signal.SIGUSR1)
        self.expect_exit(1)
        self.assertIn("ZeroDivisionError", self.said_to_stderr())

    def test_a_defect_in_a_command_gives_it_back_and_the_chat_goes_on(self) -> None:
        self.run_here([sys.executable, "-c", BROKEN])
        self.window.type("/stats\r")
        self.window.until_shows("ZeroDivisionError")
        self.assertIn(DEFECT, [row[STAMP:] for row in self.screen.scrolled_off])
        self.assertTrue(self.window.is_restored())
        self.assert_serves()
        self.window.type("\x03")  # a signal, now
        self.expect_exit(0)


class JobControlTest(ServerTerminal):
    def run_job(self) -> None:
        """Let a shell run the server, somebody be there, and a draft be begun."""
        self.run_here([sys.executable, "-u", "-c", SHELL, "fg", *server_argv()])
        self.alice = self.join("alice")
        self.window.type("draft")
        self.until_draft("> draft")

    def test_ctrl_z_gives_the_terminal_back_and_fg_comes_back_as_it_was(self) -> None:
        self.run_job()
        self.window.type("\x1a")
        self.window.until_shows("stopped")
        self.assertTrue(self.window.is_restored())
        self.assertFalse(self.screen.pastes_bracketed)
        self.assertFalse([row for row in self.screen.rows if row.startswith(">")])
        self.alice.say("meanwhile")
        self.window.type("fg\n")
        self.window.until_shows("alice: meanwhile")
        self.assertEqual(self.screen.last, "> draft")
        self.assertTrue(self.screen.pastes_bracketed)
        self.alice.close()
        self.window.type("\x03\x03\x03")
        self.window.until_shows("status 0")
        self.assertTrue(self.window.is_restored())

    def test_a_stop_without_warning_is_survived(self) -> None:
        self.run_job()
        os.killpg(os.tcgetpgrp(self.window.master), signal.SIGSTOP)
        self.window.until_shows("stopped")
        termios.tcsetattr(self.window.slave, termios.TCSANOW, self.window.modes)
        self.window.type("fg\n")
        self.until_draft("> draft")
        self.assertFalse(self.window.is_restored())


if __name__ == "__main__":
    unittest.main()
