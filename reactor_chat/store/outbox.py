"""The stream to the keeper: what it has not committed, and what it has not even been sent.

    sent, not committed  |  what is being sent  |  chunks to be sent  |  fresh frames
    \\________________ held, to be sent to the next keeper ___________________________/

*Durable* frames are held until they are committed. They are joined to a chunk at each flush, so
that what a turn produced is one `send`, and what is committed is forgotten by the chunk. Questions
are not held: whoever asked still knows them. They go after the durable frames that wait, so that a
reading finds what was said before it.

Invariants:
- What is durable leaves in the order in which it came, and again in that order after `rewind`.
- A chunk that was begun is sent to its end before anything else: frames are never interleaved.
- While the outbox is closed, nothing durable is begun; questions still pass.
- What is held is bounded by whoever calls `trim`: the oldest chunks that were not begun go.

Not here: sockets, and when to send.
"""

from collections import deque
from collections.abc import Callable


class Outbox:
    """See above. `is_closed` is the owner's to set."""

    def __init__(self) -> None:
        self.fresh: list[bytes] = []  # durable frames, appended to by the owner
        self.is_closed = False
        self.held = 0  # bytes of chunks that are not committed
        self._sent: deque[bytes] = deque()
        self._start = 0  # where the first of these begins among all durable bytes sent
        self._current = b""  # being sent
        self._place = 0  # how far
        self._current_is_durable = False
        self._chunks: deque[bytes] = deque()
        self._questions: deque[bytes] = deque()

    @property
    def is_taken(self) -> bool:
        """Whether all that is durable was sent."""
        if self._current and self._current_is_durable:
            return False
        return not (self._chunks or self.fresh)

    def seal(self) -> None:
        """Make a chunk of what is fresh."""
        if self.fresh:
            chunk = b"".join(self.fresh)
            self.fresh.clear()
            self._chunks.append(chunk)
            self.held += len(chunk)

    def pass_on(self, send: Callable[[bytes], int]) -> bool:
        """Send what is fresh by `send`, if nothing goes first; return whether all of it is taken.

        What it does not take, or if it raises OSError, is to be sent next.
        """
        if self._current or self._chunks or self._questions or self.is_closed:
            return False
        chunk = b"".join(self.fresh)
        self.fresh.clear()
        self.held += len(chunk)
        self._current, self._current_is_durable = chunk, True
        size = send(chunk)
        if size < len(chunk):
            self._place = size
            return False
        self._current = b""
        self._sent.append(chunk)
        return True

    def ask(self, frame: bytes) -> None:
        """Send this once, after what is durable."""
        self._questions.append(frame)

    def next(self) -> memoryview | None:
        """Return what is to be sent next; None: nothing now."""
        if not self._current:
            if self._chunks and not self.is_closed:
                self._current, self._current_is_durable = self._chunks.popleft(), True
            elif self._questions:
                self._current, self._current_is_durable = self._questions.popleft(), False
            else:
                return None
        return memoryview(self._current)[self._place :]

    def took(self, size: int) -> None:
        """So many bytes of it were sent."""
        self._place += size
        if self._place == len(self._current):
            if self._current_is_durable:
                self._sent.append(self._current)
            self._current, self._place = b"", 0

    def committed(self, size: int) -> None:
        """So many durable bytes, of all sent since the last `rewind`, are safe."""
        while self._sent and self._start + len(self._sent[0]) <= size:
            chunk = self._sent.popleft()
            self._start += len(chunk)
            self.held -= len(chunk)

    def rewind(self) -> None:
        """The stream has ended: all that is held must be sent again, in another."""
        if self._current and self._current_is_durable:
            self._sent.append(self._current)
        self._chunks.extendleft(reversed(self._sent))
        self._sent.clear()
        self._questions.clear()
        self._start = 0
        self._current, self._place = b"", 0
        self.is_closed = False

    def begin(self, opening: bytes) -> None:
        """Begin another stream with this frame."""
        self._current, self._current_is_durable = opening, False

    def put_first(self, chunk: bytes) -> None:
        """Send this durable chunk before those that were not begun."""
        if chunk:
            self._chunks.appendleft(chunk)
            self.held += len(chunk)

    def trim(self, limit: int) -> list[bytes]:
        """Hold no more than so much, if possible; return the chunks that are given up."""
        dropped = []
        while self.held > limit and self._chunks:
            dropped.append(self._chunks.popleft())
            self.held -= len(dropped[-1])
        return dropped
