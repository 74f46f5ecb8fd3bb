"""Rooms as they are in life and at their worst: many small ones, a chorus, members who do not read.

Scenarios like those in `scenarios.py`, each with a crowd of its own. What comes is compared, or
counted, as there: every byte of the small rooms; the bytes of a chorus, and four members' lines;
of the blocked ones all that the reader hears, and in the end all that waited for four others.
"""

import socket
from collections.abc import Callable, Sequence
from time import perf_counter

from benchmarks.crowd import READ, Crowd, Lost, enter_room
from benchmarks.scenarios import LINE, Pieces

SMALL_ROOM = 10

# Members whose lines are compared one by one where there are too many for all.
AUDITED = 4


class _Room:
    """One small room: who speaks, who hears, and who has not heard the last line yet."""

    def __init__(self, name: str, speaker: int, listeners: int) -> None:
        self.name, self.speaker, self.listeners = name.encode(), speaker, listeners
        self.line = b""
        self.said = self.hearing = 0
        self.said_at = 0.0


class Tens:
    """In each room one member speaks, again when all others have heard it."""

    def __init__(self, crowd: Crowd, rooms: Sequence[dict[int, str]]) -> None:
        self.crowd = crowd
        self.talking = True
        self.latencies: list[float] = []
        self._rooms: list[_Room] = []
        self._room_of: dict[int, _Room] = {}
        self._pieces = Pieces()
        for names in rooms:
            speaker, *listeners = names
            room = _Room(names[speaker], speaker, len(listeners))
            self._rooms.append(room)
            self._room_of |= dict.fromkeys(listeners, room)

    def start(self) -> None:
        for room in self._rooms:
            self._speak(room)

    def step(self) -> int:
        recv, room_of, latencies = self.crowd.recv, self._room_of, self.latencies
        heard = 0
        for fd, _ in self.crowd.poll():
            data, room = recv[fd](READ), room_of[fd]
            if data != room.line and not self._pieces.complete(fd, data, room.line):
                continue
            latencies.append(perf_counter() - room.said_at)
            heard += 1
            room.hearing -= 1
            if self.talking and room.hearing <= 0:
                self._speak(room)
        return heard

    def outstanding(self) -> int:
        return sum(room.hearing for room in self._rooms)

    def check(self) -> None:
        self.crowd.must_be_silent()

    def _speak(self, room: _Room) -> None:
        if room.hearing:
            raise Lost("a line was delivered twice")
        text = b"%08d " % room.said + LINE[9:]
        room.line = room.name + b": " + text
        room.said += 1
        room.hearing = room.listeners
        room.said_at = perf_counter()
        self.crowd.send[room.speaker](text)


