"""What a client asks for when a connection begins, and what came of it."""

import unittest

from reactor_chat.client.introduction import Introduction, Kind, Step, name_step, room_step

_TAGS = Step(Kind.TAGS, "/tags on")
_WHO = Step(Kind.WHO, "/whoami")
_NAME = name_step("alice", None)
_ROOM = room_step("tea")


class NameTest(unittest.TestCase):
    def test_a_password_takes_a_name(self) -> None:
        self.assertEqual(name_step("alice", "sesame").line, "/login alice sesame")

    def test_a_name_with_a_blank_is_left_to_the_server_to_refuse_without_a_password(self) -> None:
        self.assertEqual(name_step("a b", "sesame").line, "/nick a b")


class FirstTest(unittest.TestCase):
    def setUp(self) -> None:
        self.introduction = Introduction([_TAGS, _NAME, _ROOM, _WHO], at_once=False)
        self.assertEqual(self.introduction.proceed(), ["/tags on", "/nick alice"])
        self.hear("-> Lines carry tags now.")

    def hear(self, text: str) -> bool | None:
        answered = self.introduction.hear(text)
        return answered.granted if answered else None

    def test_a_room_is_entered_once_the_name_is_had(self) -> None:
        self.assertEqual(self.introduction.proceed(), [])
        self.assertTrue(self.hear("-> You are now alice."))
        self.assertEqual(self.introduction.proceed(), ["/join tea"])
        self.assertTrue(self.hear("-> You joined tea. Here: alice."))
        self.assertEqual(self.introduction.proceed(), ["/whoami"])
        self.assertTrue(self.hear("-> You are alice, in tea."))
        self.assertTrue(self.introduction.is_over)

    def test_what_follows_a_room_answers_nothing(self) -> None:
        self.hear("-> You are now alice.")
        self.introduction.proceed()
        self.hear("-> You joined tea. Here: alice, bob.")
        self.introduction.proceed()
        for line in ("-> Topic: leaves", "-> Recent messages:", "bob: hi", "* carol joined",
                     "-> Since then:", "** bob waves"):  # fmt: skip
            self.assertIsNone(self.hear(line))
        self.assertFalse(self.introduction.is_over)

    def test_after_a_refused_name_no_room_is_entered(self) -> None:
        self.assertFalse(self.hear("-> The name alice is taken."))
        self.assertEqual(self.introduction.proceed(), ["/whoami"])

    def test_last_words_are_no_answer(self) -> None:
        self.assertIsNone(self.hear("-> You are banned."))

    def test_a_server_that_echoes_grants_nothing(self) -> None:
        self.assertFalse(self.hear("/NICK ALICE"))


class ReturnTest(unittest.TestCase):
    def test_all_is_asked_at_once_and_goes_on_after_a_refusal(self) -> None:
        introduction = Introduction([_TAGS, _NAME, _ROOM, _WHO], at_once=True)
        self.assertEqual(
            introduction.proceed(), ["/tags on", "/nick alice", "/join tea", "/whoami"]
        )
        for line in ("-> Unknown command /tags. /help lists the commands.",
                     "-> The name alice is taken.", "-> You joined tea. Here: Client 2.",
                     "-> You are Client 2, in tea."):  # fmt: skip
            self.assertIsNotNone(introduction.hear(line))
        self.assertTrue(introduction.is_over)

    def test_a_password_takes_the_name(self) -> None:
        self.assertEqual(name_step("alice", "s3cret pw").line, "/login alice s3cret pw")
