"""Whether the server that answers is the one that was meant.

Either the system's authorities vouch for its certificate and its name, or it is known by its
fingerprint. `ssl` tells no certificate before it has accepted it, so there are two kinds of
handshake, and sometimes a second connection right after the first:

    no fingerprint is known     AUTHORITIES  --none vouches-->  ANY: who is it?  -->  UNKNOWN
    one is known                ANY  --it differs-->  AUTHORITIES  --none vouches-->  REFUSED
    one was given (`pinned`)    ANY  --it differs-->  REFUSED

Invariants:
- After a handshake that takes any certificate nothing is said before its fingerprint was judged.
- Every connection is judged anew: one that is made after a loss may lead elsewhere.
- Only who asks and is told yes calls `remember`: no fingerprint is remembered on the way.

Not here: asking, dialling, the file of those who are known.
"""

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from reactor_chat.client.known_servers import KnownServers, KnownServersError
from reactor_chat.net.tls_stream import TlsError, TlsStream, UnverifiedError, harden
from reactor_chat.wire.addresses import format_address
from reactor_chat.wire.fingerprints import fingerprint


class Decision(Enum):
    """What to do with a connection."""

    ACCEPTED = "talk"
    AGAIN = "connect once more, at once"
    UNKNOWN = "ask whether to trust it, if there is somebody to ask"
    REFUSED = "end, and do not connect again"
    FAILED = "treat it as any connection that was lost"


@dataclass(frozen=True)
class Verdict:
    """A decision, and what to tell of it.

    With UNKNOWN, `text` is for whoever is then asked, and `refusal` for where nobody can be.
    """

    decision: Decision
    text: str = ""
    refusal: str = ""
    fingerprint: str = ""


class _Kind(Enum):
    AUTHORITIES = "what they vouch for is accepted"
    ANY = "any certificate is accepted, for now"


_ACCEPTED = Verdict(Decision.ACCEPTED)
_AGAIN = Verdict(Decision.AGAIN)


def _verifying() -> ssl.SSLContext:
    return harden(ssl.create_default_context())


def _accepting() -> ssl.SSLContext:
    context = harden(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Trust:
    """Judges the connections to one server, one after the other.

    `pinned` is the fingerprint that alone is accepted; `authorities` makes the context that
    verifies.
    """

    def __init__(
        self,
        host: str,
        port: int,
        known: KnownServers,
        pinned: str | None = None,
        authorities: Callable[[], ssl.SSLContext] = _verifying,
    ) -> None:
        self._host = host.partition("%")[0].removesuffix(".").lower()  # no zone of IPv6
        self._server = format_address(self._host, port)
        self._known = known
        self._pinned = pinned
        self._makers = {_Kind.AUTHORITIES: authorities, _Kind.ANY: _accepting}
        self._contexts: dict[_Kind, ssl.SSLContext] = {}
        self._expected: str | None = None  # of the attempt under way
        self._plan: list[_Kind] = []  # the connections that it may take; this one first
        self._doubt = ""  # why no authority vouches
        self._seen = ""  # the fingerprint that differs

    def wrap(self, sock: socket.socket) -> TlsStream:
        """Return a connected socket's TLS, before the handshake. Raises TlsError."""
        if not self._plan:
            self._begin()
        kind = self._plan[0]
        if kind not in self._contexts:
            self._contexts[kind] = self._makers[kind]()
        try:
            return TlsStream(sock, self._contexts[kind], server_hostname=self._host)
        except (ValueError, ssl.SSLError) as error:  # a name that no certificate could bear
            self.start_over()
            raise TlsError(f"no certificate can be for {self._host!r}: {error}") from error

    def start_over(self) -> None:
        """Forget the attempt under way: the connection that AGAIN asked for could not be made."""
        self._plan = []

    def _begin(self) -> None:
        try:
            self._expected = self._pinned or self._known.find(self._server)
        except KnownServersError as error:
            raise TlsError(str(error)) from error
        if self._pinned:
            self._plan = [_Kind.ANY]
        elif self._expected:
            self._plan = [_Kind.ANY, _Kind.AUTHORITIES]
        else:
            self._plan = [_Kind.AUTHORITIES, _Kind.ANY]

    def judge(self, stream: TlsStream) -> Verdict:
        """Judge a connection whose handshake is done."""
        kind, *further = self._plan
        self._plan = []
        certificate = stream.certificate
        if kind is _Kind.AUTHORITIES:
            return _ACCEPTED
        if certificate is None:
            return Verdict(Decision.REFUSED, f"The server {self._server} shows no certificate.")
        self._seen = fingerprint(certificate)
        if self._expected is None:
            return self._unknown()
        if self._seen == self._expected:
            return _ACCEPTED
        if further:
            self._plan = further
            return _AGAIN
        return self._refused()

    def judge_failure(self, error: OSError) -> Verdict:
        """Judge a connection whose handshake has failed, or that was lost during it."""
        kind, *further = self._plan
        self._plan = []
        if kind is not _Kind.AUTHORITIES or not isinstance(error, UnverifiedError):
            return Verdict(Decision.FAILED)
        self._doubt = str(error).rstrip(".")
        if further:
            self._plan = further
            return _AGAIN
        return self._refused()

    def remember(self, verdict: Verdict) -> str | None:
        """Trust this certificate from now on; return why that could not be kept, if so."""
        try:
            self._known.remember(self._server, verdict.fingerprint)
        except KnownServersError as error:
            self._pinned = verdict.fingerprint  # for as long as this client runs
            return f"This will be asked again: {error}."
        return None

    def _unknown(self) -> Verdict:
        doubt = f"No authority vouches for the certificate of {self._server} ({self._doubt})."
        return Verdict(
            Decision.UNKNOWN,
            f"{doubt}\nIts fingerprint is {self._seen}\nThe server's operator can confirm it.",
            f"{doubt} If it is the right one, --trust {self._seen} accepts it.",
            self._seen,
        )

    def _refused(self) -> Verdict:
        if self._pinned:
            head, told = "is not the one to be trusted", "To be trusted"
            advice = "Nothing was said to it."
        else:
            head, told = "has changed", "Remembered"
            advice = (
                "Somebody may be in between. If the operator confirms the new one, "
                f"delete the line of {self._server} in {self._known.path}."
            )
        return Verdict(
            Decision.REFUSED,
            f"The certificate of {self._server} {head}.\n"
            f"{told}: {self._expected}\nShown now: {self._seen}\n{advice}",
        )
