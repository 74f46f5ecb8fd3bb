"""Whom a client has seen pass by, and whom its person ignores."""

import unittest

from reactor_chat.client.acquaintances import Acquaintances, Recent
from reactor_chat.client.tags import TaggedLine


class AcquaintancesCase(unittest.TestCase):
    def setUp(self) -> None:
        self.met = Acquaintances()

    def hear(self, *lines: str, in_room: bool = True) -> list[str | None]:
        reached: list[str | None] = []
        for line in lines:
            if line.startswith("-> "):
                self.met.hear_answer(line, "alice")
            else:
                reached.append(self.met.hear(TaggedLine(line), "alice", in_room))
        return reached


class PeopleTest(AcquaintancesCase):
    def people(self, *lines: str) -> list[str]:
        self.hear("-> You joined tea. Here: alice, bob, carol.", *lines)
        return self.met.people.latest_first()

    def test_those_in_the_room_are_known_but_not_oneself(self) -> None:
        self.assertEqual(self.people(), ["carol", "bob"])

    def test_whoever_speaks_or_acts_comes_first(self) -> None:
        self.assertEqual(self.people("bob: hi", "carol: hi", "** bob waves"), ["bob", "carol"])
        self.assertEqual(self.people("[PM from bob] psst")[0], "bob")
        self.assertEqual(self.people("Client 7: hi: there")[0], "Client 7")
        self.assertEqual(self.people("* dave joined")[0], "dave")

    def test_what_is_no_name_speaks_for_nobody(self) -> None:
        self.assertEqual(self.people("[tea]: hi", "** [x] waves"), ["carol", "bob"])

    def test_whoever_leaves_or_is_put_out_is_forgotten(self) -> None:
        self.assertEqual(self.people("* bob left"), ["carol"])
        self.assertEqual(self.people("* bob was kicked: too loud"), ["carol"])

    def test_a_new_name_takes_the_place_of_the_old(self) -> None:
        self.assertEqual(self.people("* Client 4 joined", "* Client 4 is now known as dave"),
                         ["dave", "carol", "bob"])  # fmt: skip

    def test_the_server_is_nobody(self) -> None:
        self.assertNotIn("Server", self.people("Server: hello"))

    def test_an_echo_outside_a_room_names_nobody(self) -> None:
        self.hear("NOTE: THIS", in_room=False)
        self.assertEqual(self.met.people.latest_first(), [])

    def test_rooms_are_learnt_from_the_list(self) -> None:
        self.hear("-> You joined attic. Here: a.", "-> tea (2), games (15) and 3 more")
        self.assertEqual(self.met.rooms.latest_first(), ["tea", "games", "attic"])

    def test_what_is_known_stays_bounded(self) -> None:
        recent = Recent()
        for number in range(10_000):
            recent.touch(str(number))
        known = recent.latest_first()
        self.assertEqual(known[0], "9999")
        self.assertLessEqual(len(known), 1000)


class IgnoredTest(AcquaintancesCase):
    def test_they_are_known_by_the_servers_answers(self) -> None:
        self.hear("-> You no longer see bob.", "-> You no longer see Client 7.")
        self.hear("-> You see bob again.")
        self.assertEqual(list(self.met.ignored), ["Client 7"])

    def test_they_are_followed_through_new_names(self) -> None:
        self.hear("-> You no longer see bob.", "* bob is now known as rob")
        self.assertEqual(list(self.met.ignored), ["rob"])

    def test_an_old_line_is_no_sign_of_life_for_good(self) -> None:
        self.hear("-> You no longer see bob.")
        self.met.lose("bob")
        self.assertEqual(self.hear("bob: said before"), ["bob"])
        self.assertTrue(self.met.hear_answer("-> There is nobody called bob.", "me"))
        self.assertEqual(self.hear("* bob joined"), ["bob"])
        self.hear("-> You no longer see bob.")
        self.assertFalse(self.met.hear_answer("-> There is nobody called bob.", "me"))

    def test_who_could_not_be_ignored_anew_is_as_soon_as_there_is_a_sign_of_life(self) -> None:
        self.hear("-> You no longer see bob.")
        self.met.lose("bob")
        self.assertEqual(self.hear("carol: hi", "* bob joined", "bob: hi"), [None, "bob", None])
