"""Passwords: what is kept of one, and whether another is the same.

Invariant: a check costs the same whether the name exists or not, so that its time tells nothing.

Not here: where hashes are kept, and how many are worked out at a time.
"""

import hashlib
import hmac
import os
from typing import Final, NamedTuple

# 16 MiB and 50 ms on a small machine: OWASP's choice for interactive logins is of this order.
_COST: Final = 2**14
_BLOCK_SIZE: Final = 8
_MEMORY: Final = 64 * 1024 * 1024  # what OpenSSL may take: a little over 128 * cost * block size

_SALT_SIZE: Final = 16


class Secret(NamedTuple):
    """What is kept of a password."""

    salt: bytes
    hash: bytes


def make_secret(password: str) -> Secret:
    """Return what to keep of a password."""
    salt = os.urandom(_SALT_SIZE)
    return Secret(salt, _work_out(password, salt))


def matches(password: str, secret: Secret | None) -> bool:
    """Return whether the password is that of `secret`; there may be none."""
    expected = secret or _NOBODY
    found = _work_out(password, expected.salt)
    return hmac.compare_digest(found, expected.hash) and secret is not None


def _work_out(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=_COST, r=_BLOCK_SIZE, p=1, maxmem=_MEMORY)


_NOBODY: Final = Secret(bytes(_SALT_SIZE), bytes(64))
