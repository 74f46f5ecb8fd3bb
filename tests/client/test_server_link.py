"""A client's connection: a stream with lines in it that never blocks."""

import socket
import unittest
from collections.abc import Callable
from unittest import mock

from reactor_chat.client.server_link import ServerLink, _outstanding
from reactor_chat.client.waiting import wait
from tests.window import PATIENCE


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

    def connect(self) -> None:
        sock = socket.create_connection(self.listener.getsockname())
        self.link = ServerLink(sock, self.clock)
        self.addCleanup(self.link.close)
        self.server, _ = self.listener.accept()
        self.server.settimeout(PATIENCE)
        self.addCleanup(self.server.close)

    def until(self, condition: Callable[[], object]) -> None:
        """Serve the link until something has come true."""
        while not condition():
            writers = [self.link] if self.link.wants_write else []
            ready = wait([self.link], writers, PATIENCE)
            self.assertTrue(ready.can_read(self.link) or ready.can_write(self.link), "nothing came")
            if ready.can_write(self.link):
                self.link.on_writable()
            if ready.can_read(self.link):
                self.link.on_readable()

    def lines(self) -> list[str]:
        """Take the lines that are whole."""
        return list(iter(self.link.next_line, None))


class LinesTest(LinkCase):
    def setUp(self) -> None:
        super().setUp()
        self.connect()

    def test_lines_come_out_whole(self) -> None:
        self.server.sendall("é\r\ntwo\nthr".encode())
        self.until(lambda: self.link.due)
        self.assertEqual(self.lines(), ["é", "two"])

    def test_bytes_that_are_not_utf8_are_replaced(self) -> None:
        self.server.sendall(b"a\xff\n")
        self.until(lambda: self.link.has_lines)
        self.assertEqual(self.lines(), ["a\ufffd"])

    def test_a_text_that_stays_still_is_a_line(self) -> None:
        self.assertIsNone(self.link.due)
        self.server.sendall(b"HELLO")
        self.until(lambda: self.link.due)
        self.assertEqual(self.link.due, 100.25)
        self.clock.now = 100.25
        self.link.on_due()
        self.assertEqual(self.lines(), ["HELLO"])
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
        self.until(lambda: self.link.received == 35)
        self.assertEqual(self.lines(), ["-> You are Client 1."])
        self.assertIsNone(self.link.due)
        self.server.sendall(b"ver: x\n")
        self.until(lambda: self.link.has_lines)
        self.assertEqual(self.lines(), ["alice: see Server: x"])

    def test_so_it_is_where_answers_carry_tags(self) -> None:
        answer = "@time=2026-11-27T20:47:00.123Z -> Lines carry tags now."
        half = f"{answer}\n@time=2026-11-27T20:47:00.123Z;room="
        self.server.sendall(half.encode())
        self.until(lambda: self.link.received == len(half))
        self.assertEqual(self.lines(), [answer])
        self.assertIsNone(self.link.due)

    def test_half_a_line_of_a_server_that_ends_its_lines_is_none_at_the_end_either(self) -> None:
        self.server.sendall(b"-> You are Client 1.\n")
        self.until(lambda: self.link.has_lines)
        self.assertEqual(self.lines(), ["-> You are Client 1."])
        self.server.sendall(b"@id=0badcafe-17 alice: hel")
        self.server.close()
        self.until(lambda: self.link.ended)
        self.assertEqual(self.lines(), [])

    def test_an_echo_of_an_arrow_is_no_answer(self) -> None:
        self.server.sendall(b"-> HELLO THERE\nServer: hi")
        self.until(lambda: self.link.received == 25)
        self.assertEqual(self.lines(), ["-> HELLO THERE"])
        self.assertEqual(self.link.due, 100.25)

    def test_an_answer_without_an_end_does_not_promise_that_lines_end(self) -> None:
        self.server.sendall(b"-> Yes.")
        self.until(lambda: self.link.due)
        self.clock.now = 100.25
        self.link.on_due()
        self.assertEqual(self.lines(), ["-> Yes."])
        self.server.sendall(b"-> No.")
        self.until(lambda: self.link.received == 13)
        self.assertEqual(self.link.due, 100.5)

    def test_the_end_of_the_stream_ends_the_last_line(self) -> None:
        self.server.sendall(b"bye")
        self.server.close()
        self.until(lambda: self.link.ended)
        self.assertEqual(self.lines(), ["bye"])
        self.assertIsNone(self.link.failure)

    def test_an_endless_line_is_dropped_and_said_so(self) -> None:
        piece = b"x" * 65_536
        for _ in range(20):
            self.server.sendall(piece)
            self.link.on_readable()
        self.server.sendall(b"\nnext\n")
        self.server.close()
        self.until(lambda: self.link.ended)
        self.assertEqual(self.lines(), ["(a line too long to show)", "next"])

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
        self.assertEqual(self.lines(), ["HELLO"])

    def test_the_last_words_of_a_server_are_read_after_sending_has_failed(self) -> None:
        self.server.sendall(b"-> You were kicked.\n")
        self.server.close()
        self.link.send(b"x")
        while self.link.backlog:
            self.until(lambda: not self.link.wants_write)
            self.link.send(b"x" * 65_536)  # nothing is kept once nothing can be sent
        self.until(lambda: self.link.ended)
        self.assertEqual(self.lines(), ["-> You were kicked."])


