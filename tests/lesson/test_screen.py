"""The reader's way through the lesson: keys, pages, and a clock that waits for the reader."""

import io
import unittest
from collections.abc import Iterator
from unittest.mock import patch

from reactor_chat.lesson.scene import LessonClock
from reactor_chat.lesson.stage import Stage
from reactor_chat.lesson.tour import Chapter, Screen, Tour
from reactor_chat.lesson.view import painter

ROWS = 24


def chapter(name: str) -> Chapter:
    """Return a chapter of two steps."""

    def play(stage: Stage) -> Iterator[None]:
        for step in (1, 2):
            stage.table({f"{name}{step}": ""})
            yield

    return Chapter(name, play)


def long_chapter(rows: int) -> Chapter:
    """Return a chapter of one long step."""

    def play(stage: Stage) -> Iterator[None]:
        stage.table({f"row{number}": "" for number in range(rows)})
        yield

    return Chapter("long", play)


class TourCase(unittest.TestCase):
    chapters: tuple[Chapter, ...] = (chapter("a"), chapter("b"), chapter("c"))

    def tour(self, keys: str | None, first: int = 1, last: int = 3) -> str:
        """Return all that is written while these keys are pressed."""
        out = io.StringIO()
        typed = None if keys is None else io.StringIO(keys)
        screen = Screen(out, typed, painter(False), lambda: ROWS)
        Tour(screen, list(self.chapters)).run(first, last)
        return out.getvalue()

    def steps(self, keys: str | None, first: int = 1, last: int = 3) -> list[str]:
        """Return the steps that are played, in their order."""
        return [word for word in self.tour(keys, first, last).split() if word[1:] in ("1", "2")]


class KeysTest(TourCase):
    def test_each_enter_is_a_step(self) -> None:
        self.assertEqual(self.steps("\n"), ["a1", "a2"])
        self.assertEqual(self.steps("\n\n\n"), ["a1", "a2", "b1", "b2"])

    def test_what_means_nothing_is_said_to_and_asks_again(self) -> None:
        written = self.tour("\nquit\n99\nq\n")
        self.assertIn("There is no 'quit' here.\n[Enter] on", written)
        self.assertIn("There is no '99' here.\n[Enter] on", written)

    def test_b_goes_back_to_the_beginning_of_the_chapter(self) -> None:
        self.assertEqual(self.steps("\n\n\nb\nq\n"), ["a1", "a2", "b1", "b2", "b1"])

    def test_a_number_goes_to_that_chapter(self) -> None:
        self.assertEqual(self.steps("3\n\n"), ["a1", "c1", "c2"])
        self.assertEqual(self.steps("3\nq\n", 1, 1), ["a1", "c1"])

    def test_q_and_the_end_of_the_input_end_it(self) -> None:
        self.assertEqual(self.steps("q\n"), ["a1"])
        self.assertEqual(self.steps(""), ["a1"])

    def test_anything_else_is_nothing(self) -> None:
        for typed in ("x", "0", "99", "²"):
            self.assertEqual(self.steps(f"{typed}\nq\n"), ["a1"], typed)

    def test_the_prompt_says_what_there_is(self) -> None:
        self.assertIn("[Enter] on  [b] chapter anew  [1-3] chapter  [q] quit: ", self.tour("q\n"))

    def test_in_a_pipe_nobody_is_asked(self) -> None:
        self.assertEqual(self.steps(None), ["a1", "a2", "b1", "b2", "c1", "c2"])
        self.assertNotIn("[Enter]", self.tour(None))


class PageTest(TourCase):
    chapters = (long_chapter(60),)

    def test_a_page_ends_before_the_screen_does(self) -> None:
        pages = self.tour("\n" * 9, last=1).split("[Enter]")
        self.assertEqual(len(pages) - 1, 3)
        self.assertLess(max(page.count("\n") for page in pages), ROWS)


class ClockTest(unittest.TestCase):
    def test_no_time_passes_while_the_reader_thinks(self) -> None:
        with patch("time.monotonic", side_effect=iter((10.0, 11.0, 50.0, 51.0))):
            clock = LessonClock()
            before = clock()
            with clock.stopped():
                self.assertEqual(clock(), 11.0)
            self.assertEqual((before, clock()), (10.0, 12.0))


if __name__ == "__main__":
    unittest.main()
