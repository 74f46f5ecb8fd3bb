"""Lines are kept where one asked for, else where the system keeps such things."""

import stat
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from reactor_chat.server.keeping import CannotKeep, DataFile, find_data, open_store
from reactor_chat.store.supervisor import StoreError


class KeepingTest(unittest.TestCase):
    def test_a_file_that_was_asked_for_is_taken(self) -> None:
        for port in (1, 0):
            self.assertEqual(find_data("x.db", port, {}), DataFile("x.db", True))

    def test_nothing_is_kept_if_one_says_so_or_takes_any_port(self) -> None:
        self.assertIsNone(find_data("none", 1, {}))
        self.assertIsNone(find_data(None, 0, {}))

    def test_the_default_is_named_after_the_port(self) -> None:
        place = {"STATE_DIRECTORY": "/var/lib/chat:/elsewhere", "XDG_STATE_HOME": "/x"}
        self.assertEqual(find_data(None, 7, place), DataFile("/var/lib/chat/7.db", False))

    def test_elsewhere_it_is_in_the_users_folder(self) -> None:
        found = find_data(None, 7, {"XDG_STATE_HOME": "/x"})
        self.assertEqual(found, DataFile("/x/reactor-chat/7.db", False))
        with patch.dict("os.environ", HOME="/home/me"):
            for place in ({}, {"XDG_STATE_HOME": "not/absolute"}):
                found = find_data(None, 7, place)
                self.assertEqual(found, DataFile("/home/me/.local/state/reactor-chat/7.db", False))


class OpenTest(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(TemporaryDirectory()))
        self.log: list[str] = []

    def open(self, path: Path, asked_for: bool) -> str | None:
        return open_store(DataFile(str(path), asked_for), self.start, self.log.append)

    def start(self, path: str) -> str:
        """Stand in for a store, which needs a folder that is there."""
        if not Path(path).parent.is_dir():
            raise StoreError("there is no such folder")
        return "a store"

    def test_the_log_says_where_lines_are_kept(self) -> None:
        path = self.folder / "1.db"
        self.assertEqual(self.open(path, asked_for=True), "a store")
        self.assertEqual(self.log, [f"keeping lines in {path}"])

    def test_the_default_folder_is_made_and_is_its_owners_alone(self) -> None:
        path = self.folder / "reactor-chat" / "1.db"
        for _ in range(2):
            self.assertEqual(self.open(path, asked_for=False), "a store")
        self.assertEqual(stat.S_IMODE(path.parent.stat().st_mode), 0o700)

    def test_a_file_that_was_asked_for_and_cannot_be_used_is_one_line(self) -> None:
        path = self.folder / "typo" / "1.db"
        with self.assertRaisesRegex(CannotKeep, f"in {path}: there is no such folder"):
            self.open(path, asked_for=True)
        self.assertFalse(path.parent.exists())

    def test_without_the_default_place_the_server_goes_on_in_memory(self) -> None:
        file = self.folder / "file"
        file.touch()
        self.assertIsNone(self.open(file / "1.db", asked_for=False))
        [told] = self.log
        self.assertTrue(told.startswith("keeping lines in memory alone: "), told)


if __name__ == "__main__":
    unittest.main()
