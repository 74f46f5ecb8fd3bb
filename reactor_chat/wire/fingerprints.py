"""How a certificate's fingerprint is written, for people to compare.

Invariant: `parse_fingerprint` reads what `fingerprint` writes, what `openssl x509 -fingerprint
-sha256` prints, bare hexadecimal digits, and the Base64 that `ssh` writes.

Not here: whose certificate it is, and whether to trust it.
"""

import base64
import binascii
import hashlib
import re
from typing import Final

_PREFIX: Final = "SHA256:"
_SIZE: Final = 32  # bytes
_PREFIXES: Final = re.compile(r"\s*(?:sha-?256\s*(?:fingerprint\s*)?[:=])?\s*", re.IGNORECASE)


def fingerprint(certificate: bytes) -> str:
    """Return the fingerprint of a certificate (DER), as in "SHA256:0A:1B:…"."""
    return _PREFIX + hashlib.sha256(certificate).digest().hex(":").upper()


def parse_fingerprint(text: str) -> str:
    """Return a fingerprint in the form of `fingerprint`. Raises ValueError if it is none."""
    digits = text[len(_PREFIXES.match(text)[0]) :].strip()  # type: ignore[index]
    for decode in (_from_hex, _from_base64):
        digest = decode(digits)
        if digest is not None and len(digest) == _SIZE:
            return _PREFIX + digest.hex(":").upper()
    raise ValueError("a fingerprint is SHA256: and 64 hexadecimal digits")


def _from_hex(text: str) -> bytes | None:
    try:
        return bytes.fromhex(text.replace(":", ""))
    except ValueError:
        return None


def _from_base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text.rstrip("=") + "=", validate=True)
    except (binascii.Error, ValueError):
        return None
