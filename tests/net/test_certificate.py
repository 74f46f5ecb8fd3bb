"""A server's certificate: what is of no use is told in one line, and never replaces what is."""

import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import tests.certificates
from reactor_chat.net.certificate import Certificate, CertificateError
from tests.certificates import certificate, expired_certificate, folder


class CertificateTest(unittest.TestCase):
    def setUp(self) -> None:
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.cert, self.key = Path(place.name, "cert.pem"), Path(place.name, "key.pem")
        self.install(certificate())

    def install(self, made: tests.certificates.Certificate) -> None:
        shutil.copy(made.cert, self.cert)
        shutil.copy(made.key, self.key)

    def reason(self) -> str:
        """Why the two files cannot be used."""
        with self.assertRaises(CertificateError) as caught:
            Certificate(self.cert, self.key)
        return str(caught.exception)

    def test_a_good_one_is_known_by_its_fingerprint(self) -> None:
        digits = Certificate(self.cert, self.key).fingerprint.removeprefix("SHA256:")
        self.assertEqual(digits.replace(":", "").lower(), certificate().digest)

    def test_certificate_and_key_may_be_one_file(self) -> None:
        self.cert.write_text(self.key.read_text() + self.cert.read_text())
        Certificate(self.cert, self.cert)

    def test_a_file_that_is_not_there_is_named(self) -> None:
        self.key.unlink()
        self.assertEqual(self.reason(), f"cannot read {self.key}: No such file or directory")

    def test_what_is_no_certificate_or_no_key_is_named(self) -> None:
        self.cert.write_text("hello")
        self.assertEqual(self.reason(), f"{self.cert} holds no certificate (PEM)")
        self.install(certificate())
        self.key.write_bytes(b"\xff\x00")
        self.assertEqual(self.reason(), f"{self.key} holds no private key (PEM)")

    def test_what_is_damaged_is_refused(self) -> None:
        text = self.cert.read_text()
        self.cert.write_text(text[:100] + text[200:])
        self.assertIn(str(self.cert), self.reason())
        self.install(certificate())
        text = self.key.read_text()
        self.key.write_text(text[:60] + text[80:])
        self.assertIn(str(self.key), self.reason())

    def test_a_key_of_another_certificate_is_refused(self) -> None:
        shutil.copy(certificate("elsewhere").key, self.key)
        self.assertEqual(
            self.reason(),
            f"the key in {self.key} does not belong to the certificate in {self.cert}",
        )

    def test_one_that_has_expired_is_refused(self) -> None:
        self.install(expired_certificate())
        self.assertEqual(self.reason(), f"the certificate in {self.cert}: certificate has expired")

    def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked(self) -> None:
        command = ["openssl", "pkey", "-aes256", "-passout", "pass:secret"]
        locked = [*command, "-in", str(certificate().key), "-out", str(self.key)]
        subprocess.run(locked, check=True, capture_output=True)
        self.assertIn("passphrase", self.reason())

    def test_a_renewed_one_takes_its_place(self) -> None:
        held = Certificate(self.cert, self.key)
        before = held.context, held.fingerprint
        self.install(certificate("elsewhere"))
        self.assertIsNone(held.reload())
        self.assertIsNot(held.context, before[0])
        self.assertNotEqual(held.fingerprint, before[1])

    def test_a_bad_one_changes_nothing_and_says_why(self) -> None:
        held = Certificate(self.cert, self.key)
        before = held.context, held.fingerprint
        shutil.copy(certificate("elsewhere").cert, self.cert)  # its key is still to come
        self.assertIn("does not belong", held.reload() or "")
        self.assertEqual((held.context, held.fingerprint), before)
        shutil.copy(certificate("elsewhere").key, self.key)
        self.assertIsNone(held.reload())

    def test_other_files_take_their_place_only_if_they_are_good(self) -> None:
        held = Certificate(self.cert, self.key)
        other = certificate("elsewhere")
        self.assertIn("cannot read", held.reload(folder() / "none.pem", other.key) or "")
        self.assertIsNone(held.reload())
        self.assertIsNone(held.reload(other.cert, other.key))
        before = held.fingerprint
        self.assertIsNone(held.reload())
        self.assertEqual(held.fingerprint, before)
