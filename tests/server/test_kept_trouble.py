"""A file or folder that cannot be written to, before a server starts on it and while it runs.

Root may write whatever the modes say, by its capabilities. So as root the server is started without
these, where setpriv(1) can do that; elsewhere such a test is skipped.
"""

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

from tests.processes import PATIENCE
from tests.server.test_kept_process import KeptCase

# What `sh` does with the command of a server.
_BOUND_BY_MODES = 'exec setpriv --bounding-set=-dac_override,-dac_read_search "$@"'


class TroubleCase(KeptCase):
    def setUp(self) -> None:
        super().setUp()
        self.options: dict[str, Any] = {}

    def serve(self) -> None:
        """Start a server, with two people who talk."""
        self.begin(**self.options)
        self.alice, self.bob = self.join("alice"), self.join("bob")
        self.assertEqual(self.alice.read_line(), "* bob joined")
        self.talk("before")
        self.until_kept("alice: before")

    def talk(self, text: str) -> None:
        self.alice.say(text)
        self.assertEqual(self.bob.read_line(), f"alice: {text}")

    def go_on_without(self, why: str) -> None:
        """See that it is logged why nothing is kept, and that people talk all the same."""
        self.server.wait_for_log(f"lines are not kept now: {self.path}: {why}")
        self.talk("meanwhile")

    def go_on_with(self, *kept: str) -> None:
        """See that lines are kept again, those that were said meanwhile included."""
        self.server.wait_for_log("lines are kept again")
        self.talk("after")
        self.until_kept(*kept, "alice: meanwhile", "alice: after")
        self.server.kill(signal.SIGTERM)
        self.assertEqual(self.server.exit_status(), 0)


class VanishedTest(TroubleCase):
    def test_a_folder_that_vanishes_is_waited_for(self) -> None:
        self.serve()
        moved = self.folder.with_name(f"{self.folder.name}-moved")
        self.addCleanup(shutil.rmtree, moved, True)
        self.folder.rename(moved)
        self.talk("noticed")
        self.go_on_without("no such file or directory")
        moved.rename(self.folder)
        self.go_on_with("alice: before", "alice: noticed")

    def test_a_folder_in_place_of_the_file_is_waited_out(self) -> None:
        self.serve()
        for file in self.folder.iterdir():
            file.unlink()
        self.path.mkdir()
        self.talk("noticed")
        self.go_on_without("it cannot be opened")
        self.path.rmdir()
        self.go_on_with("alice: noticed")

    def test_a_server_does_not_start_on_a_folder(self) -> None:
        self.path.mkdir()
        server = self.begin()
        self.assertEqual(server.exit_status(), 1)
        why = f"Cannot keep lines in {self.path}: it cannot be opened.\n"
        self.assertEqual(take_errors(server), why)


class ReadOnlyTest(TroubleCase):
    """For one who is nobody special."""

    def setUp(self) -> None:
        super().setUp()
        if os.geteuid() == 0:
            self.folder.chmod(0o500)
            touch = ["sh", "-c", _BOUND_BY_MODES, "sh", "touch", str(self.path)]
            tried = subprocess.run(touch, capture_output=True, text=True, check=False)
            self.folder.chmod(0o700)
            if "Permission denied" not in tried.stderr:
                self.skipTest("nothing binds root to the modes of files here")
            self.options = {"through": _BOUND_BY_MODES}
        self.addCleanup(self.folder.chmod, 0o700)

    def test_in_a_folder_that_was_made_read_only_the_files_are_still_written_to(self) -> None:
        self.serve()
        self.folder.chmod(0o500)
        self.kill_keeper()
        # Whoever looks into the file now may be alone with it, and tidies away what is beside it.
        self.talk("meanwhile")
        self.server.kill(signal.SIGTERM)
        self.assertEqual(self.server.exit_status(), 0)
        self.assertEqual(self.kept(), ["alice: before", "alice: meanwhile"])

    def test_a_file_that_was_made_read_only_stops_nobody(self) -> None:
        self.serve()
        self.path.chmod(0o400)
        self.kill_keeper()
        self.go_on_without("it cannot be written to")
        self.path.chmod(0o600)
        self.go_on_with("alice: before")

    def test_a_server_says_what_it_cannot_write_to(self) -> None:
        self.folder.chmod(0o500)
        server = self.begin(**self.options)
        self.assertEqual(server.exit_status(), 1)
        why = f"Cannot keep lines in {self.path}: permission denied.\n"
        self.assertEqual(take_errors(server), why)

    def kill_keeper(self) -> None:
        pid = self.server.pid
        (keeper,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        os.kill(int(keeper), signal.SIGKILL)


def take_errors(server: Any) -> str:
    """Return what a server that has ended wrote to standard error: that is no failure here."""
    server.wait(lambda: server.errors.ended, "standard error ends")
    errors, server.errors.text = server.errors.text.decode(), bytearray()
    assert server.popen.wait(PATIENCE) is not None
    return str(errors)
