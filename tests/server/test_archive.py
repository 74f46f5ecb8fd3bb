"""What the chat knows of what is kept, and asks for, by way of a store with a simulated keeper."""

import unittest
from collections.abc import Callable, Sequence
from typing import cast

from reactor_chat.chat.archive import Archive, KnownRoom, OnAnswer, Verdict
from reactor_chat.chat.links import Audience
from reactor_chat.chat.recall import Kept
from reactor_chat.chat.rooms import Rooms
from reactor_chat.server.archive import BUSY, READINGS, StoreArchive
from reactor_chat.store.records import Kind
from tests.store.fake_keeper import World


class StoreArchiveTest(unittest.TestCase):
    def setUp(self) -> None:
        self.world = World()
        self.addCleanup(self.world.disk.close)
        self.archive = self.open()

    def open(self) -> StoreArchive:
        """Open the file as a server does when it starts."""
        archive = StoreArchive(self.world.store)
        wanted: Archive = archive  # which mypy checks
        self.assertTrue(wanted.keeps_names)
        return archive

    def restart(self) -> None:
        self.world.store.close(1.0)
        self.world.store = self.world.open()
        self.archive = self.open()

    def answer(self, ask: Callable[[OnAnswer], object]) -> Verdict:
        verdicts: list[Verdict] = []
        ask(verdicts.append)
        self.assertEqual(verdicts, [])
        self.world.settle()
        (verdict,) = verdicts
        return verdict

    def register(self, name: str, password: str = "password") -> Verdict:
        return self.answer(lambda answer: self.archive.register(name, password, answer))

    def test_rooms_are_known_at_once_and_after_a_restart(self) -> None:
        self.archive.keep("Tea", 1, 5.0, b"alice: hi\nalice: there\n")
        self.archive.set_topic("Tea", "Earl Grey")
        for _ in range(2):
            self.assertEqual(self.archive.room("tea"), KnownRoom("Tea", 2, "Earl Grey", 0))
            self.assertIsNone(self.archive.room("games"))
            self.restart()

    def test_a_topic_alone_makes_a_room_known(self) -> None:
        self.archive.set_topic("tea", "Earl Grey")
        self.assertEqual(self.archive.room("tea"), KnownRoom("tea", 0, "Earl Grey", 0))

    def test_all_rooms_have_the_files_epoch(self) -> None:
        epoch = self.archive.epoch_of("tea")
        self.assertEqual(self.archive.epoch_of("games"), epoch)
        self.assertEqual(epoch, self.world.disk.origin.epoch)

    def test_a_room_that_is_forgotten_does_not_begin_its_numbers_anew(self) -> None:
        self.archive.keep("tea", 1, 5.0, b"alice: hi\n" * 7)
        self.archive.store.flush()
        self.world.settle()
        self.world.disk.delete_before(10_000, 0)
        self.restart()
        self.assertIsNone(self.archive.room("tea"))
        rooms = Rooms(lambda log: cast(Audience, None), self.archive)
        self.assertEqual(rooms.open("tea").log.said, 7)

    def test_a_reading_is_answered_whole_with_times_in_seconds(self) -> None:
        for number in range(1, 400):
            self.archive.keep("tea", number, 5.25, b"alice: %d\n" % number)
        answers: list[Sequence[Kept]] = []
        self.archive.read("tea", 2, 350, answers.append)
        self.world.settle()
        (lines,) = answers
        self.assertEqual(lines, [(n, 5.25, b"alice: %d\n" % n) for n in range(3, 351)])

    def test_few_readings_are_asked_for_at_once_and_all_are_answered_in_order(self) -> None:
        for number in range(1, 300):
            self.archive.keep("tea", number, 5.0, b"alice: %d\n" % number)
        self.archive.store.flush()
        self.world.settle()
        self.world.obliging = False
        answered: list[int] = []
        for reading in range(20):
            self.archive.read("tea", reading, 299, lambda lines: answered.append(lines[0][0] - 1))
        self.world.settle()
        self.world.keeper.read()
        asked = [frame for frame in self.world.keeper.frames if frame.kind == Kind.READ_AFTER]
        self.assertLessEqual(len(asked), READINGS)
        self.world.obliging = True
        self.world.settle()
        self.assertEqual(answered, list(range(20)))

    def test_a_name_is_registered_once_it_was_granted(self) -> None:
        self.assertFalse(self.archive.is_registered("alice"))
        self.assertEqual(self.register("Alice"), Verdict(True))
        for _ in range(2):
            self.assertTrue(self.archive.is_registered("alice"))
            self.assertEqual(self.archive.names_like("A1ice"), ["Alice"])
            self.assertEqual(self.archive.accounts(), ["Alice"])
            self.restart()

    def test_a_password_is_checked_and_changed(self) -> None:
        def check(password: str) -> Verdict:
            return self.answer(lambda answer: self.archive.check("alice", password, answer))

        self.register("alice")
        self.assertEqual(check("password"), Verdict(True))
        self.assertEqual(check("Password"), Verdict(False))
        self.answer(lambda answer: self.archive.change("alice", "Password", answer))
        self.assertEqual(check("Password"), Verdict(True))

    def test_a_name_that_is_forgotten_is_free(self) -> None:
        self.register("alice")
        self.answer(lambda answer: self.archive.forget("alice", answer))
        self.assertFalse(self.archive.is_registered("alice"))
        self.assertEqual(self.archive.names_like("alice"), [])
        self.assertEqual(self.archive.accounts(), [])

    def test_of_two_that_look_alike_one_stays_when_the_other_is_free(self) -> None:
        self.register("alice")
        self.register("a1ice")
        self.assertEqual(self.archive.names_like("aIice"), ["alice", "a1ice"])
        self.answer(lambda answer: self.archive.forget("a1ice", answer))
        self.assertEqual(self.archive.names_like("aIice"), ["alice"])

    def test_without_a_keeper_a_person_is_told_to_try_again(self) -> None:
        self.world.can_spawn = False
        self.world.keeper.kill()
        self.world.settle()
        self.assertEqual(self.register("alice"), BUSY)
        self.assertFalse(self.archive.is_registered("alice"))

    def test_bans_are_there_after_a_restart(self) -> None:
        for network in ("10.0.0.1", "10.0.0.2"):
            self.archive.ban(network)
        self.archive.unban("10.0.0.1")
        self.restart()
        self.assertEqual(self.archive.bans(), ["10.0.0.2"])
