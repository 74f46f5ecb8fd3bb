"""The client's terminal, in front and behind, as the shell's job control moves it about."""

import signal
import termios
import unittest
from unittest import mock

from reactor_chat.client.job_control import JobControl
from reactor_chat.tty.editor import no_completions
from tests.loop.signalled import Signals
from tests.window import Window

_ENDING = frozenset({signal.SIGTERM})
_MORE_THAN_FITS = b"x\r\n" * 300_000


class StageCase(unittest.TestCase):
    def setUp(self) -> None:
        self.window = Window()
        self.addCleanup(self.window.close)
        self.in_front = True
        self.stops: list[bool] = []  # whether the terminal was given back, each time
        self.signals = Signals()
        self.addCleanup(self.signals.close)
        for place in ("reactor_chat.client.job_control", "reactor_chat.tty.terminal"):
            self.patch(f"{place}.in_foreground", lambda _: self.in_front)
        self.patch("reactor_chat.client.job_control.stop_job", self.stop_job)
        self.continued: frozenset[int] = frozenset({signal.SIGCONT})
        self.job = JobControl(self.window.slave, self.window.slave, no_completions)
        self.addCleanup(self.job.close)

    def patch(self, what: str, by: object) -> None:
        patcher = mock.patch(what, by)
        patcher.start()
        self.addCleanup(patcher.stop)

    def stop_job(self) -> None:
        self.stops.append(self.window.is_restored())
        self.signals.come(*self.continued)

    def stop(self) -> set[int]:
        return self.job.stop(self.signals, _ENDING)

    def until_draft(self, draft: str) -> None:
        self.window.until(lambda screen: screen.last == draft)


class TakingTest(StageCase):
    def test_in_front_the_terminal_is_taken(self) -> None:
        self.job.take()
        self.until_draft(">")
        self.assertFalse(self.job.must_stop)

    def test_behind_it_is_left_alone_and_the_job_is_to_stop(self) -> None:
        self.in_front = False
        self.job.take()
        self.assertTrue(self.job.must_stop)
        self.assertTrue(self.window.is_restored())
        self.assertFalse(self.job.output.waits)

    def test_what_a_shell_makes_of_the_modes_behind_is_not_what_is_restored(self) -> None:
        self.job.take()
        raw = termios.tcgetattr(self.window.slave)
        self.in_front = False  # stopped without warning, and continued behind
        self.job.take()
        self.stop()
        self.assertEqual(self.stops, [False])
        termios.tcsetattr(self.window.slave, termios.TCSANOW, raw)
        self.in_front = True
        self.job.take()
        self.job.give_back()
        self.assertTrue(self.window.is_restored())

    def test_a_terminal_that_has_hung_up_is_lost(self) -> None:
        self.window.hang_up()
        self.job.take()
        self.assertTrue(self.job.lost)


class StoppingTest(StageCase):
    def test_the_terminal_is_given_back_before_the_stop(self) -> None:
        self.job.take()
        self.job.must_stop = True
        self.assertEqual(self.stop(), {signal.SIGCONT})
        self.assertEqual(self.stops, [True])
        self.assertFalse(self.job.must_stop)

    def test_what_waits_is_given_the_time_to_be_drawn(self) -> None:
        with mock.patch.object(self.job.output, "flush") as flush:
            self.stop()
        flush.assert_called_once()

    def test_a_signal_that_ends_the_client_is_not_slept_over(self) -> None:
        self.job.take()
        self.signals.come(signal.SIGTERM)
        self.assertEqual(self.stop(), {signal.SIGTERM})
        self.assertEqual(self.stops, [])

    def test_signals_before_and_after_the_stop_are_told(self) -> None:
        self.signals.come(signal.SIGWINCH)
        self.continued |= {signal.SIGTERM}
        self.assertEqual(self.stop(), {signal.SIGWINCH, signal.SIGTERM, signal.SIGCONT})

    def test_a_stop_without_effect_in_front_is_over_at_once(self) -> None:
        self.continued = frozenset()
        self.assertEqual(self.stop(), {signal.SIGCONT})
        self.assertFalse(self.job.lost)

    def test_a_stop_without_effect_behind_leaves_no_terminal(self) -> None:
        self.continued = frozenset()
        self.in_front = False
        self.stop()
        self.assertTrue(self.job.lost)

    def test_what_could_not_be_drawn_before_is_drawn_after(self) -> None:
        self.job.take()
        self.job.terminal.show(["kept"])
        self.job.output.write(_MORE_THAN_FITS)
        with mock.patch("reactor_chat.client.job_control._FLUSH", 0.0):
            self.stop()
        self.assertFalse(self.job.output.waits)
        while self.window.waiting_to_be_seen():
            self.window.look()
        self.job.take()
        self.job.refresh()
        self.window.until_shows("kept")
        self.until_draft(">")


class RefreshingTest(StageCase):
    def test_a_new_size_is_drawn_once_there_is_room(self) -> None:
        self.job.take()
        self.job.output.write(_MORE_THAN_FITS)
        waits = len(self.job.output._backlog)
        for _ in range(3):
            self.job.resize()
            self.job.refresh()
        self.assertEqual(len(self.job.output._backlog), waits)
        self.job.output.drop()
        self.job.refresh()
        while self.job.output.waits:
            self.window.look(0.1)
            self.job.output.on_writable()
        self.until_draft(">")

    def test_nothing_is_drawn_that_is_not_stale(self) -> None:
        self.job.take()
        self.until_draft(">")
        seen = self.window.received
        self.job.refresh()
        self.window.look()
        self.assertEqual(self.window.received, seen)
