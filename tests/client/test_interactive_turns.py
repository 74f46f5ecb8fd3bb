"""Single turns of the client's loop: what comes together in one, and what has to wait."""

import random
import select
import signal
import socket
import time
from datetime import datetime

from reactor_chat.client.conversation import Conversation
from reactor_chat.client.destination import Destination
from reactor_chat.client.interactive import Interactive
from reactor_chat.client.job_control import JobControl
from reactor_chat.client.reconnect import Reconnection
from reactor_chat.client.server_link import ServerLink
from reactor_chat.client.uplink import Uplink
from reactor_chat.tty.style import Style
from tests.client.client_terminal import NO_TAGS, ClientTerminal, tagged
from tests.loop.signalled import Signals
from tests.window import PATIENCE

_MORE_THAN_FITS = b"x\r\n" * 60_000


class TurnCase(ClientTerminal):
    """A client in this process, connected and in the foreground, whose turns the test takes."""

    def setUp(self) -> None:
        super().setUp()
        self.signals = Signals()
        self.addCleanup(self.signals.close)
        self.now = 100.0
        sock = socket.create_connection(("127.0.0.1", self.peer.port))
        self.link = ServerLink(sock, self.clock)
        self.addCleanup(self.link.close)
        self.peer.accept()
        self.talk(Conversation(None, None, clock=self.clock))

    def talk(self, conversation: Conversation) -> None:
        """Have a client with such a conversation."""
        slave = self.window.slave
        self.conversation = conversation
        here = Destination("127.0.0.1", self.peer.port, False)
        reconnection = Reconnection(here, self.clock, random.Random(1))
        self.uplink = Uplink(self.link, reconnection, self.clock)
        self.addCleanup(self.uplink.close)
        self.job = JobControl(slave, slave, conversation.met.complete)
        self.interactive = Interactive(
            self.job, self.uplink, conversation, Style(False), clock=self.clock
        )
        self.addCleanup(self.job.close)
        self.addCleanup(self.job.output.drop)  # or closing waits for a stalled terminal
        self.job.take()

    def be_welcome(self, *rooms: str) -> None:
        """Be alice in some rooms, on a connection with tags."""
        self.introduce()
        self.be_introduced(*rooms)

    def be_introduced(self, *rooms: str) -> None:
        """Answer the introduction."""
        self.peer.expect("/tags on", "/whoami")
        self.say_lines("-> Lines carry tags now.", tagged("-> You are Client 1.", room=None))
        self.say_lines(tagged("-> You are now alice.", room=None))
        for room in rooms:
            self.say_lines(tagged(f"-> You joined {room}. Here: alice, bob.", room=room))

    def introduce(self) -> None:
        """Take the turn in which the client introduces itself."""
        self.turn()
        self.send()

    def send(self) -> None:
        """Take turns until all is sent."""
        while self.link.wants_write:
            self.turn()

    def say_lines(self, *lines: str) -> None:
        """Let the server send lines, take the turn in which they come, and send what follows."""
        self.say("".join(line + "\n" for line in lines).encode())
        self.turn()
        self.send()

    def type(self, keys: str) -> None:
        """Press keys, and take the turn in which they are seen to, and one for what is sent."""
        self.press(keys)
        self.turn()
        self.send()

    def clock(self) -> float:
        return self.now

    def turn(self) -> None:
        self.interactive.turn(self.signals)

    def say(self, data: bytes) -> None:
        """Let the server send something, and wait until it has come."""
        self.peer.sock.sendall(data)
        self.assertTrue(select.select([self.link], [], [], PATIENCE)[0])

    def press(self, keys: str) -> None:
        """Press keys, and wait until they have come."""
        self.window.type(keys)
        self.assertTrue(select.select([self.window.slave], [], [], PATIENCE)[0])

    def stall(self) -> None:
        """Let the terminal take nothing more."""
        self.job.output.write(_MORE_THAN_FITS)

    def go_on(self) -> None:
        """Let it take everything."""
        while self.job.output.waits:
            self.window.look(0.1)
            self.job.output.on_writable()