class SilenceTest(LinkCase):
    """A server whose machine says nothing any more, as the kernel tells it."""

    def setUp(self) -> None:
        super().setUp()
        self.connect()
        self.outstanding = (True, 5.0)
        patcher = mock.patch("reactor_chat.client.server_link._outstanding", self.look_at)
        patcher.start()
        self.addCleanup(patcher.stop)
        self.link.send_line("hello")
        self.link.on_writable()

    def look_at(self, _: socket.socket) -> tuple[bool, float]:
        return self.outstanding

    def look(self, after: float) -> None:
        self.clock.now += after
        self.link.on_due()

    def test_a_peer_that_acknowledges_nothing_is_given_up_after_a_minute(self) -> None:
        self.assertEqual(self.link.due, 110.0)
        for silence in (15.0, 25.0, 59.0):
            self.outstanding = (True, silence)
            self.look(10)
            self.assertFalse(self.link.ended)
        self.outstanding = (True, 61.0)
        self.look(10)
        self.assertTrue(self.link.ended)
        self.assertEqual(str(self.link.failure), "no answer")

    def test_one_that_merely_reads_nothing_is_waited_for(self) -> None:
        self.outstanding = (True, 1.0)  # it acknowledges the probes of its closed window
        for _ in range(100):
            self.look(10)
        self.assertFalse(self.link.ended)

    def test_once_all_has_arrived_nobody_looks_any_more(self) -> None:
        self.outstanding = (False, 1.0)
        self.look(10)
        self.assertIsNone(self.link.due)
        self.link.send_line("more")
        self.assertEqual(self.link.due, 120.0)


class KernelTest(LinkCase):
    @unittest.skipUnless(hasattr(socket, "TCP_INFO"), "the kernel does not tell")
    def test_the_kernel_tells_what_is_on_its_way(self) -> None:
        self.connect()
        sock = socket.socket(fileno=socket.dup(self.link.fileno()))
        self.addCleanup(sock.close)
        self.assertFalse(_outstanding(sock)[0])
        while wait([], [sock], 0).can_write(sock):
            sock.send(b"x" * 65_536)
        self.assertTrue(_outstanding(sock)[0])
        self.assertLess(_outstanding(sock)[1], PATIENCE)

    def test_keep_alive_is_on(self) -> None:
        self.connect()
        sock = socket.socket(fileno=socket.dup(self.link.fileno()))
        self.addCleanup(sock.close)
        self.assertTrue(sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))
