"""What passes between the server and its keeper: frames, encoded and decoded.

    length (4) | kind (1) | request (4) | body (length bytes)

`request` pairs an answer with what asked for it, and is 0 where nothing is asked. The bodies of
LINES and SLICE, which carry what was said, are binary; all others are JSON.

Invariants:
- A frame is *durable* or it is not. Durable frames are what the server must hold until the keeper
  has committed them; each may be written twice to the same effect, so they can be sent again.
- The decoder gives the same frames however the bytes arrive, and holds less than one frame back.
- A length above `MAX_BODY` is refused before anything is gathered: a stream that has gone out of
  step must not make its reader wait for 4 GiB.

Not here: sockets, and what a frame makes anybody do.
"""

import json
import struct
from collections.abc import Iterable
from enum import IntEnum
from typing import Any, Final, NamedTuple

# What one member says in one turn is a block, and a few hundred KB at most.
MAX_BODY: Final = 64 * 1024 * 1024

_HEADER: Final = struct.Struct(">IBI")
_LINES: Final = struct.Struct(">QQH")  # first number, time, length of the room's name
_LINES_WHOLE: Final = struct.Struct(">IBIQQH")
_SLICE: Final = struct.Struct(">?Q")  # whether it is the last one, lines missed before it
_LINE: Final = struct.Struct(">QQI")  # number, time, length of the text


class Kind(IntEnum):
    """What a frame is."""

    # To the keeper, durable
    LINES = 1  # what was said in a room
    TOPIC = 2  # [room, text, last number given out]
    NUMBERS = 3  # {room: number}: these were given out, whether the lines are here or not
    BAN = 4  # text
    UNBAN = 5  # text
    # To the keeper
    OPEN = 10  # how to open the file
    HANDED_OVER = 11  # the failure up to which nothing was delivered that is not in the stream
    READ_LAST = 12  # [room, count, upto]
    READ_AFTER = 13  # [room, number, upto, count]
    REGISTER = 14  # [name, key, password]
    LOGIN = 15  # [key, password]
    CHANGE_PASSWORD = 16  # [key, password]
    FORGET = 17  # key
    # From the keeper
    ROOMS = 30  # [RoomFacts, …]
    ACCOUNTS = 31  # [[name, key], …]
    OPENED = 32  # what else was in the file
    COMMITTED = 33  # how many bytes of durable frames are on disk
    FAILING = 34  # [failure, why]: nothing can be written now
    WORKING = 35  # failure: it can again
    SLICE = 36  # some of the lines that were asked for
    ANSWER = 37  # whether what was asked for was granted: true, false, or "busy"
    DEFECT = 38  # what the keeper dies of


# As plain integers, which take half the time.
_LINES_KIND: Final = int(Kind.LINES)
_LINES_SIZE: Final = _LINES.size

DURABLE: Final = frozenset({Kind.LINES, Kind.TOPIC, Kind.NUMBERS, Kind.BAN, Kind.UNBAN})

Line = tuple[int, int, bytes]  # number, milliseconds since 1970, text


class Frame(NamedTuple):
    """One frame as it came."""

    kind: int
    request: int
    body: bytes

    @property
    def size(self) -> int:
        """How many bytes of the stream it takes."""
        return _HEADER.size + len(self.body)

    def value(self) -> Any:
        """Return what a JSON body says."""
        return json.loads(self.body)

    def encode(self) -> bytes:
        """Return it as it came."""
        return _HEADER.pack(len(self.body), self.kind, self.request) + self.body


class RoomFacts(NamedTuple):
    """What is known of a room without its lines."""

    name: str
    last: int  # number given out
    topic: str
    began: int  # the number before the first
    time: int  # of the last line or topic, in milliseconds


class Slice(NamedTuple):
    """What a SLICE frame says."""

    lines: list[Line]
    done: bool  # it is the last one
    missed: int  # lines before the first that were asked for and are not kept


class StreamError(ValueError):
    """The stream makes no sense any more."""


def encode(kind: Kind, value: object, request: int = 0) -> bytes:
    """Return a frame whose body is JSON."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return _HEADER.pack(len(body), kind, request) + body


def encode_lines(room: str, number: int, time: int, block: bytes) -> bytes:
    """Return a LINES frame. This is called for whatever is said, hence the constants."""
    name = room.encode()
    size = len(name)
    length = _LINES_SIZE + size + len(block)
    return _LINES_WHOLE.pack(length, _LINES_KIND, 0, number, time, size) + name + block


def decode_lines(body: bytes) -> tuple[str, int, int, list[str]]:
    """Return what a LINES frame says: the room, the number of the first line, the time, lines."""
    number, time, size = _LINES.unpack_from(body)
    start = _LINES_SIZE + size
    texts = body[start:-1].decode("utf-8", "replace").split("\n")
    return body[_LINES_SIZE:start].decode(), number, time, texts


def encode_slice(request: int, piece: Slice) -> bytes:
    """Return a SLICE frame."""
    parts = [_SLICE.pack(piece.done, piece.missed)]
    for number, time, text in piece.lines:
        parts += (_LINE.pack(number, time, len(text)), text)
    body = b"".join(parts)
    return _HEADER.pack(len(body), Kind.SLICE, request) + body


def decode_slice(body: bytes) -> Slice:
    """Return what the body of a SLICE frame says."""
    done, missed = _SLICE.unpack_from(body)
    lines = []
    place = _SLICE.size
    while place < len(body):
        number, time, length = _LINE.unpack_from(body, place)
        place += _LINE.size + length
        lines.append((number, time, body[place - length : place]))
    return Slice(lines, done, missed)


class Decoder:
    """Cuts a stream into frames."""

    def __init__(self) -> None:
        self._waiting = bytearray()  # less than a frame, between two calls

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that are whole now that `data` has come. Raises StreamError."""
        waiting = self._waiting
        waiting += data
        frames = []
        place = 0
        while place + _HEADER.size <= len(waiting):
            length, kind, request = _HEADER.unpack_from(waiting, place)
            if length > MAX_BODY:
                raise StreamError(f"a frame of {length} bytes")
            start = place + _HEADER.size
            if start + length > len(waiting):
                break
            place = start + length
            frames.append(Frame(kind, request, bytes(waiting[start:place])))
        del waiting[:place]
        return frames


def split(data: Iterable[bytes]) -> list[Frame]:
    """Return the frames in pieces that hold whole frames."""
    return Decoder().feed(b"".join(data))
