"""How the addresses of machines are written, for people and by them.

An address of IPv6 counts as its /64: that is what one household or one rented machine has, so
counting or banning single addresses of it would count and ban nobody. An address of IPv4 that
arrives on a socket of IPv6 (`::ffff:10.0.0.1`) is the one of IPv4.

Invariants:
- What `format_address` writes, `split_host_port` reads.
- Every spelling of an address, with its brackets and its scope (`%eth0`), means the same here.

Not here: looking names up, and who is banned.
"""

import ipaddress
import re
from functools import lru_cache
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# What one subscriber of IPv6 has at least (RFC 6177).
_SUBSCRIBER: Final = 64

# Where the address of IPv4 begins in `::ffff:10.0.0.1`, in bits.
_MAPPED: Final = 96

# No text that is longer is an address: 45 characters of IPv6, its brackets, and a scope.
_LONGEST: Final = 80

_DOTTED: Final = re.compile(r"[0-9]+(?:\.[0-9]+){3}")
_PORT: Final = re.compile(r"[0-9]{1,5}")
_PREFIX: Final = re.compile(r"[0-9]{1,3}")
_LAST_PORT: Final = 65535


def format_address(host: str, port: int) -> str:
    """Write an address; one of IPv6 in brackets (RFC 3986, 3.2.2)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def strip_brackets(host: str) -> str:
    """Take an address of IPv6 out of its brackets; return anything else as it is."""
    return host[1:-1] if ":" in host and host[0] == "[" and host[-1] == "]" else host


def split_host_port(text: str) -> tuple[str, int | None]:
    """Split `HOST`, `HOST:PORT`, `ADDRESS` or `[ADDRESS]:PORT`; raise ValueError for a bad port."""
    host, colon, port = text.rpartition(":")
    if not colon or (":" in host and host[-1] != "]") or text.endswith("]"):
        return strip_brackets(text), None
    if not _PORT.fullmatch(port) or int(port) > _LAST_PORT:
        raise ValueError(f"{port or 'nothing'} is no port: a port is a number up to {_LAST_PORT}.")
    return strip_brackets(host), int(port)


def parse_address(host: str) -> Address | None:
    """Return the address that `host` spells, or None; one of IPv4 for one that is mapped."""
    if len(host) > _LONGEST:
        return None
    try:
        address = ipaddress.ip_address(strip_brackets(host).partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def canonical(host: str) -> str:
    """Return the one spelling of an address, or "" if it is none (RFC 4291, RFC 5952)."""
    address = parse_address(host)
    return "" if address is None else str(address)


def looks_like_address(text: str) -> bool:
    """Return whether people and programs may take `text` for an address, be it valid or not."""
    return _DOTTED.fullmatch(text) is not None or (":" in text and parse_address(text) is not None)


@lru_cache(maxsize=4096)
def is_local(host: str) -> bool:
    """Return whether `host` is a loopback address: nobody from elsewhere has one."""
    address = parse_address(host)
    return address is not None and address.is_loopback


@lru_cache(maxsize=4096)
def counting_key(host: str) -> str:
    """Return that by which callers are counted: an address of IPv4, the /64 of one of IPv6.

    What is no address (the peer of a Unix socket) is its own key.
    """
    network = parse_ban(host)
    return host if network is None else format_network(network)


def parse_ban(text: str) -> Network | None:
    """Return the network that `text` spells, `10.0.0.0/8` or one address (IPv6: its /64)."""
    host, slash, prefix = text.partition("/")
    address = parse_address(host)
    if address is None or (slash and not _PREFIX.fullmatch(prefix)):
        return None
    # All neighbours on a link share one /64 of link-local addresses.
    alone = address.version == 4 or address.is_link_local
    length: int = address.max_prefixlen if alone else _SUBSCRIBER
    if slash:
        length = int(prefix) - (_MAPPED if _is_mapped(host) else 0)
    try:
        return ipaddress.ip_network((address.packed, length), strict=False)
    except ValueError:
        return None


def format_network(network: Network) -> str:
    """Write a network; one address of IPv4 without its /32."""
    whole = network.version == 4 and network.prefixlen == network.max_prefixlen
    return str(network.network_address) if whole else str(network)


def _is_mapped(host: str) -> bool:
    return ":" in host and ":" not in canonical(host)
