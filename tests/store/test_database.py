"""The file: what is written is there once, in order, and only as long as it should be."""

import os
import shutil
import sqlite3
from contextlib import closing
from unittest.mock import patch

from reactor_chat.store import schema
from reactor_chat.store.database import SLICE_BYTES, SLICE_LINES, Origin
from reactor_chat.store.passwords import Secret
from reactor_chat.store.records import Kind, RoomFacts, encode, split
from reactor_chat.store.schema import VERSION, Unusable, explain
from tests.store.files import NOW, FileCase, said

DAY = 24 * 60 * 60 * 1000


class DatabaseTest(FileCase):
    def setUp(self) -> None:
        super().setUp()
        self.database = self.open()

    def write(self, kind: Kind, value: object) -> None:
        self.database.write(split([encode(kind, value)]), NOW)

    def numbers(self) -> dict[str, int]:
        """Return the last number of each room."""
        return {room.name: room.last for room in self.database.rooms()}

    def read(self, room: str, after: int = 0, upto: int = 2**62) -> list[tuple[int, bytes]]:
        piece = self.database.read(room, after, upto)
        return [(number, text) for number, _, text in piece.lines]

    def test_a_line_that_is_written_twice_is_there_once(self) -> None:
        self.database.write(said("tea", 1, "a: one", "a: two"), NOW)
        self.database.write(said("tea", 2, "a: two", "a: three"), NOW)
        self.assertEqual(self.read("tea"), [(1, b"a: one"), (2, b"a: two"), (3, b"a: three")])

    def test_rooms_are_told_apart_and_have_their_last_number(self) -> None:
        self.database.write([*said("tea", 1, "a: 1"), *said("games", 7, "b: 1", "b: 2")], NOW)
        self.assertEqual(self.numbers(), {"tea": 1, "games": 8})
        self.assertEqual(self.read("games"), [(7, b"b: 1"), (8, b"b: 2")])

    def test_text_of_any_script_comes_back_byte_for_byte(self) -> None:
        text = "இனிமை: 👩‍👩‍👧 \u2028 \ufffd"
        self.database.write(said("чай", 1, text), NOW)
        self.assertEqual(self.read("чай"), [(1, text.encode())])

    def test_a_last_number_never_gets_lower(self) -> None:
        self.write(Kind.NUMBERS, {"tea": 9})
        self.database.write(said("tea", 3, "a: late"), NOW)
        self.assertEqual(self.numbers(), {"tea": 9})

    def test_topics_and_bans_are_a_last_word(self) -> None:
        for topic in ("Assam", "Earl Grey", "Earl Grey"):
            self.write(Kind.TOPIC, ["tea", topic, 7])
        for kind, ban in ((Kind.BAN, "b"), (Kind.BAN, "a"), (Kind.BAN, "a"), (Kind.UNBAN, "b")):
            self.write(kind, ban)
        self.assertEqual(self.database.rooms(), [RoomFacts("tea", 7, "Earl Grey", 7, NOW)])
        self.assertEqual(self.database.bans(), ["a"])

    def test_what_fails_in_the_middle_leaves_nothing_behind(self) -> None:
        frames = [*said("new", 1, "a: 1"), *split([encode(Kind.TOPIC, ["tea"])])]
        with self.assertRaises(ValueError):
            self.database.write(frames, NOW)
        self.assertEqual(self.database.rooms(), [])
        self.database.write(said("new", 1, "a: 1"), NOW)
        self.assertEqual(self.read("new"), [(1, b"a: 1")])

    def test_a_slice_is_bounded_in_lines_and_in_bytes(self) -> None:
        self.database.write(said("many", 1, *["x"] * 500), NOW)
        self.database.write(said("long", 1, *["x" * 4000] * 50), NOW)
        many = self.database.read("many", 0, 500)
        self.assertEqual((len(many.lines), many.done), (SLICE_LINES, False))
        self.assertEqual(len(self.database.read("many", 300, 500).lines), 200)
        self.assertTrue(self.database.read("many", 300, 500).done)
        size = sum(len(text) for _, _, text in self.database.read("long", 0, 50).lines)
        self.assertLess(size, SLICE_BYTES + 4096)

    def test_the_last_lines_are_found_across_gaps(self) -> None:
        for number in (1, 2, 5, 9, 12):
            self.database.write(said("tea", number, "a: x"), NOW)
        self.assertEqual(self.database.before_last("tea", 2, 11), 4)
        self.assertEqual(self.database.before_last("tea", 99, 11), 0)
        self.assertEqual(self.database.count("tea", 1, 11), 3)

    def test_a_room_that_is_not_there_is_empty(self) -> None:
        self.assertEqual(self.read("nowhere"), [])
        self.assertEqual(self.database.last("nowhere"), 0)

    def test_old_lines_are_deleted_and_their_numbers_stand(self) -> None:
        self.database.write(said("tea", 1, "a: old", "a: old", time=NOW - 2 * DAY), NOW)
        self.database.write(said("tea", 3, "a: new"), NOW)
        self.assertIsNone(self.database.delete_before(NOW - DAY, 0))
        self.assertEqual(self.read("tea"), [(3, b"a: new")])
        self.assertEqual(self.numbers(), {"tea": 3})

    def test_a_pass_deletes_a_bounded_number_and_says_where_to_go_on(self) -> None:
        for number in range(1, 6001, 1000):
            lines = said("tea", number, *["a: old"] * 1000, time=NOW - 2 * DAY)
            self.database.write(lines, NOW - 2 * DAY)
        passes, place = 0, self.database.delete_before(NOW - DAY, 0)
        while place is not None:
            passes, place = passes + 1, self.database.delete_before(NOW - DAY, place)
        self.assertEqual(passes, 3)
        self.assertEqual(self.ask("SELECT count(*) FROM lines"), [(0,)])

    def test_a_forgotten_room_raises_the_floor(self) -> None:
        self.database.write(said("tea", 1, *["a: old"] * 5, time=NOW - 2 * DAY), NOW)
        self.database.write(said("games", 1, "a: new"), NOW)
        self.database.delete_before(NOW - DAY, 0)
        self.assertEqual(self.numbers(), {"games": 1})
        self.assertEqual(self.database.floor, 5)
        self.database.write(said("tea", 6, "a: again"), NOW)
        self.assertEqual(self.read("tea"), [(6, b"a: again")])
        self.assertEqual([room.began for room in self.database.rooms()], [0, 5])

    def test_rooms_are_gone_through_some_at_a_time(self) -> None:
        for number in range(450):
            lines = said(f"room{number}", 1, "a: old", time=NOW - 2 * DAY)
            self.database.write(lines, NOW - 2 * DAY)
        place: int | None = 0
        for _ in range(3):
            assert place is not None
            place = self.database.delete_before(NOW - DAY, place)
        self.assertIsNone(place)
        self.assertEqual(self.database.rooms(), [])

    def test_accounts_are_kept_by_key(self) -> None:
        self.database.set_account("alice", "Alice", Secret(b"salt", b"hash"))
        self.assertEqual(self.database.accounts(), [("Alice", "alice")])
        self.assertTrue(self.database.set_secret("alice", Secret(b"s", b"h")))
        self.assertEqual(self.database.secret("alice"), Secret(b"s", b"h"))
        self.assertTrue(self.database.forget("alice"))
        self.assertFalse(self.database.forget("alice"))
        self.assertFalse(self.database.set_secret("alice", Secret(b"s", b"h")))
        self.assertIsNone(self.database.secret("alice"))


