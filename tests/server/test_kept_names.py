"""A registered name and what looks like it."""

import unittest

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
