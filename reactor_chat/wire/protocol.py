"""What a line means and how replies are written: the words of the conversation, without the people.

A message reaches this module as bytes without LF, and leaves it as a *frame*: bytes that end with
LF, ready to be appended to any number of send queues.

Most lines need nothing done to them: printable ASCII, no command. A *batch* of such lines is
recognised by two scans in C, whatever its length, and is then answered or relayed as one piece.

Invariants:
- Text from a person is sanitised before it stands in any frame, answer or log line: it cannot drive
  a terminal, and it cannot look like two lines.
- Only what begins with a name, `Server: `, `* `, `** `, `[PM ` or `-> ` is ever sent to somebody
  who did not write it. Before it, there may be the name of a room in brackets, or tags.
- A batch costs time in proportion to its bytes, blank lines included: a slice of nothing but LF has
  16,384 lines.

Not here: state of any kind, and what a command does.
"""

import re
from typing import Final

CLOSE_SOCKET: Final = "CLOSE SOCKET"  # the farewell of the first clients of this server

TOO_LONG: Final = b"-> Message too long: the limit is 4096 bytes.\n"
NOT_UTF8: Final = b"-> Message is not valid UTF-8.\n"

TLS_REFUSED: Final = b"-> This is a chat server without TLS on this port.\n"
HTTP_REFUSED: Final = b"-> This is a chat server, and no web server.\n"

# What a terminal would obey or misplace: C0 but for tab, DEL, C1, and what reorders or breaks lines
# (bidirectional embeddings, overrides and isolates; line and paragraph separators). Joiners stay:
# emoji need them.
_UNSAFE: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")

# Maps each byte that may stand in a plain batch to itself and all others to LF, so that they
# change; `translate` gives back the same object if nothing changed.
_PLAIN_BYTES: Final = bytes(c if 0x20 <= c < 0x7F else 0x0A for c in range(256))
# What a line of a plain batch does not begin with: a slash, the C of CLOSE SOCKET, or white space.
_SPECIAL_STARTS: Final = b"/cC \n"
_SPECIAL_LINE: Final = re.compile(rb"\n[/cC \n]")

# Maps the bytes of a plain batch to upper case, LF to itself, and all others to NUL; a slash, too,
# as it may begin a command.
_SHOUTED: Final = bytes(
    c if c == 0x0A or (0x20 <= c < 0x7F and c != 0x2F) else 0 for c in range(256)
).upper()
_SPECIAL_SHOUT: Final = re.compile(rb"\n[C \n]")

# Blank lines after a line. Those with a CR elsewhere than at their end are not blank (it would be
# shown), and where there are such ones, lines with CR are left to be looked at one by one.
_BLANK_LINES: Final = re.compile(rb"\n[ \t\r\n]*\n")
_BLANK_LINES_WITHOUT_CR: Final = re.compile(rb"\n[ \t\n]*\n")

