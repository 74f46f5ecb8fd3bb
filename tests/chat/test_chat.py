"""Speaking costs no more than it must, the log tells who spoke where, and leaving is leaving."""

import gc
import unittest
import weakref
from collections.abc import Iterable

from reactor_chat.chat.chat import Chat, CommandError
from reactor_chat.chat.rooms import Link
from tests.support import Ear, Gathering, Hall, ear_of, heard_by


class Counting(Hall):
    """An audience that only keeps what it is told, and who is not to hear it."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[bytes, int]] = []
        self.but: list[Link] = []

    def tell(self, data: bytes, lines: int, but: Iterable[Link] = ()) -> None:
        self.told.append((data, lines))
        self.but = list(but)


class CostTest(unittest.TestCase):
    def setUp(self) -> None:
        self.audience = Counting()
        self.chat = Chat(lambda: self.audience, lambda event: None)
        self.people = [self.chat.enter(Ear(), "192.0.2.1") for _ in range(5)]
        for member in self.people:
            self.chat.join(member, "tea")
        self.audience.told.clear()

    def test_a_room_is_told_a_run_of_lines_once(self) -> None:
        self.chat.speak(self.people[0], b"one\ntwo\n")
        told = [(b"Client 1: one\nClient 1: two\n", 2)]
        self.assertEqual(self.audience.told, told)

    def test_nobody_but_the_speaker_is_looked_at(self) -> None:
        self.chat.ignore(self.people[1], self.people[2])
        self.people[3].muted = True
        self.chat.speak(self.people[0], b"hello\n")
        self.assertEqual(self.audience.but, [self.people[0].link])

    def test_who_ignores_the_speaker_is_left_out_if_it_is_in_the_room(self) -> None:
        outside = self.chat.enter(Ear(), "192.0.2.1")
        for member in (self.people[1], outside):
            self.chat.ignore(member, self.people[0])
        self.chat.speak(self.people[0], b"hello\n")
        self.assertEqual(self.audience.but, [self.people[0].link, self.people[1].link])

    def test_what_others_were_to_hear_is_counted_by_the_line(self) -> None:
        before = self.chat.relayed
        self.chat.speak(self.people[0], b"one\ntwo\n")
        self.chat.write_private(self.people[0], self.people[1], "psst")
        self.assertEqual(self.chat.relayed - before, 3)

    def test_what_nobody_else_hears_is_not_counted(self) -> None:
        alone = self.chat.enter(Ear(), "192.0.2.1")
        before = self.chat.relayed
        self.chat.speak(alone, b"outside\n")
        self.chat.join(alone, "games")
        self.chat.speak(alone, b"to an empty room\n")
        self.assertEqual(self.chat.relayed, before)

    def test_without_a_log_what_is_said_is_not_formatted_for_it(self) -> None:
        self.assertIsNone(self.chat._log_run)
        self.chat.speak_text(self.people[0], "no log, no trouble")


class LogTest(unittest.TestCase):
    def setUp(self) -> None:
        self.gathering = Gathering()

    def test_what_is_said_in_a_room_is_logged_with_the_room(self) -> None:
        alice = self.gathering.enter("alice", "tea")
        self.gathering.say(alice, "hi")
        self.gathering.say(alice, "/me waves")
        self.gathering.chat.speak(alice, b"one\ntwo\n")
        self.assertEqual(
            self.gathering.said,
            ["[tea] alice: hi", "[tea] ** alice waves", "[tea] alice: one", "[tea] alice: two"],
        )

    def test_what_is_said_outside_one_is_logged_with_the_name(self) -> None:
        member = self.gathering.enter()
        self.gathering.say(member, "hello")
        self.gathering.say(member, "c'est ça")
        self.gathering.chat.speak(member, b"one\ntwo\n")
        self.assertEqual(
            self.gathering.said,
            ["Client 1: hello", "Client 1: c'est ça", "Client 1: one", "Client 1: two"],
        )

    def test_private_messages_are_not_logged(self) -> None:
        alice, bob = self.gathering.enter("alice", "tea"), self.gathering.enter("bob", "tea")
        self.gathering.say(alice, "/msg bob psst")
        self.gathering.say(bob, "/reply what")
        self.assertEqual((self.gathering.said, self.gathering.events), ([], []))

    def test_what_is_not_relayed_is_not_logged_as_said(self) -> None:
        alice = self.gathering.enter("alice", "tea")
        alice.muted = True
        for line in ("hello", "/me waves", "/mgs bob hello"):
            self.gathering.say(alice, line)
        self.assertEqual(self.gathering.said, [])

    def test_what_happens_is_logged_with_the_room(self) -> None:
        member = self.gathering.enter()
        for line in ("/nick alice", "/join tea", "/nick bob", "/part"):
            self.gathering.say(member, line)
        self.assertEqual(
            self.gathering.events,
            [
                "* Client 1 is now known as alice",
                "[tea] * alice joined",
                "[tea] * alice is now known as bob",
                "[tea] * bob left",
            ],
        )


class LeavingTest(unittest.TestCase):
    def test_leaving_twice_is_leaving_once(self) -> None:
        gathering = Gathering()
        alice, bob = gathering.enter("alice", "tea"), gathering.enter("bob", "tea")
        gathering.chat.leave(alice)
        gathering.chat.leave(alice)
        self.assertEqual(heard_by(bob), ["* alice left"])

    def test_who_leaves_does_not_take_the_name_from_its_next_owner(self) -> None:
        gathering = Gathering()
        first = gathering.enter("alice")
        gathering.chat.leave(first)
        second = gathering.enter("alice")
        gathering.chat.leave(first)
        self.assertTrue(gathering.chat.has(second))

    def test_all_may_go_at_once_and_nobody_is_told(self) -> None:
        gathering = Gathering()
        alice, bob = gathering.enter("alice", "tea"), gathering.enter("bob", "tea")
        gathering.chat.ignore(alice, bob)
        gathering.chat.close()
        gathering.chat.leave(alice)
        self.assertEqual((heard_by(alice), heard_by(bob)), ([], []))
        chat = gathering.chat
        self.assertEqual((chat.members, chat.rooms, chat.deaf_to), ({}, {}, {}))

    def test_those_who_left_are_not_kept_in_memory(self) -> None:
        gathering = Gathering()
        alice, bob = gathering.enter("alice", "tea"), gathering.enter("bob", "tea")
        for command in ("/msg {} hello", "/ignore {}"):
            gathering.say(alice, command.format("bob"))
            gathering.say(bob, command.format("alice"))
        self.assertIs(alice.correspondent, bob)
        self.assertIs(bob.correspondent, alice)
        links = [weakref.ref(ear_of(member)) for member in (alice, bob)]
        for member in (alice, bob):
            gathering.chat.leave(member)
        gc.disable()
        self.addCleanup(gc.enable)
        del member, alice, bob
        self.assertEqual([link() for link in links], [None, None])

    def test_a_private_message_to_somebody_who_does_not_read_is_refused(self) -> None:
        gathering = Gathering()
        alice, bob = gathering.enter("alice"), gathering.enter("bob")
        ear_of(bob).stalls = True
        with self.assertRaises(CommandError):
            gathering.chat.write_private(alice, bob, "hello?")
        self.assertEqual(heard_by(bob), [])


if __name__ == "__main__":
    unittest.main()
