"""Which line of the program made a call, found out while it runs.

Invariant: a line is read from the stack of the running program and from its source file, and never
written down here. So what is shown cannot differ from what runs.

Not here: what is done with it (`recorder`).
"""

import linecache
import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final, NamedTuple

import reactor_chat

_ROOT: Final = str(Path(reactor_chat.__file__).parent) + "/"

# What only watches is not part of the path.
_HIDDEN: Final = ("__main__.py", "lesson/", "loop/observed.py", "net/observed.py")


class Place(NamedTuple):
    """A line of the program."""

    file: str  # below the package
    line: int
    text: str


def file_of(code: CodeType) -> str | None:
    """Return the file of the server's code, below the package; None for any other code."""
    if not code.co_filename.startswith(_ROOT):
        return None
    file = code.co_filename.removeprefix(_ROOT)
    return None if file.startswith(_HIDDEN) else file


def place_of(frame: FrameType | None) -> Place | None:
    """Return the innermost line of the server that is running in a frame or those around it."""
    while frame is not None:
        file = file_of(frame.f_code)
        if file is not None:
            text = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
            return Place(file, frame.f_lineno, text)
        frame = frame.f_back
    return None


def _is_passed_through(frame: FrameType) -> bool:
    """Whether the program made this call itself, and no observer that wants to know something."""
    caller = frame.f_back
    if caller is None or file_of(caller.f_code) is not None:
        return True
    name = caller.f_code.co_name
    return name in (frame.f_code.co_name, "_step")  # of `loop.observed`: the same, or one step


class CallTrace:
    """Calls `on_call` with each function of the server that begins to run, and who called it."""

    def __init__(self, on_call: Callable[[str, str, Place | None], None]) -> None:
        self._on_call = on_call
        self._before: Any = None

    def __enter__(self) -> None:
        self._before = sys.gettrace()
        sys.settrace(self._trace)

    def __exit__(self, *exc: object) -> None:
        sys.settrace(self._before)

    def _trace(self, frame: FrameType, event: str, arg: object) -> None:
        code = frame.f_code
        file = file_of(code)
        if file is None or code.co_name.startswith("<"):  # comprehensions are no calls in newer
            return
        if not _is_passed_through(frame):
            return
        self._on_call(file, code.co_qualname, place_of(frame.f_back))