class EarlierVersionTest(FileCase):
    def test_a_file_of_the_first_version_goes_on(self) -> None:
        opened = self.open()
        opened.write(said("tea", 1, "a: one"), NOW)
        self.leave(opened)
        self.ask("ALTER TABLE rooms DROP COLUMN began")
        self.ask("PRAGMA user_version = 1")
        again = self.open()
        self.assertEqual(again.rooms(), [RoomFacts("tea", 1, "", 0, NOW)])
        again.write(said("games", 6, "a: six"), NOW)
        self.assertEqual(again.rooms()[1].began, 5)
        self.assertEqual(self.ask("PRAGMA user_version"), [(VERSION,)])


class UnusableFileTest(FileCase):
    def reason(self) -> str:
        try:
            self.open()
        except (sqlite3.Error, Unusable, OSError) as error:
            return explain(error)
        raise AssertionError("it was opened")

    def test_a_newer_version_is_left_alone(self) -> None:
        self.leave(self.open())
        self.ask(f"PRAGMA user_version = {VERSION + 1}")
        self.assertEqual(
            self.reason(), f"it is of a newer version ({VERSION + 1}; this is {VERSION})"
        )

    def test_another_programs_database_is_left_alone(self) -> None:
        self.ask("CREATE TABLE recipes (name)")
        before = self.path.read_bytes()
        self.assertEqual(self.reason(), "it is the database of another program")
        self.assertEqual(self.path.read_bytes(), before)

    def test_what_is_no_database_is_left_alone(self) -> None:
        self.path.write_text("shopping list\n" * 100)
        self.assertEqual(self.reason(), "it is damaged, or no database")

    def test_damage_is_named(self) -> None:
        opened = self.open()
        opened.write(said("tea", 1, *["a: x" * 100] * 500), NOW)
        self.leave(opened)
        with self.path.open("r+b") as file:
            file.seek(4096)
            file.write(os.urandom(200_000))
        self.assertEqual(self.reason(), "it is damaged")

    def test_a_folder_that_is_not_there_is_named(self) -> None:
        self.path = self.folder / "nowhere" / "lines.db"
        self.assertEqual(self.reason(), "no such file or directory")

    def test_a_lock_and_a_full_disk_are_named(self) -> None:
        opened = self.open()
        with closing(sqlite3.connect(self.path, isolation_level=None, timeout=0)) as other:
            other.execute("PRAGMA max_page_count = 10")
            with self.assertRaises(sqlite3.Error) as full:
                other.execute("CREATE TABLE t AS SELECT zeroblob(100000)")
            self.assertEqual(explain(full.exception), "the disk is full")
            other.execute("BEGIN IMMEDIATE")
            with closing(sqlite3.connect(self.path, timeout=0)) as third:
                with self.assertRaises(sqlite3.Error) as locked:
                    third.execute("BEGIN IMMEDIATE")
                self.assertEqual(explain(locked.exception), "another program has locked it")
        opened.close()

    def test_two_cannot_have_one_file(self) -> None:
        self.open()
        self.assertEqual(self.reason(), "another server uses it")


