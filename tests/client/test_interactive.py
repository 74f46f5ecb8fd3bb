"""The client as a program at a real pseudo-terminal: what one sees, and what it leaves behind."""

import os
import signal
import termios

from tests.client.client_terminal import NO_TAGS, ClientTerminal
from tests.client.peer import read_to_end
from tests.screen import Screen
from tests.window import PATIENCE

# A client in which something is badly wrong.
_BROKEN = "import reactor_chat.client.conversation as c; c.Conversation.hear = lambda *_: 1 / 0\n"


class ConversationTest(ClientTerminal):
    def test_on_connecting_one_line_says_who_one_is_and_what_to_do(self) -> None:
        self.start()
        self.window.until(lambda screen: screen.last == ">")
        [line] = self.lines()
        self.assertTrue(line.startswith("You are Client 1. /join ROOM to talk with others"))
        self.assertEqual(self.screen.styled("You are"), "2;")

    def test_the_draft_stays_whole_while_lines_arrive(self) -> None:
        self.start()
        self.window.type("half a dra")
        self.until_draft("> half a dra")
        self.peer.say("Server: one", "Server: two")
        self.window.until_shows("Server: two")
        self.window.type("ft")
        self.until_draft("> half a draft")
        self.assertEqual(self.lines()[1:], ["Server: one", "Server: two"])

    def test_what_is_typed_is_sent_and_shown(self) -> None:
        self.start()
        self.window.type("hello\r")
        self.peer.expect("hello")
        self.peer.say("HELLO")
        self.window.until_shows("HELLO")
        self.assertEqual(self.lines()[1:], ["> hello", "HELLO"])

    def test_in_a_room_what_one_says_stands_under_ones_name(self) -> None:
        self.start()
        self.join()
        self.window.type("hello\r//slash\r")
        self.peer.expect("hello", "//slash")
        self.window.until_shows("alice: /slash")
        self.assertEqual(self.lines()[-2:], ["alice: hello", "alice: /slash"])

    def test_tab_completes_commands_and_those_who_were_seen(self) -> None:
        self.start()
        self.join()
        self.peer.say("Client 7: hi")
        self.window.until_shows("Client 7: hi")
        self.window.type("\t")
        self.until_draft("tea> Client 7:")
        self.window.type("\t")
        self.until_draft("tea> bob:")
        self.window.type("\x15/j\t\t")
        self.until_draft("tea> /join tea")

    def test_pasted_lines_are_sent_once_confirmed(self) -> None:
        self.start()
        self.window.type("\x1b[200~one\rtwo\x1b[201~")
        self.window.until(lambda screen: screen.last.startswith("Send 2 lines?"))
        self.window.type("y")
        self.peer.expect("one", "two")

    def test_a_text_without_an_end_is_shown_once_it_is_still(self) -> None:
        self.run_in_window(self.argv())
        self.peer.accept()
        self.peer.expect("/tags on", "/whoami")
        self.peer.say("/TAGS ON", "/WHOAMI")
        self.window.until_shows("a server that knows no commands")
        self.peer.sock.sendall(b"Server: no end")
        self.window.until_shows("Server: no end")

    def test_a_server_cannot_drive_the_terminal(self) -> None:
        self.start()
        self.peer.say("a\x1b[2Jb\x1b]0;title\x07", "c\u202ed")
        self.window.until_shows("c\ufffdd")
        self.assertEqual(self.lines()[1:], ["a\ufffd[2Jb\ufffd]0;title\ufffd", "c\ufffdd"])

    def test_private_messages_and_mentions_ring(self) -> None:
        self.start()
        self.join()
        self.peer.say("bob: hi all", "* carol joined")
        self.window.until_shows("carol joined")
        self.assertEqual(self.screen.bells, 0)
        self.peer.say("[PM from bob] psst")
        self.window.until_shows("psst")
        self.peer.say("bob: where is Alice?")
        self.window.until_shows("where is")
        self.assertEqual(self.screen.bells, 2)

    def test_no_bell_rings_where_none_is_wanted(self) -> None:
        self.start(bell=False)
        self.peer.say("[PM from bob] psst")
        self.window.until_shows("psst")
        self.assertEqual(self.screen.bells, 0)

    def test_resizing_draws_the_draft_anew(self) -> None:
        self.start()
        self.window.type("a draft that needs more than thirty columns")
        self.until_draft("> a draft that needs more than thirty columns")
        self.window.resize(30, 12)
        self.window.until(lambda screen: screen.last.startswith("> <"))
        self.assertFalse(any("a draft" in row for row in self.screen.rows))

    def test_it_asks_for_the_server_where_none_was_given(self) -> None:
        self.run_in_window(self.argv(host=None))
        self.window.until_shows("Server address")
        self.window.type("127.0.0.1\n")
        self.window.until_shows("CONNECT")
        self.window.type("connect\n")
        self.welcome()


