"""The burst: ten members of a room speak as fast as the room hears them.

A scenario like those in `scenarios.py`, but at hundreds of thousands of lines a second the load
can look at no line while it runs. So all lines are of one length, and it counts bytes; a few
members keep what they read, and that is compared with what was said once the time is over.
"""

from time import perf_counter

from benchmarks.crowd import READ, Crowd, Lost
from benchmarks.plan import burst_batch
from benchmarks.scenarios import LINE

SPEAKERS = 10

# Members whose lines are all kept, to check each speaker's order and to time them. Enough for a
# percentile, and few enough to cost the load nothing.
AUDITED = 4


class Burst:
    """Speakers take turns to write a batch of lines each.

    The next batch leaves when the room has taken in as many copies as a batch makes, so ten
    batches are under way at most, and no server needs unbounded memory.
    """

    def __init__(self, crowd: Crowd, names: dict[int, str]) -> None:
        self.crowd, self.names = crowd, names
        self.talking = True
        self.latencies: list[float] = []
        self._members = list(names)
        self._speakers = self._members[:SPEAKERS]
        self._batch = burst_batch(len(self._members), len(self._speakers))
        self._listeners = len(self._members) - 1
        self._length = len(f"{names[self._members[0]]}: ") + len(LINE)
        self._said_at: list[float] = []
        self._heard = dict.fromkeys(self._members, 0)
        self._total = 0
        self._kept: dict[int, list[tuple[float, bytes]]]
        self._kept = {fd: [] for fd in self._members[-AUDITED:]}
        self._buffer = memoryview(bytearray(4 * READ))

    def start(self) -> None:
        self._speak()

    def step(self) -> int:
        recv_into, heard, kept, buffer = self.crowd.recv_into, self._heard, self._kept, self._buffer
        taken = 0
        for fd, _ in self.crowd.poll():
            count = recv_into[fd](buffer)
            if not count:
                raise Lost("the server closed a connection")
            heard[fd] += count
            taken += count
            if fd in kept:
                kept[fd].append((perf_counter(), bytes(buffer[:count])))
        before = self._total // self._length
        self._total += taken
        if self.talking:
            self._speak()
        return self._total // self._length - before

    def outstanding(self) -> int:
        due = len(self._said_at) * self._listeners * self._length
        if self._total > due:
            raise Lost(f"{(self._total - due) // self._length} more lines came than were said")
        return -(-(due - self._total) // self._length)

    def check(self) -> None:
        """Everyone heard all but their own, and those audited each speaker's lines in order."""
        self.crowd.must_be_silent()
        said = len(self._said_at)
        for fd, count in self._heard.items():
            due = (said - len(self._own(fd))) * self._length
            if count != due:
                raise Lost(f"{self.names[fd]} heard {count} bytes, not {due}")
        for fd in self._kept:
            self._audit(fd)

    def _speak(self) -> None:
        """Let speakers write batches while the window has room for one."""
        batch, speakers = self._batch, self._speakers
        window = batch * len(speakers)
        whole = self._total // (self._length * self._listeners)
        while len(self._said_at) - whole <= window - batch:
            first = len(self._said_at)
            speaker = speakers[first // batch % len(speakers)]
            lines = b"".join(b"%08d " % number + LINE[9:] for number in range(first, first + batch))
            self._said_at += [perf_counter()] * batch
            self.crowd.send[speaker](lines)

    def _speaker_of(self, number: int) -> int:
        return self._speakers[number // self._batch % len(self._speakers)]

    def _own(self, fd: int) -> range | list[int]:
        """The numbers of the lines that `fd` said itself."""
        if fd not in self._speakers:
            return range(0)
        return [n for n in range(len(self._said_at)) if self._speaker_of(n) == fd]

    def _audit(self, fd: int) -> None:
        """Compare all that `fd` heard with what was said, and time it."""
        latest: dict[int, int] = {}
        rest = b""
        for heard_at, data in self._kept[fd]:
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                number = self._number(line)
                speaker = self._speaker_of(number)
                if number <= latest.get(speaker, -1):
                    raise Lost(f"out of order or twice: {line!r}")
                latest[speaker] = number
                self.latencies.append(heard_at - self._said_at[number])

    def _number(self, line: bytes) -> int:
        """A line's number. Raises `Lost` unless it is a line that was said, by who said it."""
        digits = line.partition(b": ")[2][:8]
        if digits.isdigit() and int(digits) < len(self._said_at):
            number = int(digits)
            name = self.names[self._speaker_of(number)].encode()
            if line == name + b": " + digits + b" " + LINE[9:-1]:
                return number
        raise Lost(f"nobody said {line[:80]!r}")