# What can be seen: all but blanks, joiners, fillers, and format characters. These are Unicode's
# White_Space (without what is a control character) and Default_Ignorable_Code_Point, and what is
# drawn as nothing besides: an empty Braille cell, annotation marks, the blanks and joiners among
# the hieroglyphs.
_VISIBLE: Final = re.compile(
    "[^ \t\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f"
    "\u2028-\u202f\u205f-\u206f\u2800\u2d7f\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001107f\U00013430-\U00013442\U00016fe4\U0001bca0-\U0001bca3\U0001d159"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

# How a ClientHello begins: a record of a handshake (22), of version 3.x (RFC 8446, 5.1). And how a
# request begins: a method, a target, a version. There are many methods (WebDAV has its own); after
# the usual ones any target counts, and a long one that may not have ended yet.
_TLS: Final = re.compile(rb"\x16\x03[\x00-\x04]")
_HTTP: Final = re.compile(
    rb"(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI) "
    rb"(?:[^\s]{1,8000} HTTP/[0-9]|(?:/|https?://)[^\s]{200,}\Z)"
    rb"|[A-Z][A-Z-]{2,19} (?:/|\*|https?://)[^\s]{0,8000} HTTP/[0-9]"
)

# Characters of a person's input that an error repeats: enough to recognise it.
_MAX_QUOTE: Final = 40


def is_plain(batch: bytes, lines: int) -> bool:
    """Return whether so many whole lines (one or more) are safe text, to be said as they are."""
    return (
        batch.translate(_PLAIN_BYTES) is batch
        and batch[0] not in _SPECIAL_STARTS
        and (lines == 1 or _SPECIAL_LINE.search(batch) is None)
    )


def shouted(batch: bytes) -> bytes | None:
    """Return a plain batch in upper case, or None if it has to be looked at more closely.

    One scan, where `is_plain` and `bytes.upper` are two. The answer is None for any slash, too.
    """
    shout = batch.translate(_SHOUTED)
    if 0 in shout or shout[0] in b"C \n":
        return None
    if batch.find(b"\n") == len(batch) - 1 or _SPECIAL_SHOUT.search(shout) is None:
        return shout
    return None


def drop_blank_lines(batch: bytes) -> bytes:
    """Return a batch without its lines of nothing but ASCII blanks, before any is looked at."""
    ends_only = batch.count(b"\r") == batch.count(b"\r\n")
    pattern = _BLANK_LINES if ends_only else _BLANK_LINES_WITHOUT_CR
    return pattern.sub(b"\n", b"\n" + batch)[1:]


def is_blank(text: str) -> bool:
    """Return whether nothing of `text` can be seen.

    Ask before `sanitise`, which shows what was not to be seen.
    """
    return _VISIBLE.search(text) is None


def looks_like_tls(data: bytes) -> bool:
    """Return whether the first bytes of a stream are those of a TLS client."""
    return _TLS.match(data) is not None


def looks_like_http(data: bytes) -> bool:
    """Return whether the first bytes of a stream are those of a web client."""
    return _HTTP.match(data) is not None


def wrong_protocol(data: bytes) -> bytes | None:
    """Return the one line for a stream that begins so and is no chat, or None if it may be one."""
    if looks_like_tls(data):
        return TLS_REFUSED
    return HTTP_REFUSED if looks_like_http(data) else None


def sanitise(text: str) -> str:
    """Replace by U+FFFD whatever could drive a terminal or forge a line."""
    # What is printable has none of it, and that test is several times faster than the substitution.
    return text if text.isprintable() else _UNSAFE.sub("\ufffd", text)


def split_command(text: str) -> tuple[str, str] | None:
    """Return a command's word, without its slash, and its argument; None if `text` is none.

    An argument in which nothing can be seen is "".
    """
    if _is_farewell(text):
        return "quit", ""
    if not text.startswith("/") or text.startswith("//"):
        return None
    word = text[1:].split(maxsplit=1)[0] if text[1:2].strip() else ""
    argument = text[1 + len(word) :].strip()
    return word, "" if is_blank(argument) else argument


def _is_farewell(text: str) -> bool:
    """Return whether `text` is CLOSE SOCKET, in any case, blanks around it or not."""
    text = text.strip()
    # The length first: most lines end here. ASCII only, for the capital of a long s is S.
    return len(text) == len(CLOSE_SOCKET) and text.isascii() and text.upper() == CLOSE_SOCKET


def spoken(text: str) -> str:
    """Return what a line that is no command says: `//text` stands for `/text`."""
    return text[1:] if text.startswith("//") else text


def prefixed(prefix: bytes, batch: bytes) -> bytes:
    """Put `prefix` before each line of a batch."""
    if batch.find(b"\n") == len(batch) - 1:
        return prefix + batch
    return prefix + batch[:-1].replace(b"\n", b"\n" + prefix) + b"\n"


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
# space, but for a given one; a room's name neither.
NAME: Final = r"(?:Client \d+|[^\s:\[\]]+)"
SPEECH: Final = re.compile(rf"(?P<name>{NAME}): ")
ACTION: Final = re.compile(rf"\*\* (?P<name>{NAME}) ")
PRIVATE: Final = re.compile(rf"\[PM from (?P<name>{NAME})\] ")
OTHER_ROOM: Final = re.compile(r"\[(?P<room>[^\s:\[\]]+)\] ")


def split_tags(line: str) -> tuple[dict[str, str], str]:
    """Return the tags of a line `@key=value;key=value text`, and the line without them.

    For those who have asked for tags; before that, a line that begins so is only text.
    """
    if not line.startswith("@"):
        return {}, line
    tags, _, text = line[1:].partition(" ")
    return {key: value for key, _, value in (tag.partition("=") for tag in tags.split(";"))}, text
