"""A small file system in memory, for disks that are full or cannot be written to.

Only root can mount one, and not everywhere: elsewhere the test that asks for it is skipped.

Not here: what happens on it.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

SIZE = "512k"


class MountedFolder:
    """Mounted while it is open."""

    def __init__(self, test: unittest.TestCase) -> None:
        self._test = test
        self.path = Path()

    def __enter__(self) -> "MountedFolder":
        self.path = Path(tempfile.mkdtemp())
        if not self._mount("-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs"):
            self.path.rmdir()
            self._test.skipTest("nothing can be mounted here")
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", str(self.path)], check=True)
        self.path.rmdir()

    def adopt(self, path: Path) -> None:
        """Copy a file there."""
        shutil.copy(path, self.path)

    def make_read_only(self) -> None:
        """Let nothing be written any more."""
        self._mount("-o", "remount,ro")

    def fill(self) -> Path:
        """Write a file that takes all the room there is; return it."""
        filler = self.path / "filler"
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(bytes(1000)):
                pass
        return filler

    def _mount(self, *options: str) -> bool:
        if os.geteuid():
            return False
        command = ["mount", *options, str(self.path)]
        return not subprocess.run(command, stderr=subprocess.DEVNULL).returncode