class EpochTest(FileCase):
    def begin(self) -> str:
        """Open the file, and write a line; return the epoch."""
        self.database = self.open()
        self.database.write(said("tea", self.database.last("tea") + 1, "a: x"), NOW)
        return self.database.origin.epoch

    def copy(self, folder: str) -> None:
        shutil.copytree(self.folder, self.folder.parent / folder, dirs_exist_ok=True)

    def test_an_epoch_has_eight_hexadecimal_digits(self) -> None:
        self.assertRegex(self.begin(), r"^[0-9a-f]{8}$")

    def test_a_file_that_was_closed_goes_on_in_its_epoch(self) -> None:
        epoch = self.begin()
        self.leave(self.database)
        self.assertEqual(self.begin(), epoch)

    def test_a_keeper_that_was_killed_ends_the_epoch(self) -> None:
        epoch = self.begin()
        self.drop(self.database)
        self.assertNotEqual(self.begin(), epoch)

    def test_a_power_cut_ends_the_epoch(self) -> None:
        epoch = self.begin()
        wal = self.path.with_name("lines.db-wal")
        lost = wal.stat().st_size - 1000
        self.database.write(said("tea", 2, "a: y"), NOW)
        saved = {path: path.read_bytes() for path in self.folder.iterdir()}
        self.drop(self.database)
        for path, content in saved.items():
            path.write_bytes(content)
        os.truncate(wal, lost)
        self.database = self.open()
        self.assertNotEqual(self.database.origin.epoch, epoch)
        self.assertEqual(self.database.last("tea"), 0)

    def test_reading_the_file_meanwhile_does_not_end_it(self) -> None:
        epoch = self.begin()
        self.leave(self.database)
        self.assertEqual(self.ask("SELECT count(*) FROM lines"), [(1,)])
        self.assertEqual(self.begin(), epoch)

    def test_an_older_copy_ends_it(self) -> None:
        epoch = self.begin()
        self.leave(self.database)
        backup = self.path.read_bytes()
        self.begin()
        self.leave(self.database)
        self.path.write_bytes(backup)
        self.assertNotEqual(self.begin(), epoch)

    def test_an_older_copy_of_the_whole_folder_ends_it_times_included(self) -> None:
        epoch = self.begin()
        self.leave(self.database)
        copies = [(path, path.read_bytes(), path.stat()) for path in self.folder.iterdir()]
        self.begin()
        self.leave(self.database)
        for path, content, stat in copies:
            path.write_bytes(content)
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        self.assertNotEqual(self.begin(), epoch)

    def test_a_file_without_what_stands_beside_it_ends_it(self) -> None:
        epoch = self.begin()
        self.leave(self.database)
        self.path.with_name("lines.db-keeper").unlink()
        self.assertNotEqual(self.begin(), epoch)

    def test_a_file_that_is_refused_keeps_its_epoch_for_who_can_use_it(self) -> None:
        epoch = self.begin()
        self.leave(self.database)
        with patch.object(schema, "VERSION", 0), self.assertRaises(Unusable):
            self.open()
        self.claim.release()
        self.assertEqual(self.begin(), epoch)

    def test_a_running_server_goes_on_in_its_epoch_whoever_died(self) -> None:
        epoch = self.begin()
        origin = self.database.origin
        self.drop(self.database)
        self.assertEqual(self.open(origin).origin.epoch, epoch)

    def test_a_running_server_begins_a_new_one_in_a_new_file(self) -> None:
        epoch = self.begin()
        origin = self.database.origin
        self.drop(self.database)
        self.path.unlink()
        self.assertNotEqual(self.open(origin).origin.epoch, epoch)

    def test_a_running_server_begins_a_new_one_in_an_older_copy(self) -> None:
        self.begin()
        self.leave(self.database)
        backup = self.path.read_bytes()
        epoch = self.begin()
        origin = self.database.origin
        self.drop(self.database)
        self.path.write_bytes(backup)
        self.assertNotEqual(self.open(origin).origin.epoch, epoch)

    def test_a_running_server_refuses_a_file_with_other_numbers(self) -> None:
        self.begin()
        self.drop(self.database)
        with self.assertRaises(Unusable):
            self.open(Origin("00000000", ""))
