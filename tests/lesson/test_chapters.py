"""Every chapter runs, fits on the screen, and shows what it says."""

import contextlib
import functools
import inspect
import io
import re
import unittest
from pathlib import Path
from types import ModuleType

from reactor_chat.lesson.book import CHAPTERS
from reactor_chat.lesson.chapters import (
    broken_backlog,
    broken_blocking,
    broken_close,
    broken_interest,
    broken_limit,
    broken_sending,
    slow_reader,
)
from reactor_chat.lesson.scene import LessonClock
from reactor_chat.lesson.stage import Figures, Stage
from reactor_chat.lesson.tour import Screen, Tour
from reactor_chat.lesson.view import WIDTH, painter

MOST_LINES = 60


@functools.cache
def write(number: int, colours: bool = False) -> str:
    """Return what a chapter writes in a pipe."""
    out = io.StringIO()
    Tour(Screen(out, None, painter(colours)), CHAPTERS).run(number, number)
    return out.getvalue()


def number_of(title: str) -> int:
    [number] = [number for number, one in enumerate(CHAPTERS, 1) if title in one.title]
    return number


class EveryChapterTest(unittest.TestCase):
    def test_it_runs_without_anybody_at_the_keys_and_fits_on_the_screen(self) -> None:
        for number, chapter in enumerate(CHAPTERS, 1):
            with self.subTest(chapter.title):
                rows = write(number).splitlines()
                self.assertIn(chapter.title, rows[0])
                self.assertEqual([row for row in rows if len(row) > WIDTH], [])

    def test_it_has_no_more_lines_than_one_reads_in_a_sitting(self) -> None:
        for chapter in CHAPTERS:
            lines = Path(inspect.getfile(chapter.play)).read_text().count("\n")
            self.assertLessEqual(lines, MOST_LINES, chapter.title)

    def test_there_are_no_colours_in_a_pipe(self) -> None:
        self.assertNotIn("\x1b", write(1))
        self.assertIn("\x1b[1m", write(1, colours=True))


class SeenTest(unittest.TestCase):
    """What the chapters are about is to be seen in them."""

    def assert_seen(self, title: str, *expected: str) -> None:
        """Assert that a chapter writes what matches these, one after the other."""
        text = write(number_of(title))
        at = 0
        for pattern in expected:
            found = re.compile(pattern, re.MULTILINE).search(text, at)
            assert found is not None, f"no {pattern} in:\n{text[at:]}"
            at = found.end()

    def test_one_message(self) -> None:
        self.assert_seen(
            "One message",
            r"^select     woke at once: alice \(readable\)$",
            r"^  net/connection.py:\d+ +data = self\.socket\.recv",
            r"^recv       alice: b'is there any Earl Grey left\?\\n'",
            r"^queued     the log of tea: 1 line, 36 bytes",
            r"^send       bob: the kernel took 36 bytes",
            r"^send       carol: the kernel took 36 bytes",
            r"^alice reads nothing$",
        )

    def test_three_clients(self) -> None:
        self.assert_seen(
            "Three clients",
            r"^select     woke at once: alice .*bob .*carol",
            r"^recv       carol",
            r"^send       bob: the kernel took 36",
            r"^alice reads b'bob: I am bob\\ncarol: I am carol\\n'",
        )

    def test_a_stream(self) -> None:
        self.assert_seen(
            "stream",
            r"^unfinished line of alice  b'is there any Ea'",
            r"^send       bob: the kernel took 36",
            r"^queued     the log of tea: 3 lines, 35 bytes",
            r"^unfinished line of alice  b'fo'",
        )

    def test_a_room(self) -> None:
        self.assert_seen("A room", r"^lines read by others +220$", r"^calls of send +12$")

    def test_a_slow_reader(self) -> None:
        self.assert_seen(
            "slow reader",
            r"^send       bob: the kernel took [\d,]+ of",
            r"^watch      bob waits to read and to write",
            r"^queued     the log of tea: 20 lines.*\nqueued     bob: [\d,]+ bytes wait for room",
            r"^send       carol.*\n  loop",  # and nothing to bob
            r"behind by  ([\d,]+) bytes, of which the log still has \1$",
            r"^select     woke at once: bob \(writable\)",
            r"^told +\[\]",
            r"behind by  [12]\d\d,\d{3} bytes, of which the log still has \d{2,3},\d{3}$",
            r"^told +\['\* You missed \d+ messages\.'",
            r"Now bob has caught up, and is sent the news",
            r"^send       bob: the kernel took 1,720 bytes",
        )

    def test_a_slow_reader_has_read_every_line_or_is_told_of_it(self) -> None:
        text = write(number_of("slow reader"))
        shown, unseen = text.count("recv       alice"), sum(slow_reader.TIMES_UNREAD)
        [_, read] = map(int, re.findall(r"lines read, in all  (\d+)", text))
        missed = sum(map(int, re.findall(r"You missed (\d+)", text[text.rindex("\ntold ") :])))
        self.assertEqual(read + missed, 20 * (shown - 1 + unseen))

    def test_time(self) -> None:
        self.assert_seen(
            "Time",
            r"^timer set  \S+ of bare, in 0\.25 s",
            r"^select     slept 0\.\d\d s of at most 0\.\d\d: nobody; a timer is due",
            r"^send       bare: the kernel took 5 bytes b'HELLO'",
        )

    def test_an_end(self) -> None:
        self.assert_seen(
            "An end",
            r"^recv       alice: the end of the input",
            r"^shutdown   alice",
            r"^close      alice: the descriptor is free",
            r"^shutdown   bob",
            r"^bob reads b'-> You were kicked: good night",
            r"^close      bob",
        )

    def test_a_thousand_clients(self) -> None:
        self.assert_seen(
            "thousand", r"^1 speaking +\d turns of ", r"^  calls of send +\d+", r"^50 speaking"
        )


