"""Single turns of the client's loop: what comes together in one, and what has to wait."""

import select
import signal
import socket

from reactor_chat.client.interactive import Interactive
from reactor_chat.client.link import Address, Link
from reactor_chat.client.session import Session
from reactor_chat.tty.style import Style
from tests.client.client_terminal import ClientTerminal
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
        self.here: Address = (socket.AF_INET, ("127.0.0.1", self.peer.port))
        self.link = Link.call(self.here, self.clock)
        self.addCleanup(self.link.close)
        self.peer.accept()
        self.link.on_writable()
        self.talk([self.here], Session(None, None))

    def talk(self, addresses: list[Address], session: Session) -> None:
        """Have a client with such addresses and such a session."""
        slave = self.window.slave
        self.interactive = Interactive(
            slave, slave, self.link, addresses, session, Style(False), clock=self.clock
        )
        self.addCleanup(self.interactive._job.close)
        self.addCleanup(self.interactive._output.drop)  # or closing waits for a stalled terminal
        self.interactive._job.take()

    def clock(self) -> float:
        return self.now

    def turn(self) -> None:
        self.interactive._turn(self.signals)

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
        self.interactive._output.write(_MORE_THAN_FITS)

    def go_on(self) -> None:
        """Let it take everything."""
        while self.interactive._output.waits:
            self.window.look(0.1)
            self.interactive._output.on_writable()


class StoppingTest(TurnCase):
    def test_what_comes_with_ctrl_z_is_seen_to_before_the_stop(self) -> None:
        self.say(b"Server: news\n")
        self.press("\x1ahello\r")
        self.turn()
        self.assertTrue(self.interactive._job.must_stop)
        self.window.until_shows("> hello")
        self.window.until_shows("Server: news")
        self.link.on_writable()
        self.peer.expect("hello")

    def test_a_signal_that_ends_the_client_goes_before_ctrl_z(self) -> None:
        self.signals.come(signal.SIGTERM)
        self.press("\x1a")
        self.turn()
        self.assertEqual(self.interactive._status, 128 + signal.SIGTERM)
        self.assertFalse(self.interactive._job.must_stop)


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
        self.assertIsNotNone(self.interactive._goodbye_at)
        self.signals.come(signal.SIGHUP)
        self.turn()
        self.assertEqual(self.interactive._status, 128 + signal.SIGHUP)


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
        self.window.hang_up()
        self.turn()
        self.assertEqual(self.interactive._status, 1)

    def test_a_terminal_that_nothing_can_be_drawn_on_ends_it(self) -> None:
        self.window.hang_up()
        self.interactive._show_own("a last word")
        self.interactive._look_for_the_terminal()
        self.assertEqual(self.interactive._status, 1)

    def test_a_signal_has_told_it_already(self) -> None:
        self.interactive._on_signals({signal.SIGHUP})
        self.window.hang_up()
        self.interactive._show_own("a last word")
        self.interactive._look_for_the_terminal()
        self.assertEqual(self.interactive._status, 128 + signal.SIGHUP)


class LeavingTest(TurnCase):
    def test_a_server_that_does_not_close_is_not_waited_for_long(self) -> None:
        self.press("/quit\r")
        self.turn()
        self.link.on_writable()
        self.peer.expect("/quit")
        self.assertIsNone(self.interactive._status)
        self.now += 3
        self.turn()
        self.assertEqual(self.interactive._status, 0)


class OfflineTest(TurnCase):
    def test_a_farewell_needs_no_connection(self) -> None:
        self.interactive._on_end(self.link)
        self.press("/quit\r")
        self.turn()
        self.assertEqual(self.interactive._status, 0)
        self.assertFalse(any("Not sent" in row for row in self.window.screen.rows))

    def test_a_refusal_is_not_the_reason_for_what_comes_later(self) -> None:
        self.interactive._reconnection.call().close()  # so one was in before
        self.say(b"-> Server is full.\n")
        self.turn()
        self.interactive._on_end(self.link)
        self.window.until_shows("server is full. Trying again")
        self.peer.close()
        self.interactive._retry()
        assert self.interactive._link is not None
        self.addCleanup(self.interactive._link.close)
        self.interactive._on_writable(self.interactive._link)
        self.interactive._take_lines(self.interactive._link)
        self.window.until_shows("Connection refused. Trying again")

    def test_a_welcome_ends_the_search(self) -> None:
        self.interactive._on_end(self.link)
        self.interactive._retry()
        assert self.interactive._link is not None
        self.addCleanup(self.interactive._link.close)
        self.assertTrue(self.interactive._reconnection.is_under_way)
        self.interactive._session.connected()
        self.interactive._show(["-> You are Client 2."])
        self.assertFalse(self.interactive._reconnection.is_under_way)

    def test_an_address_of_a_family_that_this_machine_lacks_is_passed_over(self) -> None:
        self.talk([(socket.AF_UNSPEC, ("::1", 1)), self.here], Session(None, None))
        self.interactive._on_end(self.link)
        self.interactive._retry()
        self.window.until_shows("Address family not supported")
        self.interactive._retry()
        assert self.interactive._link is not None
        self.addCleanup(self.interactive._link.close)
        self.peer.accept()

    def test_a_name_that_the_lost_connection_still_holds_is_asked_for_again(self) -> None:
        session = Session(None, None)
        session.heard("-> You are now alice.")
        session.connected()
        self.talk([self.here], session)
        self.interactive._show(["-> The name alice is taken.", "-> You are Client 2."])
        self.interactive._do_what_is_due()
        self.now += 10
        self.interactive._do_what_is_due()
        self.link.on_writable()
        self.peer.expect("/nick alice")
        self.interactive._show(["-> You are now alice."])
        self.now += 10
        self.interactive._do_what_is_due()
        self.assertIsNone(self.interactive._timeout())