class StoppingTest(TurnCase):
    def test_what_comes_with_ctrl_z_is_seen_to_before_the_stop(self) -> None:
        self.be_welcome()
        self.say(b"Server: news\n")
        self.press("\x1ahello\r")
        self.turn()
        self.assertTrue(self.job.must_stop)
        self.window.until_shows("> hello")
        self.window.until_shows("Server: news")
        self.link.on_writable()
        self.peer.expect("hello")

    def test_a_signal_that_ends_the_client_goes_before_ctrl_z(self) -> None:
        self.signals.come(signal.SIGTERM)
        self.press("\x1a")
        self.turn()
        self.assertEqual(self.interactive.status, 128 + signal.SIGTERM)
        self.assertFalse(self.job.must_stop)


class StalledTest(TurnCase):
    def test_the_server_is_not_read_while_the_terminal_takes_nothing(self) -> None:
        self.stall()
        self.say(b"Server: later\n")
        self.signals.come(signal.SIGCONT)
        self.turn()
        self.assertTrue(select.select([self.link], [], [], 0)[0])
        self.go_on()
        self.turn()
        self.window.until_shows("Server: later")

    def test_half_a_line_is_not_judged_meanwhile(self) -> None:
        self.say(b"half")
        self.turn()
        self.stall()
        self.say(b" a line\n")
        self.now += 10
        self.signals.come(signal.SIGCONT)
        self.turn()
        self.go_on()
        self.turn()
        self.window.until_shows("half a line")

    def test_keys_and_signals_are_heard(self) -> None:
        self.be_welcome()
        self.stall()
        self.type("/quit\r")
        self.peer.expect("/quit")
        self.signals.come(signal.SIGHUP)
        self.turn()
        self.assertEqual(self.interactive.status, 128 + signal.SIGHUP)


class FloodTest(TurnCase):
    def test_a_turn_takes_a_bounded_piece_and_keys_come_first(self) -> None:
        self.be_welcome()
        self.say(b"Server: x\n" * 1000)
        self.press("a key")
        self.turn()
        self.assertTrue(self.link.has_lines)
        self.until_draft("> a key")
        self.assertFalse(select.select([self.window.slave], [], [], 0)[0])

    def test_the_rest_is_taken_without_waiting_for_anything(self) -> None:
        self.be_welcome()
        self.say(b"Server: x\n" * 1000 + b"Server: last\n")
        while self.link.has_lines or select.select([self.link], [], [], 0)[0]:
            self.turn()
        self.window.until_shows("Server: last")


class StillnessTest(TurnCase):
    def test_an_escape_that_nothing_follows_is_over(self) -> None:
        self.press("a\x1b")
        self.turn()
        self.now += 1
        self.turn()
        self.press("b")
        self.turn()
        self.until_draft("> ab")

    def test_a_paste_that_does_not_end_is_given_up(self) -> None:
        self.press("\x1b[200~lost")
        self.turn()
        self.now += 2
        self.turn()
        self.press("\x03kept")
        self.turn()
        self.until_draft("> kept")


class HangUpTest(TurnCase):
    def test_the_end_of_the_terminal_is_no_key(self) -> None:
        self.turn()
        self.window.hang_up()
        self.turn()
        self.assertEqual(self.interactive.status, 1)

    def test_a_terminal_that_nothing_can_be_drawn_on_is_lost(self) -> None:
        self.window.hang_up()
        self.job.terminal.show(["a last word"])
        self.assertTrue(self.job.lost)

    def test_a_signal_that_tells_it_is_the_status(self) -> None:
        self.signals.come(signal.SIGHUP)
        self.window.hang_up()
        self.turn()
        self.assertEqual(self.interactive.status, 128 + signal.SIGHUP)


