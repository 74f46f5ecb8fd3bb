"""Speaking costs no more than it must, the log tells who spoke where, and leaving is leaving."""

import gc
import unittest
import weakref
from collections.abc import Sequence

from reactor_chat.chat import visits
from reactor_chat.chat.errors import CommandError
from reactor_chat.chat.links import Link
from reactor_chat.chat.log import Log
from reactor_chat.chat.private import write_private
from reactor_chat.wire.dialects import Entry
from tests.support import FakeAudience, FakeLink, Gathering, link_of, new_chat, read_by


class CountingAudience(FakeAudience):
    """An audience that also keeps what it is told, and who is not to read it."""

    def __init__(self, log: Log) -> None:
        super().__init__(log)
        self.told: list[tuple[bytes, int]] = []
        self.skip: list[Link] = []

    def say(self, block: bytes, lines: int, time: float, keep: bool, skip: Sequence[Link]) -> Entry:
        self.told.append((block, lines))
        self.skip = list(skip)
        return super().say(block, lines, time, keep, skip)


class CostTest(unittest.TestCase):
    def setUp(self) -> None:
        self.chat = new_chat(CountingAudience)
        self.people = [self.chat.enter(FakeLink(), "192.0.2.1") for _ in range(5)]
        for member in self.people:
            visits.join(self.chat, member, "tea")
        room = self.chat.rooms.get("tea")
        assert room is not None
        assert isinstance(room.audience, CountingAudience)
        self.audience = room.audience
        self.audience.told.clear()

    def test_a_room_is_told_a_batch_of_lines_once(self) -> None:
        self.chat.speak(self.people[0], b"one\ntwo\n", 2)
        told = [(b"Client 1: one\nClient 1: two\n", 2)]
        self.assertEqual(self.audience.told, told)

    def test_nobody_but_the_speaker_is_looked_at(self) -> None:
        self.chat.ignoring.ignore(self.people[1], self.people[2])
        self.people[3].muted = True
        self.chat.speak(self.people[0], b"hello\n", 1)
        self.assertEqual(self.audience.skip, [self.people[0].link])

    def test_who_ignores_the_speaker_is_left_out_if_it_is_in_the_room(self) -> None:
        outside = self.chat.enter(FakeLink(), "192.0.2.1")
        for member in (self.people[1], outside):
            self.chat.ignoring.ignore(member, self.people[0])
        self.chat.speak(self.people[0], b"hello\n", 1)
        skipped = {self.people[0].link, self.people[1].link}
        self.assertEqual(set(self.audience.skip), skipped)
        self.assertEqual(len(self.audience.skip), 2)

    def test_what_others_were_to_read_is_counted_by_the_line(self) -> None:
        before = self.chat.relayed
        self.chat.speak(self.people[0], b"one\ntwo\n", 2)
        write_private(self.chat, self.people[0], self.people[1], "psst")
        self.assertEqual(self.chat.relayed - before, 3)

    def test_what_nobody_else_reads_is_not_counted(self) -> None:
        alone = self.chat.enter(FakeLink(), "192.0.2.1")
        before = self.chat.relayed
        self.chat.speak(alone, b"outside\n", 1)
        visits.join(self.chat, alone, "games")
        self.chat.speak(alone, b"to an empty room\n", 1)
        self.assertEqual(self.chat.relayed, before)


class LogTest(unittest.TestCase):
    def setUp(self) -> None:
        self.gathering = Gathering()

    def test_what_is_said_in_a_room_is_logged_with_the_room(self) -> None:
        alice = self.gathering.enter("alice", "tea")
        self.gathering.say(alice, "hi")
        self.gathering.say(alice, "/me waves")
        self.gathering.chat.speak(alice, b"one\ntwo\n", 2)
        self.assertEqual(
            self.gathering.journal.lines,
            ["[tea] alice: hi", "[tea] ** alice waves", "[tea] alice: one", "[tea] alice: two"],
        )

    def test_what_is_said_outside_one_is_logged_with_the_name(self) -> None:
        member = self.gathering.enter()
        self.gathering.say(member, "hello")
        self.gathering.say(member, "c'est ça")
        self.gathering.chat.speak(member, b"one\ntwo\n", 2)
        self.assertEqual(
            self.gathering.journal.lines,
            ["Client 1: hello", "Client 1: c'est ça", "Client 1: one", "Client 1: two"],
        )

    def test_private_messages_are_not_logged(self) -> None:
        alice, bob = self.gathering.enter("alice", "tea"), self.gathering.enter("bob", "tea")
        self.gathering.say(alice, "/msg bob psst")
        self.gathering.say(bob, "/reply what")
        self.assertEqual((self.gathering.journal.lines, self.gathering.journal.events), ([], []))

    def test_what_is_not_relayed_is_not_logged_as_said(self) -> None:
        alice = self.gathering.enter("alice", "tea")
        alice.muted = True
        for line in ("hello", "/me waves", "/mgs bob hello"):
            self.gathering.say(alice, line)
        self.assertEqual(self.gathering.journal.lines, [])

    def test_what_happens_is_logged_with_the_room(self) -> None:
        member = self.gathering.enter()
        for line in ("/nick alice", "/join tea", "/nick bob", "/part"):
            self.gathering.say(member, line)
        self.assertEqual(
            self.gathering.journal.events,
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
        self.assertEqual(read_by(bob), ["* alice left"])

    def test_who_leaves_does_not_take_the_name_from_its_next_owner(self) -> None:
        gathering = Gathering()
        first = gathering.enter("alice")
        gathering.chat.leave(first)
        second = gathering.enter("alice")
        gathering.chat.leave(first)
        self.assertIn(second, gathering.chat.people)

    def test_those_who_left_are_not_kept_in_memory(self) -> None:
        gathering = Gathering()
        alice, bob = gathering.enter("alice", "tea"), gathering.enter("bob", "tea")
        for command in ("/msg {} hello", "/ignore {}"):
            gathering.say(alice, command.format("bob"))
            gathering.say(bob, command.format("alice"))
        self.assertIs(alice.reply_to, bob)
        self.assertIs(bob.reply_to, alice)
        links = [weakref.ref(link_of(member)) for member in (alice, bob)]
        for member in (alice, bob):
            gathering.chat.leave(member)
        gc.disable()
        self.addCleanup(gc.enable)
        del member, alice, bob
        self.assertEqual([link() for link in links], [None, None])

    def test_a_journal_that_fails_keeps_nobody_here(self) -> None:
        gathering = Gathering()
        alice = gathering.enter("alice", "tea")
        bob = gathering.enter("bob", "tea")
        for member in (alice, bob):
            gathering.say(member, "/join games")
        gathering.forget()

        def fail(*args: object, **fields: object) -> None:
            raise ZeroDivisionError

        gathering.journal.event = fail  # type: ignore[method-assign]
        with self.assertRaises(ZeroDivisionError):
            gathering.chat.leave(alice)
        self.assertNotIn(alice, gathering.chat.people)
        self.assertEqual([len(room.members) for room in gathering.chat.rooms], [1, 1])

    def test_a_private_message_to_somebody_who_does_not_read_is_refused(self) -> None:
        gathering = Gathering()
        alice, bob = gathering.enter("alice"), gathering.enter("bob")
        link_of(bob).full = True
        with self.assertRaises(CommandError):
            write_private(gathering.chat, alice, bob, "hello?")
        self.assertEqual(read_by(bob), [])


if __name__ == "__main__":
    unittest.main()
