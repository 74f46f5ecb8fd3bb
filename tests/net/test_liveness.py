"""Peers whose machine is gone are found, and those that only stand still are left alone."""

import struct
import unittest
from types import SimpleNamespace
from typing import Any, cast

from reactor_chat.loop.reactor import Reactor
from reactor_chat.net.liveness import Liveness
from tests.sim.clock import Clock
from tests.sim.process import Process
from tests.sim.selector import Asleep, Selector


class FakePeer:
    """A connection of which a kernel tells what a test says."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._answered = clock()
        self.asked_in_vain = False
        self.unsent = 0
        self.known = 148  # bytes of what newer kernels tell
        self.ended: list[str] = []
        self.looks = 0
        self.socket = self

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        """Return `struct tcp_info`, as far as it counts here."""
        self.looks += 1
        silence = int((self._clock() - self._answered) * 1000)
        probes = int(self.asked_in_vain)
        return struct.pack("=2xBB20xI28xI84xI", 0, probes, 0, silence, self.unsent)[: self.known]

    def answer(self) -> None:
        """Acknowledge what has come, or say how wide the window is."""
        self._answered = self._clock()
        self.asked_in_vain = False

    def vanish(self) -> None:
        """Be gone, with something on its way."""
        self.asked_in_vain = True
        self.unsent = 1

    def abort(self, reason: str) -> None:
        self.ended.append(reason)


class LivenessTest(unittest.TestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        selector = Selector(Process(cast(Any, None)))
        self.reactor = Reactor(selector, self.clock)
        self.peers: list[FakePeer] = []
        self.reports: list[Exception] = []
        peers = cast(Any, lambda: [peer for peer in self.peers if not peer.ended])
        self.liveness = Liveness(self.reactor, peers, self.reports.append)

    def enter(self) -> FakePeer:
        self.peers.append(FakePeer(self.clock))
        self.liveness.begin()
        return self.peers[-1]

    def sleep(self) -> float | None:
        """Turn until there is nothing to do; return for how long the loop would sleep."""
        while True:
            try:
                self.reactor.turn()
            except Asleep as asleep:
                return asleep.timeout

    def pass_time(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.advance(1.0)
            self.sleep()

    def test_who_is_gone_is_found_within_two_minutes_and_not_in_one(self) -> None:
        for offset in range(0, 30, 7):
            peer = self.enter()
            self.pass_time(offset)
            peer.answer()
            peer.vanish()
            self.pass_time(60)
            self.assertEqual(peer.ended, [])
            self.pass_time(61)
            self.assertEqual(peer.ended, ["timed out"])

    def test_who_is_stopped_and_whose_machine_answers_may_be_so_for_hours(self) -> None:
        peer = self.enter()
        peer.unsent = 320_000
        for _ in range(100):  # the kernel asks once in two minutes
            self.pass_time(119)
            peer.asked_in_vain = True  # and at this moment there is no answer yet
            self.pass_time(1)
            peer.answer()
        self.assertEqual(peer.ended, [])

    def test_who_is_idle_is_left_to_the_kernel(self) -> None:
        peer = self.enter()
        self.pass_time(1000)
        self.assertEqual(peer.ended, [])

    def test_who_comes_back_after_a_minute_is_not_ended(self) -> None:
        peer = self.enter()
        for _ in range(10):
            peer.vanish()
            self.pass_time(75)
            peer.answer()
            self.pass_time(10)
        self.assertEqual(peer.ended, [])

    def test_while_nobody_is_there_no_timer_is_set(self) -> None:
        self.assertIsNone(self.sleep())
        self.enter()
        self.assertAlmostEqual(self.sleep() or 0, 30.0)
        self.peers.clear()
        self.pass_time(30)
        self.assertIsNone(self.sleep())

    def test_where_the_kernel_does_not_tell_nobody_looks_again(self) -> None:
        peer = self.enter()
        peer.known = 128
        self.pass_time(30)
        self.assertIsNone(self.sleep())
        self.assertEqual(peer.ended, [])

    def test_a_turn_looks_at_a_bounded_number(self) -> None:
        for _ in range(1000):
            self.enter()
        self.clock.advance(30.0)
        looks: list[int] = []
        while sum(looks) < 1000:
            before = sum(peer.looks for peer in self.peers)
            self.reactor.turn()
            looks.append(sum(peer.looks for peer in self.peers) - before)
        self.assertEqual(looks, [256, 256, 256, 232])

    def test_a_defect_is_reported_and_the_next_one_to_come_in_begins_anew(self) -> None:
        self.peers.append(cast(Any, SimpleNamespace(ended=[])))
        peer = self.enter()
        self.pass_time(30)
        self.assertEqual([type(error) for error in self.reports], [AttributeError])
        del self.peers[0]
        peer.vanish()
        self.liveness.begin()
        self.pass_time(121)
        self.assertEqual(peer.ended, ["timed out"])
