"""What waits and is not bytes yet: it is read in order, or counted as a whole."""

import random
import unittest

from reactor_chat.chat.log import Log
from reactor_chat.loop.reactor import Reactor
from reactor_chat.net.audience import Audience
from reactor_chat.net.pieces import Missed, Stretch, collapse
from reactor_chat.net.shared import Limits, Shared
from reactor_chat.wire.dialects import Mark, Origin, current, other
from tests.sim.clock import Clock
from tests.sim.process import Process
from tests.sim.selector import Selector

ALL = 1_000_000  # bytes: more than there are


class PiecesCase(unittest.TestCase):
    def setUp(self) -> None:
        selector = Selector(Process(random.Random(0)))
        self.reactor = Reactor(selector, Clock())
        self.shared = Shared(self.reactor, Limits(), lambda: 0.0)
        self.tea, self.games = self.room("tea"), self.room("games")

    def room(self, name: str) -> Audience:
        return Audience(self.shared, Log(Origin(name, "0" * 8)), self.fail)

    def say(self, room: Audience, *lines: bytes) -> tuple[Mark, Mark]:
        """Say lines, an entry each; return where they begin and end."""
        start = room.log.tip
        for line in lines:
            room.say(line, 1, 0.0, True, [])
        return start, room.log.tip

    def stretch(self, room: Audience, *lines: bytes) -> Stretch:
        return Stretch(room, *self.say(room, *lines), current)


class StretchTest(PiecesCase):
    def test_it_is_read_in_parts_of_whole_entries(self) -> None:
        piece = self.stretch(self.tea, b"one\n", b"two\n", b"three\n")
        self.reactor.end_turn()
        self.assertEqual((piece.take(5), piece.done), (b"one\ntwo\n", False))
        self.assertEqual((piece.take(5), piece.done), (b"three\n", True))

    def test_what_may_not_be_read_yet_is_waited_for(self) -> None:
        piece = self.stretch(self.tea, b"one\n")
        self.assertEqual((piece.take(ALL), piece.done), (b"", False))
        self.reactor.end_turn()
        self.assertEqual((piece.take(ALL), piece.done), (b"one\n", True))

    def test_who_is_overrun_reads_one_count_of_all_and_goes_on_at_the_end(self) -> None:
        piece = self.stretch(self.tea, b"one\n", b"two\n", b"three\n")
        self.reactor.end_turn()
        self.tea.log.trim(8)  # which takes but the first
        self.assertEqual(piece.take(ALL), b"* You missed 3 messages.\n")
        self.assertTrue(piece.done)
        self.assertEqual(self.shared.missed, 3)

    def test_who_is_overrun_within_it_misses_the_rest(self) -> None:
        piece = self.stretch(self.tea, b"one\n", b"two\n", b"three\n", b"four\n")
        self.reactor.end_turn()
        self.assertEqual(piece.take(1), b"one\n")
        self.tea.log.trim(12)
        self.assertEqual(piece.take(ALL), b"* You missed 3 messages.\n")

    def test_a_count_is_told_in_the_dialect_of_the_lines(self) -> None:
        piece = Stretch(self.tea, *self.say(self.tea, b"one\n"), other)
        self.reactor.end_turn()
        self.tea.log.trim(0)
        self.assertEqual(piece.take(ALL), b"[tea] * You missed 1 messages.\n")

    def test_it_pins_its_log_until_it_is_read_or_dropped(self) -> None:
        read, dropped = self.stretch(self.tea, b"one\n"), self.stretch(self.tea, b"two\n")
        self.reactor.end_turn()
        self.assertEqual(self.tea.log.pins, 2)
        read.take(ALL)
        for _ in range(2):
            self.assertEqual(dropped.drop(), 1)
        self.assertEqual(self.tea.log.pins, 0)


class CollapseTest(PiecesCase):
    def test_many_pieces_become_one_count_for_each_room_and_all_bytes_in_order(self) -> None:
        pieces = collapse(
            [
                b"a\n",
                self.stretch(self.tea, b"1\n", b"2\n"),
                b"b\n",
                self.stretch(self.games, b"3\n"),
                b"c\n",
                self.stretch(self.tea, b"4\n"),
                b"d\n",
            ]
        )
        self.assertEqual(
            [piece if isinstance(piece, bytes) else piece.take(ALL) for piece in pieces],
            [
                b"a\n",
                b"* You missed 3 messages.\n",
                b"b\n",
                b"* You missed 1 messages.\n",
                b"c\nd\n",
            ],
        )
        self.assertEqual((self.tea.log.pins, self.games.log.pins), (0, 0))

    def test_collapsing_again_makes_no_more_of_them(self) -> None:
        pieces = collapse([self.stretch(self.tea, b"1\n"), b"a\n"])
        for _ in range(5):
            pieces = collapse([*pieces, self.stretch(self.tea, b"2\n"), b"b\n"])
        self.assertEqual([type(piece) for piece in pieces], [Missed, bytes])


if __name__ == "__main__":
    unittest.main()
