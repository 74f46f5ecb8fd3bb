"""The rooms that one is in: where one is, what is unread, and how one comes back."""

import unittest

from reactor_chat.client.membership import Membership
from reactor_chat.client.tags import LineId, TaggedLine


def said(room: str, number: int, time: float = 100.0, epoch: str = "0badcafe") -> TaggedLine:
    return TaggedLine("bob: hi", time, room, LineId(epoch, number))


class MembershipCase(unittest.TestCase):
    def setUp(self) -> None:
        self.rooms = Membership()
        for room in ("games", "tea"):
            self.rooms.enter(room, 50.0)
            self.rooms.move_to(room)


class UnreadTest(MembershipCase):
    def test_the_prompt_names_the_room_and_what_is_unread_elsewhere(self) -> None:
        self.assertEqual(self.rooms.label, "tea")
        for number in (1, 2, 3):
            self.rooms.hear(said("games", number))
        self.rooms.hear(said("tea", 1))
        self.assertEqual(self.rooms.label, "tea (games 3)")

    def test_who_moves_to_a_room_has_read_it(self) -> None:
        self.rooms.hear(said("games", 1))
        self.rooms.move_to("games")
        self.assertEqual(self.rooms.label, "games")

    def test_outside_of_rooms_there_may_be_unread_ones(self) -> None:
        self.rooms.hear(said("games", 1))
        self.rooms.move_to(None)
        self.assertEqual(self.rooms.label, "(games 1)")

    def test_what_is_recalled_notices_and_ones_own_lines_are_not_unread(self) -> None:
        self.rooms.hear(said("games", 5), own=True)
        self.rooms.hear(said("games", 4))
        self.rooms.hear(TaggedLine("* bob joined", 100.0, "games"))
        self.assertEqual(self.rooms.label, "tea")

    def test_a_prompt_names_three_rooms_at_most(self) -> None:
        for room in "abcde":
            self.rooms.enter(room)
            self.rooms.hear(said(room, 1))
        self.assertEqual(self.rooms.label, "tea (a 1, b 1, c 1, …)")


class NewsTest(MembershipCase):
    def test_what_comes_after_all_that_was_shown_is_news(self) -> None:
        self.assertTrue(self.rooms.hear(said("tea", 7)))
        self.assertFalse(self.rooms.hear(said("tea", 7)))
        self.assertFalse(self.rooms.hear(said("tea", 6)))
        self.assertTrue(self.rooms.hear(said("tea", 8)))

    def test_what_was_said_before_one_entered_is_not(self) -> None:
        self.assertFalse(self.rooms.hear(said("tea", 7, time=49.0)))
        self.assertTrue(self.rooms.hear(said("tea", 8, time=51.0)))

    def test_another_numbering_is_told_by_time(self) -> None:
        self.rooms.hear(said("tea", 7, time=100.0))
        self.assertFalse(self.rooms.hear(said("tea", 9, time=90.0, epoch="00000001")))
        self.assertTrue(self.rooms.hear(said("tea", 1, time=110.0, epoch="00000002")))

    def test_a_room_that_one_is_not_in_is_no_concern(self) -> None:
        self.assertFalse(self.rooms.hear(said("attic", 1)))
        self.assertFalse(self.rooms.hear(TaggedLine("Server: hi", 100.0)))


class ReturningTest(MembershipCase):
    def test_one_comes_back_into_all_rooms_the_current_one_last(self) -> None:
        self.rooms.move_to("games")
        self.rooms.hear(said("games", 7))
        self.assertEqual(self.rooms.returning(), ["/join tea", "/resume games 0badcafe-7"])

    def test_a_room_in_which_nothing_was_said_has_a_place_to_return_to(self) -> None:
        self.rooms.enter("attic", 50.0, LineId("0badcafe", 0))
        self.assertIn("/resume attic 0badcafe-0", self.rooms.returning())
        self.rooms.hear(said("attic", 1))
        self.rooms.enter("attic", 150.0, LineId("0badcafe", 20))
        self.assertIn("/resume attic 0badcafe-1", self.rooms.returning())

    def test_with_another_numbering_one_returns_to_where_that_stands(self) -> None:
        self.rooms.hear(said("tea", 7))
        self.rooms.enter("tea", 150.0, LineId("00000001", 3))
        self.assertFalse(self.rooms.hear(said("tea", 3, time=140.0, epoch="00000001")))
        self.assertIn("/resume tea 00000001-3", self.rooms.returning())

    def test_looking_back_does_not_move_the_cursor(self) -> None:
        self.rooms.hear(said("tea", 7))
        self.rooms.hear(said("tea", 3, time=80.0))
        self.rooms.hear(said("tea", 900, time=20.0, epoch="00000001"))
        self.assertEqual(self.rooms.returning()[-1], "/resume tea 0badcafe-7")

    def test_a_room_that_was_left_is_forgotten(self) -> None:
        self.rooms.leave("tea")
        self.assertIsNone(self.rooms.current)
        self.assertEqual(self.rooms.returning(), ["/join games"])

    def test_rooms_that_could_not_be_entered_again_are_forgotten(self) -> None:
        self.rooms.keep_only({"games"})
        self.assertEqual(self.rooms.names, ["games"])


class MovingTest(MembershipCase):
    def test_one_moves_round_and_round(self) -> None:
        self.rooms.enter("attic")
        self.assertEqual(self.rooms.neighbour(1), "attic")
        self.assertEqual(self.rooms.neighbour(-1), "games")
        self.rooms.move_to("attic")
        self.assertEqual(self.rooms.neighbour(1), "games")

    def test_in_one_room_there_is_nowhere_to_go(self) -> None:
        self.rooms.leave("games")
        self.assertIsNone(self.rooms.neighbour(1))
        self.rooms.leave("tea")
        self.assertIsNone(self.rooms.neighbour(1))

    def test_from_outside_one_goes_to_the_first_or_the_last(self) -> None:
        self.rooms.move_to(None)
        self.assertEqual((self.rooms.neighbour(1), self.rooms.neighbour(-1)), ("games", "tea"))
