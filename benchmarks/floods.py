"""What hostile callers send, by kind: the bytes of each flood, and who else is there. Pure.

Every flood is a stream of whole lines without an end, in blocks of some kilobytes, so that the load
spends its time in `send` and not in making lines. `flood.py` sends them; nothing is measured here.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

# Bytes of a block, about: more than one turn of a server reads from one peer.
BLOCK = 32_768

# Those who are there beside the flooders where a flood is about a crowd.
BYSTANDERS = 2_000

HALL = "hall"

# Those who fill the hall's history, where it is asked for.
SPEAKERS = 10

# Two classes of combining marks in turn, so that normalising has to sort them: 2,042 marks of two
# bytes, and with the longest command still a line of at most 4,096 bytes.
MARKS = ("a" + "\u0301\u0323" * 1_020).encode()


@dataclass(frozen=True)
class Kind:
    """One flood. `blocks` makes the stream of one caller, by its number; `greeting` what each of
    the bystanders says on arrival, by its number."""

    what: str
    blocks: Callable[[int], Iterator[bytes]]
    bystanders: int = 0
    greeting: Callable[[int], bytes] = lambda number: b""
    also_in_a_room: bool = False  # a witness in another room measures, too
    options: tuple[
        str, ...
    ] = ()  # of the server, beside its defaults; {scratch}: its own directory
    comes_back: bool = False  # a caller whom the server has put out calls again


def repeated(lines: bytes) -> Callable[[int], Iterator[bytes]]:
    block = lines * max(1, BLOCK // len(lines))
    return lambda caller: itertools.repeat(block)


def _new_names(caller: int) -> Iterator[bytes]:
    for start in itertools.count(0, 1_000):
        yield b"".join(b"/nick n%dx%d\n" % (caller, start + n) for n in range(1_000))


def _into_the_hall(number: int) -> bytes:
    return f"/join {HALL}\n".encode()


def _history(caller: int) -> Iterator[bytes]:
    yield f"/join {HALL}\n".encode()
    yield from repeated(b"/history 100\n")(caller)


def _fill_the_hall(number: int) -> bytes:
    return _into_the_hall(number) + (b"x" * 3_999 + b"\n") * (100 // SPEAKERS)


def _into_a_room_of_its_own(number: int) -> bytes:
    return f"/join room{number}\n".encode()


KINDS = {
    "blank": Kind("blank lines", repeated(b"\n")),
    "marks": Kind("/msg with 4 KB of combining marks", repeated(b"/msg " + MARKS + b"\n")),
    "names": Kind(
        "4 KB of combining marks as other names",
        repeated(b"".join(b"/" + c + b" " + MARKS + b"\n" for c in (b"nick", b"join", b"ignore"))),
    ),
    "letters": Kind("one-letter lines outside rooms", repeated(b"x\n")),
    "join": Kind(
        f"/join and /part in a room of {BYSTANDERS:,}",
        repeated(f"/join {HALL}\n/part\n".encode()),
        BYSTANDERS,
        _into_the_hall,
        also_in_a_room=True,
    ),
    "who": Kind("/who, with only the flooders there", repeated(b"/who\n")),
    "who2000": Kind(f"/who, with {BYSTANDERS:,} more there", repeated(b"/who\n"), BYSTANDERS),
    "nick": Kind("/nick with ever-new names", _new_names),
    "rooms": Kind(
        f"/rooms, with {BYSTANDERS:,} rooms",
        repeated(b"/rooms\n"),
        BYSTANDERS,
        _into_a_room_of_its_own,
    ),
    "history": Kind(
        "/history of 100 lines of 4,000 bytes",
        _history,
        SPEAKERS,
        _fill_the_hall,
    ),
    "login": Kind(
        "/login with wrong passwords",
        repeated(b"/login alice not-the-password\n"),
        options=("--data", "{scratch}/kept.db"),
        comes_back=True,
    ),
    "help": Kind("/help", repeated(b"/help\n")),
    "invalid": Kind("one byte of invalid UTF-8 a line", repeated(b"\x80\n")),
    "unknown": Kind("unknown commands of one letter", repeated(b"/x\n")),
}
