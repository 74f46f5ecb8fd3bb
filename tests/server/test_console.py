"""The operator's place at a real pseudo-terminal: what one sees in it."""

import json
import os
import re
import select
import termios
import unittest
from unittest.mock import patch

from reactor_chat.loop.reactor import Reactor
from reactor_chat.server import sink
from reactor_chat.server.console import Console
from reactor_chat.server.event_log import EventLog
from tests.processes import Process
from tests.server.server_terminal import STAMP, ServerTerminal
from tests.window import PATIENCE, Window


class DraftTest(ServerTerminal):
    def test_the_draft_stays_whole_under_the_scrolling_log(self) -> None:
        self.start()
        alice = self.join("alice")
        self.window.type("half a dra")
        self.until_draft("> half a dra")
        alice.say(*(f"line {number}" for number in range(30)))
        self.window.until_shows("alice: line 29")
        self.window.type("ft")
        self.until_draft("> half a draft")
        self.assertEqual(self.screen.row, self.screen.lines - 1)
        self.assertEqual(self.lines(), [f"[tea] alice: line {n}" for n in range(15, 30)])

    def test_what_was_typed_is_shown_with_its_answer_and_reaches_whom_it_is_for(self) -> None:
        self.start()
        alice = self.join("alice")
        self.window.type("good evening\r/rooms\r")
        self.window.until_shows("tea: alice")
        self.assertEqual(self.lines()[-3:], ["Server: good evening", "> /rooms", "tea: alice"])
        self.assertEqual(alice.read_line(), "Server: good evening")

    def test_tab_completes_commands_people_and_rooms(self) -> None:
        self.start()
        self.join("alice")
        for typed, completed in (
            ("/ki\t", "> /kick"),
            ("/kick AL\t", "> /kick alice"),
            ("/say t\t", "> /say tea"),
            ("al\t", "> alice:"),
        ):
            with self.subTest(typed):
                self.window.type("\x15" + typed)
                self.until_draft(completed)

    def test_tab_knows_given_names_and_nobody_who_has_left(self) -> None:
        self.start()
        alice, other = self.join("alice"), self.connect()
        other.ask("hello")
        self.window.type("/mute cl\t")
        self.until_draft("> /mute Client 2")
        alice.close()
        self.window.until_shows("alice disconnected")
        self.window.type("\x15al\t")
        self.until_draft("> al")

    def test_tab_completes_what_is_banned(self) -> None:
        self.start()
        self.window.type("/ban 192.0.2.1\r")
        self.window.until_shows("192.0.2.1 is banned.")
        self.window.type("/unban \t")
        self.until_draft("> /unban 192.0.2.1")

    def test_help_lists_the_commands_in_columns(self) -> None:
        self.start()
        self.window.type("/help\r")
        self.window.until_shows("/quit")
        commands = [line for line in self.lines() if line.startswith("/")]
        self.assertEqual(len(commands), 15)
        starts = {line.index(re.split(" {2,}", line, maxsplit=1)[1]) for line in commands}
        self.assertEqual(len(starts), 1)

    def test_pasted_lines_are_said_once_confirmed(self) -> None:
        self.start()
        alice = self.join("alice")
        self.window.type("\x1b[200~one\rtwo\x1b[201~")
        self.window.until(lambda screen: screen.last.startswith("Send 2 lines?"))
        alice.say("meanwhile")
        self.window.until_shows("alice: meanwhile")
        self.window.type("n")
        self.window.until_shows("Not sent.")
        self.assertEqual(alice.ask("/whoami"), "-> You are alice, in tea.")
        self.window.type("\x1b[200~three\rfour\x1b[201~\ry")
        self.assertEqual(alice.wait_for_lines(2), ["Server: three", "Server: four"])

    def test_resizing_draws_the_draft_anew(self) -> None:
        self.start()
        draft = "> a draft that needs more than thirty columns"
        self.window.type(draft[2:])
        self.until_draft(draft)
        self.window.resize(30, 16)
        self.window.until(lambda screen: screen.last.startswith("> <"))
        self.assertFalse(any("a draft" in row for row in self.screen.rows))
        self.window.resize(76, 16)
        self.until_draft(draft)
        self.assertTrue(self.lines()[0].startswith("listening on"))


