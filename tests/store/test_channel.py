"""What is kept reaches a keeper whatever becomes of keepers and files, and the chat goes on."""

import unittest
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

import tests.support  # noqa: F401  (the profile)
from reactor_chat.store import channel
from reactor_chat.store.records import Kind
from reactor_chat.store.supervisor import StoreError
from tests.sim.process import ROUGH
from tests.store.fake_keeper import World, written

LINE = b"alice: hi\n"
STEPS = ["say", "keep", "flood", "die", "wait", "turn", "settle"]


class ChannelCase(unittest.TestCase):
    def setUp(self) -> None:
        self.world = World()
        self.store = self.world.store
        self.said = 0
        self.addCleanup(lambda: self.world.disk.close())
        self.addCleanup(lambda: self.assertEqual(self.world.process.violations, []))
        self.addCleanup(lambda: self.assertEqual(self.world.failures, []))

    def say(self, lines: int = 1) -> bool:
        """Keep so many lines, one at a time, and flush; return whether they may be delivered."""
        for _ in range(lines):
            self.said += 1
            self.store.keep("tea", self.said, 0, LINE)
        self.world.reactor.turn(0)  # which tells the time
        return self.store.flush()

    def check_all_is_written(self) -> None:
        self.assertEqual(written(self.world), list(range(1, self.said + 1)))


class DeliveryTest(ChannelCase):
    def test_what_the_kernel_took_may_be_delivered(self) -> None:
        self.assertTrue(self.say())
        self.world.settle()
        self.check_all_is_written()

    def test_what_it_did_not_take_must_wait_and_the_end_of_that_is_told(self) -> None:
        self.assertFalse(self.say(500))
        self.assertEqual(self.world.hooks, [])
        self.world.settle()
        self.assertEqual(self.world.hooks, ["drained"])
        self.assertTrue(self.store.flush())
        self.check_all_is_written()

    def test_what_is_kept_after_a_refusal_needs_no_further_flush(self) -> None:
        self.assertFalse(self.say(500))
        self.said += 1
        self.store.keep("tea", self.said, 0, LINE)
        self.world.settle()
        self.assertEqual(self.world.hooks, ["drained"])
        self.check_all_is_written()

    def test_keeping_calls_nobody(self) -> None:
        self.store.keep("tea", 1, 0, LINE)
        self.world.settle()
        self.assertEqual(written(self.world), [])

    def test_more_than_is_good_makes_it_busy_until_it_is_committed(self) -> None:
        self.store.keep("tea", 1, 0, b"x" * 5_000_000 + b"\n")
        self.assertFalse(self.store.flush())
        self.assertTrue(self.store.busy)
        self.world.settle()
        self.assertFalse(self.store.busy)
        self.assertIn("relieved", self.world.hooks)


