"""Signals wake a `select`."""

import os
import select
import signal
import unittest

from reactor_chat.loop.wakeup import Wakeup
from tests.window import PATIENCE


class WakeupTest(unittest.TestCase):
    def test_a_signal_makes_it_readable_and_is_taken_once(self) -> None:
        with Wakeup([signal.SIGUSR1]) as wakeup:
            self.assertEqual(wakeup.take(), set())
            os.kill(os.getpid(), signal.SIGUSR1)
            self.assertTrue(select.select([wakeup], [], [], PATIENCE)[0])
            self.assertEqual(wakeup.take(), {signal.SIGUSR1})
            self.assertEqual(wakeup.take(), set())

    def test_afterwards_all_is_as_it_was(self) -> None:
        before = signal.getsignal(signal.SIGUSR1)
        with Wakeup([signal.SIGUSR1]):
            pass
        self.assertIs(signal.getsignal(signal.SIGUSR1), before)
        self.assertEqual(signal.set_wakeup_fd(-1), -1)

    def test_a_signal_that_was_ignored_stays_so(self) -> None:
        before = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        self.addCleanup(signal.signal, signal.SIGUSR1, before)
        with Wakeup([signal.SIGUSR1]) as wakeup:
            os.kill(os.getpid(), signal.SIGUSR1)
            self.assertEqual(wakeup.take(), set())
