"""What a key costs does not depend on how much stands in the draft, nor a line on how long it is.

Not times, which depend on the machine, but the calls that are made, are counted here.
"""

import sys
import unittest
from collections.abc import Callable
from typing import Any

from reactor_chat.tty.editor import Editor
from reactor_chat.tty.folding import fold
from reactor_chat.tty.keys import Key, KeyDecoder, Text
from reactor_chat.tty.viewport import last_row

SCRIPTS = {
    "ASCII": "some words ",
    "Cyrillic": "слово за словом ",
    "Devanagari": "नमस्ते दुनिया ",
    "Han": "日本語",
    "Hangul": "한국어 ",
    "decomposed Latin": "e\u0301a\u0300 ",
    "emoji": "\U0001f600",
    "skin tones": "\U0001f44d\U0001f3fd",
    "families": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
}
READ = 4096  # bytes that come together


def calls(function: Callable[..., object], *arguments: Any) -> int:
    """Count the calls, of Python and C functions, that a function makes."""
    count = 0

    def note(frame: object, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        function(*arguments)
    finally:
        sys.setprofile(before)
    return count


def text_of(unit: str, length: int) -> str:
    return unit * (length // len(unit))


def take(text: str) -> Editor:
    """Type a text that comes read by read, and look at the row after each."""
    editor, keys, data = Editor(), KeyDecoder(), text.encode()
    for at in range(0, len(data), READ):
        for stroke in keys.feed(data[at : at + READ]):
            assert isinstance(stroke, Text), stroke
            editor.handle(stroke)
        look(editor)
    return editor


def look(editor: Editor) -> None:
    _, text, cursor = editor.view
    last_row("> ", text, cursor, 80)


def press(editor: Editor, key: str) -> None:
    editor.handle(Key(key))
    look(editor)


class WorkTest(unittest.TestCase):
    def test_a_paste_without_marks_costs_what_its_length_does(self) -> None:
        for name, unit in SCRIPTS.items():
            with self.subTest(name):
                some = calls(take, text_of(unit, 4000))
                more = calls(take, text_of(unit, 16_000))
                self.assertLess(more, 6 * some)
                self.assertLess(more, 5 * 16_000)

    def test_a_key_in_a_long_draft_costs_what_it_does_in_a_short_one(self) -> None:
        for name, unit in SCRIPTS.items():
            short, long = (take(text_of(unit, length)) for length in (1000, 16_000))
            for key in ("left", "backspace", "home", "right"):
                with self.subTest(name, key=key):
                    self.assertLess(calls(press, long, key), 2 * calls(press, short, key) + 100)

    def test_a_long_line_is_folded_in_linear_time(self) -> None:
        for name, unit in SCRIPTS.items():
            with self.subTest(name):
                some = calls(fold, text_of(unit, 1000), 80, 6)
                more = calls(fold, text_of(unit, 4000), 80, 6)
                self.assertLess(more, 6 * some + 100)


if __name__ == "__main__":
    unittest.main()
