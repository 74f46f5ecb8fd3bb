"""What some clients send that is no text: the commands of Telnet, and a byte order mark.

telnet(1) and PuTTY negotiate options and send a command for Ctrl-C (RFC 854); an editor may put a
byte order mark before the text that it pipes in. Left in a line, either would make it invalid UTF-8
or change a command's first letter.

Invariants:
- What stays depends on the bytes alone, never on how they were cut into chunks: a command that has
  not ended is returned apart, for the next chunk to end it.
- What looks like a command and never ends silences nobody: it is content again after
  `MAX_SUBNEGOTIATION` bytes.

Not here: lines (`framing`), and what is answered.
"""

import re
from typing import Final

# What one subnegotiation of Telnet may hold. Those of telnet(1) and PuTTY (window size, terminal,
# environment) are shorter, and nobody is asked for any here.
MAX_SUBNEGOTIATION: Final = 256

# After Ctrl-C, telnet(1) asks for the first and discards all output until it has read the second
# (RFC 860).
TIMING_MARK_WANTED: Final = b"\xff\xfd\x06"
TIMING_MARK_REFUSED: Final = b"\xff\xfc\x06"

# What every command of Telnet begins with (IAC). It never occurs in UTF-8. (A number: looking for a
# byte as `bytes` takes ten times as long.)
COMMAND_BYTE: Final = 0xFF

# An option is asked for or refused (WILL, WONT, DO, DONT) in three bytes. No option in use has the
# number of LF, so a line that ends in the middle stays a line. A subnegotiation (SB) runs up to SE,
# and has none within it.
_SUBNEGOTIATION: Final = rb"\xfa(?:[^\xff]|\xff[^\xf0\xfa]){0,%d}+" % MAX_SUBNEGOTIATION
_TELNET: Final = re.compile(
    rb"\xff(?:[\xf0-\xf9\xff]|[\xfb-\xfe][^\n]|" + _SUBNEGOTIATION + rb"\xff\xf0)"
    # What stays: text, the beginning of a command at the end of the data, and no command.
    rb"|((?:[^\xff]++|\xff(?=[\x00-\xef]))++"
    rb"|\xff(?:[\xfb-\xfe]|" + _SUBNEGOTIATION + rb"\xff?)?\Z|\xff)",
    re.DOTALL,
)
_LONG_COMMANDS: Final = (b"\xff\xfa", b"\xff\xfb", b"\xff\xfc", b"\xff\xfd", b"\xff\xfe")
_BYTE_ORDER_MARK: Final = "\ufeff".encode()


def split_commands(data: bytes) -> tuple[bytes, bytes]:
    """Return `data` without the commands in it, and a command at its end that has not ended."""
    stays = _TELNET.findall(data)
    last = stays[-1] if stays else b""
    has_begun = last == b"\xff" or last.startswith(_LONG_COMMANDS)
    begun = stays.pop() if has_begun else b""
    return b"".join(stays), begun


def strip_byte_order_mark(start: bytes) -> tuple[bytes, bool]:
    """Return the start of a stream without the mark, and whether it is past the mark's place."""
    if start.startswith(_BYTE_ORDER_MARK):
        return start[len(_BYTE_ORDER_MARK) :], True
    return start, not _BYTE_ORDER_MARK.startswith(start)
