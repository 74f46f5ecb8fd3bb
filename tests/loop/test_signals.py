"""The loop hears of signals where it hears of everything else."""

import signal
import unittest
from typing import Any

from reactor_chat.loop.reactor import NOTHING, READ, Reactor
from reactor_chat.loop.signals import SignalWatch
from tests.probe import Probe

WANTED = (signal.SIGUSR2, signal.SIGUSR1, signal.SIGINT)


class SignalsTest(unittest.TestCase):
    def setUp(self) -> None:
        self.reactor = Reactor()
        self.addCleanup(self.reactor.close)
        self.heard: list[int] = []
        self.failures: list[Exception] = []

    def watch(self) -> SignalWatch:
        watch = SignalWatch(self.reactor, WANTED, self.heard.append, self.failures.append)
        self.addCleanup(watch.close)
        return watch

    def handle(self, number: int, handler: Any) -> None:
        self.addCleanup(signal.signal, number, signal.signal(number, handler))

    def test_a_signal_is_heard_in_the_loop_and_not_before(self) -> None:
        self.watch()
        signal.raise_signal(signal.SIGUSR1)
        self.assertEqual(self.heard, [])
        self.reactor.turn(0)
        self.assertEqual(self.heard, [signal.SIGUSR1])

    def test_a_signal_ends_the_sleep_of_the_loop(self) -> None:
        watch = SignalWatch(self.reactor, [signal.SIGALRM], self.heard.append, self.failures.append)
        self.addCleanup(watch.close)
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        self.reactor.turn()
        self.assertEqual(self.heard, [signal.SIGALRM])

    def test_a_defect_in_what_it_does_is_reported_and_the_loop_goes_on(self) -> None:
        defect = ValueError("not now")

        def fail(number: int) -> None:
            raise defect

        watch = SignalWatch(self.reactor, WANTED, fail, self.failures.append)
        self.addCleanup(watch.close)
        signal.raise_signal(signal.SIGUSR1)
        self.reactor.turn(0)
        self.assertEqual(self.failures, [defect])

    def test_without_a_signal_the_loop_is_not_woken(self) -> None:
        self.watch()
        self.reactor.turn(0)
        self.assertEqual(self.heard, [])

    def test_signals_that_came_together_are_heard_once_each_in_the_order_of_their_numbers(
        self,
    ) -> None:
        self.watch()
        for _ in range(3):
            for number in WANTED[:2]:
                signal.raise_signal(number)
        self.reactor.turn(0)
        self.assertEqual(self.heard, sorted(WANTED[:2]))

    def test_a_storm_of_signals_is_heard_a_few_times_and_then_over(self) -> None:
        self.watch()
        for _ in range(100_000):
            signal.raise_signal(signal.SIGUSR1)
        for _ in range(200):
            self.reactor.turn(0)
        self.assertLess(len(self.heard), 200)
        self.assertGreater(len(self.heard), 0)
        signal.raise_signal(signal.SIGUSR2)
        self.reactor.turn(0)
        self.assertEqual(self.heard[-1], signal.SIGUSR2)

    def test_a_signal_that_somebody_else_handles_is_not_heard(self) -> None:
        self.handle(signal.SIGWINCH, lambda number, frame: None)
        self.watch()
        signal.raise_signal(signal.SIGWINCH)
        self.reactor.turn(0)
        self.assertEqual(self.heard, [])

    def test_the_first_interrupt_is_heard_and_the_second_ends_all_at_once(self) -> None:
        self.watch()
        signal.raise_signal(signal.SIGINT)
        self.reactor.turn(0)
        self.assertEqual(self.heard, [signal.SIGINT])
        with self.assertRaises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)

    def test_the_second_interrupt_does_so_even_where_the_loop_is_wedged(self) -> None:
        self.watch()
        wedged = Probe([], "wedged", -1)
        self.reactor.call_soon(wedged, lambda: signal.raise_signal(signal.SIGINT))
        self.reactor.call_soon(wedged, lambda: signal.raise_signal(signal.SIGINT))
        self.assertRaises(KeyboardInterrupt, self.reactor.turn, 0)

    def test_a_signal_that_was_ignored_stays_so(self) -> None:
        self.handle(signal.SIGUSR1, signal.SIG_IGN)
        watch = self.watch()
        signal.raise_signal(signal.SIGUSR1)
        self.reactor.turn(0)
        watch.close()
        self.assertEqual(self.heard, [])
        self.assertIs(signal.getsignal(signal.SIGUSR1), signal.SIG_IGN)

    def test_closing_puts_back_what_was_there_before(self) -> None:
        before = [signal.getsignal(number) for number in WANTED]
        watch = SignalWatch(self.reactor, WANTED, self.heard.append, self.failures.append)
        self.assertEqual(watch.interest, READ)
        watch.close()
        self.assertEqual([signal.getsignal(number) for number in WANTED], before)
        self.assertEqual(signal.set_wakeup_fd(-1), -1)
        self.assertEqual(watch.interest, NOTHING)


if __name__ == "__main__":
    unittest.main()
