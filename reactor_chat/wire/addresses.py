"""How the addresses of machines are written, for people and by them.

Invariant: what `format_address` writes before the port, `strip_brackets` reads.

Not here: looking names up, and what is done with an address.
"""

import ipaddress


def format_address(host: str, port: int) -> str:
    """Write an address; one of IPv6 in brackets (RFC 3986, 3.2.2)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def strip_brackets(host: str) -> str:
    """Take an address of IPv6 out of its brackets; give anything else as it is."""
    return host[1:-1] if ":" in host and host[0] == "[" and host[-1] == "]" else host


def canonical(host: str) -> str:
    """Give the one spelling of an address, or "" if it is none (RFC 4291, RFC 5952)."""
    try:
        address = ipaddress.ip_address(strip_brackets(host).partition("%")[0])
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
