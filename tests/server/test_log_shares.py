"""A share of the log is lines, a volume is bytes, and what is refused is counted."""

import unittest

from reactor_chat.server.log_shares import BURST, LeftBehind, Share, Volume

RATE = 3.0
AT_ONCE = int(RATE * BURST)


def share(now: float = 0.0) -> Share:
    """Return a whole share, with a volume of its own."""
    return Share("lines by Client 2", RATE, now)


class ShareTest(unittest.TestCase):
    def test_what_it_does_not_take_is_counted_once(self) -> None:
        one = share()
        self.assertEqual(one.take(AT_ONCE + 7, 0.0), AT_ONCE)
        self.assertEqual(one.settle(1.0), 7)
        self.assertEqual(one.settle(2.0), 0)

    def test_there_is_no_count_before_there_is_room_for_it(self) -> None:
        one = share()
        one.take(AT_ONCE + 7, 0.0)
        self.assertEqual(one.settle(0.9 / RATE), 0)
        self.assertEqual(one.settle(1.1 / RATE), 7)

    def test_where_there_is_nothing_to_tell_nothing_is_charged(self) -> None:
        one = share()
        one.settle(0.0)
        self.assertEqual(one.take(AT_ONCE, 0.0), AT_ONCE)

    def test_an_end_is_charged_to_what_has_come_in_until_then(self) -> None:
        one = share()
        one.take(AT_ONCE, 0.0)
        one.overdraw(100.0)
        self.assertEqual(one.take(AT_ONCE, 100.0), AT_ONCE - 2)

    def test_an_end_leaves_a_debt_where_nothing_is_left(self) -> None:
        one = share()
        one.take(AT_ONCE, 0.0)
        one.overdraw(0.0)
        self.assertEqual(one.take(1, 2 / RATE), 0)


    def test_even_the_lowest_rate_lets_one_line_in(self) -> None:
        one = Share("lines by Client 2", 0.01, 0.0)
        self.assertEqual(one.take(2, 0.0), 1)
        one.resize(0.02)
        self.assertEqual(one.settle(50.0), 1)


class VolumeTest(unittest.TestCase):
    def test_a_debt_of_bytes_is_paid_by_waiting(self) -> None:
        one = share()
        longest = 4608
        one.volume.charge(AT_ONCE * longest + longest, 0.0)
        self.assertEqual(one.take(1, 0.9 / RATE), 0)
        self.assertEqual(one.settle(0.9 / RATE), 0)
        self.assertEqual(one.settle(1.1 / RATE), 1)

    def test_a_silence_earns_one_burst_and_no_more(self) -> None:
        volume = Volume(RATE, 0.0)
        volume.charge(1, 1000.0)
        self.assertFalse(volume.is_whole(1000.0))
        self.assertTrue(volume.is_whole(1001.0))


class LeftBehindTest(unittest.TestCase):
    def test_a_client_goes_on_with_what_another_from_its_source_left(self) -> None:
        left, one = LeftBehind(), share()
        one.take(1, 0.0)
        left.keep("192.0.2.1", one, 0.0)
        self.assertEqual(list(left), [one])
        self.assertIsNone(left.pick_up("192.0.2.2"))
        self.assertIs(left.pick_up("192.0.2.1"), one)
        self.assertIsNone(left.pick_up("192.0.2.1"))
        self.assertEqual(list(left), [])

    def test_a_whole_share_is_not_kept(self) -> None:
        left = LeftBehind()
        left.keep("192.0.2.1", share(), 0.0)
        self.assertEqual(list(left), [])

    def test_whole_shares_are_forgotten_behind_those_that_are_not(self) -> None:
        left = LeftBehind()
        busy = [share() for _ in range(5)]
        for number, one in enumerate(busy):
            one.take(AT_ONCE, 0.0)
            left.keep(f"192.0.2.{number}", one, 0.0)
        for second in range(100):
            for one in busy:
                one.take(AT_ONCE, float(second))
            visitor = share(float(second))
            visitor.take(1, float(second))
            left.keep(f"198.51.100.{second}", visitor, float(second))
        self.assertLessEqual(set(busy), set(left))
        self.assertLess(len(list(left)), 15)


if __name__ == "__main__":
    unittest.main()