class BrokenTest(unittest.TestCase):
    """What each rule is good for shows in the figures."""

    def measure(self, chapter: ModuleType, title: str) -> tuple[str, str]:
        """Return a figure with the rule, and without it."""
        return self._figures(chapter, False)[title], self._figures(chapter, True)[title]

    def numbers(self, chapter: ModuleType, title: str) -> tuple[float, float]:
        kept, broken = self.measure(chapter, title)
        return _number(kept), _number(broken)

    def _figures(self, chapter: ModuleType, broken: bool) -> Figures:
        screen = Screen(io.StringIO(), None, painter(False))
        change = chapter.CHANGE.made() if broken else contextlib.nullcontext()
        with change, contextlib.closing(Stage(screen, LessonClock())) as stage:
            figures: Figures = chapter.measure(stage)
        return figures

    def test_a_handler_that_blocks_makes_all_wait(self) -> None:
        kept, broken = self.numbers(broken_blocking, "the last has waited")
        self.assertGreaterEqual(broken, 400)
        self.assertLess(kept, broken)

    def test_write_interest_makes_an_idle_loop_spin(self) -> None:
        kept, broken = self.numbers(broken_interest, "turns of the loop")
        self.assertLessEqual(kept, 3)
        self.assertGreater(broken, 30)

    def test_a_send_for_every_message_is_many(self) -> None:
        self.assertEqual(self.numbers(broken_sending, "calls of send"), (60, 5900))

    def test_a_line_without_a_limit_is_kept(self) -> None:
        self.assertEqual(self.numbers(broken_limit, "kept for mallory"), (0, 4 * 1024**2))

    def test_a_close_with_unread_input_loses_the_last_word(self) -> None:
        kept, broken = self.measure(broken_close, "how it ended")
        self.assertEqual((kept, broken), ("properly", "connection reset by peer"))

    def test_a_backlog_without_a_bound_grows(self) -> None:
        kept, broken = self.numbers(broken_backlog, "the log keeps for bob")
        self.assertLessEqual(kept, 2 * 64 * 1024)
        self.assertGreater(broken, 4_000_000)


def _number(text: str) -> float:
    return float(text.split()[0].replace(",", ""))


if __name__ == "__main__":
    unittest.main()
