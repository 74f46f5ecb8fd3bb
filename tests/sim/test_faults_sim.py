"""Faults where time or chance matters, each beside two witnesses who must not notice it.

Readers and speakers that are at fault have `test_readers_sim` to themselves.
"""

from unittest import mock

from reactor_chat.net.listener import RETRY
from reactor_chat.server.server import SHUTDOWN
from reactor_chat.server.settings import Settings
from tests.sim import acts
from tests.sim.client import FULL
from tests.sim.driver import LIMITS
from tests.sim.selector import Asleep
from tests.sim.witnesses import FaultCase


class DescriptorTest(FaultCase):
    limit = 5  # The listener, its spare, and three clients.

    def test_a_shortage_does_not_spin_and_is_logged_at_most_once_a_second(self) -> None:
        self.guest()
        for _ in range(200):
            self.driver.connect()
        self.driver.settle()
        selects, entries = self.driver.selector.selects, len(self.driver.log)
        self.driver.pass_time(10)
        self.assertLess(self.driver.selector.selects - selects, 10 / RETRY * 4)
        self.assertLessEqual(len(self.driver.log) - entries, 11)
        self.driver.rest()
        self.end()

    def test_a_caller_for_whom_there_is_no_descriptor_reads_why(self) -> None:
        self.guest()
        caller = self.driver.connect()
        self.driver.pass_time(RETRY)
        self.assertEqual((caller.received, caller.end), (FULL, "end"))
        self.end()

    def test_taking_the_last_descriptor_is_no_shortage_yet(self) -> None:
        self.guest()
        self.assertFalse([entry for entry in self.driver.log if "cannot accept" in entry])
        self.end()

    def test_service_resumes_a_tenth_of_a_second_after_one_is_free(self) -> None:
        third = self.guest()
        turned_away = self.driver.connect()
        self.driver.settle()
        self.assertEqual(turned_away.received, FULL)
        waiting = self.driver.connect()
        third.half_close()
        self.driver.settle()
        self.assertEqual(waiting.person.name, "")
        self.driver.pass_time(RETRY)
        self.assertEqual(waiting.person.name, "Client 4")
        self.end()


class FullServerTest(FaultCase):
    settings = Settings(max_clients=3, rate=0, limits=LIMITS)

    def test_every_caller_of_many_to_a_full_server_reads_why(self) -> None:
        self.guest()
        callers = [self.driver.connect() for _ in range(300)]
        self.exchange()
        self.driver.rest()
        self.assertEqual({bytes(caller.received) for caller in callers}, {FULL})
        self.end()

    def test_those_who_go_make_room_for_others_to_be_turned_away_without_a_reset(self) -> None:
        self.guest()
        callers = []
        for _ in range(40):
            callers.append(self.driver.connect())
            self.driver.settle()
        self.assertEqual({caller.end for caller in callers}, {"end"})
        self.end()

    def test_those_who_are_turned_away_and_do_not_go_are_cut_off(self) -> None:
        self.guest()
        for _ in range(100):
            self.driver.connect().stall()
        self.driver.settle()
        self.assertLess(len(self.driver.process.descriptors()), 30)
        self.driver.pass_time(6)
        self.assertEqual(len(self.driver.process.descriptors()), 5)
        self.end()


