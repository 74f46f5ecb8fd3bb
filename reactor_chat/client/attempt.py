"""One attempt to be connected to a server: reached, and where TLS is asked for, known to be it.

    Dial -- sock --> plain: link
                     TLS:   handshake -- trust.judge --> link | once more | refused

Invariants:
- Where TLS is asked for, a connection without it is never made: not at first, not after a loss.
- No byte of the conversation leaves before the server's certificate was judged.
- What is under way is closed when the attempt is; the link that came of it stays.

Not here: which certificate is trusted (`trust`), whom to ask about one that nobody knows.
"""

from collections.abc import Callable, Sequence
from typing import Final

from reactor_chat.client.destination import Destination
from reactor_chat.client.dialing import Dial
from reactor_chat.client.resolving import Address
from reactor_chat.client.server_link import ServerLink
from reactor_chat.client.trust import Decision, Trust, Verdict
from reactor_chat.client.waiting import Ready, Waitable
from reactor_chat.net.tls_stream import TlsError, TlsStream

_PATIENCE: Final = 10.0  # seconds for a handshake: three round trips, repeated if need be


class Attempt:
    """Under way until `link` or `failure` is there.

    `verdict` says what is wrong with the server's certificate, if anything: with UNKNOWN there is
    a link, which is used only if somebody vouches; with REFUSED there is none.
    """

    def __init__(
        self,
        server: Destination,
        clock: Callable[[], float],
        known: Sequence[Address] = (),
        trust: Trust | None = None,
    ) -> None:
        assert server.tls == (trust is not None), "TLS and trust come together"
        self.link: ServerLink | None = None
        self.failure: OSError | None = None
        self.verdict: Verdict | None = None
        self._server = server
        self._clock = clock
        self._trust = trust
        self._stream: TlsStream | None = None  # whose handshake is under way
        self._give_up_at = 0.0
        self._dial = Dial(server.host, server.port, clock, known)
        self._follow_dial()

    @property
    def is_over(self) -> bool:
        """Whether it is known how it went."""
        return self.link is not None or self.failure is not None

    @property
    def addresses(self) -> list[Address]:
        """The server's addresses, once they are known."""
        return self._dial.addresses

    @property
    def readers(self) -> list[Waitable]:
        """What to wait for until it can be read."""
        return [self._stream] if self._stream else list(self._dial.readers)

    @property
    def writers(self) -> list[Waitable]:
        """What to wait for until it can be written."""
        if self._stream:
            return [self._stream] if self._stream.waiting else []
        return list(self._dial.writers)

    @property
    def due(self) -> float | None:
        """When to call `serve` if nothing happens before, by the clock."""
        return self._give_up_at if self._stream else self._dial.due

    def serve(self, ready: Ready) -> None:
        """Go on with what is ready or due."""
        stream = self._stream
        is_due = self.due is not None and self._clock() >= self.due
        if stream is None:
            self._dial.on_ready(ready)
            if is_due and not self._dial.is_over:
                self._dial.on_due()
            self._follow_dial()
        elif ready.can_read(stream) or ready.can_write(stream):
            self._shake_hands(stream)
        elif is_due:
            self._on_broken(stream, TimeoutError("no answer"))

    def close(self) -> None:
        """Give up, whatever is under way."""
        self._dial.close()
        if self._stream:
            self._stream.close()
            self._stream = None
        if not self.is_over:
            self.failure = OSError("given up")

    def _follow_dial(self) -> None:
        sock = self._dial.sock
        if self._dial.failure is not None:
            self.failure = self._dial.failure
            if self._trust:
                self._trust.start_over()
        elif sock is not None and self._trust is None:
            self.link = ServerLink(sock, self._clock)
        elif sock is not None and self._trust is not None:
            try:
                self._stream = self._trust.wrap(sock)
            except TlsError as error:
                sock.close()
                self.failure = error
                return
            self._give_up_at = self._clock() + _PATIENCE
            self._shake_hands(self._stream)

    def _shake_hands(self, stream: TlsStream) -> None:
        assert self._trust is not None
        try:
            if stream.handshake():
                self._on_verdict(stream, self._trust.judge(stream))
        except OSError as error:
            self._on_broken(stream, error)

    def _on_broken(self, stream: TlsStream, error: OSError) -> None:
        assert self._trust is not None
        self._on_verdict(stream, self._trust.judge_failure(error), error)

    def _on_verdict(
        self, stream: TlsStream, verdict: Verdict, error: OSError | None = None
    ) -> None:
        self._stream = None
        sock = self._dial.sock
        assert sock is not None
        if verdict.decision in (Decision.ACCEPTED, Decision.UNKNOWN):
            self.link = ServerLink(sock, self._clock, stream)
        else:
            stream.close()
        if verdict.decision in (Decision.UNKNOWN, Decision.REFUSED):
            self.verdict = verdict
        if verdict.decision is Decision.AGAIN:
            known = self._dial.addresses
            self._dial = Dial(self._server.host, self._server.port, self._clock, known)
            self._follow_dial()
        elif self.link is None:
            self.failure = error or TlsError(verdict.text)
