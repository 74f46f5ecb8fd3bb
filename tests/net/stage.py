"""Audiences and connections over simulated sockets, and the naive server that they are held to.

Whatever is done here is done to both. Steps are chosen by small numbers, so that Hypothesis as well
as a seeded generator can draw them, and no step depends on what another one has left.

Not here: which steps are taken (the tests), and what a reader must receive (`naive`).
"""

import contextlib
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast
from unittest import mock

from reactor_chat.chat.log import Log
from reactor_chat.chat.recall import Kept, OnSlice, Recall
from reactor_chat.loop.reactor import Reactor
from reactor_chat.net.audience import Audience
from reactor_chat.net.connection import OPEN, Connection
from reactor_chat.net.owner import Owner
from reactor_chat.net.room_size import ROOM_SIZE
from reactor_chat.net.shared import Limits, Shared
from reactor_chat.wire.dialects import Dialect, Entry, Mark, Origin, current, other, tagged
from tests.net.naive import NaiveRoom, Reader, render_gap, render_skipped
from tests.sim.clock import Clock
from tests.sim.network import socket_pair
from tests.sim.process import CALM, Faults, Process
from tests.sim.selector import Asleep, Selector
from tests.sim.stream import Stream

LIMITS = Limits(backlog=600, hold=300)
CAPACITY = 100  # bytes of each kernel buffer: a few lines
DIALECTS: Sequence[Dialect] = (current, other, tagged)
ROOMS = ("tea", "games", "books")
EPOCH = "0123abcd"
TIME = 1.0  # when everything is said
KEPT = 100  # lines that a log keeps at least, as the contract says
MOST_TURNS = 2_000


@contextlib.contextmanager
def small_bounds(most_pieces: int = 1024) -> Iterator[None]:
    """Let bounds be reached with a few lines and readers: trimming, slices, chunks, pieces."""
    with (
        mock.patch("reactor_chat.net.audience._TRIM_STEP", 0),
        mock.patch("reactor_chat.net.audience.SLICE", 1),
        mock.patch("reactor_chat.net.slices.SLICE", 1),
        mock.patch("reactor_chat.net.audience.gap", render_gap),
        mock.patch("reactor_chat.net.gathering.CHUNK", 250),
        mock.patch("reactor_chat.net.send_queue.MOST_PIECES", most_pieces),
    ):
        yield


class Room:
    """One room of the real server beside its naive twin."""

    def __init__(self, stage: "Stage", name: str) -> None:
        self.naive = NaiveRoom(name)
        self.log = Log(Origin(name, EPOCH))
        self.held = False
        self.shrunk = False
        self.audience = Audience(stage.shared, self.log, stage.failures.append)
        self.members: dict[Member, Dialect] = {}

    def update(self) -> None:
        """Let the naive twin know what the bounds have brought about."""
        self.naive.trimmed = self.log.base.entries
        self.naive.published = self.audience.turn.entries


class Member(Owner):
    """One connection, its peer, and what the peer must receive."""

    def __init__(self, stage: "Stage", collapses: bool, is_bare: bool) -> None:
        near, self.peer = socket_pair(stage.process, stage.outside, stage.capacity)
        self.connection = Connection(stage.shared, cast(Any, near))
        self.is_bare = is_bare
        names = {room.naive.name: room.naive for room in stage.rooms}
        self.reader = Reader(names, collapses, not is_bare)
        self.stalled = False
        self.stalled_since = 0.0
        self.gone = ""  # why
        self.waited = self.stayed = self.kicked_at = 0.0
        self.was_held_up = False
        self.ended = False  # it was told that it is all
        self.is_reset = False
        self._stage = stage
        self._watch_sends(near)
        self.connection.open(self)
        self.peer.send(b"x" if is_bare else b"\n")

    def on_batch(self, batch: bytes) -> None:
        """What peers say does not matter here."""

    def on_lines(self) -> None:
        while self.connection.lines.next_line() is not None:
            pass

    def on_end(self) -> None:
        self.connection.close("end")

    def on_closed(self, reason: str) -> None:
        self._stage.leave_all(self)
        self.gone = reason
        self.was_held_up = self.stalled or self._stage.waits
        self.waited = self._stage.clock() - self.stalled_since
        self.stayed = self._stage.clock() - self.kicked_at

    def on_error(self, error: Exception) -> None:
        self._stage.failures.append(error)

    def read(self, count: int) -> bool:
        """Let the peer read so many bytes; return whether there were any."""
        try:
            data = self.peer.recv(count)
        except BlockingIOError:
            return False
        except OSError:
            self.is_reset = True
            return False
        if not data:
            self.ended = True
            self.peer.close()
        self.reader.feed(data)
        self.stalled_since = self._stage.clock()
        return True

    @property
    def is_here(self) -> bool:
        return self.connection.life is OPEN and not (self.is_reset or self.ended)

    def _watch_sends(self, near: Stream) -> None:
        """A line feed is left out at the end of all that waits, and nowhere else."""
        send = near.send

        def checked(data: Any) -> int:
            if not bytes(data).endswith(b"\n") and not self.connection.closed:
                more = any(place.behind_by > 0 for place in self.connection.places.values())
                if more or self.connection.pieces:
                    self._stage.failures.append(AssertionError(f"{bytes(data)!r}, and then more"))
            return send(data)

        near.send = checked  # type: ignore[method-assign]