class ColourTest(ClientTerminal):
    def styles(self, **variables: str) -> tuple[str, str]:
        self.run_in_window(self.argv(), **variables)
        self.welcome()
        self.join()
        self.peer.say("bob: hi", "* carol joined")
        self.window.until_shows("carol joined")
        return self.screen.styled("bob: hi"), self.screen.styled("* carol joined")

    def test_names_and_notices_have_their_colours(self) -> None:
        name, notice = self.styles()
        self.assertTrue(name.startswith("38;5;"))
        self.assertEqual(notice, "2;")

    def test_no_color_is_honoured(self) -> None:
        self.assertEqual(self.styles(NO_COLOR="1"), ("", ""))

    def test_the_option_is_honoured(self) -> None:
        self.start(color=False)
        self.assertEqual(self.screen.styled("You are"), "")


class LeavingTest(ClientTerminal):
    def test_ctrl_c_clears_the_draft_and_twice_on_an_empty_line_leaves(self) -> None:
        self.start()
        self.window.type("draft")
        self.until_draft("> draft")
        self.window.type("\x03")
        self.until_draft(">")
        self.window.type("\x03")
        self.window.until_shows("Ctrl-C once more leaves.")
        self.window.type("\x03")
        self.peer.expect_end()
        self.peer.hang_up()
        self.expect_exit(0)

    def test_ctrl_d_on_an_empty_line_leaves(self) -> None:
        self.start()
        self.window.type("\x04")
        self.peer.expect_end()
        self.peer.hang_up()
        self.expect_exit(0)

    def test_a_farewell_is_not_a_lost_connection(self) -> None:
        self.start()
        self.window.type("/quit\r")
        self.peer.expect("/quit")
        self.peer.hang_up()
        self.expect_exit(0)

    def test_signals_restore_the_terminal(self) -> None:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
            with self.subTest(number=number):
                self.start()
                self.client.send_signal(number)
                self.expect_exit(128 + number)
                self.window.screen = self.screen = Screen(76, 12)

    def test_an_exception_restores_the_terminal(self) -> None:
        argv = self.argv()
        argv[argv.index("-c") + 1] = _BROKEN + argv[argv.index("-c") + 1]
        self.run_in_window(argv)
        self.peer.accept()
        self.peer.say("anything")
        assert self.client.stderr is not None
        self.assertIn(b"ZeroDivisionError", read_to_end(self.client.stderr.fileno()))
        self.assertEqual(self.client.wait(PATIENCE), 1)
        self.assertTrue(self.window.is_restored())

    def test_a_window_that_was_closed_ends_it(self) -> None:
        self.start()
        self.window.hang_up()
        self.assertNotEqual(self.client.wait(PATIENCE), 0)
        self.peer.expect_end()