class DeathTest(ChannelCase):
    def die(self) -> None:
        self.world.keeper.kill()

    def test_the_next_keeper_gets_what_the_last_one_had_not_written(self) -> None:
        self.world.obliging = False
        self.say(3)
        self.world.keeper.read()
        self.die()
        self.say(2)
        self.world.obliging = True
        self.world.settle()
        self.assertEqual(len(self.world.keepers), 2)
        self.check_all_is_written()

    def test_it_is_told_which_file_it_was(self) -> None:
        self.die()
        self.world.settle()
        origin = self.world.keeper.frames[0].value()["origin"]
        self.assertEqual(origin, list(self.world.disk.origin))

    def test_lines_wait_for_the_next_keeper_if_it_comes_at_once(self) -> None:
        self.die()
        self.assertFalse(self.say())
        self.world.settle()
        self.assertEqual(self.world.hooks, ["drained"])
        self.assertEqual(self.world.log, ["the keeper has ended (signal 9), and is started again"])

    def test_keepers_that_die_at_once_are_started_ever_later(self) -> None:
        starts: list[float] = []
        for _ in range(200):
            if len(self.world.keepers) > len(starts):
                starts.append(self.world.clock())
            self.die()
            self.world.wait(0.25)
        pauses = [later - sooner for sooner, later in pairwise(starts)]
        self.assertEqual(pauses, sorted(pauses))
        self.assertGreater(pauses[-1], 10)

    def test_the_chat_goes_on_if_no_keeper_stays_alive(self) -> None:
        self.world.can_spawn = False
        self.die()
        self.assertFalse(self.say())
        self.world.settle()
        self.assertEqual(self.world.hooks, ["drained"])
        self.assertTrue(self.say(500))
        self.world.can_spawn = True
        self.world.wait(60)
        self.check_all_is_written()
        self.assertIn("lines are kept again: /lines.db", self.world.log)

    def test_a_keeper_that_says_nothing_is_replaced(self) -> None:
        self.world.obliging = False
        self.say()
        self.world.wait(9)
        self.assertFalse(self.world.keeper.killed)
        self.world.wait(2)
        self.assertTrue(self.world.keepers[0].killed)
        self.world.obliging = True
        self.world.settle()
        self.check_all_is_written()

    def test_silence_counts_only_while_something_is_owed(self) -> None:
        self.world.wait(1000)
        self.say()
        self.world.settle()
        self.world.obliging = False
        self.world.wait(1000)
        self.assertEqual(len(self.world.keepers), 1)
        self.say()
        self.world.wait(5)
        self.assertEqual(len(self.world.keepers), 1)

    @given(st.lists(st.sampled_from(STEPS), max_size=30))
    @settings(max_examples=60)
    def test_nothing_is_lost_and_the_order_stays_whenever_keepers_die(
        self, steps: list[str]
    ) -> None:
        self.world.disk.close()
        self.world = World(ROUGH)
        self.store = self.world.store
        self.said = 0
        for step in steps:
            if step == "say":
                self.say()
            elif step == "keep":  # the turn goes on
                self.said += 1
                self.store.keep("tea", self.said, 0, LINE)
            elif step == "flood":
                self.say(200)
            elif step == "die":
                self.die()
            elif step == "wait":
                self.world.wait(1)
            elif step == "turn":
                self.world.serve(self.world.keeper)
                self.world.reactor.turn(0)
            else:
                self.world.settle()
        self.store.flush()
        for _ in range(10):
            self.world.wait(30)
        self.check_all_is_written()
        self.assertTrue(self.store.flush())
        self.assertTrue(self.store.is_keeping)
        self.assertIn(Kind.HANDED_OVER, self.world.keeper.kinds())
        self.assertEqual(self.world.process.violations, [])


