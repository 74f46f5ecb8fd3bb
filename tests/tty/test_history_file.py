"""What was typed is there again in the next run, whatever happens to the file."""

import os
import tempfile
import unittest
from pathlib import Path

from reactor_chat.tty.history import MAX_HISTORY, MAX_LINE
from reactor_chat.tty.history_file import HistoryFile, open_history


class HistoryFileTest(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.path = self.folder / "reactor-chat" / "history"

    def recalled(self) -> list[str]:
        """Return what the next run finds, newest first."""
        history = open_history(self.path)
        lines = []
        while (line := history.older("")) is not None:
            lines.append(line)
        return lines

    def test_lines_are_found_again_and_nobody_else_can_read_them(self) -> None:
        open_history(self.path).add(["one", "zwei ✓"])
        open_history(self.path).add(["three"])
        self.assertEqual(self.recalled(), ["three", "zwei ✓", "one"])
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.path.parent.stat().st_mode & 0o077, 0)

    def test_a_file_that_others_could_read_is_closed_to_them(self) -> None:
        open_history(self.path).add(["one"])
        self.path.chmod(0o644)
        open_history(self.path).add(["two"])
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)

    def test_passwords_are_not_in_it(self) -> None:
        open_history(self.path).add(["/login alice hunter22", "/register swordfish"])
        self.assertEqual(self.path.read_text(), "/login alice ********\n/register ********\n")

    def test_without_a_path_nothing_is_kept(self) -> None:
        open_history(None).add(["one"])
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_two_programs_at_once_keep_the_lines_of_both(self) -> None:
        one, other = open_history(self.path), open_history(self.path)
        one.add(["a"])
        other.add(["b"])
        one.add(["c"])
        self.assertEqual(self.recalled(), ["c", "b", "a"])

    def test_the_oldest_lines_make_room_for_new_ones(self) -> None:
        one, other = open_history(self.path), open_history(self.path)
        one.add(map(str, range(MAX_HISTORY)))
        other.add(["b", "c"])
        self.assertEqual(self.path.read_text().count("\n"), MAX_HISTORY)
        lines = self.recalled()
        self.assertEqual((lines[:3], lines[-1]), (["c", "b", "999"], "2"))
        self.assertEqual(os.listdir(self.path.parent), ["history"])

    def test_a_link_to_the_file_stays_one(self) -> None:
        target = self.folder / "elsewhere"
        self.path.parent.mkdir()
        self.path.symlink_to(target)
        HistoryFile(self.path).append(list(map(str, range(MAX_HISTORY + 5))))
        self.assertTrue(self.path.is_symlink())
        self.assertEqual(target.read_text().count("\n"), MAX_HISTORY)

    def test_damage_is_left_out(self) -> None:
        self.path.parent.mkdir()
        self.path.write_bytes(
            b"one\n\xff\xfe\n\x00\x1b[2J\n\n" + b"x" * (MAX_LINE + 1) + b"\ntwo\nthr"
        )
        self.assertEqual(self.recalled(), ["thr", "two", "one"])
        open_history(self.path).add(["four"])
        self.assertEqual(self.recalled()[:2], ["four", "thr"])

    def test_a_huge_file_is_not_read_whole(self) -> None:
        self.path.parent.mkdir()
        with self.path.open("wb") as file:
            file.truncate(1 << 40)  # takes no room
            file.seek(0, os.SEEK_END)
            file.write(b"\nlast\n")
        self.assertEqual(self.recalled(), ["last"])

    def test_what_is_no_file_is_left_alone(self) -> None:
        self.path.parent.mkdir()
        for make in (os.mkfifo, os.mkdir):
            with self.subTest(make.__name__):
                make(self.path)
                history = open_history(self.path)
                history.add(["one"])
                self.assertEqual(history.older(""), "one")
                self.assertEqual(os.listdir(self.path.parent), ["history"])
                self.path.unlink() if make is os.mkfifo else self.path.rmdir()

    def test_a_file_that_cannot_be_written_or_vanishes_disturbs_nobody(self) -> None:
        (self.folder / "reactor-chat").write_text("a file where the folder should be")
        history = open_history(self.path)
        history.add(["one"])
        self.assertEqual(history.older(""), "one")
        (self.folder / "reactor-chat").unlink()
        history.add(["two"])
        self.assertEqual(self.recalled(), ["two"])


if __name__ == "__main__":
    unittest.main()
