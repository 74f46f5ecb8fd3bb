"""Deadlines fire in order, once, and not after they were cancelled; time is an argument."""

import unittest
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.loop.timers import Timer, Timers
from tests import support  # noqa: F401  (for its Hypothesis profile)


def fire(timers: Timers, now: float) -> None:
    for callback, _ in timers.due(now):
        callback()


class TimersTest(unittest.TestCase):
    def setUp(self) -> None:
        self.timers = Timers()
        self.fired: list[str] = []

    def note(self, what: str) -> None:
        self.fired.append(what)

    def test_a_timer_fires_at_its_time_and_not_before(self) -> None:
        self.timers.add(5.0, lambda: self.note("five"))
        fire(self.timers, 4.999)
        self.assertEqual(self.fired, [])
        fire(self.timers, 5.0)
        self.assertEqual(self.fired, ["five"])

    def test_a_timer_fires_once(self) -> None:
        self.timers.add(5.0, lambda: self.note("five"))
        fire(self.timers, 6.0)
        fire(self.timers, 7.0)
        self.assertEqual(self.fired, ["five"])

    def test_timers_fire_in_the_order_of_their_times(self) -> None:
        for when in (3.0, 1.0, 2.0):
            self.timers.add(when, partial(self.note, str(when)))
        fire(self.timers, 10.0)
        self.assertEqual(self.fired, ["1.0", "2.0", "3.0"])

    def test_equal_times_fire_in_the_order_in_which_they_were_set(self) -> None:
        for name in "abcdefgh":
            self.timers.add(1.0, partial(self.note, name))
        fire(self.timers, 1.0)
        self.assertEqual(self.fired, list("abcdefgh"))

    def test_the_owner_comes_with_the_callback(self) -> None:
        owner = object()
        self.timers.add(1.0, lambda: None, owner)
        self.assertEqual([of for _, of in self.timers.due(1.0)], [owner])

    def test_the_next_deadline_is_that_of_the_first_live_timer(self) -> None:
        self.assertIsNone(self.timers.next_deadline())
        first = self.timers.add(1.0, lambda: None)
        self.timers.add(2.0, lambda: None)
        self.assertEqual(self.timers.next_deadline(), 1.0)
        first.cancel()
        self.assertEqual(self.timers.next_deadline(), 2.0)

    def test_a_cancelled_timer_does_not_fire(self) -> None:
        self.timers.add(1.0, lambda: self.note("never")).cancel()
        fire(self.timers, 2.0)
        self.assertEqual(self.fired, [])
        self.assertIsNone(self.timers.next_deadline())

    def test_cancelling_again_or_too_late_is_harmless(self) -> None:
        cancelled = self.timers.add(1.0, lambda: None)
        fired = self.timers.add(1.0, lambda: self.note("fired"))
        cancelled.cancel()
        cancelled.cancel()
        fire(self.timers, 1.0)
        fired.cancel()
        self.assertEqual((self.fired, len(self.timers)), (["fired"], 0))

    def test_a_callback_may_cancel_another_that_is_due_with_it(self) -> None:
        self.timers.add(1.0, lambda: other.cancel())
        other = self.timers.add(1.0, lambda: self.note("never"))
        fire(self.timers, 1.0)
        self.assertEqual((self.fired, len(self.timers)), ([], 0))

    def test_what_a_callback_sets_waits_for_the_next_call(self) -> None:
        def again() -> None:
            self.note("again")
            self.timers.add(0.0, again)

        self.timers.add(1.0, again)
        fire(self.timers, 1.0)
        self.assertEqual(self.fired, ["again"])
        fire(self.timers, 1.0)
        self.assertEqual(self.fired, ["again", "again"])

    def test_cancelled_timers_do_not_pile_up(self) -> None:
        kept = [self.timers.add(1e9, lambda: self.note("kept")) for _ in range(10)]
        for n in range(10_000):
            self.timers.add(1e6 + n, lambda: self.note("never")).cancel()
            self.assertLess(len(self.timers._heap), 200)
        self.assertEqual(len(self.timers), len(kept))
        fire(self.timers, 1e9)
        self.assertEqual(self.fired, ["kept"] * len(kept))

    @given(
        steps=st.lists(
            st.tuples(st.sampled_from(["add", "cancel", "fire"]), st.integers(0, 20)),
            max_size=300,
        )
    )
    def test_any_mix_fires_what_is_due_and_nothing_else(self, steps: list[tuple[str, int]]) -> None:
        timers, now = Timers(), 0.0
        fired: list[int] = []
        live: dict[int, float] = {}  # number of a timer: its time
        made: list[Timer] = []
        for step, n in steps:
            if step == "add":
                number = len(made)
                live[number] = now + n
                made.append(timers.add(now + n, partial(fired.append, number)))
            elif step == "cancel" and made:
                made[n % len(made)].cancel()
                live.pop(n % len(made), None)
            elif step == "fire":
                now += n
                fired.clear()
                fire(timers, now)
                due = sorted((when, number) for number, when in live.items() if when <= now)
                self.assertEqual(fired, [number for _, number in due])
                for number in fired:
                    del live[number]
            self.assertEqual(len(timers), len(live))
            self.assertEqual(timers.next_deadline(), min(live.values(), default=None))


if __name__ == "__main__":
    unittest.main()
