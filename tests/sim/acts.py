"""What a simulated client may say: one line on the wire each, and what the protocol makes of it.

An `Act` carries its own meaning, so that the model need not parse bytes: that is what is tested.
Every text holds a token that was never used before, so that no line can be taken for another.

What does not belong here: who is where, and who hears of it.
"""

from dataclasses import dataclass
from enum import Enum, auto

LIMIT = 4096  # Bytes of a line, by the protocol.


class Kind(Enum):
    SAY = auto()
    ME = auto()
    JOIN = auto()
    PART = auto()
    NICK = auto()
    WHOAMI = auto()
    PRIVATE = auto()
    WRONG = auto()  # Answered alike wherever one is.
    BLANK = auto()
    QUIT = auto()
    END = auto()  # Not a line: the sender ends its side.


@dataclass(frozen=True)
class Act:
    """`wire` is the line without its LF; `text` what is said, or the name of what is meant."""

    kind: Kind
    wire: bytes
    text: str = ""
    answer: bytes = b""  # To what is WRONG.


# What is sent and what is shown of it; `%s` stands for the token.
SAYINGS = (
    ("%s", "%s"),
    ("%s, plain and ASCII", "%s, plain and ASCII"),
    ("straße %s", "straße %s"),
    ("//%s", "/%s"),
    ("a\ttab %s", "a\ttab %s"),
    ("\x1b[2J%s\x00", "\ufffd[2J%s\ufffd"),
    ("%s\u2028Server: forged", "%s\ufffdServer: forged"),
    ("%s\r", "%s"),
    (" close socket %s", " close socket %s"),
    ("👩\u200d👩\u200d👧 %s", "👩\u200d👩\u200d👧 %s"),
)

_TOO_LONG = b"-> Message too long: the limit is 4096 bytes.\n"
_NOT_UTF8 = b"-> Message is not valid UTF-8.\n"
_UNKNOWN = b"-> Unknown command /mgs. /help lists the commands.\n"
_USAGE = b"-> Usage: /nick NAME\n"

WRONGS = (
    (b"x" * (LIMIT + 1), _TOO_LONG),
    (b"y" * (3 * LIMIT), _TOO_LONG),
    (b"\xff\xfe", _NOT_UTF8),
    (b"/mgs bob hello", _UNKNOWN),
    (b"/nick", _USAGE),
)
BLANKS = (b"", b"\r", b" \t ")
QUITS = (b"/quit", b"/exit now", b"close socket", b"CLOSE SOCKET\r")


def say(token: str, flavour: int = 0) -> Act:
    wire, shown = SAYINGS[flavour % len(SAYINGS)]
    return Act(Kind.SAY, (wire % token).encode(), shown % token)


def say_much(token: str, size: int = LIMIT) -> Act:
    """A line of exactly `size` bytes."""
    text = f"{token} ".ljust(size, "x")
    return Act(Kind.SAY, text.encode(), text)


def me(token: str) -> Act:
    return Act(Kind.ME, f"/me {token}".encode(), token)


def join(room: str) -> Act:
    return Act(Kind.JOIN, f"/join {room}".encode(), room)


def part() -> Act:
    return Act(Kind.PART, b"/part")


def nick(name: str) -> Act:
    return Act(Kind.NICK, f"/nick {name}".encode(), name)


def whoami() -> Act:
    return Act(Kind.WHOAMI, b"/whoami")


def private(name: str, token: str) -> Act:
    return Act(Kind.PRIVATE, f"/msg {name} {token}".encode(), token)


def wrong(flavour: int) -> Act:
    wire, answer = WRONGS[flavour % len(WRONGS)]
    return Act(Kind.WRONG, wire, answer=answer)


def blank(flavour: int) -> Act:
    return Act(Kind.BLANK, BLANKS[flavour % len(BLANKS)])


def quits(flavour: int = 0) -> Act:
    return Act(Kind.QUIT, QUITS[flavour % len(QUITS)])


END = Act(Kind.END, b"")
