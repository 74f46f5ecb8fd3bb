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


@functools.cache
def certificate(name: str = "localhost", days: int = 30) -> Certificate:
    """A self-signed one for `name`; with negative `days` it has expired."""
    made = Certificate(folder() / f"{name}{days}.pem", folder() / f"{name}{days}.key")
    command = [
        *("openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-days", str(days)),
        *("-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", f"/CN={name}"),
        *("-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1"),
        *("-keyout", str(made.key), "-out", str(made.cert)),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return made
