"""The README's tour names what the first chapter passes, and its transcript is what it writes."""

import contextlib
import io
import re
import selectors
import unittest

from reactor_chat.lesson.chapters import one_message
from reactor_chat.lesson.scene import LessonClock
from reactor_chat.lesson.stage import Stage
from reactor_chat.lesson.tour import Screen
from reactor_chat.lesson.view import painter
from tests.lesson import transcript

Step = tuple[str, str]  # a file and a function

_NAMED = re.compile(r"\*\*`(\w+/\w+\.py)`\*\*|`([A-Z_]\w*\.\w+|\w+(?=\(\)))(?:\(\))?`")


def named_steps(readme: str) -> list[Step]:
    """Return the files and functions that the tour names, in its order."""
    section = readme.partition("\n## How a message travels\n")[2]
    steps = section[section.index("\n1. ") : section.index("\n\nNot on that path")]
    named, file = [], ""
    for found in _NAMED.finditer(steps):
        file = found[1] or file
        if found[2]:
            named.append((file, found[2]))
    return named


def passed_steps() -> list[Step]:
    """Return the files and functions that the first chapter passes, in the order of the calls."""
    screen = Screen(io.StringIO(), None, painter(False))
    with contextlib.closing(Stage(screen, LessonClock())) as stage:
        for _ in one_message.play(stage):
            pass
        return list(dict.fromkeys(stage.path))


@unittest.skipUnless(hasattr(selectors, "EpollSelector"), "elsewhere the kernel is asked otherwise")
class ReadmeTest(unittest.TestCase):
    readme = transcript.README.read_text(encoding="utf-8")

    def test_the_tour_names_what_a_message_passes(self) -> None:
        self.assertEqual(named_steps(self.readme), passed_steps())

    def test_the_transcript_is_what_the_first_chapter_writes(self) -> None:
        if transcript.read(self.readme) != transcript.play():
            self.fail("out of date: python -m tests.picture tests/picture.svg README.md")


if __name__ == "__main__":
    unittest.main()
