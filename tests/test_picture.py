"""The picture in the README: its pure parts, and that it shows what the programs do."""

import contextlib
import unittest
from pathlib import Path
from xml.etree import ElementTree

from tests.drawing import Look, Scene, classes, colour, draw, runs
from tests.picture import TITLE, Stage, mask, play
from tests.screen import Cell, Screen

STORED = Path(__file__).with_name("picture.svg")
SVG = "{http://www.w3.org/2000/svg}"


def row(data: str) -> list[Cell]:
    screen = Screen(60, 2)
    screen.write(data.encode())
    return screen.cells[0]


class RunsTest(unittest.TestCase):
    def test_a_row_is_parted_where_its_style_changes(self) -> None:
        parts = list(runs(row("\x1b[2m18:20\x1b[0m \x1b[1;35m[PM]\x1b[0m hi  there")))
        self.assertEqual(
            parts, [(0, "18:20", 5, "2;"), (6, "[PM]", 4, "1;35;"), (11, "hi  there", 9, "")]
        )

    def test_wide_characters_take_two_columns(self) -> None:
        self.assertEqual(
            list(runs(row("漢\x1b[2m字\x1b[0m"))), [(0, "漢", 2, ""), (2, "字", 2, "2;")]
        )

    def test_blanks_are_not_drawn(self) -> None:
        self.assertEqual(list(runs(row("   "))), [])


class ColourTest(unittest.TestCase):
    def test_styles_have_names(self) -> None:
        self.assertEqual(classes("1;35;"), ["b", "c5"])
        self.assertEqual(classes("2;7;38;5;62;"), ["d", "v", "c62"])
        self.assertEqual(classes(""), [])

    def test_an_unknown_style_is_an_error(self) -> None:
        self.assertRaises(ValueError, classes, "5;")
        self.assertRaises(ValueError, colour, 240)

    def test_the_colours_are_those_of_xterm(self) -> None:
        self.assertEqual([colour(n) for n in (16, 62, 231)], [(0,) * 3, (95, 95, 215), (255,) * 3])


class MaskTest(unittest.TestCase):
    def mask(self, text: str, now: float = 0.0) -> str:
        return "".join(char for char, _ in mask(row(text), now, {"41234": "56040"}))

    def test_the_time_of_day_is_that_of_the_picture(self) -> None:
        self.assertEqual(self.mask("01:02:03 at 01:02:03 "), "18:20:11 at 01:02:03 ")
        self.assertEqual(self.mask("01:02 漢", 50.0), "18:21 漢")

    def test_ports_at_the_end_of_a_line_are_replaced(self) -> None:
        self.assertEqual(self.mask("on 127.0.0.1:41234"), "on 127.0.0.1:56040")

    def test_the_rest_stays(self) -> None:
        for text in ("> 01:02 ", "alice: 12345", "e\u0301"):
            self.assertEqual(self.mask(text), text)


class DrawTest(unittest.TestCase):
    def draw(self, *looks: tuple[float, str]) -> ElementTree.Element:
        scene = Scene("<one>", 0, 0, 20, 2)
        for now, text in looks:
            scene.show(now, Look((tuple(row(text)),), (1, 0)))
        return ElementTree.fromstring(draw([scene], "a & b", 10.0))

    def texts(self, drawing: ElementTree.Element) -> list[str | None]:
        return [text.text for text in drawing.iter(f"{SVG}text")]

    def test_it_is_well_formed_whatever_is_shown(self) -> None:
        self.assertEqual(self.texts(self.draw((0.0, '</g>&"'))), ["<one>", '</g>&"'])

    def test_what_does_not_change_is_drawn_once(self) -> None:
        drawing = self.draw((0.0, "a"), (1.0, "b"), (2.0, "b"), (3.0, "c"))
        self.assertEqual(self.texts(drawing), ["<one>", "a", "b", "c"])

    def test_only_the_last_look_stands_where_nothing_moves(self) -> None:
        drawing = self.draw((0.0, "a"), (1.0, "b"))
        passing = [g for g in drawing.iter(f"{SVG}g") if g.get("class") == "p"]
        self.assertEqual([text.text for g in passing for text in g.iter(f"{SVG}text")], ["a"])


class StoredTest(unittest.TestCase):
    def test_it_shows_what_the_programs_do(self) -> None:
        with contextlib.closing(Stage()) as stage:
            play(stage)
            drawing = draw([actor.scene for actor in stage.cast], TITLE, stage.now)
        if drawing != STORED.read_text(encoding="utf-8"):
            self.fail("it is out of date: python -m tests.picture tests/picture.svg README.md")

    def test_it_asks_for_nothing_from_elsewhere(self) -> None:
        stored = STORED.read_text(encoding="utf-8")
        self.assertEqual(ElementTree.fromstring(stored).tag, f"{SVG}svg")
        self.assertNotRegex(stored, "href|url\\(|@import|<script")
        self.assertLess(len(stored), 60_000)


if __name__ == "__main__":
    unittest.main()