class LeavingTest(TurnCase):
    def test_a_server_that_does_not_close_is_not_waited_for_long(self) -> None:
        self.be_welcome()
        self.type("/quit\r")
        self.peer.expect("/quit")
        self.turn_at(2)
        self.assertEqual(self.interactive.status, 0)
        self.assertIsNone(self.interactive.last_words)

    def turn_at(self, after: float) -> None:
        """Take a turn some seconds later, for which nothing but the time is needed."""
        self.assertIsNone(self.interactive.status)
        self.now += after
        self.turn()

    def paste(self, count: int) -> list[str]:
        lines = [f"line {number}" for number in range(count)]
        self.type("\x1b[200~" + "\r".join(lines) + "\x1b[201~")
        self.type("y")
        self.peer.expect(*lines)
        return lines

    def test_as_long_as_lines_come_back_the_rest_is_waited_for(self) -> None:
        self.be_welcome("tea")
        lines = self.paste(40)
        self.type("\x04")
        self.window.until_shows("40 lines are on the way. Ctrl-C leaves at once.")
        for number, line in enumerate(lines):
            self.until_draft(f"(leaving, {40 - number} to go) tea>")
            self.say_lines(tagged(f"alice: {line}", number + 1))
            self.now += 5
            self.assertIsNone(self.interactive.status)
        self.peer.hang_up()
        self.turn()
        self.assertEqual(self.interactive.status, 0)
        self.assertIsNone(self.interactive.last_words)

    def test_asking_again_leaves_at_once_and_says_how_many_were_not_taken(self) -> None:
        for key in ("\x03", "\x04"):
            with self.subTest(key=key):
                self.be_welcome("tea")
                self.paste(4)
                self.type("\x04")
                self.type(key)
                self.assertEqual(self.interactive.status, 0)
                self.assertEqual(self.interactive.last_words, "4 lines are not taken.")
                self.setUp()

    def test_a_server_that_makes_no_progress_is_given_up(self) -> None:
        self.be_welcome("tea")
        self.paste(2)
        self.type("\x04")
        self.turn_at(16)
        self.assertEqual(self.interactive.last_words, "2 lines are not taken.")

    def test_a_long_paste_shows_how_much_of_it_is_on_its_way(self) -> None:
        self.be_welcome("tea")
        lines = self.paste(30)
        self.until_draft("tea>")
        self.turn_at(1)
        self.until_draft("(30 on the way) tea>")
        for number, line in enumerate(lines):
            self.say_lines(tagged(f"alice: {line}", number + 1))
        self.until_draft("tea>")


class OwnLineTest(TurnCase):
    def test_a_line_in_a_room_is_shown_where_it_stands_in_the_one_order(self) -> None:
        self.be_welcome("tea")
        self.type("hello\r")
        self.peer.expect("hello")
        self.say_lines(tagged("bob: first", 1), tagged("alice: hello", 2))
        self.window.until_shows("alice: hello")
        self.assertEqual(self.lines()[-2:], ["bob: first", "alice: hello"])

    def test_what_is_refused_is_not_shown_as_said_and_is_the_draft_again(self) -> None:
        self.be_welcome("tea")
        self.type("hello\r")
        self.say_lines(tagged("-> You are muted.", room=None))
        self.until_draft("tea> hello")
        self.assertEqual(self.lines()[-2:], ["-> You are muted.", "Not said: hello"])

    def test_a_password_is_shown_as_stars(self) -> None:
        self.be_welcome()
        self.type("/login alice opensesame\r")
        self.peer.expect("/login alice opensesame")
        self.window.until_shows("> /login alice ********")
        self.assertFalse(any("opensesame" in row for row in self.screen.rows))

    def test_what_the_terminal_does_not_send_as_utf8_is_not_sent(self) -> None:
        self.be_welcome()
        self.window.type(b"caf\xe9\rnext\r")
        self.type("")
        self.peer.expect("next")
        self.window.until_shows("your terminal's encoding is not UTF-8")


