"""Callers who are no chat clients, or too many: each gets one clear line, and nobody else pays."""

from reactor_chat.net.shared import Limits
from reactor_chat.server.settings import Settings
from tests.server.small_world import SmallWorldCase
from tests.server.test_faults import tls_hello

NO_TLS = "-> This is a chat server without TLS on this port.\n"
NO_WEB = "-> This is a chat server, and no web server.\n"
CROWDED = "-> Too many connections from your address.\n"


class ForeignProtocolTest(SmallWorldCase):
    def assert_refused(self, sent: bytes, answer: str, pieces: int = 1) -> None:
        """See that a stream that begins so gets its answer at once, and ends."""
        stream = self.call()
        size = -(-len(sent) // pieces)
        heard = ""
        for at in range(0, len(sent), size):
            if not heard:
                stream.send(sent[at : at + size])
                heard = self.hear(stream)
        self.assertEqual(heard, answer)
        self.assert_ended(stream)
        stream.close()
        self.settle()

    def test_tls_is_refused_at_once_whether_its_bytes_happen_to_end_a_line_or_not(self) -> None:
        hello = tls_hello()[:900]
        self.assert_refused(hello, NO_TLS)
        self.assert_refused(hello.replace(b"\n", b"x"), NO_TLS)
        self.assert_refused(hello.replace(b"\n", b"x")[:40], NO_TLS, pieces=40)

    def test_a_request_of_the_web_is_refused_at_once(self) -> None:
        for request in (
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET / HTTP/1.0\n\n",
            b"GET / HTTP/1.1",
            b"POST /submit HTTP/1.1\r\n",
        ):
            self.assert_refused(request, NO_WEB)
        self.assert_refused(b"GET / HTTP/1.1\r\n", NO_WEB, pieces=8)

    def test_nothing_of_it_is_said_to_anybody_or_logged_as_said(self) -> None:
        self.assert_refused(b"GET / HTTP/1.1\r\nX: y\r\n\r\n", NO_WEB)
        self.assertNotIn("GET", "\n".join(self.log.lines))
        self.assertIn("disconnected (another protocol)", self.log.lines[-1])

    def test_who_talks_about_it_is_not_refused(self) -> None:
        stream = self.call()
        stream.send(b"hello\nGET / HTTP/1.1\n")
        self.assertEqual(self.hear(stream), "HELLO\nGET / HTTP/1.1\n")
        stream.send(b"GET the milk\n")
        self.assertEqual(self.hear(stream), "GET THE MILK\n")


class PlacesTest(SmallWorldCase):
    settings = Settings(rate=0, limits=Limits(), max_clients=8)

    def test_all_places_cannot_be_taken_from_one_foreign_address(self) -> None:
        for _ in range(4):
            self.assertEqual(self.hear(self.call()), "")
        self.assertEqual(self.hear(self.call()), CROWDED)
        self.assertIn("refused 203.0.113.7:", self.log.lines[-1])
        other = self.call("198.51.100.1")
        other.send(b"hello\n")
        self.assertEqual(self.hear(other), "HELLO\n")

    def test_nor_from_one_network_of_ipv6(self) -> None:
        for number in range(4):
            self.assertEqual(self.hear(self.call(f"2001:db8::{number}:1")), "")
        self.assertEqual(self.hear(self.call("2001:db8:0:0:ffff::1")), CROWDED)
        self.assertEqual(self.hear(self.call("2001:db8:0:1::1")), "")

    def test_this_machine_may_take_all(self) -> None:
        for _ in range(8):
            self.assertEqual(self.hear(self.call("127.0.0.1")), "")
        self.assertEqual(self.hear(self.call("127.0.0.1")), "-> Server is full.\n")
