"""A TLS stream over simulated sockets: what it takes for a socket's face to be true."""

import random
import ssl
from socket import SHUT_WR

from reactor_chat.net.tls_stream import MAX_RECORD, PlaintextError, TlsError, UnverifiedError
from tests.certificates import certificate
from tests.net.tls_pair import VERSIONS, TlsPairCase, carry, over, read, take
from tests.sim.network import socket_pair
from tests.sim.process import ROUGH, Process

OVERHEAD = 22  # bytes that a record of TLS 1.3 adds


class HandshakeTest(TlsPairCase):
    def test_both_ends_agree_whether_the_client_knows_the_newest_version_or_not(self) -> None:
        for version in VERSIONS:
            self.connect(version)
            self.shake()
            self.assertEqual(carry(self.client, self.server, b"hello"), b"hello")

    def test_it_may_stall_at_every_byte(self) -> None:
        self.connect(capacity=1)
        self.shake()
        self.assertEqual(carry(self.client, self.server, b"hello"), b"hello")

    def test_what_the_client_says_with_its_last_step_is_buffered(self) -> None:
        while not self.client.handshake():
            self.server.handshake()
        self.client.send(b"hello")
        self.assertTrue(self.server.handshake())
        self.assertTrue(self.server.buffered)
        self.assertEqual(read(self.server), [b"hello"])

    def test_a_peer_that_never_reads_leaves_a_bounded_rest_here(self) -> None:
        self.client.handshake()
        self.near.capacity = 100
        for _ in range(3):
            self.assertFalse(self.server.handshake())
        self.assertGreater(self.server.waiting, 0)
        self.assertLess(self.server.waiting, MAX_RECORD)

    def test_text_is_told_from_tls_by_its_first_byte(self) -> None:
        for first in (b"h", b"\n", b"\xef", b"\x80"):
            self.connect()
            self.far.send(first)
            with self.assertRaises(PlaintextError):
                self.server.handshake()

    def test_a_server_that_answers_in_plain_text_is_told_likewise(self) -> None:
        self.client.handshake()
        self.near.send(b"-> what?\n")
        with self.assertRaises(PlaintextError):
            self.client.handshake()

    def test_a_record_that_is_none_is_one_clear_error(self) -> None:
        self.far.send(b"\x16\x03\x01\x00\x05hello")
        with self.assertRaisesRegex(TlsError, r"^TLS: [a-z0-9 ]+$"):
            self.server.handshake()

    def test_an_end_in_the_middle_is_an_error(self) -> None:
        self.far.close()
        with self.assertRaisesRegex(TlsError, "ended during the TLS handshake"):
            self.server.handshake()

    def test_an_older_version_is_refused_and_the_peer_is_told(self) -> None:
        context = certificate().server_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        server = over(self.near, context)
        calling = certificate().client_context()
        calling.maximum_version = ssl.TLSVersion.TLSv1_2
        client = over(self.far, calling, "localhost")
        client.handshake()
        with self.assertRaisesRegex(TlsError, "unsupported protocol"):
            server.handshake()
        with self.assertRaisesRegex(TlsError, "alert protocol version"):
            client.handshake()

    def test_a_certificate_for_which_nobody_vouches_is_told_from_other_failures(self) -> None:
        client = over(self.far, certificate("elsewhere").client_context(), "localhost")
        client.handshake()
        self.server.handshake()
        with self.assertRaisesRegex(UnverifiedError, "self-signed certificate"):
            client.handshake()

    def test_the_peers_certificate_can_be_had(self) -> None:
        self.shake()
        self.assertEqual(self.client.certificate, certificate().der)
        self.assertIsNone(self.server.certificate)


