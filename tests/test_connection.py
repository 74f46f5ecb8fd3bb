"""One connection over a simulated socket pair: what it sends and serves, and how it dies."""

import random
import unittest
from selectors import EVENT_READ, EVENT_WRITE
from socket import SHUT_WR
from typing import Any, cast

from reactor_chat.connection import READ_SIZE, Connection, Nobody
from reactor_chat.framing import Line
from reactor_chat.outlet import Limits, Streams
from reactor_chat.reactor import Reactor
from tests.sim.clock import Clock
from tests.sim.network import socket_pair
from tests.sim.process import Process
from tests.sim.selector import Asleep, Selector
from tests.sim.stream import Stream

LIMITS = Limits(backlog=1000, hold=500)
CAPACITY = 100  # Bytes that each end's kernel buffers.


class Recorder(Nobody):
    """An owner that takes down what happens, and may be told to do something about it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.events: list[object] = []
        self.is_busy = False  # It takes no lines now.

    def on_run(self, run: bytes) -> None:
        self.connection.lines.put_back(run)
        self.on_lines()

    def on_lines(self) -> None:
        while True:
            if self.is_busy:
                self.connection.hold()
                return
            line = self.connection.lines.next_line()
            if line is None:
                return
            self.on_line(line)

    def on_line(self, line: Line) -> None:
        if line == b"fail":
            raise ZeroDivisionError
        self.events.append(line)

    def on_end(self) -> None:
        self.events.append("end")
        self.connection.finish("end of input")

    def on_caught_up(self, missed: int) -> None:
        self.connection.write(b"missed %d\n" % missed)

    def on_closed(self, reason: str) -> None:
        self.events.append(f"closed: {reason}")

    def on_error(self, error: Exception) -> None:
        self.events.append(type(error))


class ConnectionCase(unittest.TestCase):
    def setUp(self) -> None:
        self.process = Process(random.Random(0))
        self.clock = Clock()
        self.selector = Selector(self.process)
        self.reactor = Reactor(self.selector, self.clock)
        self.streams = Streams(self.reactor, LIMITS)
        self.sends: list[bytes] = []
        self.connection, self.peer, self.owner = self.connect()
        self.addCleanup(lambda: self.assertEqual(self.process.violations, []))

    def connect(self) -> tuple[Connection, Stream, Recorder]:
        near, far = socket_pair(self.process, Process(random.Random(0)), CAPACITY)
        send = near.send

        def noted(data: bytes) -> int:
            self.sends.append(bytes(data))
            return send(data)

        near.send = noted  # type: ignore[assignment, method-assign]
        connection = Connection(self.streams, cast(Any, near))
        owner = Recorder(connection)
        connection.open(cast(Any, owner))
        return connection, far, owner

    def settle(self) -> float | None:
        """Turn until there is nothing to do; for how long the loop would sleep."""
        self.reactor.settle()
        while True:
            try:
                self.reactor.turn()
            except Asleep as sleep:
                return sleep.timeout

    def wait(self, seconds: float) -> None:
        self.settle()
        self.clock.advance(seconds)
        self.settle()

    def read(self) -> bytes:
        """Whatever the peer can get, to the end if there is one."""
        received = bytearray()
        while True:
            try:
                data = self.peer.recv(1000)
            except BlockingIOError:
                self.settle()
                if not self.peer.unread():
                    return bytes(received)
                continue
            if not data:
                return bytes(received)
            received += data

    def say(self, data: bytes) -> None:
        """Send all of `data` from the peer, in as many pieces as it takes."""
        while data:
            data = data[self.peer.send(data) :]
            self.settle()

    @property
    def interest(self) -> int:
        key = self.selector.get_map().get(self.connection.fd)
        return key.events if key else 0

    def reads_the_end(self) -> bool:
        return self.peer.readable() and not self.peer.recv(1)


class InputTest(ConnectionCase):
    def test_lines_are_served_however_they_arrive(self) -> None:
        self.say(b"one\r\ntwo\n\n")
        for byte in b"three\nfo":
            self.say(bytes([byte]))
        self.say(b"ur\n")
        self.assertEqual(self.owner.events, [b"one", b"two", b"", b"three", b"four"])

    def test_a_turn_reads_one_bounded_slice(self) -> None:
        self.peer.capacity = self.peer.peer.capacity = 10 * READ_SIZE
        self.peer.send(b"x\n" * READ_SIZE)
        self.reactor.turn()
        self.assertEqual(len(self.owner.events), READ_SIZE // 2)

    def test_what_is_unterminated_at_the_end_is_a_line_and_then_comes_the_end(self) -> None:
        self.say(b"\nbye")
        self.peer.shutdown(SHUT_WR)
        self.settle()
        self.assertEqual(self.owner.events[:3], [b"", b"bye", "end"])

    def test_who_is_held_is_not_read(self) -> None:
        self.owner.is_busy = True
        self.say(b"\x01\n")
        self.assertEqual(self.interest, 0)
        self.peer.send(b"later\n")
        self.assertIsNone(self.settle())
        self.assertEqual(self.owner.events, [])

    def test_who_was_held_is_served_in_order_with_the_end_after_the_lines(self) -> None:
        self.owner.is_busy = True
        self.say(b"\x01\n")
        self.peer.send(b"later\n")
        self.peer.shutdown(SHUT_WR)
        self.settle()
        self.owner.is_busy = False
        self.connection.serve()
        self.settle()
        self.assertEqual(self.owner.events[:3], [b"\x01", b"later", "end"])

    def test_a_reset_ends_it_and_says_why(self) -> None:
        self.peer.reset()
        self.settle()
        self.assertEqual(self.owner.events, ["closed: connection reset by peer"])

    def test_a_defect_in_the_owner_costs_it_its_life(self) -> None:
        self.say(b"ok\nfail\nnever\n")
        self.assertEqual(self.owner.events, [b"ok", ZeroDivisionError, "closed: internal error"])


class OutputTest(ConnectionCase):
    def test_writing_makes_no_system_call(self) -> None:
        self.connection.write(b"one\n")
        self.assertEqual(self.sends, [])

    def test_what_a_turn_has_written_leaves_in_one_send(self) -> None:
        for line in (b"one\n", b"two\n", b"three\n"):
            self.connection.write(line)
        self.reactor.settle()
        self.assertEqual(self.sends, [b"one\ntwo\nthree\n"])
        self.assertEqual(self.connection.size, 0)

    def test_it_waits_for_output_exactly_while_the_kernel_has_refused_some(self) -> None:
        self.assertEqual(self.interest, EVENT_READ)
        said = b"x" * 299 + b"\n"
        self.connection.write(said)
        self.settle()
        self.assertEqual(self.interest, EVENT_READ | EVENT_WRITE)
        self.assertEqual(self.connection.size, 300 - 2 * CAPACITY)
        self.assertEqual(self.read(), said)
        self.assertEqual(self.interest, EVENT_READ)

    def test_while_it_waits_nothing_is_offered_in_vain(self) -> None:
        self.connection.write(b"x" * 300)
        self.settle()
        self.sends.clear()
        self.connection.write(b"more\n")
        self.settle()
        self.assertEqual(self.sends, [])

    def test_everything_arrives_in_order_through_a_small_kernel_buffer(self) -> None:
        lines = [b"line %d\n" % n for n in range(200)]
        for line in lines:
            self.connection.write(line)
        self.assertEqual(self.read(), b"".join(lines))

    def test_writing_after_its_death_is_harmless_and_sends_nothing(self) -> None:
        self.connection.close("done")
        self.connection.write(b"never\n")
        self.streams.spread([self.connection], b"never\n", 1)
        self.settle()
        self.connection.write(b"never\n")
        self.settle()
        self.assertEqual(self.sends, [])


class OverhearingTest(ConnectionCase):
    def overhear(self, count: int) -> None:
        for number in range(count):
            self.streams.spread([self.connection], b"%03d\n" % number, 1)
            self.reactor.settle()

    def test_all_but_one_hear_it(self) -> None:
        other, peer, _ = self.connect()
        self.streams.spread([self.connection, other], b"hello\n", 1, skip=other)
        self.settle()
        self.assertEqual(self.read(), b"hello\n")
        self.assertFalse(peer.unread())

    def test_what_is_more_than_its_backlog_is_left_out_counted_and_told_of_in_its_place(
        self,
    ) -> None:
        self.overhear(400)
        kept = (LIMITS.backlog + 2 * CAPACITY) // 4
        self.assertEqual(self.connection.size, LIMITS.backlog)
        heard = self.read()
        self.assertEqual(heard.count(b"\n"), kept + 1)
        self.assertTrue(heard.endswith(b"%03d\nmissed %d\n" % (kept - 1, 400 - kept)))
        self.overhear(1)
        self.assertEqual(self.read(), b"000\n")

    def test_once_lines_are_left_out_all_are_until_it_has_caught_up(self) -> None:
        self.overhear(400)
        self.peer.recv(1000)
        self.settle()
        self.assertLess(self.connection.size, LIMITS.backlog)
        self.overhear(1)
        self.assertEqual(self.connection.missed, 101)

    def test_an_answer_is_never_left_out(self) -> None:
        self.overhear(400)
        self.connection.write(b"answer\n")
        self.assertTrue(self.read().endswith(b"299\nanswer\nmissed 100\n"))

    def test_a_full_backlog_that_does_not_move_ends_it(self) -> None:
        self.overhear(400)
        self.wait(LIMITS.stall - 0.1)
        self.assertEqual(self.owner.events, [])
        self.wait(0.2)
        self.assertEqual(self.owner.events, ["closed: stopped reading"])

    def test_one_that_moves_a_little_does_not(self) -> None:
        self.overhear(400)
        for _ in range(5):
            self.peer.recv(CAPACITY)
            self.wait(LIMITS.stall - 1)
        self.assertEqual(self.owner.events, [])


class DeathTest(ConnectionCase):
    def test_closing_frees_at_the_end_of_the_turn_and_tells_once(self) -> None:
        self.connection.close("one")
        self.connection.close("two")
        self.assertEqual(len(self.process.descriptors()), 1)
        self.assertEqual(self.owner.events, [])
        self.reactor.settle()
        self.assertEqual(self.process.descriptors(), [])
        self.assertEqual(self.owner.events, ["closed: one"])

    def test_what_is_ready_when_it_dies_is_not_served(self) -> None:
        self.peer.send(b"too late\n")
        self.connection.close("done")
        self.settle()
        self.assertEqual(self.owner.events, ["closed: done"])

    def test_finishing_delivers_all_and_the_last_word_and_no_reset(self) -> None:
        lines = [b"line %d\n" % n for n in range(100)]
        for line in lines:
            self.connection.write(line)
        self.peer.send(b"unread\n" * 10)
        self.connection.finish("kicked", b"last\n")
        self.assertEqual(self.read(), b"".join([*lines, b"last\n"]))
        self.peer.close()
        self.settle()
        self.assertEqual(self.owner.events, ["closed: kicked"])

    def test_after_finish_nothing_is_served_and_the_first_reason_stands(self) -> None:
        self.connection.finish("kicked", b"last\n")
        self.connection.finish("quit", b"not this\n")
        self.say(b"still talking\n" * 50)
        self.assertEqual(self.read(), b"last\n")
        self.peer.close()
        self.settle()
        self.assertEqual(self.owner.events, ["closed: kicked"])

    def test_a_peer_that_does_not_close_is_cut_off(self) -> None:
        self.connection.finish("kicked", b"last\n")
        self.wait(LIMITS.linger - 0.1)
        self.assertEqual(self.owner.events, [])
        self.wait(0.2)
        self.assertEqual(self.owner.events, ["closed: kicked"])

    def test_a_peer_that_does_not_read_its_last_word_is_cut_off(self) -> None:
        self.connection.finish("kicked", b"x" * 1000)
        self.wait(LIMITS.stall - 0.1)
        self.assertEqual(self.owner.events, [])
        self.wait(0.2)
        self.assertEqual(self.owner.events, ["closed: stopped reading"])

    def test_who_was_slow_once_and_caught_up_has_its_time_again_when_it_finishes(self) -> None:
        for _ in range(400):
            self.streams.spread([self.connection], b"talk\n", 1)
        self.settle()
        self.read()
        self.settle()
        self.clock.advance(LIMITS.stall + 1)
        self.peer.send(b"\x01\n")
        self.owner.on_line = lambda line: self.connection.finish(  # type: ignore[method-assign]
            "quit", b"bye\n"
        )
        self.settle()
        self.assertEqual(self.read(), b"bye\n")


class BareClientTest(ConnectionCase):
    """A peer that has never ended a line."""

    def test_text_that_has_been_still_for_a_while_is_a_message(self) -> None:
        self.say(b"hel")
        self.wait(LIMITS.quiet - 0.01)
        self.say(b"lo")
        self.wait(LIMITS.quiet - 0.01)
        self.assertEqual(self.owner.events, [])
        self.wait(0.02)
        self.assertEqual(self.owner.events, [b"hello"])

    def test_its_answers_end_without_a_terminator_and_are_joined_by_line_feeds(self) -> None:
        self.say(b"hello")
        self.wait(LIMITS.quiet)
        self.connection.write(b"HELLO\n")
        self.connection.write(b"Server: hi\n")
        self.assertEqual(self.read(), b"HELLO\nServer: hi")
        self.connection.write(b"x" * 299 + b"\n")
        self.assertEqual(self.read(), b"x" * 299)

    def test_with_its_first_line_feed_it_becomes_an_ordinary_client(self) -> None:
        self.say(b"hello")
        self.wait(LIMITS.quiet)
        self.say(b"and\nhalf")
        self.wait(1)
        self.assertEqual(self.owner.events, [b"hello", b"and"])
        self.connection.write(b"ended\n")
        self.assertEqual(self.read(), b"ended\n")

    def test_an_ordinary_client_may_pause_in_a_line(self) -> None:
        self.say(b"\nhel")
        self.wait(3600)
        self.say(b"lo\n")
        self.assertEqual(self.owner.events, [b"", b"hello"])

    def test_after_a_suspension_what_waits_unread_belongs_to_the_message(self) -> None:
        self.say(b"hel")
        self.clock.advance(3600)
        self.peer.send(b"lo")
        self.wait(LIMITS.quiet)
        self.assertEqual(self.owner.events, [b"hello"])
