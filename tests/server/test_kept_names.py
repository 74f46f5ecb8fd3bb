"""A registered name and what looks like it."""

import unittest

from reactor_chat.chat.archive import NoArchive
from reactor_chat.chat.naming import rename, take_name
from tests.support import Gathering


class GhostTest(unittest.TestCase):
    """Both of two names that look alike may come to be present: one was registered by the other."""

    def test_whoever_leaves_after_a_namesake_is_gone(self) -> None:
        gathering = Gathering()
        chat = gathering.chat
        first, second = gathering.enter("alice"), gathering.enter()
        for member, name in ((first, "a1ice"), (second, "alice")):
            take_name(chat, member, name)  # as `/login` does, without asking what looks like it
        chat.leave(first)
        chat.leave(second)
        self.assertEqual(len(chat.people), 0)
        third = gathering.enter()
        rename(chat, third, "alice")
        self.assertEqual(third.name, "alice")

    def test_nobody_looks_like_the_one_who_is_left(self) -> None:
        gathering = Gathering()
        first, second, third = gathering.enter("alice"), gathering.enter(), gathering.enter()
        for member, name in ((first, "a1ice"), (second, "alice")):
            take_name(gathering.chat, member, name)
        gathering.chat.leave(second)
        answer = gathering.say(third, "/nick al1ce")
        self.assertEqual(answer, ["-> The name al1ce looks too much like a1ice."])

    def test_whoever_has_a_name_writes_it_otherwise_whatever_looks_like_it(self) -> None:
        gathering = Gathering(TwoNames())
        member = gathering.enter("dora")
        member.account = "alice"
        self.assertEqual(gathering.say(member, "/nick Alice"), ["-> You are now Alice."])


class TwoNames(NoArchive):
    """Has two registered names that look alike."""

    def is_registered(self, key: str) -> bool:
        return key in ("alice", "a1ice")

    def names_like(self, name: str) -> list[str]:
        return ["alice", "a1ice"] if name.casefold() in ("alice", "a1ice") else []