class ReceivingTest(TlsPairCase):
    def setUp(self) -> None:
        super().setUp()
        self.shake()

    def test_tickets_make_it_readable_without_data(self) -> None:
        self.connect()
        self.server = over(self.near, certificate().server_context(tickets=2))
        self.shake()
        self.assertTrue(self.far.readable())
        with self.assertRaises(BlockingIOError):
            self.client.recv(1000)
        self.assertFalse(self.client.buffered)
        self.assertFalse(self.far.readable())

    def test_records_that_came_together_are_read_together(self) -> None:
        for _ in range(3):
            self.client.send(b"line\n")
        self.assertEqual(self.server.recv(1000), b"line\n" * 3)
        self.assertFalse(self.server.buffered)

    def test_what_does_not_fit_is_buffered_though_the_socket_is_empty(self) -> None:
        self.connect()
        while not self.client.handshake():
            self.server.handshake()
        for word in (b"0123456789", b"abcdefghij"):
            self.client.send(word)
        self.server.handshake()
        for piece in (b"0123456", b"789abcd", b"efghij"):
            self.assertFalse(self.near.readable())
            self.assertTrue(self.server.buffered)
            self.assertEqual(self.server.recv(7), piece)
        self.assertFalse(self.server.buffered)

    def test_a_record_larger_than_the_slice_is_buffered(self) -> None:
        self.connect(capacity=20_000)
        self.shake()
        self.client.send(b"x" * MAX_RECORD)
        self.assertEqual(self.server.recv(20_000), b"x" * MAX_RECORD)
        self.client.send(b"y" * 1000)
        with self.assertRaises(BlockingIOError):
            self.server.recv(1000)  # not the whole record yet
        self.assertEqual(self.server.recv(300), b"y" * 300)
        self.assertFalse(self.near.readable())
        self.assertTrue(self.server.buffered)
        self.assertEqual(self.server.recv(700), b"y" * 700)
        with self.assertRaises(BlockingIOError):
            self.server.recv(1)
        self.assertFalse(self.server.buffered)

    def test_half_a_record_is_no_data(self) -> None:
        self.client.send(b"hello")
        for _ in range(4 + OVERHEAD):
            with self.assertRaises(BlockingIOError):
                self.server.recv(1)
            self.assertFalse(self.server.buffered)
        self.assertEqual(self.server.recv(1), b"h")
        self.assertTrue(self.server.buffered)
        self.assertEqual(read(self.server), [b"ello"])

    def test_a_close_notify_is_the_end(self) -> None:
        self.client.shutdown(SHUT_WR)
        self.assertEqual(self.server.recv(1000), b"")
        self.assertEqual(self.server.recv(1000), b"")

    def test_a_close_notify_right_behind_data_is_buffered(self) -> None:
        self.client.send(b"bye")
        self.client.shutdown(SHUT_WR)
        self.assertEqual(self.server.recv(1000), b"bye")
        self.assertTrue(self.server.buffered)
        self.assertEqual(self.server.recv(1000), b"")
        self.assertFalse(self.server.buffered)

    def test_a_bare_end_is_an_error(self) -> None:
        self.client.send(b"bye")
        self.far.shutdown(SHUT_WR)
        self.assertEqual(self.server.recv(1000), b"bye")
        self.assertFalse(self.server.buffered)
        with self.assertRaisesRegex(TlsError, "without a close_notify"):
            self.server.recv(1000)

    def test_a_reset_is_the_sockets_own_error(self) -> None:
        self.far.reset()
        with self.assertRaises(ConnectionResetError):
            self.server.recv(1000)

    def test_bytes_changed_on_the_way_are_an_error_without_a_number(self) -> None:
        self.client.send(b"hello")
        record = bytearray(self.near.recv(1000))
        record[-1] ^= 1
        self.far.send(record)
        with self.assertRaisesRegex(TlsError, "TLS: decryption failed") as caught:
            self.server.recv(1000)
        self.assertIsNone(caught.exception.errno)


