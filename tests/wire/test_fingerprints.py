"""Fingerprints: one way to write them, several to read."""

import base64
import hashlib
import unittest

from reactor_chat.wire.fingerprints import fingerprint, parse_fingerprint

DIGEST = hashlib.sha256(b"a certificate").digest()
WRITTEN = "SHA256:" + ":".join(f"{byte:02X}" for byte in DIGEST)


class FingerprintTest(unittest.TestCase):
    def test_it_is_written_as_openssl_writes_it(self) -> None:
        self.assertEqual(fingerprint(b"a certificate"), WRITTEN)

    def test_it_is_read_in_the_forms_that_tools_write(self) -> None:
        in_base64 = base64.b64encode(DIGEST).decode()
        for text in (
            WRITTEN,
            WRITTEN.lower(),
            WRITTEN.removeprefix("SHA256:"),
            f" sha256 Fingerprint={WRITTEN.removeprefix('SHA256:')}\n",
            f"SHA256:{DIGEST.hex()}",
            DIGEST.hex().upper(),
            f"SHA256:{in_base64}",
            f"SHA256:{in_base64.rstrip('=')}",
        ):
            with self.subTest(text=text):
                self.assertEqual(parse_fingerprint(text), WRITTEN)

    def test_anything_else_is_refused(self) -> None:
        for text in (
            "",
            "SHA256:",
            "SHA256:…",
            DIGEST.hex()[:-2],
            DIGEST.hex() + "00",
            f"MD5:{DIGEST.hex()}",
            f"SHA1:{WRITTEN}",
            "é" * 64,
            "=" * 44,
        ):
            with self.subTest(text=text), self.assertRaisesRegex(ValueError, "64 hexadecimal"):
                parse_fingerprint(text)
