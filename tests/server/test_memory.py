"""What goes when memory is short, and in which order, and who is told."""

import contextlib
import random
import re

from reactor_chat.chat.archive import NoArchive
from reactor_chat.net.shared import Limits
from reactor_chat.server.settings import Settings
from tests.server.small_world import SmallWorldCase
from tests.sim.stream import Stream

LINE = "x" * 1000


class MemoryTest(SmallWorldCase):
    settings = Settings(rate=0, limits=Limits(), memory=200_000)

    def taken(self) -> int:
        """Return what all rooms' lines and all backlogs take."""
        return self.server.shared.logs + self.server.shared.waiting

    def lines_shown(self, room: str) -> int:
        """Return how many lines of a room somebody can still read."""
        stream = self.call()
        stream.send(f"/join {room}\n/history 100\n".encode())
        return self.read_all(stream).count(LINE)

    def say(self, stream: Stream, count: int) -> None:
        """Say so many lines, each in a turn of its own."""
        for _ in range(count):
            self.ask(stream, LINE)
            self.assertLessEqual(self.taken(), 200_000)

    def test_the_older_lines_of_the_largest_room_go_first(self) -> None:
        small, large = self.call(), self.call()
        self.ask(small, "/join small")
        self.ask(large, "/join large")
        self.say(small, 60)
        self.say(large, 300)
        # Ten of each are shown on joining, and then all.
        self.assertEqual(self.lines_shown("small"), 10 + 60)
        self.assertLess(self.lines_shown("large"), 10 + 100)

    def test_the_last_lines_of_each_room_stay_though_memory_is_short(self) -> None:
        for number in range(30):
            one = self.call()
            self.ask(one, f"/join tea{number}")
            for _ in range(10):
                self.ask(one, LINE)
        self.assertGreater(self.taken(), 200_000)
        for room in self.server.chat.rooms:
            self.assertEqual(sum(entry.lines for entry in room.log.since(0)), 10)

    def test_then_who_does_not_read_is_closed_and_told_and_nobody_else_is(self) -> None:
        witness = self.call()
        deaf = [self.call() for _ in range(8)]
        for one in deaf * 40:
            with contextlib.suppress(BlockingIOError, BrokenPipeError):
                one.send(f"{LINE}\n".encode() * 3)
            self.settle()
        self.assertEqual(self.ask(witness, "hello"), ["HELLO"])
        self.assertLessEqual(self.taken(), 200_000)
        told = ["memory is short" in self.read_all(one) for one in deaf]
        self.assertTrue(any(told))
        self.assertFalse(all(told), "more were closed than had to be")

    def test_rooms_that_were_left_with_little_said_in_them_are_forgotten_in_time(self) -> None:
        one = self.call()
        for number in range(300):
            self.ask(one, f"/join tea{number}", "hello", "/part")
        self.assertLess(len(self.server.chat.rooms.empty), 100)
        self.assertLessEqual(self.taken(), 200_000)

    def test_who_misses_lines_for_it_reads_how_many(self) -> None:
        slow = self.call()
        self.ask(slow, "/join tea")
        speaker = self.call()
        self.ask(speaker, "/join tea")
        for _ in range(300):
            self.ask(speaker, LINE)
        self.assertLessEqual(self.taken(), 200_000)
        heard = self.read_all(slow)
        missed = sum(map(int, re.findall(r"\* You missed (\d+) messages", heard)))
        self.assertGreater(missed, 0)
        self.assertEqual(heard.count(LINE) + missed, 300)

    def read_all(self, stream: Stream) -> str:
        """Return everything that comes."""
        heard = ""
        while more := self.hear(stream):
            heard += more
        return heard


class ReadableArchive(NoArchive):
    """Can read everything again, so that no room need stay in memory."""

    def can_read(self, key: str) -> bool:
        return True


class ForgottenRoomTest(SmallWorldCase):
    def make_archive(self) -> ReadableArchive:
        return ReadableArchive()

    def test_a_room_that_is_left_with_its_last_words_is_counted_no_more(self) -> None:
        for _ in range(3):
            self.ask(self.call("192.0.2.1", "/join tea"), *([LINE[:300]] * 10), "/quit")
        self.assertEqual(len(self.server.chat.rooms), 0)
        self.assertEqual((self.server.shared.logs, self.server.shared.waiting), (0, 0))

    def test_nor_if_a_reader_who_left_has_not_read_them(self) -> None:
        slow, speaker = self.call(), self.call()
        self.ask(slow, "/join tea")
        self.ask(speaker, "/join tea")
        for _ in range(200):
            speaker.send(f"{LINE}\n".encode() * 5)
            self.settle()
        slow.send(b"/part\n")
        speaker.close()
        while self.hear(slow):
            """It reads on."""
        slow.close()
        self.settle()
        self.assertEqual((self.server.shared.logs, self.server.shared.waiting), (0, 0))

    def test_once_everybody_has_left_nothing_is_counted_any_more(self) -> None:
        for seed in range(20):
            with self.subTest(seed=seed):
                self.play(random.Random(seed))
                self.assertEqual((self.server.shared.logs, self.server.shared.waiting), (0, 0))

    def play(self, rng: random.Random) -> None:
        """Let some people do this and that, some of whom seldom read, and then leave."""
        callers = [self.call() for _ in range(5)]
        for _ in range(150):
            one, room = rng.choice(callers), rng.choice(("tea", "games"))
            line = rng.choice(
                (LINE, LINE, LINE, f"/join {room}", f"/join {room}", f"/part {room}", "/me waves",
                 "/topic green", "/history", "/help", "/tags on", "/tags off", "/ignore Client 1")
            )  # fmt: skip
            with contextlib.suppress(BlockingIOError):
                one.send(f"{line}\n".encode() * rng.randint(1, 4))
            if rng.random() < 0.7:
                self.settle()
            if rng.random() < 0.2:
                self.hear(one)
            if rng.random() < 0.05:
                callers.remove(one)
                self.end(one, rng)
                callers.append(self.call())
        for one in callers:
            self.end(one, rng)
        self.pass_time(60)

    def end(self, stream: Stream, rng: random.Random) -> None:
        """End a stream in one of the ways in which they end."""
        rng.choice((stream.close, stream.reset))()
        if rng.random() < 0.7:
            self.settle()
