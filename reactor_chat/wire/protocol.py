"""What a line means and how replies are written: the words of the conversation, without the people.

A message reaches this module as bytes without LF, and leaves it as a *frame*: bytes that end with
LF, ready to be appended to any number of backlogs.

Most lines need nothing done to them: printable ASCII, no command. A *run* of such lines is
recognised by two scans in C, whatever its length, and is then answered or relayed as one piece.

Invariants:
- Text from a person is sanitised before it stands in any frame, answer or log line: it cannot drive
  a terminal, and it cannot look like two lines.
- Only what begins with a name, `Server: `, `* `, `** `, `[PM ` or `-> ` is ever sent to somebody
  who did not write it.

Not here: state of any kind, and what a command does.
"""

import re
from typing import Final

CLOSE_SOCKET: Final = "CLOSE SOCKET"  # the farewell of the first clients of this server

TOO_LONG: Final = b"-> Message too long: the limit is 4096 bytes.\n"
NOT_UTF8: Final = b"-> Message is not valid UTF-8.\n"

# What a terminal would obey or misplace: C0 but for tab, DEL, C1, and what reorders or breaks lines
# (bidirectional embeddings, overrides and isolates; line and paragraph separators). Joiners stay:
# emoji need them.
_UNSAFE: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")

# Maps each byte that may stand in a plain run to itself and all others to LF, so that they change;
# `translate` gives back the same object if nothing changed.
_PLAIN_BYTES: Final = bytes(c if 0x20 <= c < 0x7F else 0x0A for c in range(256))
# What a line of a plain run does not begin with: a slash, the C of CLOSE SOCKET, or white space.
_SPECIAL_STARTS: Final = b"/cC \n"
_SPECIAL_LINE: Final = re.compile(rb"\n[/cC \n]")

# Maps the bytes of a plain run to upper case, LF to itself, and all others to NUL; a slash, too, as
# it may begin a command.
_SHOUTED: Final = bytes(
    c if c == 0x0A or (0x20 <= c < 0x7F and c != 0x2F) else 0 for c in range(256)
).upper()
_SPECIAL_SHOUT: Final = re.compile(rb"\n[C \n]")

# Characters of a person's input that an error repeats: enough to recognise it.
_MAX_QUOTE: Final = 40


def is_plain(run: bytes) -> bool:
    """Tell whether a run of lines (not empty, LF at its end) is safe text, to be said as it is."""
    return (
        run.translate(_PLAIN_BYTES) is run
        and run[0] not in _SPECIAL_STARTS
        and (run.find(b"\n") == len(run) - 1 or _SPECIAL_LINE.search(run) is None)
    )


def shouted(run: bytes) -> bytes | None:
    """Give a plain run in upper case, or None if it has to be looked at more closely.

    One scan, where `is_plain` and `bytes.upper` are two. None is also given for any slash.
    """
    shout = run.translate(_SHOUTED)
    if 0 in shout or shout[0] in b"C \n":
        return None
    if run.find(b"\n") == len(run) - 1 or _SPECIAL_SHOUT.search(shout) is None:
        return shout
    return None


def sanitise(text: str) -> str:
    """Replace by U+FFFD whatever could drive a terminal or forge a line."""
    # What is printable has none of it, and that test is several times faster than the substitution.
    return text if text.isprintable() else _UNSAFE.sub("\ufffd", text)


def split_command(text: str) -> tuple[str, str] | None:
    """Give a command's word, without its slash, and its argument; None if `text` is no command."""
    if len(text) == len(CLOSE_SOCKET) and text.isascii() and text.upper() == CLOSE_SOCKET:
        return "quit", ""
    if not text.startswith("/") or text.startswith("//"):
        return None
    word = text[1:].split(maxsplit=1)[0] if text[1:2].strip() else ""
    return word, text[1 + len(word) :].strip()


def spoken(text: str) -> str:
    """Give what a line that is no command says: `//text` stands for `/text`."""
    return text[1:] if text.startswith("//") else text


def prefixed(prefix: bytes, run: bytes) -> bytes:
    """Put `prefix` before each line of a run."""
    if run.find(b"\n") == len(run) - 1:
        return prefix + run
    return prefix + run[:-1].replace(b"\n", b"\n" + prefix) + b"\n"


def frame(text: str) -> bytes:
    """Encode one line."""
    return text.encode() + b"\n"


def answer(text: str) -> bytes:
    """Write the server's answer to a command, or an error."""
    return f"-> {text}\n".encode()


def notice(text: str) -> bytes:
    """Write something that happened."""
    return f"* {text}\n".encode()


def quote(text: str) -> str:
    """Shorten a person's input for an error that repeats it."""
    return text if len(text) <= _MAX_QUOTE else text[:_MAX_QUOTE] + "…"


# How the lines begin that say who is their author, for those who read them. A name has no white
# space, but for a given one.
NAME: Final = r"(?:Client \d+|[^\s:\[\]]+)"
SPEECH: Final = re.compile(rf"(?P<name>{NAME}): ")
ACTION: Final = re.compile(rf"\*\* (?P<name>{NAME}) ")
PRIVATE: Final = re.compile(rf"\[PM from (?P<name>{NAME})\] ")


def is_blank(text: str) -> bool:
    return not text or text.isspace()


def drop_blank_lines(batch: bytes) -> bytes:
    return re.sub(rb"(?m)^[ \t\r]*\n", b"", batch)


def wrong_protocol(first: bytes) -> bytes | None:
    return None