class LogTest(ServerTerminal):
    def converse(self) -> None:
        """Let there be something of each kind in the log."""
        alice, bob = self.connect(), self.connect()
        alice.ask("hello")
        alice.say("/nick alice", "/join tea")
        alice.wait_for_lines(2)
        bob.say("/join tea")
        alice.wait_for_lines(1)
        alice.say("hi", "/me waves", "a\x1b[2Jb")
        bob.wait_for_lines(4)
        bob.close()
        alice.wait_for_lines(1)

    def test_the_lines_are_those_of_a_log_elsewhere_each_with_its_time(self) -> None:
        self.start()
        self.converse()
        self.window.until_shows("disconnected")
        elsewhere = Process(self.sources)
        self.addCleanup(elsewhere.close)
        self.port = elsewhere.port
        self.converse()
        elsewhere.wait_for_log("disconnected")
        self.assertEqual(self.masked(self.lines()), self.masked(elsewhere.output.lines))
        for row in self.screen.above:
            self.assertRegex(row, r"\d\d:\d\d:\d\d \S")
        self.assertNotIn(b"\x1b", elsewhere.output.text)

    def masked(self, lines: list[str]) -> list[str]:
        return [re.sub(r":\d{4,5}$", ":PORT", line) for line in lines]

    def styles(self) -> list[str]:
        self.converse()
        self.window.until_shows("disconnected")
        self.window.type("/who\r")
        self.window.until_shows("in tea")
        shown = ("[tea]", "alice: hi", "* alice joined", "> /who")
        return [self.screen.styled(text) for text in (self.screen.above[0][:8], *shown)]

    def test_names_have_their_colours_and_the_rest_steps_back(self) -> None:
        self.start()
        stamp, room, name, notice, typed = self.styles()
        self.assertEqual([stamp, room, notice, typed], ["2;"] * 4)
        self.assertTrue(name.startswith("38;5;"))

    def test_no_color_is_honoured(self) -> None:
        self.start(NO_COLOR="1")
        self.assertEqual(set(self.styles()), {""})


class HeldTest(ServerTerminal):
    """The window takes nothing for a while."""

    def test_output_that_is_stopped_stops_nobody(self) -> None:
        self.start("--rate", "0", "--log-rate", "0")
        self.window.type("half a ")
        self.until_draft("> half a")
        termios.tcflow(self.window.slave, termios.TCOOFF)
        said = self.say_more_than_fits()
        self.window.type("draft")
        termios.tcflow(self.window.slave, termios.TCOON)
        self.assert_whole(said)

    def test_a_window_that_is_not_drawn_stops_nobody(self) -> None:
        self.start("--rate", "0", "--log-rate", "0")
        self.window.type("half a draft")
        self.until_draft("> half a draft")
        self.assert_whole(self.say_more_than_fits())

    def say_more_than_fits(self) -> int:
        """Give the number of lines, which somebody said and got an answer to."""
        client = self.connect()
        count = 2 * sink.BACKLOG // len("18:20:56 Client 1: 0123 ...")
        for start in range(0, count, 500):
            client.say(*(f"{number:04}" for number in range(start, min(count, start + 500))))
        client.wait_for_lines(count)
        return count

    def assert_whole(self, said: int) -> None:
        """See that what is not shown was counted, and that all is as ever after that."""
        self.window.until_shows("left out)")
        self.until_draft("> half a draft")
        shown = self.screen.scrolled_off + self.screen.above
        numbers = [int(row[-4:]) for row in shown if "Client 1: " in row]
        self.assertEqual(numbers, list(range(len(numbers))))
        self.assertEqual(shown[-1][STAMP:], f"({said - len(numbers)} log lines were left out)")
        self.connect().ask("afterwards")
        self.window.until_shows("Client 2: afterwards")
        self.assertEqual(self.screen.last, "> half a draft")


