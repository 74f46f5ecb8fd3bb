"""A client's connection: a stream with lines in it that never blocks."""

import errno
import select
import socket
import unittest
from collections.abc import Callable

from reactor_chat.client.link import Link, connect, reason, resolve
from tests.window import PATIENCE

# Sockets of no family at all: as where IPv6 is switched off, there is no socket to be had.
NO_FAMILY = socket.AF_UNSPEC


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class LinkCase(unittest.TestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.listener.close)
        self.address = (socket.AF_INET, self.listener.getsockname())

    def connect(self) -> None:
        sock, _ = connect([self.address])
        self.link = Link(sock, self.clock)
        self.addCleanup(self.link.close)
        self.server, _ = self.listener.accept()
        self.server.settimeout(PATIENCE)
        self.addCleanup(self.server.close)

    def until(self, condition: Callable[[], object]) -> None:
        """Serve the link until something has come true."""
        while not condition():
            readers = [] if self.link.connecting else [self.link]
            writers = [self.link] if self.link.wants_write else []
            readable, writable, _ = select.select(readers, writers, [], PATIENCE)
            self.assertTrue(readable or writable, "nothing happened")
            if writable:
                self.link.on_writable()
            if readable:
                self.link.on_readable()


class LinesTest(LinkCase):
    def setUp(self) -> None:
        super().setUp()
        self.connect()

    def test_lines_come_out_whole(self) -> None:
        self.server.sendall("é\r\ntwo\nthr".encode())
        self.until(lambda: self.link.due)
        self.assertEqual(list(self.link.lines()), ["é", "two"])

    def test_bytes_that_are_not_utf8_are_replaced(self) -> None:
        self.server.sendall(b"a\xff\n")
        self.until(lambda: self.link._buffer.ready)
        self.assertEqual(list(self.link.lines()), ["a\ufffd"])

    def test_a_text_that_stays_still_is_a_line(self) -> None:
        self.assertIsNone(self.link.due)
        self.server.sendall(b"HELLO")
        self.until(lambda: self.link.due)
        self.assertEqual(self.link.due, 100.25)
        self.link.on_due()
        self.assertEqual(list(self.link.lines()), ["HELLO"])
        self.assertIsNone(self.link.due)

    def test_each_piece_of_a_text_puts_the_stillness_off(self) -> None:
        self.server.sendall(b"HEL")
        self.until(lambda: self.link.due)
        self.clock.now += 0.2
        self.server.sendall(b"LO")
        self.until(lambda: self.link.due != 100.25)
        self.assertEqual(self.link.due, 100.45)

    def test_a_server_that_answers_commands_ends_its_lines_so_a_piece_is_no_line(self) -> None:
        self.server.sendall(b"-> You are Client 1.\nalice: see Ser")
        self.until(lambda: self.link._buffer.unfinished)
        self.assertEqual(list(self.link.lines()), ["-> You are Client 1."])
        self.assertIsNone(self.link.due)
        self.server.sendall(b"ver: x\n")
        self.until(lambda: self.link._buffer.ready)
        self.assertEqual(list(self.link.lines()), ["alice: see Server: x"])

    def test_an_echo_of_an_arrow_is_no_answer(self) -> None:
        self.server.sendall(b"-> HELLO THERE\nServer: hi")
        self.until(lambda: self.link._buffer.unfinished)
        self.assertEqual(list(self.link.lines()), ["-> HELLO THERE"])
        self.assertEqual(self.link.due, 100.25)

    def test_an_answer_without_an_end_does_not_promise_that_lines_end(self) -> None:
        self.server.sendall(b"-> Yes.")
        self.until(lambda: self.link.due)
        self.link.on_due()
        self.assertEqual(list(self.link.lines()), ["-> Yes."])
        self.server.sendall(b"-> No.")
        self.until(lambda: self.link._buffer.unfinished)
        self.assertEqual(self.link.due, 100.25)

    def test_the_end_of_the_stream_ends_the_last_line(self) -> None:
        self.server.sendall(b"bye")
        self.server.close()
        self.until(lambda: self.link.ended)
        self.assertEqual(list(self.link.lines()), ["bye"])
        self.assertIsNone(self.link.failure)

    def test_an_endless_line_is_dropped_and_said_so(self) -> None:
        piece = b"x" * 65_536
        for _ in range(20):
            self.server.sendall(piece)
            self.link.on_readable()
        self.server.sendall(b"\nnext\n")
        self.server.close()
        self.until(lambda: self.link.ended)
        self.assertEqual(list(self.link.lines()), ["(a line too long to show)", "next"])

    def test_a_reset_is_a_failure(self) -> None:
        linger = b"\1\0\0\0\0\0\0\0"
        self.server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.server.close()
        self.until(lambda: self.link.ended)
        self.assertIsInstance(self.link.failure, ConnectionResetError)


