"""A server's certificate and key: read from files, tried out, and renewed while the server runs.

Invariants:
- What is in use is whole: a pair is loaded into a context of its own and has carried a handshake
  before it takes the place of the one in use. If anything is wrong, that one stays. (A renewal
  replaces two files, one after the other: between them they do not belong together.)
- Connections keep the context with which they began.
- Nobody is asked for a passphrase: the loop cannot wait for one.

Not here: when to read anew, and the connections.
"""

import ssl
from pathlib import Path
from typing import Final

from reactor_chat.net.tls_stream import harden
from reactor_chat.wire.fingerprints import fingerprint

_MAX_STEPS: Final = 10  # of a handshake with oneself; it takes four


class CertificateError(Exception):
    """Why a certificate cannot be used, in one line."""


class Certificate:
    """What a server shows its callers. Raises CertificateError if the files are of no use."""

    def __init__(self, cert: Path, key: Path) -> None:
        self._cert = cert
        self._key = key
        self.context, self.fingerprint = _load(cert, key)

    def reload(self, cert: Path | None = None, key: Path | None = None) -> str | None:
        """Take what is in the files now, or in others; return why not, and then change nothing."""
        cert, key = cert or self._cert, key or self._key
        try:
            self.context, self.fingerprint = _load(cert, key)
        except CertificateError as error:
            return str(error)
        self._cert, self._key = cert, key
        return None


def _load(cert: Path, key: Path) -> tuple[ssl.SSLContext, str]:
    """Return a context for new connections, and the certificate's fingerprint."""
    certificate = _read_certificate(cert)
    if "PRIVATE KEY-----" not in _read(key):
        raise CertificateError(f"{key} holds no private key (PEM)")
    context = harden(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    # A ticket would spare a client that comes back one signature, and cost every other one two.
    context.num_tickets = 0
    try:
        context.load_cert_chain(cert, key, password=_refuse_passphrase)
    except ssl.SSLError as error:
        raise CertificateError(_explain(error, cert, key)) from error
    except OSError as error:  # a file has gone meanwhile
        raise CertificateError(f"cannot read {cert} and {key}: {error.strerror}") from error
    _try_out(context, certificate, cert)
    return context, fingerprint(certificate)


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace")
    except OSError as error:
        raise CertificateError(f"cannot read {path}: {error.strerror}") from error


def _read_certificate(path: Path) -> bytes:
    """Return the first certificate of a file, which is the server's own (DER)."""
    begin, end = ssl.PEM_HEADER, ssl.PEM_FOOTER
    _, found, rest = _read(path).partition(begin)
    body, ended, _ = rest.partition(end)
    try:
        return ssl.PEM_cert_to_DER_cert(found + body + ended)
    except ValueError:
        raise CertificateError(f"{path} holds no certificate (PEM)") from None


def _refuse_passphrase() -> str:
    raise CertificateError("the key has a passphrase, and nobody is there to enter it")


def _explain(error: ssl.SSLError, cert: Path, key: Path) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"the key in {key} does not belong to the certificate in {cert}"
    reason = (error.reason or "not understood").replace("_", " ").lower()
    return f"cannot use {cert} and {key}: {reason}"


def _try_out(context: ssl.SSLContext, certificate: bytes, path: Path) -> None:
    """Shake hands with oneself, as a client that trusts this certificate: is it still valid?"""
    calling = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    calling.check_hostname = False
    calling.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        calling.load_verify_locations(cadata=certificate)
        client = calling.wrap_bio(down, up)
        _shake_hands(client, context.wrap_bio(up, down, server_side=True))
    except ssl.SSLCertVerificationError as error:
        raise CertificateError(f"the certificate in {path}: {error.verify_message}") from error
    except ssl.SSLError as error:
        reason = (error.reason or "no handshake").replace("_", " ").lower()
        raise CertificateError(f"cannot use {path}: {reason}") from error


def _shake_hands(client: ssl.SSLObject, server: ssl.SSLObject) -> None:
    undone = [client, server]
    for _ in range(_MAX_STEPS):
        for end in undone[:]:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            undone.remove(end)