class SendingTest(TlsPairCase):
    def setUp(self) -> None:
        super().setUp()
        self.shake()

    def block(self, room: int) -> None:
        """Let the server's kernel take only so many bytes more; the client's has no room."""
        self.far.capacity = 0
        self.near.capacity = room

    def test_a_record_that_left_half_is_not_taken_and_not_encrypted_again(self) -> None:
        self.block(room=10)
        for _ in range(3):
            with self.assertRaises(BlockingIOError):
                self.server.send(b"hello")
        self.assertEqual(self.server.waiting, len(b"hello") + OVERHEAD - 10)
        self.far.capacity = self.near.capacity = 1000
        read(self.client)
        self.assertEqual(self.server.send(b"hello, again"), 12)
        self.assertEqual(read(self.client), [b"hello, again"])

    def test_offered_again_alone_it_is_taken_once(self) -> None:
        self.block(room=10)
        with self.assertRaises(BlockingIOError):
            self.server.send(b"hello")
        self.far.capacity = self.near.capacity = 1000
        read(self.client)
        self.assertEqual(self.server.send(b"hello"), 5)
        self.assertEqual(self.server.send(b"!"), 1)
        self.assertEqual(read(self.client), [b"hello!"])

    def test_it_is_taken_once_even_if_reading_has_sent_the_rest_meanwhile(self) -> None:
        self.block(room=10)
        with self.assertRaises(BlockingIOError):
            self.server.send(b"hello")
        self.far.capacity = self.near.capacity = 1000
        read(self.client)
        self.assertTrue(self.server.flush())
        self.assertEqual(self.server.send(b"hello"), 5)
        self.assertEqual(read(self.client), [b"hello"])

    def test_no_more_than_one_record_waits_here(self) -> None:
        self.block(room=0)
        with self.assertRaises(BlockingIOError):
            self.server.send(b"x" * 1_000_000)
        self.assertLess(self.server.waiting, MAX_RECORD + 100)

    def test_one_call_sends_some_records_of_a_long_text(self) -> None:
        self.near.capacity = self.far.capacity = 1_000_000
        self.assertEqual(self.server.send(b"x" * 1_000_000), 4 * MAX_RECORD)

    def test_everything_arrives_once_and_in_order_however_unkind_the_kernel_is(self) -> None:
        for seed in range(12):
            rng = random.Random(seed)
            self.connect(capacity=rng.choice([10, 50, 8192]), faults=ROUGH, seed=seed)
            self.shake()
            for size in (1, 100, 20_000):
                data = rng.randbytes(size)
                self.assertEqual(carry(self.server, self.client, data), data)
                self.assertEqual(carry(self.client, self.server, data), data)

    def test_a_connection_that_was_reset_is_the_sockets_own_error(self) -> None:
        self.far.reset()
        with self.assertRaises(ConnectionResetError):
            self.server.send(b"hello")


class HalfCloseTest(TlsPairCase):
    """One end has said all; the other goes on."""

    def test_whoever_ended_first_still_reads(self) -> None:
        for version in VERSIONS:
            self.connect(version)
            self.shake()
            self.client.send(b"question")
            self.client.shutdown(SHUT_WR)
            self.assertEqual(read(self.server), [b"question", b""])
            self.assertEqual(carry(self.server, self.client, b"answer" * 1000), b"answer" * 1000)
            self.server.shutdown(SHUT_WR)
            self.assertEqual(read(self.client), [b""])

    def test_what_has_arrived_before_our_end_is_still_read(self) -> None:
        for version in VERSIONS:
            for reads in (0, 3, 10):  # nothing, half a record, some that is decrypted already
                self.connect(version)
                self.shake()
                for word in (b"hello", b" you"):
                    self.server.send(word)
                first = b"".join(take(self.client, 3) or b"" for _ in range(reads))
                self.client.shutdown(SHUT_WR)
                self.server.send(b"!")
                self.assertEqual(first + b"".join(read(self.client)), b"hello you!")

    def test_the_end_that_has_arrived_before_our_own_is_still_read(self) -> None:
        self.shake()
        self.server.send(b"bye")
        self.server.shutdown(SHUT_WR)
        self.client.shutdown(SHUT_WR)
        self.assertEqual(read(self.client), [b"bye", b""])
        self.assertEqual(read(self.server), [b""])

    def test_a_close_notify_that_finds_no_room_is_sent_later(self) -> None:
        self.shake()
        self.near.capacity, self.far.capacity = 3, 0
        for _ in range(3):
            with self.assertRaises(BlockingIOError):
                self.server.shutdown(SHUT_WR)
        self.near.capacity = self.far.capacity = 1000
        read(self.client)
        self.server.shutdown(SHUT_WR)
        self.assertEqual(read(self.client), [b""])

    def test_without_a_handshake_it_is_a_bare_end(self) -> None:
        self.server.shutdown(SHUT_WR)
        with self.assertRaisesRegex(TlsError, "ended during the TLS handshake"):
            self.client.handshake()

    def test_closing_closes_the_socket(self) -> None:
        with self.server:
            self.assertEqual(self.server.fileno(), self.near.fileno())
        self.assertEqual(self.near.fileno(), -1)
        near, _ = socket_pair(Process(random.Random(0)), Process(random.Random(0)))
        over(near, certificate().server_context()).close()
        self.assertEqual(near.fileno(), -1)
