"""The forms of the values that the server can be told, on the command line or in a file.

Invariant: whatever is wrong is an `argparse.ArgumentTypeError` that says what would have been
right, in one line; argparse prints that as it is, where it hides the text of a `ValueError`.

Not here: which options there are, and what they mean (`settings`).
"""

import argparse
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from reactor_chat.wire.addresses import format_address, split_host_port

PORT: Final = 56040
LOG_FORMATS: Final = ("plain", "dated", "json")

_UNITS: Final = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}

_PORT: Final = re.compile(r"[0-9]{1,5}")
_SIZE: Final = re.compile(r"([0-9]{1,18})([KMG]?)", re.IGNORECASE)


class Door(NamedTuple):
    """A place to listen at."""

    host: str  # `*`: every address of this machine
    port: int
    tls: bool = False

    def __str__(self) -> str:
        """Return the URL that means this."""
        return f"{'chats' if self.tls else 'chat'}://{format_address(self.host, self.port)}"


class Kind(NamedTuple):
    """A form of values: how it is read from the command line, and what it is in a file."""

    parse: Callable[[str], Any]
    in_file: tuple[type, ...] = (str,)
    called: str = "a text"


def _fail(message: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(message)


def _number(kind: type[int] | type[float], least: int) -> Callable[[str], Any]:
    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = least - 1
        if not least <= value < float("inf"):
            raise _fail(f"{text} is not a number from {least} up")
        return value

    return parse


def parse_port(text: str) -> int:
    """Read the number of a port."""
    if not _PORT.fullmatch(text) or int(text) > 65535:
        raise _fail(f"{text} is not a port")
    return int(text)


def parse_host(text: str) -> tuple[str, int | None]:
    """Read `HOST`, `HOST:PORT`, or either with an address in brackets."""
    try:
        host, port = split_host_port(text)
    except ValueError as error:
        raise _fail(str(error).rstrip(".")) from error
    # Nothing stands for all addresses to getaddrinfo(3); here it is a variable that was not set.
    if not host.strip("[]"):
        raise _fail("no host is named")
    return host, port


def parse_size(text: str) -> int:
    """Read a number of bytes, as in `65536`, `64K`, `64M` and `1G`."""
    size = _SIZE.fullmatch(text)
    if size is None or not int(size[1]):
        raise _fail(f"{text} is not a size, as 65536, 64K, 64M and 1G are")
    return int(size[1]) * _UNITS[size[2].upper()]


def _parse_url(text: str) -> Door:
    scheme, mark, rest = text.partition("://")
    if not mark or scheme not in ("chat", "chats"):
        raise _fail(f"{text} is not of the form chat://HOST:PORT or chats://HOST:PORT")
    host, port = parse_host(rest.removesuffix("/"))
    return Door(host, PORT if port is None else port, scheme == "chats")


def _parse_format(text: str) -> str:
    if text not in LOG_FORMATS:
        raise _fail(f"{text} is none of {', '.join(LOG_FORMATS)}")
    return text


def _parse_file(text: str) -> str:
    if not text:
        raise _fail("no file is named")
    return text


COUNT: Final = Kind(_number(int, 1), (int,), "a whole number")
COUNT_OR_0: Final = Kind(_number(int, 0), (int,), "a whole number")
RATE: Final = Kind(_number(float, 0), (int, float), "a number")
SIZE: Final = Kind(parse_size, (int, str), "a size")
FLAG: Final = Kind(bool, (bool,), "true or false")
FILE: Final = Kind(_parse_file)
URLS: Final = Kind(_parse_url, (list,), "a list of URLs")
HOST: Final = Kind(parse_host)
PORT_NUMBER: Final = Kind(parse_port, (int,), "a port")
FORMAT: Final = Kind(_parse_format)
