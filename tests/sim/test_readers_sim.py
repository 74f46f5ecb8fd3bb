"""Those who read too slowly, ask too much, or speak too fast, each beside two witnesses."""

import random
import unittest

from reactor_chat.net.shared import Limits
from reactor_chat.server.settings import Settings
from tests.sim import acts
from tests.sim.driver import CAPACITY, LIMITS, Driver
from tests.sim.process import ROUGH
from tests.sim.witnesses import FaultCase

# What may wait for somebody who does not read: the limit, and what one slice of input is answered.
MOST_WAITING = max(LIMITS.hold, LIMITS.backlog) + 16 * 1024


class SlowReaderTest(FaultCase):
    def test_a_full_backlog_that_does_not_move_for_30_seconds_ends_the_reader(self) -> None:
        slow = self.guest("tea")
        slow.stall()
        self.overflow(slow)
        self.driver.pass_time(29.9)
        self.assertFalse(slow.person.gone)
        self.driver.pass_time(0.2)
        self.assertEqual(self.driver.log[-1], "Client 3 disconnected (stopped reading)")
        self.end()

    def test_it_does_so_with_new_traffic_too(self) -> None:
        slow = self.guest("tea")
        slow.stall()
        self.overflow(slow)
        self.wait(31)
        self.assertTrue(slow.person.gone)
        self.end()

    def test_a_reader_whose_backlog_is_not_full_may_take_its_time(self) -> None:
        slow = self.guest("tea")
        slow.stall()
        self.exchange()
        self.driver.pass_time(3600)
        self.assertFalse(slow.person.gone)
        self.end()

    def test_a_reader_who_trickles_is_not_ended(self) -> None:
        slow = self.guest("tea")
        slow.stall()
        for _ in range(10):
            self.overflow(slow)
            slow.person.expectations.feed(slow.stream.recv(CAPACITY))
            self.driver.pass_time(29.0)
        self.assertFalse(slow.person.gone)
        self.end()

    def test_who_stops_and_then_trickles_is_told_exactly_how_many_lines_it_missed(self) -> None:
        slow = self.guest("tea")
        slow.stall()
        self.overflow(slow)
        while self.is_overrun(slow):
            slow.person.expectations.feed(slow.stream.recv(7))
            self.driver.settle()
        slow.resume()
        self.exchange()
        heard = [line for line in slow.person.expectations.heard if b": line " in line]
        self.assertLess(0, slow.person.expectations.missed)
        self.assertEqual(len(heard) + slow.person.expectations.missed, self.said)
        self.end()

    def test_one_slow_readers_end_causes_no_other(self) -> None:
        slow = [self.guest("tea") for _ in range(20)]
        for client in slow[:10]:
            client.stall()
        self.overflow(slow[0])
        self.wait(31)
        self.assertEqual([client.person.gone for client in slow], [True] * 10 + [False] * 10)
        self.end()

    def test_a_reader_who_keeps_up_hears_a_line_that_is_longer_than_its_backlog_may_be(
        self,
    ) -> None:
        self.say(self.alice, acts.LIMIT)  # With the name before it, longer than `LIMITS.backlog`.
        self.driver.settle()
        self.driver.assert_settled()
        self.driver.pass_time(60)
        self.assertFalse(self.bob.person.gone)
        self.end()


class FlooderTest(FaultCase):
    def test_who_floods_commands_and_never_reads_is_not_read(self) -> None:
        flooder = self.guest()
        flooder.stall()
        for _ in range(100):
            flooder.say(*[acts.whoami()] * 50)
            self.exchange()
            self.assertLess(self.connection(flooder).waiting, MOST_WAITING)
        self.assertLess(0, flooder.stream.unsent())
        flooder.resume()
        self.driver.settle()
        flooder.assert_complete()
        self.assertEqual(flooder.received.count(b"-> You are Client 3.\n"), 5000)
        self.end()

    def test_others_are_served_between_the_slices_of_a_flood(self) -> None:
        flooder = self.guest()
        flooder.say(*[acts.say(f"flood {n}") for n in range(5000)])
        self.driver.turn()
        self.say(self.alice)
        for _ in range(2):
            self.driver.turn()
        self.assertIn(b"Client 1: line 1\n", self.bob.received)
        self.assertLess(flooder.received.count(b"\n"), 1000)
        self.end()

    def test_a_flood_without_a_line_feed_takes_no_memory_and_is_answered_once(self) -> None:
        flooder = self.guest()
        flooder.say(acts.Act(acts.Kind.WRONG, b"x" * 1_000_000, answer=acts.WRONGS[0][1]))
        for _ in range(50):
            self.driver.turn()
            self.assertLessEqual(len(self.connection(flooder).lines.unfinished), acts.LIMIT + 2)
        self.exchange()
        self.assertEqual(flooder.received, acts.WRONGS[0][1])
        self.end()


class RateTest(FaultCase):
    settings = Settings(rate=5, limits=LIMITS)

    def test_what_is_relayed_too_fast_is_read_later_and_not_dropped(self) -> None:
        talker = self.guest("tea")
        talker.say(*[acts.say(f"quick {n}") for n in range(60)])
        self.driver.settle()
        for seconds in range(5):
            heard = self.bob.received.count(b": quick ")
            self.assertLessEqual(heard, 20 + 5 * seconds + 1)
            self.driver.pass_time(1.0)
        self.driver.pass_time(4.0)
        self.assertEqual(self.bob.received.count(b": quick "), 60)
        self.end()

    def test_waiting_takes_one_timer_however_much_is_heard_meanwhile(self) -> None:
        for _ in range(2):
            self.guest("tea").say(*[acts.say(f"quick {n}") for n in range(60)])
        most = 0
        for _ in range(40):
            self.driver.pass_time(0.1)
            most = max(most, len(self.driver.reactor._timers))
        self.assertLessEqual(most, len(self.driver.server.sessions))
        self.driver.pass_time(10.0)
        self.end()

    def test_what_is_asked_of_the_server_itself_is_not_held_back(self) -> None:
        client = self.guest()
        client.say(*[acts.say(f"echo {n}") for n in range(100)], *[acts.whoami()] * 100)
        self.exchange()
        self.assertEqual(client.received.count(b"\n"), 200)
        self.end()


class LimitTest(unittest.TestCase):
    def test_the_least_limits_serve_too(self) -> None:
        limits = Limits(backlog=1, hold=1)
        driver = Driver(random.Random(0), ROUGH, Settings(rate=0, limits=limits))
        self.addCleanup(driver.close)
        client = driver.connect()
        client.say(*[acts.whoami()] * 20, acts.say("done"))
        driver.settle()
        driver.assert_settled()
