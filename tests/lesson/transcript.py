"""The transcript of the lesson's first chapter that stands in the README.

Not here: the picture beside it (`tests.picture`), whose command writes both.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.client.peer import environment

README: Final = Path(__file__).parents[2] / "README.md"

_BLOCK: Final = re.compile(
    r"(```console\n\$ python -m reactor_chat lesson 1\n)(.*?)(```\n)", re.DOTALL
)


def play() -> str:
    """Return what the first chapter writes in a pipe."""
    command = [sys.executable, "-m", "reactor_chat", "lesson", "1"]
    run = subprocess.run(
        command, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, check=True
    )
    return run.stdout.decode().rstrip() + "\n"


def read(text: str) -> str:
    """Return the transcript that stands in a text."""
    found = _BLOCK.search(text)
    assert found is not None
    return found[2]


def put(text: str, transcript: str) -> str:
    """Return a text with another transcript in the place of its own."""
    return _BLOCK.sub(lambda found: found[1] + transcript + found[3], text, count=1)
