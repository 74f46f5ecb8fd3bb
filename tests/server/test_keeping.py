"""Lines are kept where one asked for, else where the system keeps such things."""

import stat
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from reactor_chat.server.keeping import DataFile, find_data, make_folder


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

    def test_the_default_folder_is_made_and_is_its_owners_alone(self) -> None:
        with TemporaryDirectory() as folder:
            path = Path(folder, "reactor-chat", "1.db")
            make_folder(DataFile(str(path), False))
            self.assertEqual(stat.S_IMODE(path.parent.stat().st_mode), 0o700)
            make_folder(DataFile(str(path), False))

    def test_no_other_folder_is_made(self) -> None:
        with TemporaryDirectory() as folder:
            make_folder(DataFile(f"{folder}/typo/1.db", True))
            self.assertFalse(Path(folder, "typo").exists())


if __name__ == "__main__":
    unittest.main()