class SendingTest(LinkCase):
    def setUp(self) -> None:
        super().setUp()
        self.connect()

    def test_lines_are_sent_when_the_socket_takes_them(self) -> None:
        self.assertFalse(self.link.wants_write)
        self.link.send_line("hello")
        self.assertEqual(self.link.backlog, 6)
        self.until(lambda: not self.link.wants_write)
        self.assertEqual(self.server.recv(100), b"hello\n")

    def test_the_half_close_comes_after_what_waits(self) -> None:
        self.link.send_line("hello")
        self.link.end_input()
        self.until(lambda: not self.link.wants_write)
        self.assertEqual(self.server.recv(100), b"hello\n")
        self.assertEqual(self.server.recv(100), b"")
        self.server.sendall(b"HELLO\n")
        self.server.close()
        self.until(lambda: self.link.ended)
        self.assertEqual(list(self.link.lines()), ["HELLO"])

    def test_the_last_words_of_a_server_are_read_after_sending_has_failed(self) -> None:
        self.server.sendall(b"-> You were kicked.\n")
        self.server.close()
        while not self.link._broken:
            self.link.send(b"x" * 65_536)
            self.until(lambda: self.link._broken or not self.link.wants_write)
        self.assertEqual(self.link.backlog, 0)
        self.until(lambda: self.link.ended)
        self.assertEqual(list(self.link.lines()), ["-> You were kicked."])


class DialTest(LinkCase):
    def test_dialling_does_not_wait(self) -> None:
        self.link = Link.call(self.address, self.clock)
        self.addCleanup(self.link.close)
        self.assertTrue(self.link.connecting)
        self.until(lambda: not self.link.connecting)
        self.assertFalse(self.link.ended)

    def test_a_refusal_is_a_failure(self) -> None:
        self.listener.close()
        self.link = Link.call(self.address, self.clock)
        self.addCleanup(self.link.close)
        self.until(lambda: self.link.ended)
        self.assertIsInstance(self.link.failure, ConnectionRefusedError)

    def test_an_address_that_does_not_answer_is_given_up(self) -> None:
        self.link = Link.call(self.address, self.clock)
        self.addCleanup(self.link.close)
        self.assertEqual(self.link.due, 110.0)
        self.link.on_due()
        self.assertTrue(self.link.ended)
        self.assertIsInstance(self.link.failure, TimeoutError)


    def test_a_family_that_this_machine_lacks_is_raised_at_once(self) -> None:
        with self.assertRaises(OSError):
            Link.call((NO_FAMILY, ("::1", 1)), self.clock)


class ConnectTest(LinkCase):
    def test_the_next_address_is_tried_when_this_machine_lacks_a_family(self) -> None:
        sock, address = connect([(NO_FAMILY, ("::1", 1)), self.address])
        sock.close()
        self.assertEqual(address, self.address)

    def test_the_next_address_is_tried_when_one_refuses(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            refusing = (socket.AF_INET, other.getsockname())
        sock, address = connect([refusing, self.address])
        sock.close()
        self.assertEqual(address, self.address)

    def test_without_an_address_that_answers_the_reason_is_raised(self) -> None:
        self.listener.close()
        with self.assertRaises(ConnectionRefusedError):
            connect([self.address])

    def test_an_impossible_host_is_an_oserror(self) -> None:
        for host in ("a..b", "x" * 64 + ".example"):
            with self.subTest(host=host), self.assertRaises(OSError):
                resolve(host, 1)


class ReasonTest(unittest.TestCase):
    def test_an_error_of_the_system_is_given_in_its_words(self) -> None:
        self.assertEqual(reason(OSError(errno.ECONNRESET, "Connection reset by peer")),
                         "Connection reset by peer")  # fmt: skip

    def test_an_error_without_a_number_is_given_in_its_own(self) -> None:
        self.assertEqual(reason(TimeoutError("no answer")), "no answer")
