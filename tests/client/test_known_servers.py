"""The file of known servers: what is in it is found, and nothing of it gets lost."""

import stat
import tempfile
import unittest
from pathlib import Path

from reactor_chat.client.known_servers import KnownServers, KnownServersError, known_servers_path
from reactor_chat.wire.fingerprints import fingerprint

ONE, OTHER = fingerprint(b"one"), fingerprint(b"other")
HERE, THERE = "localhost:56040", "[::1]:56040"


class KnownServersTest(unittest.TestCase):
    def setUp(self) -> None:
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.path = Path(place.name, "state", "reactor-chat", "known_servers")
        self.known = KnownServers(self.path)

    def write(self, text: str) -> None:
        self.path.parent.mkdir(parents=True)
        self.path.write_text(text)

    def test_its_place_is_beside_the_data(self) -> None:
        self.assertEqual(
            known_servers_path({"XDG_STATE_HOME": "/state"}),
            Path("/state/reactor-chat/known_servers"),
        )
        usual = Path.home() / ".local/state/reactor-chat/known_servers"
        for relative in ("", "state"):  # a relative path does not count, says the specification
            self.assertEqual(known_servers_path({"XDG_STATE_HOME": relative}), usual)

    def test_at_first_nobody_is_known(self) -> None:
        self.assertIsNone(self.known.find(HERE))

    def test_who_is_remembered_is_found_by_the_next_client(self) -> None:
        self.known.remember(HERE, ONE)
        self.known.remember(THERE, OTHER)
        again = KnownServers(self.path)
        self.assertEqual([again.find(HERE), again.find(THERE)], [ONE, OTHER])
        self.assertIsNone(again.find("localhost:56041"))

    def test_it_is_its_owners_alone(self) -> None:
        self.known.remember(HERE, ONE)
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.path.parent.stat().st_mode), 0o700)
        self.assertEqual([path.name for path in self.path.parent.iterdir()], ["known_servers"])

    def test_there_is_one_line_for_a_server_and_other_lines_stay(self) -> None:
        self.write(f"# friends\n\n{HERE} {ONE}\nsomething else")
        self.known.remember(HERE, OTHER)
        self.assertEqual(self.path.read_text(), f"# friends\n\nsomething else\n{HERE} {OTHER}\n")

    def test_fingerprints_may_be_entered_by_hand(self) -> None:
        self.write(f"{HERE} {ONE.lower().removeprefix('sha256:')}\r\n")
        self.assertEqual(self.known.find(HERE), ONE)

    def test_a_damaged_entry_is_no_stranger(self) -> None:
        self.write(f"\n{HERE} SHA256:0A\n")
        with self.assertRaisesRegex(KnownServersError, r"known_servers, line 2: a fingerprint is"):
            self.known.find(HERE)
        self.assertIsNone(self.known.find(THERE))

    def test_a_file_that_cannot_be_read_is_no_strangers_either(self) -> None:
        self.path.mkdir(parents=True)
        with self.assertRaisesRegex(KnownServersError, r"^cannot read .*: Is a directory$"):
            self.known.find(HERE)

    def test_a_place_that_cannot_be_written_is_told(self) -> None:
        self.path.parent.parent.mkdir(parents=True)
        self.path.parent.write_text("a file")
        with self.assertRaisesRegex(KnownServersError, "^cannot "):
            self.known.remember(HERE, ONE)
        with self.assertRaisesRegex(KnownServersError, "HOME is not set"):
            KnownServers(None).remember(HERE, ONE)
        self.assertIsNone(KnownServers(None).find(HERE))

    def test_a_link_to_the_file_stays_one(self) -> None:
        self.write("")
        real = self.path.with_name("real")
        self.path.rename(real)
        self.path.symlink_to(real)
        self.known.remember(HERE, ONE)
        self.assertTrue(self.path.is_symlink())
        self.assertEqual(real.read_text(), f"{HERE} {ONE}\n")
