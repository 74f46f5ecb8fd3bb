"""The store with its keeper, as processes: what is kept is there again, whatever happened."""

import contextlib
import os
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

from reactor_chat.store import client
from reactor_chat.store.claim import Claim, InUse
from reactor_chat.store.records import Kind, split
from reactor_chat.store.supervisor import StoreError
from tests.store.files import NOW
from tests.store.mounts import MountedFolder
from tests.store.stores import PATIENCE, StoreCase, left_of


class KeptTest(StoreCase):
    def test_lines_topics_accounts_and_bans_survive_a_restart(self) -> None:
        first = self.start()
        self.say(1, 3)
        first.set_topic("tea", "Earl Grey", 3)
        first.ban("10.0.0.1")
        first.ban("10.0.0.2")
        first.unban("10.0.0.2")
        self.answer(lambda answer: first.register("Alice", "alice", "password", answer))
        again = self.restart().snapshot
        self.assertEqual(again.epoch, first.snapshot.epoch)
        self.assertEqual([room[:3] for room in again.rooms], [("tea", 3, "Earl Grey")])
        self.assertEqual(again.accounts, [("Alice", "alice")])
        self.assertEqual(again.bans, ["10.0.0.1"])
        self.assertEqual(self.read(), [(n, NOW, b"alice: %d" % n) for n in (1, 2, 3)])
        self.store.close(PATIENCE)
        self.assertEqual(self.log, [])

    def test_when_closing_returns_all_is_on_disk_and_the_keeper_is_gone(self) -> None:
        self.start()
        for first in range(1, 20_000, 1000):
            self.say(first, 1000)
        self.store.close(PATIENCE)
        self.assertEqual(self.ask("SELECT count(*) FROM lines"), [(20_000,)])
        self.assertFalse(left_of(self.keepers[0].pid))
        names = {path.name for path in self.folder.iterdir()}
        self.assertEqual(names, {"lines.db", "lines.db-keeper"})

    def test_what_is_written_is_told_though_nothing_else_comes(self) -> None:
        self.start()
        keeper, heard = self.keepers[0], bytearray()
        recv = keeper.recv

        def listen(size: int, flags: int = 0) -> bytes:
            heard.extend(data := recv(size, flags))
            return data

        keeper.recv = listen
        self.say(1)
        self.wait(lambda: heard)
        self.assertEqual([frame.kind for frame in split([bytes(heard)])], [Kind.COMMITTED])
        self.store.close(PATIENCE)

    def test_nobody_else_can_read_the_file(self) -> None:
        self.start()
        self.say(1)
        self.store.close(PATIENCE)
        self.assertEqual(self.path.stat().st_mode & 0o077, 0)

    def test_two_servers_cannot_use_one_file(self) -> None:
        self.start()
        with self.assertRaisesRegex(StoreError, "another server uses it"):
            self.start()
        self.store.close(PATIENCE)

    def test_nor_can_they_by_way_of_a_link(self) -> None:
        self.start()
        self.path.with_name("link.db").symlink_to(self.path)
        first, self.path = self.store, self.path.with_name("link.db")
        with self.assertRaisesRegex(StoreError, "another server uses it"):
            self.start()
        first.close(PATIENCE)

    def test_a_new_server_waits_for_the_old_ones_keeper(self) -> None:
        epoch = self.start().snapshot.epoch
        os.kill(self.keepers[0].pid, signal.SIGSTOP)
        for first in range(1, 3000, 100):
            self.say(first, 100)
        self.keepers[0].close()
        os.kill(self.keepers[0].pid, signal.SIGCONT)
        again = self.start().snapshot
        self.assertEqual((again.epoch, again.rooms[0].last), (epoch, 3000))
        self.store.close(PATIENCE)

    def test_signals_that_are_meant_for_the_server_do_not_end_the_keeper(self) -> None:
        self.start()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(self.keepers[0].pid, number)
        self.say(1)
        self.assertEqual(self.numbers(), [1])
        self.assertNotEqual(os.getsid(self.keepers[0].pid), os.getsid(0))
        self.store.close(PATIENCE)
        self.assertEqual(self.log, [])

    def test_a_server_with_many_clients_can_start_a_keeper_and_close(self) -> None:
        with contextlib.ExitStack() as clients:
            for _ in range(1024):
                clients.enter_context(open(os.devnull, "rb"))
            self.start()
            self.say(1)
            self.store.close(PATIENCE)
            self.keepers[0].close()
        self.assertEqual(self.ask("SELECT count(*) FROM lines"), [(1,)])

    def test_old_lines_are_deleted(self) -> None:
        self.start()
        self.say(1, 3000, time=NOW // 2)
        self.store.close(PATIENCE)
        self.start(keep_days=1)
        self.assertEqual([room.last for room in self.store.snapshot.rooms], [3000])
        self.wait(lambda: not self.read(), "they are gone")
        self.store.close(PATIENCE)
        self.assertEqual(self.start().snapshot.floor, 3000)
        self.store.close(PATIENCE)


class KillTest(StoreCase):
    def test_what_the_kernel_took_is_kept_when_the_server_is_killed(self) -> None:
        epoch = self.start().snapshot.epoch
        os.kill(self.keepers[0].pid, signal.SIGSTOP)
        taken = 0
        while self.say(taken + 1, 10):
            taken += 10
        self.keepers[0].close()
        os.kill(self.keepers[0].pid, signal.SIGCONT)
        self.start()
        self.assertGreaterEqual(self.store.snapshot.rooms[0][1], taken)
        ((lines, last),) = self.ask("SELECT count(*), max(number) FROM lines")
        self.assertEqual((lines, last), (last, self.store.snapshot.rooms[0][1]))
        self.assertEqual(self.store.snapshot.epoch, epoch)
        self.store.close(PATIENCE)

    def test_a_killed_keeper_is_replaced_and_nothing_is_lost_or_there_twice(self) -> None:
        epoch = self.start().snapshot.epoch
        said = 0
        for keepers in range(1, 4):
            self.wait(lambda: len(self.keepers) == keepers)  # noqa: B023
            self.read()  # it has opened the file
            for _ in range(20):
                self.say(said + 1, 10)
                said += 10
                self.reactor.turn(0)
            self.kill_keeper()
        self.assertEqual(self.numbers(), list(range(1, said + 1)))
        self.assertEqual(self.restart().snapshot.epoch, epoch)
        self.store.close(PATIENCE)

    def test_both_killed_end_the_epoch(self) -> None:
        epoch = self.start().snapshot.epoch
        self.say(1)
        self.kill_keeper()
        self.kill_server()
        self.assertNotEqual(self.start().snapshot.epoch, epoch)
        self.store.close(PATIENCE)

    def test_a_keeper_that_is_killed_after_the_server_ends_the_epoch(self) -> None:
        epoch = self.start().snapshot.epoch
        self.say(1)
        os.kill(self.keepers[-1].pid, signal.SIGSTOP)
        self.keepers[-1].close()
        self.kill_keeper()
        self.assertNotEqual(self.start().snapshot.epoch, epoch)
        self.store.close(PATIENCE)

    def test_a_question_is_put_to_the_next_keeper(self) -> None:
        self.start()
        self.say(1)
        answers: list[object] = []
        os.kill(self.keepers[-1].pid, signal.SIGSTOP)
        self.store.register("Alice", "alice", "password", answers.append)
        self.store.read_last("tea", 5, 1, lambda lines, done: answers.append(lines))
        self.kill_keeper()
        self.wait(lambda: len(answers) == 2, "both answers")
        self.assertCountEqual(answers, [True, [(1, NOW, b"alice: 1")]])
        self.store.close(PATIENCE)


class TroubleTest(StoreCase):
    """Files that cannot be written: the chat goes on, and all is kept once they can."""

    def check_goes_on(self, trouble: str, said: int) -> None:
        """Check that lines are delivered all the same, and that it was said why."""
        self.wait_for_log(f"lines are not kept now: {self.path}: {trouble}")
        self.assertTrue(self.say(said + 1, 100))

    def check_recovers(self, upto: int) -> None:
        self.wait_for_log("lines are kept again")
        self.assertEqual(self.numbers(), list(range(1, upto + 1)))

    def test_a_locked_file(self) -> None:
        epoch = self.start().snapshot.epoch
        self.say(1)
        with closing(sqlite3.connect(self.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            self.say(2)
            self.check_goes_on("another program has locked it", 2)
            other.execute("ROLLBACK")
        self.check_recovers(102)
        self.assertEqual(self.restart().snapshot.epoch, epoch)
        self.store.close(PATIENCE)

    def test_a_file_that_vanished(self) -> None:
        epoch = self.start().snapshot.epoch
        self.say(1)
        self.assertEqual(self.numbers(), [1])
        self.path.unlink()
        self.say(2)
        self.check_goes_on("it has vanished", 2)
        self.wait_for_log("lines are kept again")
        self.assertEqual(self.numbers(), list(range(2, 103)))
        self.assertEqual(self.store.snapshot.epoch, epoch)
        again = self.restart().snapshot
        self.assertEqual([room.last for room in again.rooms], [102])
        self.assertNotEqual(again.epoch, epoch)
        self.store.close(PATIENCE)

    def test_a_folder_that_was_moved_away(self) -> None:
        self.start()
        self.say(1)
        self.assertEqual(self.numbers(), [1])
        moved = self.folder.rename(self.folder.with_suffix(".moved"))
        self.addCleanup(shutil.rmtree, moved)
        self.say(2)
        self.check_goes_on("it has vanished", 2)
        self.wait_for_log("no such file or directory")
        self.folder.mkdir()
        self.wait_for_log("lines are kept again")
        self.assertEqual(self.numbers(), list(range(2, 103)))
        with self.assertRaises(InUse):
            Claim(str(self.path), 0.0)
        Claim(str(moved / "lines.db"), 0.0).release()
        self.store.close(PATIENCE)

    def test_a_file_that_is_damaged_and_put_away(self) -> None:
        self.start()
        self.say(1)
        self.assertEqual(self.numbers(), [1])
        self.kill_keeper()
        self.path.with_name("lines.db-wal").unlink()  # from which it would be mended
        self.path.write_bytes(b"no database" * 1000)
        self.say(2)
        self.check_goes_on("it is damaged", 2)
        self.path.rename(self.folder / "damaged")
        self.wait_for_log("lines are kept again")
        # The first is there, too, if the keeper had not told yet that it was written.
        self.assertEqual([number for number in self.numbers() if number > 1], list(range(2, 103)))
        self.store.close(PATIENCE)

    def test_a_server_that_dies_of_it_ends_the_epoch(self) -> None:
        """Members may have read lines that nobody has."""
        epoch = self.start().snapshot.epoch
        with closing(sqlite3.connect(self.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            self.say(1)
            self.check_goes_on("another program has locked it", 1)
            self.keepers[-1].close()
            other.execute("ROLLBACK")
        self.wait_for_keeper()
        again = self.start().snapshot
        self.assertNotEqual(again.epoch, epoch)
        self.assertEqual([room.last for room in again.rooms], [1])
        self.store.close(PATIENCE)

    def test_a_file_that_cannot_be_used_is_said_at_the_start(self) -> None:
        self.path.write_bytes(b"no database" * 1000)
        with self.assertRaisesRegex(StoreError, "it is damaged, or no database"):
            self.start()
        self.path = self.folder / "nowhere" / "lines.db"
        with self.assertRaisesRegex(StoreError, "no such file or directory"):
            self.start()


class DiskTest(StoreCase):
    def setUp(self) -> None:
        super().setUp()
        self.disk = MountedFolder(self)
        self.disk.__enter__()
        self.addCleanup(self.disk.__exit__)
        self.addCleanup(self.end_keepers)
        self.path = self.disk.path / "lines.db"

    def test_a_full_disk(self) -> None:
        epoch = self.start().snapshot.epoch
        self.say(1)
        self.assertEqual(self.numbers(), [1])
        filler = self.disk.fill()
        said = 1
        while not any("the disk" in line for line in self.log):
            self.say(said + 1, 100)
            said += 100
            self.wait(lambda: self.log or not self.store.busy)
            self.reactor.turn(0.05)
        self.assertTrue(self.say(said + 1, 100))
        filler.unlink()
        self.wait_for_log("lines are kept again")
        self.assertEqual(self.numbers(), list(range(1, said + 101)))
        self.assertEqual(self.restart().snapshot.epoch, epoch)
        self.store.close(PATIENCE)

    def test_a_disk_that_cannot_be_written_to(self) -> None:
        self.start()
        self.say(1)
        self.store.close(PATIENCE)
        self.disk.make_read_only()
        with self.assertRaisesRegex(StoreError, "read-only file system"):
            self.start()


class ReadingTest(StoreCase):
    def setUp(self) -> None:
        super().setUp()
        self.start()
        self.slices: list[tuple[list[int], bool]] = []

    def tearDown(self) -> None:
        self.store.close(PATIENCE)

    def take(self, lines: list[tuple[int, int, bytes]], done: bool) -> None:
        self.slices.append(([number for number, _, _ in lines], done))

    def test_lines_come_in_slices_each_when_it_is_asked_for(self) -> None:
        self.say(1, 500)
        reading = self.store.read_after("tea", 50, 500, self.take)
        self.wait(lambda: self.slices)
        self.read()  # which is answered later
        self.assertEqual(len(self.slices), 1)
        for count in (2, 3):
            reading.next()
            reading.next()  # once is enough
            self.wait(lambda count=count: len(self.slices) == count)  # type: ignore[misc]
        self.assertEqual([done for _, done in self.slices], [False, False, True])
        numbers = [number for numbers, _ in self.slices for number in numbers]
        self.assertEqual(numbers, list(range(51, 501)))

    def test_the_last_lines_are_those_up_to_a_number(self) -> None:
        self.say(1, 50)
        self.store.read_last("tea", 3, 40, self.take)
        self.wait(lambda: self.slices)
        self.assertEqual(self.slices, [([38, 39, 40], True)])

    def test_it_finds_what_was_kept_a_moment_before(self) -> None:
        self.store.keep("tea", 1, NOW, b"alice: 1\n")
        self.assertEqual(self.numbers(), [1])

    def test_what_is_missing_is_counted_exactly(self) -> None:
        self.say(5, 3)
        self.say(11, 2)
        reading = self.store.read_after("tea", 2, 100, self.take)
        self.wait(lambda: self.slices)
        self.assertEqual(self.slices, [([5, 6, 7, 11, 12], True)])
        self.assertEqual(reading.missed, 5)  # 3, 4, 8, 9, 10

    def test_no_reading_reaches_back_further_than_it_may(self) -> None:
        with patch.object(client, "FURTHEST", 10):
            self.say(1, 50)
            reading = self.store.read_after("tea", 2, 50, self.take)
            self.store.read_last("tea", 99, 50, self.take)
        self.wait(lambda: len(self.slices) == 2)
        self.assertEqual(self.slices, [(list(range(41, 51)), True)] * 2)
        self.assertEqual(reading.missed, 38)

    def test_nothing_comes_after_cancelling(self) -> None:
        self.say(1)
        self.store.read_last("tea", 3, 1, self.take).cancel()
        self.read()
        self.assertEqual(self.slices, [])

    def test_a_room_that_is_not_kept_has_no_lines(self) -> None:
        self.assertEqual(self.read("nowhere"), [])


class PasswordTest(StoreCase):
    def setUp(self) -> None:
        super().setUp()
        self.start()

    def tearDown(self) -> None:
        self.store.close(PATIENCE)

    def register(self, password: str) -> object:
        return self.answer(lambda answer: self.store.register("A", "a", password, answer))

    def login(self, key: str, password: str) -> object:
        return self.answer(lambda answer: self.store.login(key, password, answer))

    def test_the_right_password_is_granted(self) -> None:
        self.assertIs(self.register("password"), True)
        self.assertIs(self.login("a", "password"), True)
        self.assertIs(self.login("a", "Password"), False)
        self.assertIs(self.login("nobody", "password"), False)

    def test_a_name_is_registered_once_but_asking_again_does_no_harm(self) -> None:
        self.assertIs(self.register("password"), True)
        self.assertIs(self.register("another one"), False)
        self.assertIs(self.register("password"), True)
        self.assertIs(self.login("a", "another one"), False)

    def test_a_password_can_be_changed(self) -> None:
        self.register("password")
        change = self.answer(lambda answer: self.store.change_password("a", "new one", answer))
        self.assertIs(change, True)
        self.assertIs(self.login("a", "password"), False)
        self.assertIs(self.login("a", "new one"), True)
        other = self.answer(lambda answer: self.store.change_password("b", "new one", answer))
        self.assertIs(other, False)

    def test_a_forgotten_name_is_free(self) -> None:
        self.register("password")
        self.assertIs(self.answer(lambda answer: self.store.forget("a", answer)), True)
        self.assertIs(self.answer(lambda answer: self.store.forget("a", answer)), False)
        self.assertIs(self.login("a", "password"), False)

    def test_who_comes_when_too_many_wait_is_told_so_at_once(self) -> None:
        answers: list[object] = []
        with patch.object(client, "PASSWORDS", 2):
            for _ in range(5):
                self.store.login("a", "password", answers.append)
        self.wait(lambda: len(answers) == 5)
        self.assertEqual(answers, ["busy"] * 3 + [False] * 2)
        self.assertIs(self.login("a", "password"), False)

    def test_lines_do_not_wait_for_passwords(self) -> None:
        order: list[str] = []
        for _ in range(5):
            self.store.login("a", "password", lambda _: order.append("password"))
        self.say(1)
        self.store.read_last("tea", 1, 1, lambda *_: order.append("line"))
        self.wait(lambda: len(order) == 6)
        self.assertLess(order.index("line"), 3)

    def test_a_password_is_nowhere_to_be_seen(self) -> None:
        self.register("hunter22")
        self.login("a", "hunter22")
        shown = Path(f"/proc/{self.keepers[-1].pid}/cmdline").read_bytes()
        shown += Path(f"/proc/{self.keepers[-1].pid}/environ").read_bytes()
        self.store.close(PATIENCE)
        for path in self.folder.iterdir():
            shown += path.read_bytes()
        self.assertNotIn(b"hunter22", shown)
        self.assertNotIn("hunter22", str(self.log))
