"""What became of lines that are too old, as those see it who look back: right counts, or none.

Not here: which lines are deleted (`tests.store.test_database`).
"""

import time

from reactor_chat.store.claim import Claim
from reactor_chat.store.database import Database
from tests.processes import PATIENCE, Client
from tests.server.test_kept_process import KeptCase
from tests.store.files import said

DAY = 24 * 60 * 60 * 1000
MISSING = "* Some messages may be missing here."


class AgeCase(KeptCase):
    def make_file(self, **rooms: tuple[int, int]) -> None:
        """Make a file with so many old lines in rooms, and so many new ones after them."""
        now = int(time.time() * 1000)
        claim = Claim(str(self.path), 0.0)
        database = Database(str(self.path))
        database.begin(whole=True, before=None)
        for room, (old, new) in rooms.items():
            lines = [f"alice: line {number}" for number in range(1, old + new + 1)]
            if old:
                database.write(said(room, 1, *lines[:old], time=now - 2 * DAY), now - 2 * DAY)
            if new:
                database.write(said(room, old + 1, *lines[old:], time=now), now)
        self.epoch = database.origin.epoch
        database.close_whole()
        claim.leave_mark()
        claim.release()

    def until_rooms(self, **wanted: int) -> None:
        """Wait until the file has so many lines in rooms, and no other room."""
        question = (
            "SELECT name, count(number) FROM rooms LEFT JOIN lines ON rooms.id = lines.room"
            " GROUP BY rooms.id"
        )
        deadline = time.monotonic() + PATIENCE
        while dict(self.ask_file(question)) != wanted:
            self.assertLess(time.monotonic(), deadline, "old lines are not deleted")
            self.sources.take_in(0.02)

    def look_back(self, command: str) -> list[str]:
        """Return what one who comes in reads in answer to a command, but for the first line."""
        client = self.connect()
        client.say(command, "/quit")
        return self.read_by(client)

    def read_by(self, client: Client) -> list[str]:
        answer, *rest = client.read_to_end()
        self.assertTrue(answer.startswith("-> You joined"), answer)
        return rest

    def resume(self, number: int, room: str = "tea") -> list[str]:
        return self.look_back(f"/resume {room} {self.epoch}-{number}")


class OldLinesTest(AgeCase):
    def test_what_is_left_is_shown_and_what_is_gone_is_counted(self) -> None:
        self.make_file(tea=(5000, 3))
        self.begin("--keep-days", "1")
        self.until_rooms(tea=3)
        left = ["alice: line 5001", "alice: line 5002", "alice: line 5003"]
        self.assertEqual(self.look_back("/join tea"), ["-> Recent messages:", *left])
        self.assertEqual(self.look_back("/join tea\n/history 10000")[4:], left)
        resumed = ["* You missed 3999 messages.", "-> Since then:", *left]
        self.assertEqual(self.resume(1001), resumed)
        self.restart("--keep-days", "1")
        self.assertEqual(self.resume(1001), resumed)
        self.assertEqual(self.resume(5002), ["-> Since then:", left[2]])

    def test_others_talk_while_lines_are_deleted(self) -> None:
        self.make_file(tea=(20_000, 0))
        self.begin("--keep-days", "1")
        alice = self.join("alice")
        alice.say("still here")
        self.until_rooms(tea=1)
        self.assertEqual(self.resume(20_000), ["-> Since then:", "alice: still here"])

    def test_of_a_room_of_which_nothing_is_left_all_is_counted(self) -> None:
        self.make_file(tea=(30, 0))
        self.begin("--keep-days", "1")
        self.until_rooms()
        self.assertEqual(self.resume(10), ["* You missed 20 messages."])
        self.assertEqual(self.resume(30), [])


class ForgottenRoomTest(AgeCase):
    """After a restart nobody knows how far the numbers of a forgotten room went."""

    def setUp(self) -> None:
        super().setUp()
        self.make_file(tea=(30, 0), games=(90, 0))
        self.begin("--keep-days", "1")
        self.until_rooms()
        self.restart("--keep-days", "1")

    def test_who_resumes_is_told_that_lines_may_be_missing(self) -> None:
        self.assertEqual(self.resume(10), [MISSING])

    def test_so_it_is_when_the_room_has_come_to_life_again(self) -> None:
        alice = self.join("alice")
        alice.say("hello again", "/part", "/join tea", "/whoami")
        again = ["-> Recent messages:", "alice: hello again"]
        for _ in range(3):
            self.until_kept("alice: hello again")
            self.assertEqual(self.resume(10), [MISSING, *again])
            self.assertEqual(self.resume(90), ["-> Since then:", "alice: hello again"])
            self.restart("--keep-days", "1")

    def test_who_was_there_since_then_misses_nothing(self) -> None:
        alice = self.connect()
        alice.say("/tags on", "/join tea", "/quit")
        (joined,) = [line for line in alice.read_to_end() if "joined" in line]
        self.assertIn(f"last={self.epoch}-90 ", joined)
        self.assertEqual(self.resume(90), [])
        self.assertEqual(self.resume(91), [MISSING])

    def test_a_topic_does_not_let_its_numbers_come_again(self) -> None:
        alice = self.join("alice")
        self.assertEqual(alice.ask("/topic Earl Grey"), "* alice set the topic: Earl Grey")
        self.restart("--keep-days", "1")
        alice = self.connect()
        alice.say("/tags on", "/join tea", "/quit")
        (joined,) = [line for line in alice.read_to_end() if "joined" in line]
        self.assertIn(f"last={self.epoch}-90 ", joined)
