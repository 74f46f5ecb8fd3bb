"""One attempt to be connected: plain, or over TLS to a server that is known to be the right one."""

import socket
import tempfile
import unittest
from collections.abc import Callable
from pathlib import Path

from reactor_chat.client.attempt import Attempt
from reactor_chat.client.destination import Destination
from reactor_chat.client.known_servers import KnownServers
from reactor_chat.client.trust import Decision, Trust
from reactor_chat.client.waiting import wait
from reactor_chat.net.tls_stream import TlsError, TlsStream
from tests.certificates import certificate
from tests.window import PATIENCE


class AttemptCase(unittest.TestCase):
    def setUp(self) -> None:
        self.now = 100.0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        self.addCleanup(self.listener.close)
        self.port = self.listener.getsockname()[1]
        self.server: TlsStream | None = None  # the latest connection

    def begin(self, trust: Trust | None) -> None:
        here = Destination("127.0.0.1", self.port, trust is not None)
        self.attempt = Attempt(here, lambda: self.now, trust=trust)
        self.addCleanup(self.close)

    def close(self) -> None:
        self.attempt.close()
        if self.attempt.link:
            self.attempt.link.close()
        if self.server:
            self.server.close()

    def until(self, condition: Callable[[], object]) -> None:
        """Serve both ends until something has come true."""
        while not condition():
            readers = [*self.attempt.readers, self.listener]
            readers += [self.server] if self.server else []
            ready = wait(readers, self.attempt.writers, PATIENCE)
            if ready.can_read(self.listener):
                self.accept()
            elif self.server and ready.can_read(self.server):
                self.shake_hands(self.server)
            self.attempt.serve(ready)

    def accept(self) -> None:
        sock, _ = self.listener.accept()
        sock.setblocking(False)
        if self.server:
            self.server.close()
        self.server = TlsStream(sock, certificate().server_context(), server_side=True)

    def shake_hands(self, server: TlsStream) -> None:
        try:
            server.handshake()
        except (TlsError, OSError):
            server.close()
            self.server = None


class PlainTest(AttemptCase):
    def test_a_server_that_is_reached_is_a_link(self) -> None:
        self.begin(None)
        self.until(lambda: self.attempt.is_over)
        assert self.attempt.link is not None
        self.assertIsNone(self.attempt.verdict)

    def test_one_that_cannot_be_reached_is_a_failure(self) -> None:
        self.listener.close()
        self.begin(None)
        while not self.attempt.is_over:
            self.attempt.serve(wait([], self.attempt.writers, PATIENCE))
        self.assertIsInstance(self.attempt.failure, ConnectionRefusedError)


class TlsTest(AttemptCase):
    def setUp(self) -> None:
        super().setUp()
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.known = KnownServers(Path(place.name) / "known_servers")

    def trust(self, pinned: str | None = None) -> Trust:
        return Trust("127.0.0.1", self.port, self.known, pinned)

    def test_a_server_that_nobody_knows_is_to_be_asked_about_and_then_known(self) -> None:
        trust = self.trust()
        self.begin(trust)
        self.until(lambda: self.attempt.is_over)
        verdict = self.attempt.verdict
        assert verdict is not None
        self.assertIs(verdict.decision, Decision.UNKNOWN)
        self.assertIsNotNone(self.attempt.link)
        trust.remember(verdict)
        self.close()
        self.server = None
        self.begin(self.trust())
        self.until(lambda: self.attempt.is_over)
        self.assertIsNone(self.attempt.verdict)
        self.assertIsNotNone(self.attempt.link)

    def test_another_certificate_than_the_one_to_be_trusted_is_refused(self) -> None:
        self.begin(self.trust("SHA256:" + ":".join(["00"] * 32)))
        self.until(lambda: self.attempt.is_over)
        assert self.attempt.verdict is not None
        self.assertIs(self.attempt.verdict.decision, Decision.REFUSED)
        self.assertIsNone(self.attempt.link)
        self.assertIsNotNone(self.attempt.failure)

    def test_a_server_that_says_nothing_is_given_up(self) -> None:
        self.begin(self.trust())
        while self.attempt.due is None or not self.attempt.readers:
            self.attempt.serve(wait(self.attempt.readers, self.attempt.writers, PATIENCE))
        self.now += 10
        self.attempt.serve(wait([], [], 0))
        self.assertIsInstance(self.attempt.failure, TimeoutError)

    def test_a_server_without_tls_is_never_spoken_to_without(self) -> None:
        self.begin(self.trust())
        while not self.attempt.is_over:
            readers = [*self.attempt.readers, self.listener]
            ready = wait(readers, self.attempt.writers, PATIENCE)
            if ready.can_read(self.listener):
                sock, _ = self.listener.accept()
                self.addCleanup(sock.close)
                sock.sendall(b"-> TLS is not spoken here.\n")
            self.attempt.serve(ready)
        self.assertIsNone(self.attempt.link)
        self.assertIsInstance(self.attempt.failure, TlsError)
