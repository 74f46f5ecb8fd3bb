"""`log` prints what is kept, and leaves no trace of it."""

import io
import json
import os
import subprocess
import sys
import unittest
from contextlib import redirect_stderr, redirect_stdout

from reactor_chat.store.log_command import LogOptions, parse_since, run
from tests.store.files import NOW, FileCase, said
from tests.store.mounts import MountedFolder

MINUTE = 60_000


class LogCommandTest(FileCase):
    def setUp(self) -> None:
        super().setUp()
        self.database = self.open()
        frames = [
            *said("tea", 1, "alice: hi", time=NOW),
            *said("games", 1, "bob: chess?", time=NOW + MINUTE),
            *said("tea", 2, "** alice waves", time=NOW + 2 * MINUTE),
        ]
        self.database.write(frames, NOW)

    def run_log(self, room: str | None = None, since: int = 0, json: bool = False) -> list[str]:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = run(LogOptions(str(self.path), room, since, json))
        self.error = err.getvalue()
        self.assertEqual(status, 1 if self.error else 0)
        return out.getvalue().split("\n")[:-1]

    def test_all_rooms_are_told_in_the_order_of_time(self) -> None:
        self.assertEqual(
            self.run_log(),
            [
                "2025-11-27T20:53:20.000Z [tea] alice: hi",
                "2025-11-27T20:54:20.000Z [games] bob: chess?",
                "2025-11-27T20:55:20.000Z [tea] ** alice waves",
            ],
        )

    def test_one_room_is_told_without_its_name_however_it_is_written(self) -> None:
        expected = [
            "2025-11-27T20:53:20.000Z alice: hi",
            "2025-11-27T20:55:20.000Z ** alice waves",
        ]
        for room in ("tea", "#tea", "TEA", "ｔｅａ"):
            self.assertEqual(self.run_log(room), expected)

    def test_json_has_what_tags_have(self) -> None:
        epoch = self.database.origin.epoch
        (line,) = self.run_log("games", json=True)
        self.assertEqual(
            json.loads(line),
            {
                "time": "2025-11-27T20:54:20.000Z",
                "room": "games",
                "id": f"{epoch}-1",
                "text": "bob: chess?",
            },
        )

    def test_since_leaves_out_what_is_older(self) -> None:
        self.assertEqual(len(self.run_log(since=NOW + MINUTE)), 2)

    def test_a_rooms_order_counts_where_the_clock_was_set_back(self) -> None:
        self.database.write(said("tea", 3, "alice: earlier", time=NOW - MINUTE), NOW)
        self.assertEqual(self.run_log("tea")[-1], "2025-11-27T20:52:20.000Z alice: earlier")

    def test_long_rooms_are_told_whole(self) -> None:
        self.database.write(said("tea", 3, *["alice: x"] * 5000), NOW)
        self.assertEqual(len(self.run_log("tea")), 5002)

    def test_nothing_is_changed_by_it(self) -> None:
        self.leave(self.database)
        self.run_log()
        epoch = self.database_epoch()
        self.leave(self.database)
        self.run_log("tea")
        self.assertEqual(self.database_epoch(), epoch)

    def database_epoch(self) -> str:
        self.database = self.open()
        return self.database.origin.epoch

    def test_a_room_that_is_not_kept_is_an_error(self) -> None:
        self.assertEqual(self.run_log("books"), [])
        self.assertEqual(self.error, f"{self.path}: nothing is kept of a room books\n")

    def test_files_that_are_not_ours_are_an_error(self) -> None:
        self.path = self.folder / "other"
        self.assertEqual(self.run_log(), [])
        self.assertEqual(self.error, f"{self.path}: no such file or directory\n")
        self.ask("CREATE TABLE recipes (name)")
        self.run_log()
        self.assertEqual(self.error, f"{self.path}: it is the database of another program\n")
        self.path.write_text("shopping list\n" * 100)
        self.run_log()
        self.assertEqual(self.error, f"{self.path}: it is damaged, or no database\n")
        self.path.write_text("")
        self.run_log()
        self.assertEqual(self.error, f"{self.path}: it is empty\n")

    def start(self, output: int) -> "subprocess.Popen[bytes]":
        program = (
            "import sys; from reactor_chat.store.log_command import LogOptions, run;"
            "sys.exit(run(LogOptions(sys.argv[1])))"
        )
        command = [sys.executable, "-c", program, str(self.path)]
        return subprocess.Popen(command, stdout=output, stderr=subprocess.PIPE)

    def test_a_reader_that_has_seen_enough_is_no_error(self) -> None:
        self.database.write(said("tea", 3, *["alice: x" * 100] * 5000), NOW)
        with self.start(subprocess.PIPE) as log:
            assert log.stdout
            assert log.stderr
            os.read(log.stdout.fileno(), 100)
            log.stdout.close()
            self.assertEqual(log.stderr.read(), b"")
            self.assertEqual(log.wait(), 0)

    def test_output_that_cannot_be_written_is_one_line(self) -> None:
        with open("/dev/full", "wb") as full, self.start(full.fileno()) as log:
            assert log.stderr
            expected = b"output: no space left on device\n"
            self.assertEqual(log.stderr.read(), expected)
            self.assertEqual(log.wait(), 1)

    def test_a_file_on_a_medium_that_is_read_only_is_told(self) -> None:
        self.leave(self.database)
        with MountedFolder(self) as folder:
            folder.adopt(self.path)
            folder.make_read_only()
            self.path = folder.path / self.path.name
            self.assertEqual(len(self.run_log()), 3)


class SinceTest(unittest.TestCase):
    def test_times_are_utc_if_they_do_not_say_otherwise(self) -> None:
        for text in ("2025-11-27T20:53:20", "2025-11-27T20:53:20Z", "2025-11-27T21:53:20+01:00"):
            self.assertEqual(parse_since(text, 0.0), NOW)

    def test_a_day_begins_at_midnight(self) -> None:
        self.assertEqual(parse_since("1970-01-02", 0.0), 24 * 60 * MINUTE)

    def test_a_span_counts_back_from_now(self) -> None:
        self.assertEqual(parse_since("90m", 10_000.0), 4_600_000)
        self.assertEqual(parse_since("2d", 3 * 86_400.0), 86_400_000)

    def test_a_span_that_is_longer_than_time_is_all_of_it(self) -> None:
        for digits in (14, 400):
            self.assertEqual(parse_since("9" * digits + "h", 10_000.0), 0)

    def test_anything_else_is_refused(self) -> None:
        for text in ("", "yesterday", "5", "-1h", "2025-13-01"):
            with self.assertRaises(ValueError):
                parse_since(text, 0.0)
