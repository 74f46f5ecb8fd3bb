"""What several tests share: a profile for Hypothesis, and people without sockets.

The profile has no deadline: a shared machine is slow at times, and no test may depend on timing.

Not here: simulated networks (`tests.sim`), processes.
"""

import unittest
from collections.abc import Callable, Sequence

from hypothesis import settings

from reactor_chat.chat.accounts import Accounts
from reactor_chat.chat.archive import Archive, NoArchive
from reactor_chat.chat.chat import Chat
from reactor_chat.chat.commands import receive
from reactor_chat.chat.links import Link
from reactor_chat.chat.log import Log
from reactor_chat.chat.members import Member
from reactor_chat.chat.recall import Recall
from reactor_chat.wire.dialects import Dialect, Entry
from reactor_chat.wire.framing import Line

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

TIME = 1_795_812_420.125  # 2026-11-27T20:47:00.125Z, when everything happens
STAMP = "2026-11-27T20:47:00.125Z"
EPOCH = "0123abcd"
_WHOLE = 1_000_000_000  # bytes: all of a piece


class FakeLink:
    """A member's link that keeps what it is sent."""

    def __init__(self) -> None:
        self.received = b""
        self.full = False
        self.paused = False
        self.farewell: tuple[str, bytes] | None = None  # the reason, and the last word
        self.crashes: list[Exception] = []

    def write(self, data: bytes) -> None:
        assert data.endswith(b"\n"), f"not whole lines: {data!r}"
        assert self.farewell is None, f"told {data!r} after the last word"
        self.received += data

    def write_or_skip(self, data: bytes, lines: int, render: Callable[[int], bytes]) -> None:
        assert data.count(b"\n") == lines, f"{data!r} is not {lines} lines"
        self.write(render(lines) if self.full else data)

    def push(self, piece: Recall) -> None:
        while not piece.done:
            self.write(piece.take(_WHOLE))

    def wake(self) -> None:
        """Nothing is ever waited for here."""

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def close(self, reason: str, last_word: bytes = b"") -> None:
        assert self.farewell is None, "closed twice"
        self.farewell = (reason, last_word)

    def on_crash(self, error: Exception) -> None:
        self.crashes.append(error)

    def take(self) -> list[str]:
        """Return the lines received since the last time."""
        received, self.received = self.received, b""
        return received.decode().split("\n")[:-1]


class FakeAudience:
    """An audience in its plainest form: what is said is written to all at once."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.dialects: dict[Link, Dialect] = {}
        self.released = False

    def add(self, link: Link, dialect: Dialect) -> None:
        assert link not in self.dialects, "added twice"
        self.dialects[link] = dialect

    def remove(self, link: Link) -> None:
        del self.dialects[link]

    def set_dialect(self, link: Link, dialect: Dialect) -> None:
        assert link in self.dialects, "not in this room"
        self.dialects[link] = dialect

    def say(self, block: bytes, lines: int, time: float, keep: bool, skip: Sequence[Link]) -> Entry:
        assert block.count(b"\n") == lines, f"{block!r} is not {lines} lines"
        assert all(link in self.dialects for link in skip), "not in this room"
        entry = self.log.append(block, lines, time, keep)
        for link, dialect in self.dialects.items():
            if link not in skip:
                link.write(dialect(entry, self.log.origin))
        self.log.forget()
        return entry

    def shrink(self) -> bool:
        """Nothing is short here."""
        return False

    def release(self) -> None:
        self.released = True


class FakeJournal:
    """Keeps what is reported, as lines."""

    quiet = False

    def __init__(self) -> None:
        self.events: list[str] = []
        self.lines: list[str] = []  # that were said
        self.by: list[str] = []  # who is to answer for each of both

    def event(self, kind: str, text: str, by: str = "", **fields: str) -> None:
        self.events.append(text)
        self.by.append(by)

    def said(self, by: str, name: str, room: str, block: bytes) -> None:
        place = f"[{room}] " if room else f"{name}: "
        self.lines += [place + line for line in block.decode().split("\n")[:-1]]
        self.by.append(by)


def new_chat(
    new_audience: Callable[[Log], FakeAudience] = FakeAudience,
    journal: FakeJournal | None = None,
    archive: Archive | None = None,
) -> Chat:
    """Return a chat in which it is always the same time."""
    archive = archive or NoArchive(lambda: EPOCH)
    return Chat(new_audience, journal or FakeJournal(), archive, lambda: TIME)


class Gathering:
    """A chat with people in it who are known by their present names."""

    def __init__(self, archive: Archive | None = None) -> None:
        self.journal = FakeJournal()
        self.chat = new_chat(journal=self.journal, archive=archive)
        self.now = 1000.0
        self.later: list[tuple[float, Callable[[], None]]] = []
        self.accounts = Accounts(
            self.chat,
            lambda: self.now,
            lambda delay, callback: self.later.append((delay, callback)),
            lambda member: True,
        )

    def enter(self, name: str = "", room: str = "", host: str = "192.0.2.1") -> Member:
        """Let somebody in, who takes a name and enters a room without anybody's noticing."""
        member = self.chat.enter(FakeLink(), host)
        for line in (f"/nick {name}" if name else "", f"/join {room}" if room else ""):
            self.type(member, line)
        self.forget()
        return member

    def type(self, member: Member, line: Line | str) -> None:
        """Let a member say a line."""
        line = line.encode() if isinstance(line, str) else line
        receive(self.chat, self.accounts, member, line)

    def say(self, member: Member, line: Line | str) -> list[str]:
        """Let a member say a line; return what it reads in answer."""
        self.type(member, line)
        return read_by(member)

    def forget(self) -> None:
        """Forget what was read and reported up to here."""
        self.journal.events.clear()
        self.journal.lines.clear()
        for member in self.chat.people:
            read_by(member)


def link_of(member: Member) -> FakeLink:
    """Return the link of one of these people."""
    assert isinstance(member.link, FakeLink)
    return member.link


def read_by(member: Member) -> list[str]:
    """Return the lines that a member read since the last time."""
    return link_of(member).take()


class CommandCase(unittest.TestCase):
    """Alice and Bob are in the room tea, Carol is outside, and so is the first one given a name."""

    def setUp(self) -> None:
        self.gathering = Gathering()
        self.client = self.gathering.enter()
        self.alice = self.gathering.enter("alice", "tea")
        self.bob = self.gathering.enter("bob", "tea")
        self.carol = self.gathering.enter("carol")

    def check(
        self,
        member: Member,
        line: Line | str,
        *answer: str,
        others: dict[str, list[str]] | None = None,
    ) -> None:
        """Say a line; check what the member reads in answer, and what the others do, by name."""
        self.assertEqual(self.gathering.say(member, line), list(answer))
        everybody = (self.client, self.alice, self.bob, self.carol)
        read = {other.name: read_by(other) for other in everybody if other is not member}
        self.assertEqual({name: lines for name, lines in read.items() if lines}, others or {})
