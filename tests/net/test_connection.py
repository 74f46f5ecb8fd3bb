"""One connection over a simulated socket pair: what it serves, and how it dies."""

import errno
from socket import SHUT_WR
from unittest import mock

from reactor_chat.loop.reactor import NOTHING
from reactor_chat.net.connection import FIRST_READ_SIZE
from reactor_chat.net.shared import READ_SIZE
from reactor_chat.wire.framing import OVERLONG, LineBuffer
from tests.sim.pair import CAPACITY, LIMITS, ConnectionCase


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
        self.assertEqual(len(self.owner.events), FIRST_READ_SIZE // 2)

    def test_a_peer_that_has_filled_the_first_slice_is_read_in_larger_ones(self) -> None:
        self.say(b"an ordinary peer, which ends its lines\n")
        self.peer.capacity = self.peer.peer.capacity = 10 * READ_SIZE
        self.peer.send(b"x\n" * READ_SIZE)
        self.reactor.turn()
        self.owner.events.clear()
        self.reactor.turn()
        self.assertEqual(len(self.owner.events), READ_SIZE // 2)

    def test_what_is_unterminated_at_the_end_is_a_line_and_then_comes_the_end(self) -> None:
        self.say(b"\nbye")
        self.peer.shutdown(SHUT_WR)
        self.settle()
        self.assertEqual(self.owner.events[:3], [b"", b"bye", "end"])

    def test_who_is_paused_is_not_read(self) -> None:
        self.owner.is_busy = True
        self.say(b"\x01\n")
        self.assertEqual(self.interest, 0)
        self.peer.send(b"later\n")
        self.assertIsNone(self.settle())
        self.assertEqual(self.owner.events, [])

    def test_who_was_paused_is_served_in_order_with_the_end_after_the_lines(self) -> None:
        self.owner.is_busy = True
        self.say(b"\x01\n")
        self.peer.send(b"later\n")
        self.peer.shutdown(SHUT_WR)
        self.settle()
        self.owner.is_busy = False
        self.connection.resume_reading()
        self.settle()
        self.assertEqual(self.owner.events[:3], [b"\x01", b"later", "end"])

    def test_a_reset_ends_it_and_says_why(self) -> None:
        self.peer.reset()
        self.settle()
        self.assertEqual(self.owner.events, ["closed: connection reset by peer"])

    def test_a_defect_in_the_owner_costs_it_its_life(self) -> None:
        self.say(b"ok\nfail\nnever\n")
        self.assertEqual(self.owner.events, [b"ok", ZeroDivisionError, "closed: internal error"])


class DeathTest(ConnectionCase):
    def test_aborting_frees_at_the_end_of_the_turn_and_tells_once(self) -> None:
        self.connection.abort("one")
        self.connection.abort("two")
        self.assertEqual(len(self.process.descriptors()), 1)
        self.assertEqual(self.owner.events, [])
        self.reactor.end_turn()
        self.assertEqual(self.process.descriptors(), [])
        self.assertEqual(self.owner.events, ["closed: one"])

    def test_what_is_ready_when_it_dies_is_not_served(self) -> None:
        self.peer.send(b"too late\n")
        self.connection.abort("done")
        self.settle()
        self.assertEqual(self.owner.events, ["closed: done"])

    def test_a_defect_in_the_owners_farewell_is_reported(self) -> None:
        def fail(reason: str) -> None:
            raise ZeroDivisionError

        self.owner.on_closed = fail  # type: ignore[method-assign]
        self.connection.abort("why")
        self.reactor.end_turn()
        self.assertEqual(self.owner.events, [ZeroDivisionError])

    def test_one_that_cannot_be_watched_dies_and_its_owner_is_told(self) -> None:
        def refuse(handler: object, interest: int) -> None:
            raise OSError(errno.ENOSPC, "no more")

        connection, _, owner = self.connect()
        self.reactor.watch(connection, NOTHING)
        with mock.patch.object(self.reactor, "watch", refuse):
            connection.open(owner)
        self.reactor.end_turn()
        self.assertEqual(owner.events, ["closed: no space left on device"])

    def test_closing_delivers_all_and_the_last_word_and_no_reset(self) -> None:
        lines = [b"line %d\n" % n for n in range(100)]
        for line in lines:
            self.connection.write(line)
        self.peer.send(b"unread\n" * 10)
        self.connection.close("kicked", b"last\n")
        self.assertEqual(self.read(), b"".join([*lines, b"last\n"]))
        self.peer.close()
        self.settle()
        self.assertEqual(self.owner.events, ["closed: kicked"])

    def test_after_closing_nothing_is_served_and_the_first_reason_stands(self) -> None:
        self.connection.close("kicked", b"last\n")
        self.connection.close("quit", b"not this\n")
        self.say(b"still talking\n" * 50)
        self.assertEqual(self.read(), b"last\n")
        self.peer.close()
        self.settle()
        self.assertEqual(self.owner.events, ["closed: kicked"])

    def test_a_peer_that_does_not_close_is_cut_off(self) -> None:
        self.connection.close("kicked", b"last\n")
        self.wait(LIMITS.linger - 0.1)
        self.assertEqual(self.owner.events, [])
        self.wait(0.2)
        self.assertEqual(self.owner.events, ["closed: kicked"])

    def test_a_peer_that_does_not_read_its_last_word_is_cut_off(self) -> None:
        self.connection.close("kicked", b"x" * 1000)
        self.wait(LIMITS.farewell - 0.1)
        self.assertEqual(self.owner.events, [])
        self.wait(0.2)
        self.assertEqual(self.owner.events, ["closed: kicked"])

    def test_one_that_trickles_is_cut_off_as_well(self) -> None:
        self.connection.close("kicked", b"x" * 1000)
        self.settle()
        for _ in range(int(LIMITS.farewell) - 1):
            self.peer.recv(CAPACITY // 20)
            self.wait(1)
        self.assertEqual(self.owner.events, [])
        self.wait(1.1)
        self.assertEqual(self.owner.events, ["closed: kicked"])

    def test_one_that_closes_late_has_what_the_farewell_leaves_and_no_more(self) -> None:
        self.connection.close("kicked", b"last\n")
        self.settle()
        self.wait(LIMITS.linger + 0.1)
        self.assertEqual(self.owner.events, ["closed: kicked"])

    def test_who_was_slow_once_and_caught_up_has_its_time_again_when_it_closes(self) -> None:
        for _ in range(400):
            self.connection.write(b"talk\n")
        self.settle()
        self.connection.write_or_skip(b"left out\n", 1, lambda lines: b"missed one\n")
        self.read()
        self.settle()
        self.clock.advance(LIMITS.stall + 1)
        self.peer.send(b"\x01\n")
        self.owner.on_line = lambda line: self.connection.close(  # type: ignore[method-assign]
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

    def test_after_one_that_was_too_long_its_next_message_is_served(self) -> None:
        self.connection.lines = LineBuffer(limit=10)
        self.say(b"x" * 20)
        self.assertEqual(self.owner.events, [OVERLONG])
        self.wait(LIMITS.quiet + 0.01)
        self.say(b"hello")
        self.wait(LIMITS.quiet + 0.01)
        self.assertEqual(self.owner.events, [OVERLONG, b"hello"])