class FailureTest(ChannelCase):
    def fail(self, failure: int = 1, why: str = "the disk is full") -> None:  # type: ignore[override]
        """Let the keeper say that it cannot write."""
        self.world.obliging = False
        self.world.settle()
        self.world.keeper.say(Kind.FAILING, [failure, why])
        self.world.settle()

    def recover(self, failure: int = 1) -> None:
        self.world.keeper.say(Kind.WORKING, failure)
        self.world.obliging = True
        self.world.settle()

    def test_the_chat_goes_on_in_memory_and_says_so(self) -> None:
        self.fail()
        self.assertTrue(self.say(1000))
        self.assertFalse(self.store.busy)
        self.assertEqual(self.world.log, ["lines are not kept now: /lines.db: the disk is full"])

    def test_what_waited_for_the_kernel_is_delivered(self) -> None:
        self.world.obliging = False
        self.assertFalse(self.say(1000))
        self.fail()
        self.assertEqual(self.world.hooks, ["drained"])

    def test_it_is_said_once(self) -> None:
        for _ in range(3):
            self.fail()
        self.assertEqual(len(self.world.log), 1)

    def test_all_that_was_held_is_written_afterwards(self) -> None:
        self.fail()
        self.say(1000)
        self.recover()
        self.check_all_is_written()
        self.assertEqual(self.world.log[-1], "lines are kept again: /lines.db")

    def test_only_when_all_is_in_the_stream_the_keeper_hears_so(self) -> None:
        self.fail()
        self.say(1000)
        self.world.keeper.frames.clear()
        self.recover()
        kinds = self.world.keeper.kinds()
        self.assertEqual(kinds, [Kind.LINES] * 1000 + [Kind.HANDED_OVER])
        self.assertEqual(self.world.keeper.frames[-1].value(), 1)

    def test_what_was_said_in_the_turn_of_the_good_news_goes_before_that(self) -> None:
        self.fail()
        self.said += 1
        self.store.keep("tea", self.said, 0, LINE)
        self.recover()
        self.assertTrue(self.store.flush())
        self.world.settle()
        self.assertTrue(self.store.is_keeping)
        self.assertEqual(self.world.keeper.kinds()[-2:], [Kind.LINES, Kind.HANDED_OVER])
        self.check_all_is_written()

    def test_a_failure_of_its_successor_is_told_of_by_its_own_number(self) -> None:
        self.fail(5)
        self.world.keeper.kill()
        self.world.obliging = True
        self.world.wait(1)
        handed = [f.value() for f in self.world.keeper.frames if f.kind == Kind.HANDED_OVER]
        self.assertEqual(handed, [0])

    def test_beyond_a_bound_the_oldest_lines_are_given_up_and_counted(self) -> None:
        self.fail()
        line = b"alice: " + b"x" * 1_000_000 + b"\n"
        for number in range(1, 31):
            self.store.keep("tea" if number > 5 else "games", number, 0, line)
            self.store.flush()
        self.store.ban("10.0.0.1")
        self.recover()
        self.assertEqual(written(self.world), list(range(16, 31)))
        self.assertIn("15 of them were given up", self.world.log[-1])
        numbers = [(room.name, room.last) for room in self.world.disk.rooms()]
        self.assertEqual(numbers, [("games", 5), ("tea", 30)])
        self.assertEqual(self.world.disk.bans(), ["10.0.0.1"])

    def test_bans_and_topics_are_not_given_up_with_the_lines_around_them(self) -> None:
        self.fail()
        self.store.ban("10.0.0.1")
        self.store.keep("tea", 1, 0, b"x" * (channel.HELD + 1) + b"\n")
        self.store.flush()
        self.store.keep("tea", 2, 0, LINE)
        self.store.flush()
        self.recover()
        self.assertEqual(self.world.disk.bans(), ["10.0.0.1"])
        self.assertEqual(written(self.world), [2])


class StartTest(unittest.TestCase):
    def test_a_file_that_cannot_be_opened_is_an_error_at_the_start(self) -> None:
        class Failing(World):
            def serve(self, keeper: object) -> None:
                self.keeper.say(Kind.FAILING, [1, "it is damaged"])

        with self.assertRaisesRegex(StoreError, "^it is damaged$"):
            Failing()

    def test_a_keeper_that_dies_is_an_error_at_the_start(self) -> None:
        class Dying(World):
            def serve(self, keeper: object) -> None:
                self.keeper.kill()

        with self.assertRaisesRegex(StoreError, r"the keeper has ended \(signal 9\)"):
            Dying()

    def test_a_defect_of_the_keeper_is_logged(self) -> None:
        world = World()
        world.keeper.say(Kind.DEFECT, "Traceback")
        world.settle()
        self.assertEqual(world.log, ["a defect in the keeper: Traceback"])


class EndTest(ChannelCase):
    def test_closing_lets_the_keeper_write_the_rest(self) -> None:
        self.say(500)
        self.store.close(1.0)
        self.check_all_is_written()
        self.assertEqual(self.world.log, [])

    def test_closing_starts_another_keeper_if_there_is_none(self) -> None:
        self.world.can_spawn = False
        self.world.keeper.kill()
        self.say(5)
        self.world.settle()
        self.world.can_spawn = True
        self.store.close(1.0)
        self.check_all_is_written()

    def test_closing_says_what_may_be_missing(self) -> None:
        self.world.can_spawn = False
        self.world.keeper.kill()
        self.say(5)
        self.world.settle()
        self.store.close(1.0)
        self.assertIn("the end of /lines.db may be missing", self.world.log[-1])
