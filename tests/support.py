"""What several tests share: a profile for Hypothesis, and people without sockets.

The profile has no deadline: a shared machine is slow at times, and no test may depend on timing.

Not here: simulated networks (`tests.sim`), processes.
"""

import unittest
from collections.abc import Iterable

from hypothesis import settings

from reactor_chat.chat.chat import Chat
from reactor_chat.chat.commands import receive
from reactor_chat.chat.rooms import Link, Member
from reactor_chat.wire.framing import Line

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


class Ear:
    """A member's link that keeps what it is given to hear."""

    def __init__(self) -> None:
        self.heard = b""
        self.stalls = False
        self.farewell: tuple[str, bytes] | None = None  # the reason, and the last word

    def write(self, data: bytes) -> None:
        assert data.endswith(b"\n"), f"not whole lines: {data!r}"
        assert self.farewell is None, f"told {data!r} after the last word"
        self.heard += data

    def keeps_up(self) -> bool:
        return not self.stalls

    def overhear(self, data: bytes, lines: int) -> None:
        assert data.count(b"\n") == lines, f"{data!r} is not {lines} lines"
        self.write(data)

    def finish(self, reason: str, last_word: bytes = b"") -> None:
        assert self.farewell is None, "finished twice"
        self.farewell = (reason, last_word)

    def take(self) -> list[str]:
        """Give the lines heard since the last time."""
        heard, self.heard = self.heard, b""
        return heard.decode().split("\n")[:-1]


class Hall:
    """An audience in its plainest form: what is told is heard."""

    def __init__(self) -> None:
        self.links: list[Link] = []

    def add(self, link: Link) -> None:
        assert link not in self.links, "added twice"
        self.links.append(link)

    def remove(self, link: Link) -> None:
        self.links.remove(link)

    def tell(self, data: bytes, lines: int, but: Iterable[Link] = ()) -> None:
        deaf = list(but)
        assert all(link in self.links for link in deaf), "not in this room"
        for link in self.links:
            if link not in deaf:
                link.overhear(data, lines)


class Gathering:
    """A chat with people in it who are known by their present names."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.said: list[str] = []
        self.chat = Chat(Hall, self.events.append, self._log_run)

    def _log_run(self, run: bytes) -> None:
        self.said += run.decode().split("\n")[:-1]

    def enter(self, name: str = "", room: str = "", host: str = "192.0.2.1") -> Member:
        """Let somebody in, who takes a name and enters a room without anybody's noticing."""
        member = self.chat.enter(Ear(), host)
        for line in (f"/nick {name}" if name else "", f"/join {room}" if room else ""):
            receive(self.chat, member, line.encode())
        self.forget()
        return member

    def say(self, member: Member, line: Line | str) -> list[str]:
        """Let a member say a line; give what it hears in answer."""
        receive(self.chat, member, line.encode() if isinstance(line, str) else line)
        return heard_by(member)

    def forget(self) -> None:
        """Forget what was heard and logged up to here."""
        self.events.clear()
        self.said.clear()
        for member in self.chat.members.values():
            heard_by(member)


def ear_of(member: Member) -> Ear:
    """Give the link of one of these people."""
    assert isinstance(member.link, Ear)
    return member.link


def heard_by(member: Member) -> list[str]:
    """Give the lines that a member heard since the last time."""
    return ear_of(member).take()


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
        """Say a line; check what the member hears in answer, and what the others do, by name."""
        self.assertEqual(self.gathering.say(member, line), list(answer))
        everybody = (self.client, self.alice, self.bob, self.carol)
        heard = {other.name: heard_by(other) for other in everybody if other is not member}
        self.assertEqual({name: lines for name, lines in heard.items() if lines}, others or {})
