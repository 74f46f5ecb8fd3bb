"""The words that pass between a client and a server, as far as the client acts on them.

What a person types (farewells, commands), and what a server says that means more than
it shows: that it does not want this client, or did not take a line.

Not here: state of any kind, tags (`tags`), passwords (`wire.redaction`), how a line looks.
"""

from typing import Final

from reactor_chat.wire.protocol import sanitise, split_command, spoken

# What Tab completes. The server has them all in its table of commands, and is not part of a client.
COMMANDS: Final = (
    "/help", "/whoami", "/nick", "/join", "/part", "/leave", "/topic", "/rooms", "/list", "/who",
    "/names", "/msg", "/reply", "/me", "/history", "/ignore", "/unignore", "/tags", "/resume",
    "/register", "/login", "/password", "/unregister", "/quit", "/exit",
)  # fmt: skip

_FAREWELLS: Final = frozenset({"quit", "exit"})

# The last words of a server that does not want this client: calling again would be a nuisance.
_DISMISSALS: Final = (
    "-> You were kicked", "-> You are banned.", "-> You logged in from elsewhere.",
    "-> Too many wrong passwords.", "-> This port speaks TLS",
)  # fmt: skip
# Of one that has no room for it now. A lost connection may be what takes the room.
_NO_ROOM: Final = ("-> Server is full.", "-> Too many connections")

_MUTED: Final = "-> You are muted."
_TOO_LONG: Final = "-> Message too long"
_NOT_UTF8: Final = "-> Message is not valid UTF-8."

# Commands whose argument other people read.
_SPEAKING: Final = frozenset({"topic", "msg", "reply", "me"})
# Others can hear these, so a muted person cannot use them.
_AUDIBLE: Final = _SPEAKING | {"nick", "join", "resume"}

_MAX_LINE: Final = 4096  # bytes that a server takes as one line


def is_farewell(line: str) -> bool:
    """Whether a line asks the server to close the connection."""
    word, _ = split_command(line) or ("", "")
    return word.lower() in _FAREWELLS


def is_refusal(line: str) -> bool:
    """Whether a line from the server says that this client is not wanted."""
    return line.startswith(_DISMISSALS) or lacks_room(line)


def lacks_room(line: str) -> bool:
    """Whether a refusal may be another one later."""
    return line.startswith(_NO_ROOM)


def rejects(answer: str, line: str) -> bool:
    """Whether an answer of the server says that it did not take a line like this one."""
    if answer.startswith(_TOO_LONG):
        return len(line.encode("utf-8", "replace")) > _MAX_LINE
    if answer == _MUTED:
        word, _ = split_command(line) or ("me", "")
        return word.lower() in _AUDIBLE
    return answer == _NOT_UTF8


def is_rejection(answer: str) -> bool:
    """Whether an answer of the server says that it did not take a line."""
    return answer.startswith(_TOO_LONG) or answer in (_MUTED, _NOT_UTF8)


def speaks(line: str) -> bool:
    """Whether a line says something to others."""
    word, argument = split_command(line) or ("me", line)
    return word.lower() in _SPEAKING and bool(argument)


def said_by(line: str) -> str | None:
    """Return what others read of a line after its speaker's name; None if it is a command."""
    text = sanitise(line.encode("utf-8", "replace").decode())
    return spoken(text) if split_command(text) is None else None


def done_by(line: str) -> str | None:
    """Return what others read of a `/me` after the name; None if a line is something else."""
    word, argument = split_command(sanitise(line)) or ("", "")
    return argument if word.lower() == "me" and argument else None
