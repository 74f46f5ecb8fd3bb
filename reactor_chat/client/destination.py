"""Where the server is: what a person writes for HOST.

    example.org   example.org:5000   [::1]:5000   chat://example.org:5000   chats://example.org

Not here: looking a name up, defaults of the command line.
"""

from typing import Final, NamedTuple

from reactor_chat.wire.addresses import split_host_port

PORT: Final = 56040


class Destination(NamedTuple):
    """A server's name or address, its port, and whether the connection is to be TLS."""

    host: str
    port: int
    tls: bool


def parse_destination(text: str, port: int | None = None, tls: bool = False) -> Destination:
    """Read what was written for HOST. Raises ValueError, with words, for what cannot be meant."""
    scheme, separator, rest = text.partition("://")
    if separator and scheme.lower() not in ("chat", "chats"):
        raise ValueError(f"{scheme}:// is unknown: it is chat:// or, with TLS, chats://")
    host, own_port = split_host_port(rest.removesuffix("/") if separator else text)
    if not host:
        raise ValueError("no host is named")
    if None not in (own_port, port) and own_port != port:
        raise ValueError("HOST and --port name different ports")
    ports = (number for number in (own_port, port, PORT) if number is not None)
    return Destination(host, next(ports), tls or scheme.lower() == "chats")