class ConnectionTest(FaultCase):
    def test_resets_in_the_middle_of_a_fan_out_harm_nobody_else(self) -> None:
        crowd = [self.guest("tea") for _ in range(30)]
        for client in crowd[::2]:
            client.stall()
        self.overflow(crowd[0])
        self.say(self.alice)
        for client in crowd:
            client.vanish()
        self.exchange()
        self.assertEqual(len(self.driver.server.sessions), 2)
        self.end()

    def test_a_peer_that_the_kernel_gives_up_has_left(self) -> None:
        gone = self.guest("tea")
        gone.vanish("timeout")
        self.exchange()
        self.assertIn(b"* Client 3 left\n", self.bob.received)
        self.end()

    def test_who_is_kicked_while_sending_reads_why_and_no_reset(self) -> None:
        for reason in ("", "too loud"):
            sender = self.guest("tea")
            sender.say(*[acts.say(f"{reason} {n}") for n in range(500)])
            self.driver.kick(sender, reason)
            self.driver.settle()
            self.assertTrue(
                sender.received.endswith(f"kicked{reason and ': '}{reason}.\n".encode())
            )
            self.assertEqual(sender.end, "end")
        self.end()

    def test_who_half_closes_gets_every_answer(self) -> None:
        client = self.guest()
        client.say(*[acts.whoami()] * 500)
        client.half_close(acts.say("at last"))
        self.exchange()
        self.assertEqual(client.received.count(b"\n"), 501)
        self.assertTrue(client.received.endswith(b"AT LAST\n"))
        self.end()

    def test_two_thousand_comings_and_goings_leave_nothing_behind(self) -> None:
        for n in range(400):
            guests = [self.driver.connect() for _ in range(5)]
            for client in guests:
                client.say(acts.join("tea"), acts.quits())
            self.driver.settle()
            self.driver.clients[2:] = []  # Those are done, and the list would be long.
            self.assertEqual(len(self.driver.server.sessions), 2, n)
        self.assertEqual([room.name for room in self.driver.server.chat.rooms], ["tea"])
        self.end()

    def test_a_defect_costs_one_connection_and_is_logged(self) -> None:
        victim = self.guest()
        victim.vanished = True  # Nothing is demanded for it any more.
        victim.stream.send(b"the line that breaks it\n")
        with (
            mock.patch.object(self.driver, "on_said", side_effect=ZeroDivisionError),
            self.assertRaises(ZeroDivisionError),
        ):
            self.driver.settle()
        self.exchange()
        self.assertIn("Client 3 disconnected (internal error)", self.driver.log)
        self.end()


class SuspensionTest(FaultCase):
    """The process was stopped, or the machine slept: the clock has jumped."""

    def test_input_that_waited_is_served_and_nobody_is_ended(self) -> None:
        slow = self.guest("tea")
        slow.stall()
        self.overflow(slow)
        slow.resume()
        self.say(self.alice)
        self.driver.clock.advance(3600)
        self.exchange()
        self.assertFalse(slow.person.gone)
        self.end()

    def test_a_farewell_is_not_mistaken_for_a_reader_who_stopped_long_ago(self) -> None:
        leaving = self.guest("tea")
        leaving.stall()
        self.overflow(leaving)
        leaving.resume()
        self.driver.settle()  # It has caught up.
        leaving.say(*[acts.whoami()] * 3, acts.quits())
        self.driver.clock.advance(31)
        self.exchange()
        self.assertIn("Client 3 disconnected (quit)", self.driver.log)
        leaving.assert_complete()
        self.end()


class ShutdownTest(FaultCase):
    def run_until_stopped(self) -> float:
        """Give how long it took."""
        before = self.driver.clock()
        self.driver.shut_down()

        def sleep(timeout: float | None) -> None:
            self.driver.check()
            if not self.driver.pump():
                assert timeout is not None, "the server sleeps for ever"
                self.driver.clock.advance(timeout)

        self.driver.selector.on_idle = sleep
        self.driver.reactor.run()
        self.driver.server.close()
        self.driver.check()
        return self.driver.clock() - before

    def test_it_takes_no_time_where_everybody_reads(self) -> None:
        for n in range(100):
            self.alice.say(acts.say_much(f"last words {n}", 300))
        self.driver.turn()
        self.assertEqual(self.run_until_stopped(), 0)
        self.driver.assert_empty()

    def test_those_who_do_not_read_delay_it_by_a_bounded_time(self) -> None:
        slow = self.guest("tea")
        slow.stall()
        self.overflow(slow)
        self.assertLessEqual(self.run_until_stopped(), SHUTDOWN + 0.1)
        slow.resume()
        self.driver.assert_empty()

    def test_without_clients_it_ends_at_once(self) -> None:
        self.end()
        self.assertEqual(self.run_until_stopped(), 0)
        self.assertEqual(self.driver.process.descriptors(), [])


class IdleTest(FaultCase):
    def test_an_idle_server_sleeps_until_somebody_says_something(self) -> None:
        self.exchange()
        self.driver.pass_time(60)  # in which it finds that this kernel tells nothing of dead peers
        self.assertIsNone(self.driver.settle())
        with self.assertRaises(Asleep) as caught:
            self.driver.turn(None)
        self.assertIsNone(caught.exception.timeout)
        self.end()