class Stage:
    """Rooms, members, and all that can happen to them."""

    def __init__(
        self,
        rng: random.Random,
        faults: Faults = CALM,
        members: int = 4,
        collapses: bool = False,
        capacity: int = CAPACITY,
    ) -> None:
        self.process = Process(rng, faults)
        self.outside = Process(random.Random(0))
        self.clock = Clock()
        self.selector = Selector(self.process)
        self.reactor = Reactor(self.selector, self.clock)
        self.shared = Shared(self.reactor, LIMITS, lambda: TIME)
        self.shared.may_publish = self._may_publish
        self.failures: list[Exception] = []
        self.rooms = [Room(self, name) for name in ROOMS]
        self.members: list[Member] = []
        self.capacity = capacity
        self._collapses = collapses
        self._questions: list[Callable[[], None]] = []
        self._words = 0
        for _ in range(members):
            self.connect(False)

    def _may_publish(self, audience: Audience) -> bool:
        return not any(room.held for room in self.rooms if room.audience is audience)

    # -- people -----------------------------------------------------------------------------------

    def connect(self, is_bare: bool) -> None:
        if sum(member.is_here for member in self.members) < 8:
            self.members.append(Member(self, self._collapses, is_bare))
            self.turn()
            if is_bare:
                self.clock.advance(LIMITS.quiet + 0.01)
                self.turn()

    def one(self, number: int) -> Member | None:
        here = [member for member in self.members if member.is_here]
        return here[number % len(here)] if here else None

    def room(self, number: int) -> Room:
        return self.rooms[number % len(self.rooms)]

    def words(self, size: int = 0) -> bytes:
        self._words += 1
        return b"word %d" % self._words + b"." * size + b"~\n"

    def join(self, who: int, where: int, dialect: int) -> None:
        member, room = self.one(who), self.room(where)
        if member and member not in room.members:
            room.members[member] = DIALECTS[dialect % len(DIALECTS)]
            room.audience.add(member.connection, room.members[member])

    def leave(self, who: int, where: int) -> None:
        member, room = self.one(who), self.room(where)
        if member and member in room.members:
            room.audience.remove(member.connection)
            del room.members[member]
            self.answer(who, 1)

    def leave_all(self, member: Member) -> None:
        for room in self.rooms:
            if member in room.members:
                room.audience.remove(member.connection)
                del room.members[member]

    def read_as(self, who: int, where: int, dialect: int) -> None:
        """Have one read on in another dialect: the current room changes, or tags do."""
        member, room = self.one(who), self.room(where)
        if member and member in room.members:
            room.members[member] = DIALECTS[dialect % len(DIALECTS)]
            room.audience.set_dialect(member.connection, room.members[member])
            self.answer(who, 1)  # as to whoever asks for that

    def switch(self, who: int) -> None:
        """The same in all rooms at once."""
        for where, room in enumerate(self.rooms):
            member = self.one(who)
            if member in room.members:
                self.read_as(who, where, DIALECTS.index(room.members[member]) + 1)

    # -- what is said -----------------------------------------------------------------------------

    def say(
        self, where: int, lines: int, size: int = 0, keep: bool = True, skip: Sequence[int] = ()
    ) -> None:
        """Say something in a room that all read but some: the speaker, and who ignores it."""
        room = self.room(where)
        skipped = {one: None for number in skip if (one := self.one(number)) in room.members}
        block = b"".join(self.words(size) for _ in range(lines))
        links = [one.connection for one in skipped if one]
        entry = room.audience.say(block, lines, TIME, keep, links)
        naive = room.naive
        assert entry.first == (len(naive.said) + 1 if keep else 0)
        naive.entries += 1
        if keep:
            naive.said += block.splitlines(keepends=True)
        for member, dialect in room.members.items():
            if member not in skipped:
                spelled = self._spell(room, block, entry.first, dialect)
                member.reader.expect_of(naive, spelled, dialect)

    def speak(self, who: int, where: int, lines: int, ignorers: Sequence[int]) -> None:
        """One says something in one of its rooms, and perhaps gets it back as a receipt."""
        member, room = self.one(who), self.room(where)
        if member in room.members:
            wants_receipt = room.members[member] is tagged
            self.say(where, lines, 0, True, (*ignorers, *([] if wants_receipt else [who])))

    def talk(self, where: int, lines: int) -> None:
        """Say so many lines, one by one."""
        for _ in range(lines):
            self.say(where, 1)

    def answer(self, who: int, lines: int, size: int = 0) -> None:
        if member := self.one(who):
            block = b"".join(self.words(size) for _ in range(lines))
            member.connection.write(block)
            member.reader.expect(block)

    def broadcast(self) -> None:
        """All are told, but for those for whom too much waits already."""
        line = self.words()
        for member in self.members:
            if member.is_here:
                is_full = member.connection.full
                member.connection.write_or_skip(line, 1, render_skipped)
                member.reader.expect(line, skipped=is_full)

    def look_back(self, who: int, where: int, lines: int, reaches_archive: bool) -> None:
        """Show one what was said in a room, out of the log's memory and out of an archive."""
        member, room = self.one(who), self.room(where)
        if member is None:
            return
        log, naive = room.log, room.naive
        after = max(0, len(naive.said) - lines)
        if not reaches_archive:
            after = max(after, log.forgotten)
        heading = self.words()
        dialect = room.members.get(member, current)
        piece = Recall(heading, log.since(after), log.origin, dialect, after)
        if after < log.forgotten:
            piece.read_first(self._reader_of(naive), after, log.forgotten, member.connection)
        if piece.done:
            assert after == len(naive.said)
            return
        member.connection.push(piece)
        shown = self._spell(room, b"".join(naive.said[after:]), after + 1, dialect)
        member.reader.expect(heading + shown)

    def answer_from_archive(self, count: int = 1) -> None:
        asked = self._questions[:count]
        del self._questions[:count]
        for ask in asked:
            ask()

    def _reader_of(self, room: NaiveRoom) -> Callable[[int, int, OnSlice], None]:
        def read(after: int, last: int, on_slice: OnSlice) -> None:
            lines: list[Kept] = [(n + 1, TIME, room.said[n]) for n in range(after, last)]
            self._questions.append(lambda: on_slice(lines))

        return read

    @staticmethod
    def _spell(room: Room, block: bytes, first: int, dialect: Dialect) -> bytes:
        """Return lines in a dialect, line by line, as the contract has it."""
        lines = block.splitlines(keepends=True)
        if dialect is current:
            return block
        if dialect is other:
            return b"".join(b"[%b] %b" % (room.naive.name.encode(), line) for line in lines)
        tags = f"@time=1970-01-01T00:00:01.000Z;room={room.naive.name}"
        ids = [f";id={EPOCH}-{n}" if first else "" for n in range(first, first + len(lines))]
        return b"".join(
            f"{tags}{id_} ".encode() + line for id_, line in zip(ids, lines, strict=True)
        )

    # -- ends -------------------------------------------------------------------------------------

    def kick(self, who: int) -> None:
        if member := self.one(who):
            self.leave_all(member)
            member.kicked_at = self.clock()
            member.connection.close("kicked", b"You were kicked~\n")
            member.reader.expect(b"You were kicked~\n")

    def vanish(self, who: int) -> None:
        if member := self.one(who):
            member.peer.reset()
            member.is_reset = True

    def abort(self, who: int) -> None:
        """As a failing `send` does, in the middle of a turn."""
        if member := self.one(who):
            member.connection.abort("killed")

    # -- bounds -----------------------------------------------------------------------------------

    def hold(self, where: int) -> None:
        """What is said in a room is not to be read yet."""
        self.room(where).held = True

    def release(self, where: int) -> None:
        room = self.room(where)
        if room.held:
            room.held = False
            room.audience.publish_later()

    def shrink(self, where: int) -> None:
        """Memory is short."""
        room = self.room(where)
        self.settle()
        if room.audience.shrink():
            room.shrunk = True
        self.update()

    # -- time -------------------------------------------------------------------------------------

    def stall(self, who: int) -> None:
        if (member := self.one(who)) and not member.stalled:
            member.stalled, member.stalled_since = True, self.clock()

    def resume(self, who: int) -> None:
        if member := self.one(who):
            member.stalled = False

    def read(self, who: int, count: int) -> None:
        """One that has stalled reads a little."""
        if member := self.one(who):
            self.update()
            member.read(count)

    def pump(self) -> bool:
        self.update()
        moved = False
        for member in self.members:
            if not (member.stalled or member.is_reset or member.ended):
                moved |= member.read(self.capacity)
        return moved

    def turn(self) -> None:
        self.reactor.turn(0)
        self.check()

    def settle(self) -> None:
        """Everybody who does not stall reads all that there is."""
        self.reactor.end_turn()
        for _ in range(MOST_TURNS):
            try:
                self.reactor.turn()
            except Asleep:
                if not self.pump():
                    break
            self.check()
        else:
            raise AssertionError("it never comes to rest")
        self.assert_complete()

    def pass_time(self, seconds: float) -> None:
        self.settle()
        self.clock.advance(seconds)
        self.turn()  # which tells the loop what time it is
        self.settle()

    # -- what must hold ---------------------------------------------------------------------------

    def update(self) -> None:
        for room in self.rooms:
            room.update()

    def check(self) -> None:
        assert not self.process.violations, self.process.violations
        if self.failures:
            raise self.failures[0]
        self.update()
        for room in self.rooms:
            kept = room.log.said - room.log.forgotten
            assert room.shrunk or kept >= min(KEPT, room.log.said), "too little is kept"
            for member in room.members:
                assert member.connection.places[room.audience] is not None

    @property
    def waits(self) -> bool:
        """Whether something is not there to be read yet."""
        return bool(self._questions) or any(room.held for room in self.rooms)

    def assert_complete(self) -> None:
        """Who reads has read everything, and nothing is in the way of the next line."""
        for member in self.members:
            if member.stalled or member.is_reset or member.gone:
                continue
            if self._waits_for_news(member):
                continue
            if member.connection.life is OPEN:
                member.reader.end()
                is_live = member.connection.live
                assert member.is_bare or is_live == bool(member.connection.places), "not live"
            assert not member.connection.blocked, "blocked, but everything was read"
            assert not member.connection.pieces, f"left: {member.connection.pieces}"

    def _waits_for_news(self, member: Member) -> bool:
        if self.waits and member.connection.pieces:
            return True
        return any(room.held and room.audience.has_news for room in self.rooms)

    def finish(self) -> None:
        """Everybody reads to the end, and goes; then nothing is left of anybody."""
        for where in range(len(self.rooms)):
            self.release(where)
        for member in self.members:
            member.stalled = False
        self.settle()
        while self._questions:
            self.answer_from_archive(1000)
            self.settle()
        while self.one(0):
            self.kick(0)
        self.settle()
        for member in self.members:
            self._assert_farewell(member)
        assert (self.shared.waiting, self._counted()) == (0, self.shared.logs)
        assert [room.log.pins for room in self.rooms] == [0] * len(self.rooms), "pinned for ever"
        self._say_and_forget()

    def _assert_farewell(self, member: Member) -> None:
        if member.gone == "stopped reading":
            assert member.waited >= LIMITS.stall, f"ended after {member.waited} s"
        elif member.gone == "kicked" and member.stayed >= LIMITS.farewell:
            assert member.was_held_up, "it had its time"
        elif not member.is_reset and member.gone != "killed":
            assert member.ended, "its stream has not ended"
            member.reader.end()
        assert member.gone, f"{member.connection.life}, {member.connection.interest}"

    def _counted(self) -> int:
        for room in self.rooms:
            room.audience.size.count()
        return sum(ROOM_SIZE + room.log.size for room in self.rooms)

    def _say_and_forget(self) -> None:
        """A room without readers keeps nothing for them."""
        for where, room in enumerate(self.rooms):
            self.say(where, 1)
            self.settle()
            assert room.log.base == room.log.tip, "kept for nobody"


__all__ = ["DIALECTS", "LIMITS", "ROOMS", "Entry", "Mark", "Stage", "small_bounds"]