class RoomsTest(TurnCase):
    def test_lines_of_another_room_name_it_and_are_counted(self) -> None:
        self.be_welcome("games", "tea")
        self.say_lines(tagged("bob: chess?", 1, "games"), tagged("* bob left", None, "games"))
        self.until_draft("tea (games 1)>")
        self.assertEqual(self.lines()[-2:], ["[games] bob: chess?", "[games] * bob left"])

    def test_alt_and_an_arrow_move_among_them(self) -> None:
        self.be_welcome("games", "tea")
        self.type("\x1b[1;3D")
        self.peer.expect("/join games")
        self.say_lines(tagged("-> You are in games now.", None, "games"))
        self.until_draft("games>")

    def test_the_time_is_when_it_was_said_and_days_are_told_apart(self) -> None:
        self.be_welcome("tea")
        day = 24 * 3600
        self.say_lines(tagged("bob: yesterday", 1, second=-3600), tagged("bob: now", 2, second=60))
        self.say_lines(tagged("bob: tomorrow", 3, second=day + 120))
        self.window.until_shows("tomorrow")
        shown = [row for row in self.screen.above if "bob: " in row or "—" in row]
        days = [datetime.fromtimestamp(time.time() + days * day) for days in (-1, 0, 1)]
        names = [f"— {date.day} {date.strftime('%B')} —" for date in days]
        self.assertEqual(
            shown,
            [names[0], "23:00 bob: yesterday", names[1], "00:01 bob: now",
             names[2], "00:02 bob: tomorrow"],
        )  # fmt: skip


class RefusedWishTest(TurnCase):
    def test_nothing_is_said_under_another_name_than_was_wished_for(self) -> None:
        self.talk(Conversation("alice", None, clock=self.clock))
        self.introduce()
        self.peer.expect("/tags on", "/nick alice")
        self.say_lines(NO_TAGS, "-> The name alice is taken.")
        self.peer.expect("/whoami")
        self.say_lines("-> You are Client 12.")
        self.type("hello\r")
        self.until_draft("> hello")
        self.window.until_shows("Not sent. Nothing is said before you choose another: /nick NAME.")
        for line in ("/msg bob psst", "/reply psst", "/topic psst", "/me dances"):
            self.type(f"\x15{line}\r")
            self.until_draft(f"> {line}")
        self.type("\x15/topic\r")  # only asks
        self.peer.expect("/topic")
        self.type("\x15/nick alice2\r")
        self.peer.expect("/nick alice2")
        self.say_lines("-> You are now alice2.")
        self.type("hello\r")
        self.peer.expect("hello")

    def test_a_password_is_asked_for_unseen(self) -> None:
        self.be_welcome()
        self.type("/nick bob\r")
        self.peer.expect("/nick bob")
        answer = "-> The name bob is registered: /login bob PASSWORD takes it."
        self.say_lines(tagged(answer, room=None))
        self.window.until(lambda screen: screen.last.startswith("Password for bob:"))
        self.type("opensesame\r")
        self.peer.expect("/login bob opensesame")
        self.assertFalse(any("opensesame" in row for row in self.screen.rows))


class IntroductionTest(TurnCase):
    def test_what_is_typed_before_it_is_over_is_sent_after_it(self) -> None:
        self.introduce()
        self.type("hello\r")
        self.be_introduced()
        self.peer.expect("hello")

    def test_what_is_typed_before_it_has_begun_is_sent_after_it(self) -> None:
        self.press("hello\r")
        self.introduce()
        self.be_introduced()
        self.peer.expect("hello")

    def test_who_leaves_before_it_is_over_is_who_was_wished_for_first(self) -> None:
        self.talk(Conversation("alice", "tea", clock=self.clock))
        self.press("hello\r\x04")
        self.introduce()
        self.peer.expect("/tags on", "/nick alice")
        self.say_lines("-> Lines carry tags now.", tagged("-> You are now alice.", room=None))
        self.peer.expect("/join tea")
        self.say_lines(tagged("-> You joined tea. Here: alice."))
        self.peer.expect("/whoami")
        self.say_lines(tagged("-> You are alice, in tea.", room=None))
        self.peer.expect("hello")
        self.peer.expect_end()

    def test_a_server_that_answers_is_waited_for_however_long_a_password_takes(self) -> None:
        self.talk(Conversation("alice", None, "opensesame", clock=self.clock))
        self.introduce()
        self.peer.expect("/tags on", "/login alice opensesame")
        self.type("hello\r")
        self.say_lines("-> Lines carry tags now.")
        self.now += 60
        self.say_lines(tagged("-> The password is wrong.", room=None))
        self.peer.expect("/whoami")
        self.say_lines(tagged("-> You are Client 12.", room=None))
        self.window.until(lambda screen: screen.last.startswith("Password for alice:"))
        self.type("\x1b")
        self.now += 1
        self.turn()
        self.until_draft("> hello")

    def test_a_server_that_answers_nothing_is_spoken_to_all_the_same(self) -> None:
        self.introduce()
        self.type("hello\r")
        self.now += 3
        self.turn()
        self.send()
        self.peer.expect("/tags on", "/whoami", "hello")