class LostConnectionTest(ClientTerminal):
    def start_and_lose(self) -> None:
        """Run a client, and take its server away."""
        self.start()
        self.peer.close()
        self.window.until_shows("Trying again")

    def test_it_calls_again_and_is_who_and_where_it_was(self) -> None:
        self.start()
        self.join()
        self.window.type("half a draft")
        self.until_draft("tea> half a draft")
        self.peer.hang_up()
        self.window.until_shows("Connection lost. Trying again in")
        self.assertEqual(self.screen.last, "(offline) tea> half a draft")
        self.peer.accept()
        self.peer.expect("/tags on", "/nick alice", "/join tea", "/whoami")
        self.peer.say(NO_TAGS, "-> You are now alice.", "-> You joined tea. Here: alice, bob.")
        self.peer.say("-> You are alice, in tea.")
        self.window.until_shows("You are alice, in tea.")
        self.assertEqual(self.screen.last, "tea> half a draft")

    def test_a_line_typed_without_a_connection_stays_the_draft(self) -> None:
        self.start_and_lose()
        self.window.type("hello\r")
        self.window.until_shows("Not sent")
        self.until_draft("(offline) > hello")

    def test_of_several_lines_the_first_stays_the_draft_and_all_can_be_recalled(self) -> None:
        self.start_and_lose()
        self.window.type("one\rtwo\r")
        self.until_draft("(offline) > one")
        self.window.type("\x1b[A")
        self.until_draft("(offline) > two")

    def test_a_line_typed_after_one_that_was_not_sent_is_another(self) -> None:
        self.start_and_lose()
        self.window.type("one\r")
        self.until_draft("(offline) > one")
        self.window.type("two")
        self.until_draft("(offline) > two")

    def test_a_server_that_lacks_room_after_a_lost_connection_is_called_again(self) -> None:
        self.start()
        self.window.type("draft")
        self.until_draft("> draft")
        self.peer.hang_up()
        self.peer.accept()
        self.peer.expect("/tags on", "/whoami")
        self.peer.say("-> Too many connections from your address.")
        self.peer.hang_up()
        self.window.until_shows("Still no connection: too many connections from your address.")
        self.assertFalse(any(line.startswith("-> Too many") for line in self.lines()))
        self.peer.accept()
        self.peer.say(NO_TAGS, "-> You are Client 1.")
        self.until_draft("> draft")

    def test_a_server_that_is_full_at_first_is_not(self) -> None:
        self.run_in_window(self.argv())
        self.peer.accept()
        self.peer.expect("/tags on", "/whoami")
        self.peer.say("-> Server is full.")
        self.peer.hang_up()
        self.window.until_shows("-> Server is full.")
        self.expect_exit(1)

    def test_a_name_that_the_lost_connection_still_holds_is_told(self) -> None:
        self.start()
        self.join()
        self.peer.hang_up()
        self.peer.accept()
        self.peer.expect("/tags on", "/nick alice", "/join tea", "/whoami")
        self.peer.say(NO_TAGS, "-> The name alice is taken.", "-> You joined tea. Here: alice.")
        self.peer.say("-> You are Client 2, in tea.")
        self.window.until_shows("You are Client 2, in tea. Your lost connection, or somebody else,")

    def test_one_can_leave_without_a_connection(self) -> None:
        self.start_and_lose()
        self.window.type("\x04")
        self.expect_exit(0)

    def test_without_reconnecting_the_status_tells(self) -> None:
        self.start(reconnect=False)
        self.peer.hang_up()
        self.expect_exit(1, "Connection lost.\n")

    def test_one_who_was_kicked_does_not_come_back_by_itself(self) -> None:
        for words in ("-> You were kicked: spam.", "-> You are banned."):
            with self.subTest(words=words):
                self.start()
                self.peer.say(words)
                self.peer.hang_up()
                self.expect_exit(1)
                self.assertEqual(self.lines()[-1], words)
                self.window.screen = self.screen = Screen(76, 12)

    def test_one_who_speaks_plain_text_to_a_port_for_tls_reads_so_and_is_not_kept_waiting(
        self,
    ) -> None:
        self.start()
        self.peer.say("-> This port speaks TLS: use chats:// or --tls.")
        self.peer.hang_up()
        self.expect_exit(1)
        self.assertEqual(self.lines()[-1], "-> This port speaks TLS: use chats:// or --tls.")