class Chorus:
    """Half of a room say a line each in one turn of the server, again when all have heard all.

    The server is stopped while they speak: otherwise it would wake up at the first line.
    """

    def __init__(
        self,
        crowd: Crowd,
        names: dict[int, str],
        stop: Callable[[], None],
        go_on: Callable[[], None],
    ) -> None:
        self.crowd, self.names = crowd, names
        self._stop, self._go_on = stop, go_on
        self.talking = True
        self.latencies: list[float] = []
        self._speakers = list(names)[: len(names) // 2]
        self._length = len(f"{names[self._speakers[0]]}: ") + len(LINE)
        self._rounds = 0
        self._began = 0.0
        self._missing: dict[int, int] = {}
        self._kept: dict[int, bytes] = {}
        self._buffer = memoryview(bytearray(4 * READ))

    def start(self) -> None:
        self._speak()

    def step(self) -> int:
        recv_into, missing, kept, buffer = (
            self.crowd.recv_into,
            self._missing,
            self._kept,
            self._buffer,
        )
        before = self.outstanding()
        for fd, _ in self.crowd.poll():
            count = recv_into[fd](buffer)
            if not count or count > missing.get(fd, 0):
                raise Lost(f"{self.names[fd]} heard {count} bytes, {missing.get(fd, 0)} were due")
            if fd in kept:
                kept[fd] += buffer[:count]
            missing[fd] -= count
            if not missing[fd]:
                del missing[fd]
                self.latencies.append(perf_counter() - self._began)
        delivered = before - self.outstanding()
        if not missing:
            self._audit()
            if self.talking:
                self._speak()
        return delivered

    def outstanding(self) -> int:
        return -(-sum(self._missing.values()) // self._length)

    def check(self) -> None:
        self.crowd.must_be_silent()

    def _speak(self) -> None:
        speakers, text = self._speakers, b"%08d " % self._rounds + LINE[9:]
        self._rounds += 1
        self._missing = dict.fromkeys(self.names, len(speakers) * self._length)
        for fd in speakers:
            self._missing[fd] -= self._length
        self._kept = dict.fromkeys([*speakers[:2], *list(self.names)[-2:]][:AUDITED], b"")
        self._stop()
        try:
            for fd in speakers:
                self.crowd.send[fd](text)
        finally:
            self._began = perf_counter()
            self._go_on()

    def _audit(self) -> None:
        """Compare what four members have heard with what the others have said, in any order."""
        text = b"%08d " % (self._rounds - 1) + LINE[9:]
        for fd, heard in self._kept.items():
            due = sorted(self.names[s].encode() + b": " + text for s in self._speakers if s != fd)
            if sorted(heard.splitlines(keepends=True)) != due:
                raise Lost(f"{self.names[fd]} heard other lines than were said")


class Blocked:
    """One speaks and one listens in a room whose other members have stopped reading."""

    # As much as a server reads of one client at a time, and not ASCII: no short cut for that helps.
    BATCH = "é\n".encode() * (16_384 // 3)
    # With what fills the kernel's buffers at first, 8 of them stay below the 1 MiB that our server
    # lets wait for a client: so every server has the same to do, and keeps all of it.
    BATCHES = 8
    FILLING = (b"x" * 4_000 + b"\n") * 75

    def __init__(self, crowd: Crowd, sleepers: int) -> None:
        self.crowd = crowd
        self.talking = True
        self.latencies: list[float] = []
        self._speaker, self._listener = crowd.connect(), crowd.connect()
        self._sleepers = [crowd.connect(narrow=True) for _ in range(sleepers)]
        names = enter_room(crowd, [self._speaker, self._listener, *self._sleepers])
        self._prefix = names[self._speaker].encode() + b": "
        self._due = b""
        self._taken = 0
        self._batches = 0
        self._said_at = 0.0
        self._waiting = b""  # for each of the sleepers
        self._fill()

    def _fill(self) -> None:
        """Let the sleepers fall asleep, and fill what the kernel holds for them."""
        self.crowd.listen(self._sleepers, False)
        self.talking = False
        for lines in (self.FILLING, self.BATCH):
            self._say(lines)
            while self.outstanding():
                self.step()
        self._batches = 0
        self.talking = True
        self.latencies.clear()

    def start(self) -> None:
        self._say(self.BATCH)

    def step(self) -> int:
        """Hear what comes. A batch counts when it is whole."""
        for fd, _ in self.crowd.poll():
            data = self.crowd.recv[fd](4 * READ)
            if not data or data != self._due[self._taken : self._taken + len(data)]:
                raise Lost(f"expected {self._due[self._taken :][:80]!r}, got {data[:80]!r}")
            self._taken += len(data)
        if self._taken < len(self._due):
            return 0
        self.latencies.append(perf_counter() - self._said_at)
        heard = self.outstanding()
        self._due = b""
        self._batches += 1
        self.talking = self.talking and self._batches < self.BATCHES
        if self.talking:
            self._say(self.BATCH)
        return heard

    def outstanding(self) -> int:
        return self._due.count(b"\n")

    def check(self) -> None:
        """Wake four of the sleepers: each must hear all that was said meanwhile."""
        self.crowd.must_be_silent()
        for fd in self._sleepers[:AUDITED]:
            self.crowd.sockets[fd].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            heard = bytearray()
            while len(heard) < len(self._waiting):
                heard += self.crowd.recv[fd](4 * READ) or b"(closed)"
            if heard != self._waiting:
                raise Lost("what waited for a blocked member is not what was said")

    def _say(self, lines: bytes) -> None:
        self._due = b"".join(self._prefix + line for line in lines.splitlines(keepends=True))
        self._taken = 0
        self._waiting += self._due
        self._said_at = perf_counter()
        self.crowd.send[self._speaker](lines)
