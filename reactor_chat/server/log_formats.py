"""How the lines of the log are written: plain, with a date, or as JSON.

Invariants:
- One event is one line, whatever is in it: in JSON a failure with its traceback, too. What reads
  the log takes it apart by lines.
- The plain text of an event is in every format, so nothing is lost by choosing another.

Not here: what is logged, and where it goes.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from reactor_chat.wire.protocol import prefixed

_DATED: Final = "%Y-%m-%dT%H:%M:%SZ "

Clock = Callable[[], float]  # seconds since 1970


class Format(Protocol):
    """A way to write lines; those of blocks end with LF, others without."""

    def event(self, kind: str, texts: Sequence[str], fields: Mapping[str, Any]) -> list[str]:
        """Write an event: usually one text, with what is known about it."""

    def said(self, by: str, name: str, room: str, block: bytes) -> bytes:
        """Write what somebody said: lines as others read them, or as they were said outside."""


class Plain:
    """The texts alone."""

    def event(self, kind: str, texts: Sequence[str], fields: Mapping[str, Any]) -> list[str]:
        """Write the texts."""
        return list(texts)

    def said(self, by: str, name: str, room: str, block: bytes) -> bytes:
        """Write the lines, each after its room, or after the name of who said it outside of any."""
        return prefixed(f"[{room}] ".encode() if room else f"{name}: ".encode(), block)


class Dated:
    """The texts, each after the date and time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._plain = Plain()

    def event(self, kind: str, texts: Sequence[str], fields: Mapping[str, Any]) -> list[str]:
        """Write the texts, dated."""
        stamp = self._stamp()
        return [stamp + text for text in texts]

    def said(self, by: str, name: str, room: str, block: bytes) -> bytes:
        """Write the lines, dated."""
        return prefixed(self._stamp().encode(), self._plain.said(by, name, room, block))

    def _stamp(self) -> str:
        return time.strftime(_DATED, time.gmtime(self._clock()))


class Json:
    """One object a line, with members that stay what they are from one version to the next."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def event(self, kind: str, texts: Sequence[str], fields: Mapping[str, Any]) -> list[str]:
        """Write one object, whatever the number of texts."""
        return [self._object(kind, fields, "\n".join(texts))]

    def said(self, by: str, name: str, room: str, block: bytes) -> bytes:
        """Write an object for each line: `said`, or `acted` for what `/me` makes."""
        who = {"client": by, "name": name, "room": room}
        lines = block.decode(errors="replace").removesuffix("\n").split("\n")
        return "".join(self._spoken(who, line) + "\n" for line in lines).encode()

    def _spoken(self, who: Mapping[str, str], line: str) -> str:
        action = f"** {who['name']} "
        if not who["room"]:
            return self._object("said", who, line)
        if line.startswith(action):
            return self._object("acted", who, line.removeprefix(action))
        return self._object("said", who, line.removeprefix(f"{who['name']}: "))

    def _object(self, kind: str, fields: Mapping[str, Any], text: str) -> str:
        now = self._clock()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
        known = {key: value for key, value in fields.items() if value != ""}
        whole = {"time": f"{stamp}.{int(now % 1 * 1000):03}Z", "event": kind, **known, "text": text}
        return json.dumps(whole, ensure_ascii=False)


def make_format(name: str, clock: Clock) -> Format:
    """Return the format that `--log-format` calls so."""
    if name == "json":
        return Json(clock)
    return Dated(clock) if name == "dated" else Plain()
