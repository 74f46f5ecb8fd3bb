"""One contract for a connection, kept by simulated sockets and by real ones.

Every statement runs twice: over `tests.sim` and over non-blocking TCP sockets on the loopback
with the platform's selector. What the simulation promises the server is therefore what Linux does.

Invariant: no statement depends on how fast the kernel is. Before something is said to be absent,
something that came after it has been waited for.
"""

import errno
from selectors import EVENT_READ, EVENT_WRITE
from socket import SHUT_WR
from typing import Any, cast

from reactor_chat.net.tcp_info import acknowledged
from tests.sim.contract import CHUNK, EVENT_BOTH, MANY, ContractCase, run_in_both_worlds


class Contract:
    class Reading(ContractCase):
        def test_recv_would_block_while_there_is_nothing(self) -> None:
            near, _ = self.pair()
            with self.assertRaises(BlockingIOError):
                near.recv(CHUNK)

        def test_bytes_arrive_in_order(self) -> None:
            near, far = self.pair()
            for part in (b"one ", b"two ", b"three"):
                far.send(part)
            self.assertEqual(self.read(near, 13), b"one two three")

        def test_recv_gives_no_more_than_was_asked_for_and_keeps_the_rest(self) -> None:
            near, far = self.pair()
            far.send(b"abcdef")
            self.wait(near, EVENT_READ)
            self.assertEqual(near.recv(4), b"abcd")
            self.assertEqual(near.recv(4), b"ef")

        def test_a_close_is_read_as_the_end_after_what_was_said_and_every_time(self) -> None:
            near, far = self.pair()
            far.send(b"bye")
            far.close()
            self.assertEqual(self.read(near, 3), b"bye")
            self.wait(near, EVENT_READ)
            self.assertEqual([near.recv(CHUNK), near.recv(CHUNK)], [b"", b""])

        def test_a_half_close_ends_one_way_and_leaves_the_other(self) -> None:
            near, far = self.pair()
            far.send(b"question")
            far.shutdown(SHUT_WR)
            self.assertEqual(self.read(near, 8), b"question")
            self.wait(near, EVENT_READ)
            self.assertEqual(near.recv(CHUNK), b"")
            near.send(b"answer")
            self.assertEqual(self.read(far, 6), b"answer")

    class Writing(ContractCase):
        def test_what_has_arrived_is_acknowledged(self) -> None:
            near, far = self.pair()
            before = acknowledged(cast(Any, near))
            near.send(b"abcdef")
            self.read(far, 6)
            far.send(b"with an acknowledgement\n")
            self.wait(near, EVENT_READ)
            self.assertEqual(acknowledged(cast(Any, near)) - before, 6)

        def test_send_takes_bytes_and_views_and_says_how_many(self) -> None:
            near, far = self.pair()
            self.assertEqual(near.send(b"abc"), 3)
            self.assertEqual(near.send(memoryview(b"-defgh-")[1:6]), 5)
            self.assertEqual(self.read(far, 8), b"abcdefgh")

        def test_sending_nothing_takes_nothing_and_never_blocks(self) -> None:
            near, _far = self.pair()
            self.assertEqual(near.send(b""), 0)
            self.fill(near)
            self.assertEqual(near.send(b""), 0)

        def test_a_full_socket_takes_part_and_then_would_block(self) -> None:
            near, far = self.pair()
            sent = self.fill(near)
            self.assertLess(0, len(sent))
            with self.assertRaises(BlockingIOError):
                for _ in range(MANY):
                    near.send(b"x" * CHUNK)
            self.assertEqual(self.read(far, len(sent)), sent)

        def test_sending_after_ones_own_half_close_is_a_broken_pipe(self) -> None:
            near, _ = self.pair()
            near.shutdown(SHUT_WR)
            with self.assertRaises(BrokenPipeError):
                near.send(b"x")

        def test_a_second_half_close_is_harmless(self) -> None:
            near, far = self.pair()
            near.shutdown(SHUT_WR)
            near.shutdown(SHUT_WR)
            self.wait(far, EVENT_READ)
            self.assertEqual(far.recv(CHUNK), b"")

        def test_a_half_close_waits_its_turn_behind_unsent_bytes(self) -> None:
            near, far = self.pair()
            sent = self.fill(near)
            near.shutdown(SHUT_WR)
            self.assertEqual(self.read(far, len(sent)), sent)
            self.wait(far, EVENT_READ)
            self.assertEqual(far.recv(CHUNK), b"")

        def test_a_close_with_nothing_unread_still_delivers_what_was_sent(self) -> None:
            near, far = self.pair()
            sent = self.fill(near)
            near.close()
            self.assertEqual(self.read(far, len(sent)), sent)
            self.wait(far, EVENT_READ)
            self.assertEqual(far.recv(CHUNK), b"")

        def test_sending_to_a_closed_socket_is_taken_once_and_then_a_broken_pipe(self) -> None:
            near, far = self.pair()
            far.close()
            self.wait(near, EVENT_READ)
            self.assertEqual(near.send(b"x"), 1)
            with self.assertRaises(BrokenPipeError):
                for _ in range(MANY):
                    near.send(b"x")
            self.assertEqual(near.recv(CHUNK), b"")

    class Resets(ContractCase):
        def test_a_reset_is_raised_by_recv_once_and_then_read_as_the_end(self) -> None:
            near = self.after_reset()
            with self.assertRaises(ConnectionResetError):
                near.recv(CHUNK)
            self.assertEqual(near.recv(CHUNK), b"")

        def test_a_reset_is_raised_by_send_once_and_then_a_broken_pipe(self) -> None:
            near = self.after_reset()
            with self.assertRaises(ConnectionResetError):
                near.send(b"x")
            with self.assertRaises(BrokenPipeError):
                near.send(b"x")

        def test_what_arrived_before_a_reset_is_still_read(self) -> None:
            near, far = self.pair()
            far.send(b"last words")
            self.wait(near, EVENT_READ)
            self.world.reset(far)
            self.assertEqual(self.read(near, 10), b"last words")
            self.wait(near, EVENT_READ)
            with self.assertRaises(ConnectionResetError):
                near.recv(CHUNK)

        def test_closing_with_unread_input_resets_the_other_end(self) -> None:
            near, far = self.pair()
            near.send(b"never read")
            self.wait(far, EVENT_READ)
            far.close()
            self.wait(near, EVENT_READ)
            with self.assertRaises(ConnectionResetError):
                near.recv(CHUNK)

        def test_closing_with_unread_input_loses_what_was_not_yet_sent(self) -> None:
            near, far = self.pair()
            sent = self.fill(far)
            near.send(b"never read")
            self.wait(far, EVENT_READ)
            far.close()
            self.wait(near, EVENT_READ)
            received = bytearray()
            with self.assertRaises(ConnectionResetError):
                for _ in sent:
                    received += near.recv(CHUNK)
            self.assertLess(len(received), len(sent))

        def test_an_end_that_waits_behind_unsent_bytes_is_lost_in_a_reset(self) -> None:
            near, far = self.pair()
            sent = self.fill(far)
            far.shutdown(SHUT_WR)
            self.world.reset(far)
            with self.assertRaises(ConnectionResetError):
                self.read(near, len(sent) + 1)

        def test_a_reset_after_the_end_of_the_stream_is_a_broken_pipe(self) -> None:
            near, far = self.pair()
            near.send(b"never read")
            self.wait(far, EVENT_READ)
            far.shutdown(SHUT_WR)
            self.wait(near, EVENT_READ)
            far.close()
            self.assertEqual(near.recv(CHUNK), b"")
            with self.assertRaises(BrokenPipeError):
                near.send(b"x")

        def test_nothing_can_be_reset_once_both_ends_have_said_all(self) -> None:
            near, far = self.pair()
            near.send(b"never read")
            near.shutdown(SHUT_WR)
            far.shutdown(SHUT_WR)
            self.wait(near, EVENT_READ)
            self.wait(far, EVENT_READ)
            far.close()
            self.assertEqual([near.recv(CHUNK), near.recv(CHUNK)], [b"", b""])

        def test_a_half_close_after_a_reset_is_an_error(self) -> None:
            near = self.after_reset()
            with self.assertRaises(OSError) as caught:
                near.shutdown(SHUT_WR)
            self.assertEqual(caught.exception.errno, errno.ENOTCONN)

    class Readiness(ContractCase):
        def test_an_idle_connection_can_be_written_and_not_read(self) -> None:
            near, _ = self.pair()
            self.assertEqual(self.ready(near, EVENT_BOTH), EVENT_WRITE)

        def test_input_is_reported_until_it_is_read(self) -> None:
            near, far = self.pair()
            far.send(b"ab")
            self.wait(near, EVENT_READ)
            near.recv(1)
            self.wait(near, EVENT_READ)
            near.recv(1)
            self.assertEqual(self.ready(near, EVENT_READ), 0)

        def test_the_end_of_the_stream_is_reported_for_as_long_as_one_asks(self) -> None:
            near, far = self.pair()
            far.close()
            for _ in range(3):
                self.wait(near, EVENT_READ)
                self.assertEqual(near.recv(CHUNK), b"")

        def test_a_full_socket_can_be_written_again_once_the_other_end_has_read(self) -> None:
            near, far = self.pair()
            sent = self.fill(near)
            self.assertEqual(self.ready(near, EVENT_WRITE), 0)
            self.read(far, len(sent))
            self.wait(near, EVENT_WRITE)

        def test_only_what_was_asked_for_is_reported(self) -> None:
            near, far = self.pair()
            far.send(b"x")
            self.wait(near, EVENT_READ)
            self.assertEqual(self.ready(near, EVENT_WRITE), EVENT_WRITE)
            self.assertEqual(self.ready(near, EVENT_READ), EVENT_READ)

        def test_the_other_ends_half_close_does_not_wake_one_who_waits_to_write(self) -> None:
            near, far = self.pair()
            far.shutdown(SHUT_WR)
            self.wait(near, EVENT_READ)
            self.fill(near)
            self.assertEqual(self.ready(near, EVENT_WRITE), 0)

        def test_a_reset_wakes_one_who_waits_to_write(self) -> None:
            near, far = self.pair()
            self.fill(near)
            self.world.reset(far)
            self.wait(near, EVENT_WRITE)

        def test_a_reset_is_reported_even_after_its_error_was_raised(self) -> None:
            near = self.after_reset()
            with self.assertRaises(ConnectionResetError):
                near.recv(CHUNK)
            self.wait(near, EVENT_BOTH)

        def test_a_half_closed_socket_counts_as_writable_even_while_it_is_full(self) -> None:
            near, _far = self.pair()
            self.fill(near)
            near.shutdown(SHUT_WR)
            self.wait(near, EVENT_WRITE)

        def test_the_end_of_both_ways_wakes_one_who_waits_to_write(self) -> None:
            near, far = self.pair()
            near.shutdown(SHUT_WR)
            far.shutdown(SHUT_WR)
            self.wait(near, EVENT_BOTH)

        def test_interest_can_be_changed_and_withdrawn(self) -> None:
            near, _ = self.pair()
            with self.world.selector() as selector:
                selector.register(near.fileno(), EVENT_READ)
                self.assertEqual(selector.select(0), [])
                key = selector.modify(near.fileno(), EVENT_WRITE, "data")
                self.assertEqual(selector.select(0), [(key, EVENT_WRITE)])
                self.assertEqual((key.fd, key.data), (near.fileno(), "data"))
                selector.unregister(near.fileno())
                self.assertEqual(selector.select(0), [])
                self.assertEqual(len(selector.get_map()), 0)


run_in_both_worlds(Contract, globals())
