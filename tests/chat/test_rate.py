"""One client relays so many lines a second, four times that at once, and no more."""

import unittest

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.chat.rate import BURST_SECONDS, Bucket
from tests import support  # noqa: F401  (for its Hypothesis profile)

START = 1000.0
RATES = st.one_of(
    st.floats(min_value=0.01, max_value=1e6), st.integers(min_value=1, max_value=5000).map(float)
)


def pass_all(bucket: Bucket, now: float, most: int) -> int:
    """Let lines pass one by one until there is no more leave; tell how many did."""
    passed = 0
    while passed < most and bucket.affords(1, now):
        bucket.charge(1)
        passed += 1
    return passed


class BucketTest(unittest.TestCase):
    def test_four_seconds_worth_may_come_at_once(self) -> None:
        self.assertEqual(BURST_SECONDS, 4)
        self.assertEqual(pass_all(Bucket(50, START), START, 1000), 200)

    def test_after_a_burst_the_rate_holds(self) -> None:
        bucket = Bucket(50, START)
        pass_all(bucket, START, 1000)
        self.assertEqual(pass_all(bucket, START + 1, 1000), 50)
        self.assertEqual(pass_all(bucket, START + 1.5, 1000), 25)

    def test_a_long_silence_earns_one_burst_and_no_more(self) -> None:
        bucket = Bucket(50, START)
        pass_all(bucket, START, 1000)
        self.assertEqual(pass_all(bucket, START + 86400, 1000), 200)

    def test_a_run_passes_as_a_whole_or_not_at_all(self) -> None:
        bucket = Bucket(50, START)
        self.assertTrue(bucket.affords(200, START))
        self.assertFalse(bucket.affords(201, START))

    def test_a_line_that_cost_more_than_was_left_is_paid_by_waiting(self) -> None:
        bucket = Bucket(50, START)
        bucket.charge(201)
        self.assertFalse(bucket.affords(1, START))
        self.assertAlmostEqual(bucket.wait, 2 / 50, places=2)
        self.assertGreaterEqual(bucket.wait, 2 / 50)

    def test_even_the_lowest_rate_lets_one_line_pass(self) -> None:
        bucket = Bucket(0.1, START)
        self.assertEqual(pass_all(bucket, START, 10), 1)
        self.assertEqual(pass_all(bucket, START + 10.001, 10), 1)

    def test_another_rate_holds_at_once_and_takes_what_is_beyond_its_burst(self) -> None:
        bucket = Bucket(50, START)
        bucket.resize(10)
        self.assertTrue(bucket.is_full(START))
        self.assertEqual(pass_all(bucket, START, 1000), 40)
        self.assertFalse(bucket.is_full(START + 3.9))
        self.assertEqual(pass_all(bucket, START + 4, 1000), 40)

    def test_the_burst_may_be_of_another_length(self) -> None:
        self.assertEqual(pass_all(Bucket(50, START, seconds=10), START, 1000), 500)

    def test_its_level_is_what_may_pass_or_what_is_owed(self) -> None:
        bucket = Bucket(50, START)
        bucket.charge(201)
        self.assertEqual(bucket.level(START), -1)
        self.assertEqual(bucket.level(START + 1), 49)

    @given(
        rate=RATES,
        steps=st.lists(st.tuples(st.floats(0, 5), st.integers(0, 300)), max_size=30),
    )
    def test_in_any_stretch_no_more_passes_than_the_burst_and_the_rate_allow(
        self, rate: float, steps: list[tuple[float, int]]
    ) -> None:
        bucket, now, passed = Bucket(rate, START), START, 0
        for delay, most in steps:
            now += delay
            if bucket.affords(most, now):
                bucket.charge(most)
                passed += most
            passed += pass_all(bucket, now, most)
            allowed = max(1.0, rate * BURST_SECONDS) + rate * (now - START)
            self.assertLessEqual(passed, allowed + 1e-6 * (1 + allowed))

    @given(rate=RATES, start=st.floats(0, 1e8), debt=st.integers(1, 2000))
    def test_whoever_waits_as_long_as_told_may_go_on(
        self, rate: float, start: float, debt: int
    ) -> None:
        bucket = Bucket(rate, start)
        bucket.charge(int(rate * BURST_SECONDS) + debt)
        self.assertFalse(bucket.affords(1, start))
        self.assertGreater(start + bucket.wait, start)
        self.assertTrue(bucket.affords(1, start + bucket.wait))


if __name__ == "__main__":
    unittest.main()
