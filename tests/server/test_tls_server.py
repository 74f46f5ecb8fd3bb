"""A server with a TLS door beside a plain one, on the simulated network."""

import random
import shutil
import tempfile
import unittest
from pathlib import Path
from typing import Any, cast

from reactor_chat.chat.archive import NoArchive
from reactor_chat.loop.reactor import Reactor
from reactor_chat.net.certificate import Certificate
from reactor_chat.net.tls import HANDSHAKE, PLAINTEXT
from reactor_chat.net.tls_stream import TlsStream
from reactor_chat.server.server import Server
from reactor_chat.server.settings import Settings
from tests import certificates
from tests.certificates import certificate
from tests.net.tls_pair import over, read
from tests.sim.clock import Clock
from tests.sim.network import Network
from tests.sim.process import Process
from tests.sim.selector import Asleep, Selector
from tests.sim.stream import Stream

PLAIN, TLS = ("127.0.0.1", 1), ("127.0.0.1", 2)


class Log:
    """Keeps what is reported."""

    quiet = False

    def __init__(self) -> None:
        self.lines: list[str] = []

    def event(self, kind: str, text: str, by: str = "", **fields: str) -> None:
        self.lines.append(text)

    def said(self, by: str, name: str, room: str, block: bytes) -> None:
        pass

    def enter(self, by: str, source: str) -> None:
        pass

    def forget(self, by: str) -> None:
        pass

    def failure(self, who: str, error: Exception) -> None:
        raise error


class Names(NoArchive):
    """One that keeps names, or says so."""

    keeps_names = True


class TlsServerTest(unittest.TestCase):
    def setUp(self) -> None:
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.cert, self.key = Path(place.name, "cert.pem"), Path(place.name, "key.pem")
        self.install(certificate())
        self.process = Process(random.Random(0))
        self.clock = Clock()
        self.reactor = Reactor(Selector(self.process), self.clock)
        self.network = Network()
        self.log = Log()
        self.certificate = Certificate(self.cert, self.key)
        self.serve(Settings())

    def serve(self, settings: Settings) -> None:
        self.server = Server(self.reactor, settings, self.log, Names(), clock=lambda: 0)
        for address, held in ((PLAIN, None), (TLS, self.certificate)):
            self.server.listen(cast(Any, self.network.listen(self.process, address)), held)

    def tearDown(self) -> None:
        self.server.close()
        self.assertEqual(self.process.descriptors(), [])
        self.assertEqual(self.process.violations, [])

    def install(self, made: certificates.Certificate) -> None:
        shutil.copy(made.cert, self.cert)
        shutil.copy(made.key, self.key)

    def settle(self) -> None:
        self.reactor.end_turn()
        while True:
            try:
                self.reactor.turn()
            except Asleep:
                return

    def call(self, address: tuple[str, int], host: str = "192.0.2.1") -> Stream:
        return self.network.connect(Process(random.Random(0)), address, host)

    def call_tls(self, host: str = "192.0.2.1", shown: str = "localhost") -> TlsStream:
        client = over(self.call(TLS, host), certificate(shown).client_context(), shown)
        while not client.handshake():
            self.settle()
        self.settle()
        return client

    def ask(self, client: TlsStream, line: bytes) -> bytes:
        client.send(line + b"\n")
        self.settle()
        return b"".join(read(client))

    def test_those_who_come_by_either_door_talk_with_each_other(self) -> None:
        alice = self.call_tls()
        bob = self.call(PLAIN)
        self.ask(alice, b"/join tea")
        bob.send(b"/join tea\nhello\n")
        self.settle()
        bob.recv(1000)
        self.assertTrue(b"".join(read(alice)).endswith(b": hello\n"))
        self.ask(alice, b"hi")
        self.assertTrue(bob.recv(1000).endswith(b": hi\n"))

    def test_passwords_may_come_over_tls(self) -> None:
        self.assertIn(b"-> Choose a name", self.ask(self.call_tls(), b"/register 12345678"))
        plain = self.call(PLAIN)
        plain.send(b"/register 12345678\n")
        self.settle()
        self.assertIn(b"-> Passwords need TLS", plain.recv(1000))

    def test_a_plain_client_on_the_tls_door_is_told(self) -> None:
        client = self.call(TLS)
        client.send(b"hello\n")
        self.settle()
        self.assertEqual(client.recv(1000), PLAINTEXT)
        self.assertRegex(self.log.lines[-1], r"^refused 192\.0\.2\.1:\d+: no TLS$")

    def test_who_is_turned_away_reads_why_over_tls(self) -> None:
        self.server.close()
        self.serve(Settings(max_clients=1))
        self.call_tls()
        self.assertEqual(read(self.call_tls()), [b"-> Server is full.\n", b""])
        self.server.operator.receive("/ban 192.0.2.66")
        self.assertEqual(read(self.call_tls("192.0.2.66")), [b"-> You are banned.\n", b""])

    def test_those_who_shake_hands_take_places(self) -> None:
        self.server.close()
        self.serve(Settings(max_clients=10, max_per_host=2))
        stalled = [self.call(TLS) for _ in range(2)]
        self.settle()
        plain = self.call(PLAIN)
        self.settle()
        self.assertEqual(plain.recv(1000), b"-> Too many connections from your address.\n")
        self.clock.advance(HANDSHAKE)
        self.settle()
        plain = self.call(PLAIN)
        plain.send(b"hello\n")
        self.settle()
        self.assertEqual(plain.recv(1000), b"HELLO\n")
        self.assertTrue(all(stream.readable() for stream in stalled))

    def test_a_certificate_is_renewed_while_clients_talk_and_none_is_disturbed(self) -> None:
        clients = [self.call_tls(f"192.0.2.{n}") for n in range(50)]
        for client in clients:
            self.ask(client, b"/join tea")
        self.install(certificate("elsewhere"))
        for client in clients:
            read(client)
            client.send(b"before\n")
        self.assertIsNone(self.certificate.reload())
        for client in clients:
            client.send(b"after\n")
        self.settle()
        for client in clients:
            heard = b"".join(read(client))
            self.assertEqual((heard.count(b"before"), heard.count(b"after")), (49, 49))
        newcomer = self.call_tls(shown="elsewhere")
        self.assertEqual(newcomer.certificate, certificate("elsewhere").der)

    def test_a_bad_certificate_changes_nothing(self) -> None:
        self.cert.write_text("not a certificate")
        self.assertIn("holds no certificate", self.certificate.reload() or "")
        self.assertEqual(self.ask(self.call_tls(), b"hello"), b"HELLO\n")

    def test_at_the_end_everybody_reads_the_last_word(self) -> None:
        client = self.call_tls()
        stalled = self.call(TLS)
        self.settle()
        self.server.shut_down()
        self.settle()
        self.assertEqual(read(client), [b"* The server is shutting down.\n", b""])
        self.assertEqual(stalled.recv(100), b"")