class JobControlTest(ClientTerminal):
    def test_ctrl_z_gives_the_terminal_back_and_fg_comes_back_as_it_was(self) -> None:
        self.start_in_shell()
        self.welcome()
        self.window.type("draft")
        self.until_draft("> draft")
        self.window.type("\x1a")
        self.window.until_shows("stopped")
        self.assertTrue(self.window.is_restored())
        self.assertFalse(self.screen.pastes_bracketed)
        self.peer.say("Server: meanwhile")
        self.window.type("fg\n")
        self.window.until_shows("Server: meanwhile")
        self.assertEqual(self.screen.last, "> draft")
        self.assertTrue(self.screen.pastes_bracketed)
        self.window.type("\x03\x04")
        self.peer.expect_end()
        self.peer.hang_up()
        self.window.until_shows("status 0")

    def test_a_stop_without_warning_is_survived(self) -> None:
        self.start_in_shell()
        self.welcome()
        self.window.type("draft")
        self.until_draft("> draft")
        os.killpg(os.tcgetpgrp(self.window.master), signal.SIGSTOP)
        self.window.until_shows("stopped")
        termios.tcsetattr(self.window.slave, termios.TCSANOW, self.window.modes)
        self.window.type("fg\n")
        self.window.until(lambda screen: screen.last == "> draft")
        self.assertFalse(self.window.is_restored())

    def test_where_nothing_can_stop_ctrl_z_changes_nothing(self) -> None:
        self.start()  # as the leader of a session, which no shell could continue
        self.window.type("\x1a")
        self.window.type("hello\r")
        self.peer.expect("hello")
        self.until_draft(">")
        self.assertFalse(self.window.is_restored())

    def test_in_the_background_it_stops_again_and_fg_brings_it_back(self) -> None:
        self.start_in_shell()
        self.welcome()
        self.window.type("draft")
        self.until_draft("> draft")
        self.window.type("\x1a")
        self.window.until_shows("stopped 1")
        self.window.type("bg\n")
        self.window.until_shows("stopped 2")
        self.assertTrue(self.window.is_restored())
        self.window.type("fg\n")
        self.until_draft("> draft")

    def test_one_that_was_begun_in_the_background_waits_for_fg(self) -> None:
        self.start_in_shell("bg")
        self.window.until_shows("stopped 1")
        self.assertTrue(self.window.is_restored())
        self.window.type("fg\n")
        self.welcome()
        self.until_draft(">")

    def test_a_stop_without_warning_and_then_bg_is_survived(self) -> None:
        self.start_in_shell()
        self.welcome()
        os.killpg(os.tcgetpgrp(self.window.master), signal.SIGSTOP)
        self.window.until_shows("stopped 1")
        termios.tcsetattr(self.window.slave, termios.TCSANOW, self.window.modes)
        self.window.type("bg\n")
        self.window.until_shows("stopped 2")
        self.assertTrue(self.window.is_restored())

    def test_a_suspended_one_can_be_ended(self) -> None:
        self.start_in_shell()
        self.welcome()
        self.window.type("\x1a")
        self.window.until_shows("stopped 1")
        self.window.type("kill\n")
        self.window.until_shows(f"status {128 + signal.SIGTERM}")
        self.assertTrue(self.window.is_restored())


class StalledTerminalTest(ClientTerminal):
    """The window is not looked at, so its end of the terminal soon takes no more."""

    def flood(self) -> None:
        self.start()
        self.peer.say(*(f"Server: {number} {200 * 'x'}" for number in range(1000)))

    def test_signals_end_the_client(self) -> None:
        self.flood()
        self.client.send_signal(signal.SIGTERM)
        self.assertEqual(self.client.wait(PATIENCE), 128 + signal.SIGTERM)
        self.assertTrue(self.window.is_restored())

    def test_what_was_not_taken_is_shown_later(self) -> None:
        self.flood()
        self.window.until_shows("Server: 999")
        self.until_draft(">")
