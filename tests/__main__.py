"""Runs every test, and is stricter than the stock runner.

`python -X dev -W error -m tests [-v] [PATTERN …]`; a PATTERN limits the run to the tests whose
names contain it.

A test also fails if it leaves a descriptor open, or if an exception was raised where nobody could
catch it (in `__del__`, say), which Python would only print.

Not here: what is tested.
"""

import argparse
import contextlib
import gc
import os
import signal
import sys
import unittest
from collections.abc import Iterator
from typing import Any

_unraisable: list[str] = []


class StrictResult(unittest.TextTestResult):
    """Adds the checks that no single test can make for itself."""

    def __init__(self, stream: Any, descriptions: bool, verbosity: int, **more: Any) -> None:
        super().__init__(stream, descriptions, verbosity, **more)
        self._descriptors: set[str] = set()

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        _unraisable.clear()
        self._descriptors = _open_descriptors()

    def stopTest(self, test: unittest.TestCase) -> None:
        if _open_descriptors() - self._descriptors:
            gc.collect()
        if left := _open_descriptors() - self._descriptors:
            self._fail(test, f"left descriptors open: {left}")
        if _unraisable:
            self._fail(test, "; ".join(_unraisable))
        super().stopTest(test)

    def _fail(self, test: unittest.TestCase, why: str) -> None:
        try:
            raise AssertionError(why)
        except AssertionError:
            self.addFailure(test, sys.exc_info())


def _open_descriptors() -> set[str]:
    """Give the open descriptors, with what they are, so that a number used anew is noticed."""
    found = set()
    for fd in os.listdir("/dev/fd"):
        with contextlib.suppress(OSError):  # the listing's own
            found.add(f"{fd} {os.readlink(f'/dev/fd/{fd}')}")
    return found


def _note_unraisable(info: Any) -> None:
    _unraisable.append(f"unraisable: {info.exc_value!r} in {info.object!r}")


def _each(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from _each(test)
        else:
            yield test


def main() -> int:
    """Run the tests; give the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests")
    parser.add_argument("patterns", nargs="*")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    sys.unraisablehook = _note_unraisable
    # Scripts start what runs in the background with this ignored, and that would be inherited.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    tests = unittest.defaultTestLoader.discover("tests", top_level_dir=".")
    if options.patterns:
        chosen = [t for t in _each(tests) if any(p in t.id() for p in options.patterns)]
        if not chosen:
            sys.exit(f"no test's name contains any of {options.patterns}")
        tests = unittest.TestSuite(chosen)
    runner = unittest.TextTestRunner(
        resultclass=StrictResult, verbosity=1 + options.verbose, warnings="error"
    )
    return 0 if runner.run(tests).wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
