"""The client learns from the lines that pass who it is, where, and who else is about."""

import unittest

from reactor_chat.chat import commands
from reactor_chat.client.session import (
    COMMANDS,
    Recent,
    Session,
    is_farewell,
    is_refusal,
    lacks_room,
)


def session_after(*lines: str, name: str | None = None, room: str | None = None) -> Session:
    session = Session(name, room)
    session.connected()
    for line in lines:
        session.heard(line)
    return session


class ConnectingTest(unittest.TestCase):
    def test_it_asks_who_it_is(self) -> None:
        self.assertEqual(Session(None, None).connected(), ["/whoami"])

    def test_it_takes_the_name_and_the_room_it_was_given(self) -> None:
        self.assertEqual(
            Session("alice", "tea").connected(), ["/nick alice", "/join tea", "/whoami"]
        )

    def test_the_answer_becomes_a_line_of_the_clients_own(self) -> None:
        session = session_after()
        self.assertEqual(
            session.heard("-> You are Client 3."),
            "You are Client 3. /join ROOM to talk with others, /help for more.",
        )
        self.assertEqual(session.me, "Client 3")

    def test_in_a_room_it_says_which(self) -> None:
        session = session_after()
        own = session.heard("-> You are a.b., in x.y.")
        self.assertEqual(own, "You are a.b., in x.y. /help lists the commands.")
        self.assertEqual((session.me, session.room), ("a.b.", "x.y"))

    def test_only_the_first_answer_is_swallowed(self) -> None:
        session = session_after("-> You are alice.")
        self.assertIsNone(session.heard("-> You are alice."))

    def test_a_server_that_echoes_the_question_has_no_commands(self) -> None:
        self.assertIn("no commands", session_after().heard("/WHOAMI") or "")

    def test_a_ban_is_not_taken_for_a_name(self) -> None:
        session = session_after()
        self.assertIsNone(session.heard("-> You are banned."))
        self.assertIsNone(session.me)


class ReconnectingTest(unittest.TestCase):
    def test_a_new_name_and_room_are_taken_again(self) -> None:
        session = session_after("-> You are now alice.", "-> You joined tea. Here: alice, bob.")
        self.assertEqual(session.connected(), ["/nick alice", "/join tea", "/whoami"])

    def test_a_room_that_was_left_is_not(self) -> None:
        session = session_after("-> You joined tea. Here: Client 1.", "-> You left tea.")
        self.assertEqual(session.connected(), ["/whoami"])

    def test_a_given_name_is_not(self) -> None:
        self.assertEqual(session_after("-> You are Client 3.").connected(), ["/whoami"])

    def test_a_chosen_name_is_tried_again_after_it_was_taken_once(self) -> None:
        session = session_after("-> The name alice is taken.", "-> You are Client 3.", name="alice")
        self.assertEqual(session.me, "Client 3")
        self.assertEqual(session.connected(), ["/nick alice", "/whoami"])


    def test_a_name_that_is_still_held_is_asked_for_again_in_silence(self) -> None:
        session = session_after("-> You are now alice.", "-> You joined tea. Here: alice, bob.")
        session.connected()
        session.heard("-> The name alice is taken.")
        self.assertEqual(
            session.heard("-> You are Client 2, in tea."),
            "You are Client 2, in tea. Your lost connection may still hold the name alice: "
            "asking for it again soon.",
        )
        self.assertTrue(session.lacks_name)
        self.assertEqual(session.ask_again(), "/nick alice")
        self.assertEqual(session.heard("-> The name alice is taken."), "")
        self.assertTrue(session.lacks_name)
        session.ask_again()
        self.assertIsNone(session.heard("-> You are now alice."))
        self.assertFalse(session.lacks_name)

    def test_a_name_that_was_never_ones_own_is_not_asked_for_again(self) -> None:
        session = session_after("-> The name alice is taken.", "-> You are Client 3.", name="alice")
        self.assertFalse(session.lacks_name)

    def test_once_the_name_is_back_no_more_is_said_about_it(self) -> None:
        session = session_after("-> You are now alice.")
        session.connected()
        session.heard("-> The name alice is taken.")
        session.heard("-> You are Client 2.")
        session.connected()
        session.heard("-> You are now alice.")
        self.assertIn("/join ROOM", session.heard("-> You are alice.") or "")


class PeopleTest(unittest.TestCase):
    def people(self, *lines: str) -> list[str]:
        here = "-> You joined tea. Here: alice, bob, carol."
        session = session_after("-> You are alice.", here, *lines)
        return session.people.latest_first()

    def test_those_in_the_room_are_known_but_not_oneself(self) -> None:
        self.assertEqual(self.people(), ["carol", "bob"])

    def test_whoever_speaks_or_acts_comes_first(self) -> None:
        self.assertEqual(self.people("bob: hi", "carol: hi", "** bob waves"), ["bob", "carol"])
        self.assertEqual(self.people("[PM from bob] psst")[0], "bob")
        self.assertEqual(self.people("Client 7: hi: there")[0], "Client 7")
        self.assertEqual(self.people("* dave joined")[0], "dave")

    def test_what_is_no_name_speaks_for_nobody(self) -> None:
        self.assertEqual(self.people("[tea]: hi", "** [x] waves"), ["carol", "bob"])

    def test_whoever_leaves_is_forgotten(self) -> None:
        self.assertEqual(self.people("* bob left"), ["carol"])

    def test_a_new_name_takes_the_place_of_the_old(self) -> None:
        self.assertEqual(self.people("* Client 4 joined", "* Client 4 is now known as dave"),
                         ["dave", "carol", "bob"])  # fmt: skip

    def test_the_server_is_nobody(self) -> None:
        self.assertNotIn("Server", self.people("Server: hello"))

    def test_an_echo_outside_a_room_names_nobody(self) -> None:
        self.assertEqual(session_after("NOTE: THIS").people.latest_first(), [])

    def test_rooms_are_learnt_from_the_list(self) -> None:
        session = session_after("-> You joined attic. Here: a.", "-> tea (2), games (15)")
        self.assertEqual(session.rooms.latest_first(), ["tea", "games", "attic"])

    def test_what_is_known_stays_bounded(self) -> None:
        recent = Recent()
        for number in range(10_000):
            recent.touch(str(number))
        known = recent.latest_first()
        self.assertEqual(known[0], "9999")
        self.assertLessEqual(len(known), 1000)


class WordsTest(unittest.TestCase):
    def test_farewells(self) -> None:
        for line in ("/quit", "/exit", "/QUIT ", "/quit bye", "CLOSE SOCKET", "close socket"):
            self.assertTrue(is_farewell(line), line)
        for line in ("/quitter", "quit", "CLOSE SOCKETS", "//quit", ""):
            self.assertFalse(is_farewell(line), line)

    def test_refusals(self) -> None:
        for line in ("-> You were kicked.", "-> You were kicked: spam.", "-> You are banned.",
                     "-> Server is full.", "-> Too many connections."):  # fmt: skip
            self.assertTrue(is_refusal(line), line)
        for line in ("-> You are alice.", "bob: -> You are banned.", "-> YOU WERE KICKED."):
            self.assertFalse(is_refusal(line), line)

    def test_only_a_lack_of_room_may_pass(self) -> None:
        for line in ("-> Server is full.", "-> Too many connections from your address."):
            self.assertTrue(lacks_room(line), line)
        for line in ("-> You were kicked.", "-> You are banned."):
            self.assertFalse(lacks_room(line), line)

    def test_every_command_of_the_server_is_known(self) -> None:
        self.assertEqual({name.removeprefix("/") for name in COMMANDS}, set(commands.COMMANDS))