BACKLOG = 2000  # bytes


class WithoutProcessTest(unittest.TestCase):
    """The console by itself, where a small backlog can be filled to the byte."""

    def setUp(self) -> None:
        self.window = Window(76, 8)
        self.addCleanup(self.window.close)
        self.reactor = Reactor()
        self.addCleanup(self.reactor.close)
        self.enterContext(patch.dict(os.environ, TERM="xterm"))
        slave = self.window.slave
        self.console = Console(self.reactor, slave, slave, str, lambda before: (0, ()))
        self.addCleanup(self.console.close)
        self.console.open(lambda line: None, lambda: None, self.console.show_lines)
        self.reactor.end_turn()

    def until(self, draft: str) -> None:
        """Let the loop run until this is the draft."""
        for _ in range(BACKLOG):
            if self.window.screen.last == draft:
                return
            self.reactor.turn(0)
            self.window.look()
        raise AssertionError(f"the last row is {self.window.screen.last!r}")

    def test_a_key_that_found_no_room_is_drawn_when_there_is_room_again(self) -> None:
        self.enterContext(patch("reactor_chat.server.sink.BACKLOG", BACKLOG))
        self.until(">")
        room = BACKLOG - len("\r\x1b[K> \x1b[3G") - 1
        self.console.show_lines(["x" * 70] * (room // 72) + ["x" * (room % 72 - 2)])
        self.window.type("y")
        self.console.on_readable()
        self.until("> y")
        self.assertFalse(any("left out" in row for row in self.window.screen.rows))

    def test_a_key_is_drawn_before_the_log_that_waits(self) -> None:
        self.until(">")
        drawn: list[bytes] = []
        self.enterContext(patch.object(self.window.screen, "write", drawn.append))
        self.console.show_lines([f"line {number} " + "x" * 60 for number in range(1500)])
        self.window.type("y")
        select.select([self.window.slave], [], [], PATIENCE)  # until it has come through
        while b"line 1499" not in b"".join(drawn[-2:]):
            self.reactor.turn(0)
            self.window.look()
        everything = b"".join(drawn)
        self.assertLess(everything.index(b"> y"), everything.index(b"line 500"))
        self.assertNotIn(b"left out", everything)

    def test_in_the_background_no_draft_is_drawn(self) -> None:
        self.until(">")
        for module in ("server.console", "tty.terminal"):
            self.enterContext(patch(f"reactor_chat.{module}.in_foreground", lambda fd: False))
        self.console.resume()  # after SIGSTOP, and `bg`
        self.window.write(b"\n$ ")
        self.console.show_lines(["a line of the log"])
        self.until("")
        self.assertEqual(self.window.screen.above[-1], "$ a line of the log")

    def test_what_was_left_out_of_a_log_for_machines_is_told_in_its_format(self) -> None:
        self.enterContext(patch("reactor_chat.server.sink.BACKLOG", BACKLOG))
        reader, writer = os.pipe()
        nothing = os.open(os.devnull, os.O_RDWR)
        for fd in (reader, writer, nothing):
            self.addCleanup(os.close, fd)
        console = Console(self.reactor, nothing, writer, str, lambda before: (0, ()))
        log = EventLog(self.reactor, console, form="json")
        console.open(lambda line: None, lambda: None, log.note)
        self.addCleanup(console.close)
        for number in range(BACKLOG):
            log.event("number", str(number))
        self.reactor.end_turn()  # what is pending leaves, and then the count
        self.reactor.turn(0)
        *shown, count = map(json.loads, os.read(reader, 2 * BACKLOG).splitlines())
        self.assertEqual(count["text"], f"({BACKLOG - len(shown)} log lines were left out)")


if __name__ == "__main__":
    unittest.main()
