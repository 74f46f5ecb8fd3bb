"""Single turns of the client's loop: what comes together in one, and what has to wait."""

import os
import select
import signal
import socket
import unittest

from reactor_chat.client.interactive import Interactive
from reactor_chat.client.link import Link
from reactor_chat.client.session import Session
from reactor_chat.tty.style import Style
from tests.peer import Peer
from tests.signalled import Signals
from tests.window import PATIENCE, Window

_MORE_THAN_FITS = b"x\r\n" * 60_000


class TurnCase(unittest.TestCase):
    """A client in this process, connected and on its stage, whose turns the test takes."""

    def setUp(self) -> None:
        self.peer = Peer()
        self.addCleanup(self.peer.close)
        self.window = Window(76, 12)
        self.addCleanup(self.window.close)
        self.signals = Signals()
        self.addCleanup(self.signals.close)
        self.now = 100.0
        here = (socket.AF_INET, ("127.0.0.1", self.peer.port))
        self.link = Link.dial(here, self.clock)
        self.addCleanup(self.link.close)
        self.peer.accept()
        self.link.on_writable()
        slave = self.window.slave
        self.client = Interactive(
            slave, slave, self.link, [here], Session(None, None), Style(False), clock=self.clock
        )
        self.addCleanup(self.client._stage.close)
        self.addCleanup(self.client._canvas.drop)  # or closing waits for a stalled terminal
        self.client._stage.take()

    def clock(self) -> float:
        return self.now

    def turn(self) -> None:
        self.client._turn(self.signals)

    def say(self, data: bytes) -> None:
        """Let the server send something, and wait until it has come."""
        self.peer.sock.sendall(data)
        self.assertTrue(select.select([self.link], [], [], PATIENCE)[0])

    def press(self, keys: str) -> None:
        """Press keys, and wait until they have come."""
        self.window.type(keys)
        self.assertTrue(select.select([self.window.slave], [], [], PATIENCE)[0])

    def until_draft(self, draft: str) -> None:
        self.window.until(lambda screen: screen.last == draft)

    def stall(self) -> None:
        """Let the terminal take nothing more."""
        self.client._canvas.write(_MORE_THAN_FITS)

    def go_on(self) -> None:
        """Let it take everything."""
        while self.client._canvas.waits:
            self.window.look(0.1)
            self.client._canvas.on_writable()


class StoppingTest(TurnCase):
    def test_what_comes_with_ctrl_z_is_seen_to_before_the_stop(self) -> None:
        self.say(b"Server: news\n")
        self.press("\x1ahello\r")
        self.turn()
        self.assertTrue(self.client._stage.must_stop)
        self.window.until_shows("> hello")
        self.window.until_shows("Server: news")
        self.link.on_writable()
        self.peer.expect("hello")

    def test_a_signal_that_ends_the_client_goes_before_ctrl_z(self) -> None:
        self.signals.come(signal.SIGTERM)
        self.press("\x1a")
        self.turn()
        self.assertEqual(self.client._status, 128 + signal.SIGTERM)
        self.assertFalse(self.client._stage.must_stop)


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
        self.stall()
        self.press("\x04")
        self.turn()
        self.assertIsNotNone(self.client._goodbye_at)
        self.signals.come(signal.SIGHUP)
        self.turn()
        self.assertEqual(self.client._status, 128 + signal.SIGHUP)


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
    def hang_up(self) -> None:
        os.close(self.window.master)
        self.window.master = os.open(os.devnull, os.O_RDONLY)

    def test_the_end_of_the_terminal_is_no_key(self) -> None:
        self.hang_up()
        self.turn()
        self.assertEqual(self.client._status, 1)

    def test_a_terminal_that_nothing_can_be_drawn_on_ends_it(self) -> None:
        self.hang_up()
        self.client._show_own("a last word")
        self.client._look_for_the_terminal()
        self.assertEqual(self.client._status, 1)

    def test_a_signal_has_told_it_already(self) -> None:
        self.client._on_signals({signal.SIGHUP})
        self.hang_up()
        self.client._show_own("a last word")
        self.client._look_for_the_terminal()
        self.assertEqual(self.client._status, 128 + signal.SIGHUP)


class OfflineTest(TurnCase):
    def test_a_farewell_needs_no_connection(self) -> None:
        self.client._on_end(self.link)
        self.press("/quit\r")
        self.turn()
        self.assertEqual(self.client._status, 0)
        self.assertFalse(any("Not sent" in row for row in self.window.screen.rows))

    def test_a_welcome_ends_the_search(self) -> None:
        self.client._on_end(self.link)
        self.client._retry()
        assert self.client._link is not None
        self.addCleanup(self.client._link.close)
        self.assertTrue(self.client._redial.is_under_way)
        self.client._session.connected()
        self.client._show(["-> You are Client 2."])
        self.assertFalse(self.client._redial.is_under_way)