class OfflineTest(TurnCase):
    def lose(self) -> None:
        """Lose the connection, and notice it."""
        self.peer.hang_up()
        self.turn()
        self.assertIsNone(self.uplink.link)

    def reach(self) -> None:
        """Take turns until there is a connection again."""
        due = self.uplink.due(True)
        assert due is not None
        self.now = due
        while self.uplink.link is None:
            self.turn()
        self.peer.accept()
        self.link = self.uplink.link
        self.send()

    def test_a_farewell_needs_no_connection(self) -> None:
        self.be_welcome()
        self.lose()
        self.type("/quit\r")
        self.assertEqual(self.interactive.status, 0)
        self.assertFalse(any("Not sent" in row for row in self.screen.rows))

    def test_nothing_is_shown_twice_and_nothing_is_left_out(self) -> None:
        self.be_welcome("games", "tea")
        self.say_lines(tagged("bob: hi", 7))
        self.type("one\rtwo\r")
        self.peer.expect("one", "two")
        self.lose()
        self.until_draft("(offline) tea>")
        self.reach()
        self.peer.expect(
            "/tags on", "/nick alice", "/join games", "/resume tea 0badcafe-7", "/whoami"
        )
        self.say_lines(
            "-> Lines carry tags now.",
            tagged("-> You are now alice.", room=None),
            tagged("-> You joined games. Here: alice.", None, "games"),
            tagged("-> You joined tea. Here: alice, bob."),
            tagged("-> Since then:"),
            tagged("alice: one", 8),
            tagged("bob: meanwhile", 9),
            tagged("-> You are alice, in tea; also in games.", room=None),
        )
        self.until_draft("tea> two")
        self.assertEqual(
            self.lines()[-4:],
            ["alice: one", "bob: meanwhile",
             "You are alice, in tea; also in games. /help lists the commands.", "Not said: two"],
        )  # fmt: skip

    def test_a_refusal_is_not_the_reason_for_what_comes_later(self) -> None:
        self.be_welcome()
        self.lose()
        self.reach()
        self.peer.expect("/tags on", "/nick alice", "/whoami")
        self.say(b"-> Server is full.\n")
        self.turn()
        self.lose()
        self.window.until_shows("server is full. Trying again")
        self.reach()
        self.peer.expect("/tags on", "/nick alice", "/whoami")
        self.lose()
        self.window.until_shows("Still no connection. Trying again")

    def test_who_is_kicked_does_not_come_back_and_reads_what_was_not_taken(self) -> None:
        self.be_welcome("tea")
        self.type("one\r")
        self.peer.expect("one")
        self.say_lines(tagged("-> You were kicked: too loud.", room=None))
        self.peer.hang_up()
        self.turn()
        self.assertEqual(self.interactive.status, 1)
        self.window.until_shows("-> You were kicked: too loud.")
        self.assertEqual(self.interactive.last_words, "1 line is not taken.")

    def test_a_welcome_ends_the_search(self) -> None:
        self.be_welcome()
        self.lose()
        self.reach()
        self.assertTrue(self.uplink.reconnection.is_under_way)
        self.say_lines(NO_TAGS, "-> You are now alice.", "-> You are alice.")
        self.assertFalse(self.uplink.reconnection.is_under_way)

    def test_a_name_that_the_lost_connection_still_holds_is_asked_for_again(self) -> None:
        self.be_welcome()
        self.lose()
        self.reach()
        self.peer.expect("/tags on", "/nick alice", "/whoami")
        self.say_lines(NO_TAGS, "-> The name alice is taken.", "-> You are Client 2.")
        self.now += 10
        self.turn()
        self.send()
        self.peer.expect("/nick alice")
        self.say_lines("-> The name alice is taken.")
        self.assertFalse(any("taken" in row for row in self.lines()[-1:]))
