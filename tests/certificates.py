"""Certificates for tests, made by `openssl` once a run, in a folder that goes with the run.

Not here: what they are tested for.
"""

import atexit
import functools
import hashlib
import shutil
import ssl
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from reactor_chat.net.tls_stream import harden


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key (PEM)."""

    cert: Path
    key: Path

    @property
    def der(self) -> bytes:
        return ssl.PEM_cert_to_DER_cert(self.cert.read_text())

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.der).hexdigest()

    def server_context(self, tickets: int = 0) -> ssl.SSLContext:
        context = harden(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        context.num_tickets = tickets
        context.load_cert_chain(self.cert, self.key)
        return context

    def client_context(self) -> ssl.SSLContext:
        """A client's that trusts this certificate, and no other."""
        context = harden(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        context.load_verify_locations(self.cert)
        return context


@functools.cache
def folder() -> Path:
    path = Path(tempfile.mkdtemp(prefix="certificates-"))
    atexit.register(shutil.rmtree, path)
    return path


def certificate(name: str = "localhost") -> Certificate:
    """A self-signed one for `name`."""
    return _self_signed(name)


@functools.cache
def _self_signed(name: str) -> Certificate:
    made = Certificate(folder() / f"{name}.pem", folder() / f"{name}.key")
    _openssl(
        *("req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
        *("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1"),
        *("-days", "30", "-keyout", str(made.key), "-out", str(made.cert)),
    )
    return made


@functools.cache
def expired_certificate() -> Certificate:
    """One for localhost whose time is over. Only a certificate authority can date one back."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        config, request, index = place / "ca.cnf", place / "request", place / "index"
        index.touch()
        config.write_text(
            f"[ca]\ndefault_ca = own\n[own]\ndatabase = {index}\nnew_certs_dir = {place}\n"
            "default_md = sha256\nrand_serial = yes\npolicy = any\n[any]\ncommonName = supplied\n"
        )
        made = Certificate(folder() / "expired.pem", folder() / "expired.key")
        shutil.copy(certificate().key, made.key)
        key = str(made.key)
        _openssl("req", "-new", "-key", key, "-subj", "/CN=localhost", "-out", str(request))
        _openssl(
            *("ca", "-config", str(config), "-selfsign", "-batch", "-notext"),
            *("-startdate", "20200101000000Z", "-enddate", "20200102000000Z"),
            *("-keyfile", key, "-in", str(request), "-out", str(made.cert)),
        )
    return made


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
