"""What the simulation adds to the contract: rules that the house sets, faults, and replay.

A real kernel shrugs at some of these mistakes, or punishes them much later. The simulation
raises on the spot, and remembers in `violations` in case the exception is swallowed.
"""

import contextlib
import errno
import random
import unittest
from collections.abc import Callable
from selectors import EVENT_READ, EVENT_WRITE
from socket import SHUT_RD

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sim.clock import Clock
from tests.sim.network import Network, socket_pair
from tests.sim.process import CALM, FIRST_DESCRIPTOR, ROUGH, Faults, Process
from tests.sim.selector import Asleep, Selector
from tests.sim.stream import Stream

HERE = ("127.0.0.1", 1)


def process(faults: Faults = CALM, seed: int = 0) -> Process:
    return Process(random.Random(seed), faults)


class MisuseTest(unittest.TestCase):
    def setUp(self) -> None:
        self.process = process()
        self.selector = Selector(self.process)
        self.near, self.far = socket_pair(self.process, process())

    def assert_broken(self, call: Callable[..., object], *args: object) -> None:
        """The call raises, and the process remembers why."""
        with self.assertRaises(AssertionError) as caught:
            call(*args)
        self.assertEqual(self.process.violations, [str(caught.exception)])

    def test_closing_a_registered_descriptor_breaks_a_rule(self) -> None:
        self.selector.register(self.near.fileno(), EVENT_READ)
        self.assert_broken(self.near.close)

    def test_registering_a_closed_descriptor_breaks_a_rule(self) -> None:
        fd = self.near.fileno()
        self.near.close()
        self.assert_broken(self.selector.register, fd, EVENT_READ)

    def test_registering_minus_one_breaks_a_rule(self) -> None:
        self.near.close()
        self.assert_broken(self.selector.register, self.near.fileno(), EVENT_READ)

    def test_registering_twice_breaks_a_rule(self) -> None:
        self.selector.register(self.near.fileno(), EVENT_READ)
        self.assert_broken(self.selector.register, self.near.fileno(), EVENT_WRITE)

    def test_registering_a_socket_instead_of_its_descriptor_breaks_a_rule(self) -> None:
        self.assert_broken(self.selector.register, self.near, EVENT_READ)

    def test_registering_for_nothing_breaks_a_rule(self) -> None:
        self.assert_broken(self.selector.register, self.near.fileno(), 0)

    def test_changing_interest_to_nothing_breaks_a_rule(self) -> None:
        self.selector.register(self.near.fileno(), EVENT_READ)
        self.assert_broken(self.selector.modify, self.near.fileno(), 0)

    def test_changing_the_interest_of_an_unknown_descriptor_breaks_a_rule(self) -> None:
        self.assert_broken(self.selector.modify, self.near.fileno(), EVENT_READ)

    def test_unregistering_an_unknown_descriptor_breaks_a_rule(self) -> None:
        self.assert_broken(self.selector.unregister, self.near.fileno())

    def test_every_call_on_a_closed_socket_breaks_a_rule(self) -> None:
        self.near.close()
        calls: list[Callable[[], object]] = [
            lambda: self.near.recv(1),
            lambda: self.near.send(b"x"),
            lambda: self.near.shutdown(1),
        ]
        for call in calls:
            self.process.violations.clear()
            self.assert_broken(call)

    def test_accepting_on_a_closed_listener_breaks_a_rule(self) -> None:
        listener = Network().listen(self.process, HERE)
        listener.close()
        self.assert_broken(listener.accept)

    def test_reading_a_socket_that_may_block_breaks_a_rule(self) -> None:
        self.near.setblocking(True)
        self.assert_broken(self.near.recv, 1)

    def test_shutting_down_the_reading_side_is_not_simulated(self) -> None:
        self.assert_broken(self.near.shutdown, SHUT_RD)


class SleepTest(unittest.TestCase):
    def setUp(self) -> None:
        self.process = process()
        self.near, self.far = socket_pair(self.process, process())

    def test_a_select_that_would_sleep_says_for_how_long(self) -> None:
        for timeout in (None, 0.5):
            with self.assertRaises(Asleep) as caught:
                Selector(self.process).select(timeout)
            self.assertEqual(caught.exception.timeout, timeout)

    def test_a_select_that_only_looks_never_sleeps(self) -> None:
        self.assertEqual(Selector(self.process).select(0), [])

    def test_what_happens_during_sleep_is_reported_by_the_same_select(self) -> None:
        selector = Selector(self.process, on_idle=lambda timeout: self.far.send(b"x"))
        key = selector.register(self.near.fileno(), EVENT_READ)
        self.assertEqual(selector.select(None), [(key, EVENT_READ)])

    def test_sleep_may_pass_with_nothing_ready(self) -> None:
        clock = Clock(0.0)
        selector = Selector(self.process, on_idle=lambda timeout: clock.advance(timeout or 0))
        self.assertEqual((selector.select(2.5), clock()), ([], 2.5))

    def test_every_select_is_counted(self) -> None:
        selector = Selector(self.process)
        for _ in range(3):
            selector.select(0)
        self.assertEqual(selector.selects, 3)

    def test_the_clock_does_not_go_back(self) -> None:
        with self.assertRaises(AssertionError):
            Clock().advance(-1)


class CallingTest(unittest.TestCase):
    def setUp(self) -> None:
        self.network = Network()
        self.process = process()

    def test_calling_where_nobody_listens_is_refused_and_keeps_no_descriptor(self) -> None:
        with self.assertRaises(ConnectionRefusedError):
            self.network.connect(self.process, HERE)
        self.assertEqual(self.process.descriptors(), [])

    def test_calling_a_closed_listener_is_refused(self) -> None:
        self.network.listen(self.process, HERE).close()
        with self.assertRaises(ConnectionRefusedError):
            self.network.connect(self.process, HERE)
        self.assertEqual(self.process.descriptors(), [])

    def test_a_full_backlog_keeps_the_next_caller_out(self) -> None:
        listener = self.network.listen(process(), HERE, backlog=2)
        for _ in range(2):
            self.network.connect(self.process, HERE)
        with self.assertRaises(TimeoutError):
            self.network.connect(self.process, HERE)
        listener.accept()
        self.network.connect(self.process, HERE)

    def test_a_caller_comes_from_the_host_that_the_test_names(self) -> None:
        listener = self.network.listen(process(), HERE)
        self.network.connect(self.process, HERE, host="10.0.0.9")
        self.assertEqual(listener.accept()[1][0], "10.0.0.9")

    def test_two_processes_number_their_descriptors_apart(self) -> None:
        near, far = socket_pair(self.process, process())
        self.assertEqual(near.fileno(), far.fileno())
        self.assertEqual(near.fileno(), FIRST_DESCRIPTOR)


class FaultsTest(unittest.TestCase):
    def test_a_rough_kernel_moves_bytes_in_pieces_and_loses_none(self) -> None:
        here, there = process(ROUGH, 1), process(ROUGH, 2)
        near, far = socket_pair(here, there, capacity=64)
        text = bytes(range(256)) * 4
        pieces = transfer(near, far, text)
        self.assertEqual(b"".join(pieces), text)
        self.assertGreater(len(pieces), len(text) / 64)

    def test_a_ready_descriptor_may_be_reported_later_but_never_all_of_them(self) -> None:
        here = process(Faults(late=90))
        selector = Selector(here)
        for _ in range(5):
            near, _ = socket_pair(here, process())
            selector.register(near.fileno(), EVENT_WRITE)
        counts = [len(selector.select()) for _ in range(50)]
        self.assertEqual(min(counts), 1)
        self.assertGreater(max(counts), 1)

    def test_an_aborted_call_costs_that_caller_alone(self) -> None:
        network, here = Network(), process(Faults(aborted=100))
        listener = network.listen(here, HERE)
        caller = network.connect(process(), HERE)
        with self.assertRaises(ConnectionAbortedError):
            listener.accept()
        self.assertEqual(listener.waiting(), 0)
        with self.assertRaises(ConnectionResetError):
            caller.recv(1)

    def test_a_lossy_reset_destroys_what_was_not_read(self) -> None:
        near, far = socket_pair(process(Faults(lossy=100)), process())
        far.send(b"lost")
        far.reset()
        with self.assertRaises(ConnectionResetError):
            near.recv(4)

    def test_a_connection_that_the_kernel_gave_up_raises_its_reason_once(self) -> None:
        near, far = socket_pair(process(), process())
        near.fail(errno.ETIMEDOUT)
        with self.assertRaises(TimeoutError):
            near.recv(1)
        self.assertEqual(near.recv(1), b"")
        far.send(b"x")
        with self.assertRaises(ConnectionResetError):
            far.recv(1)


class ReplayTest(unittest.TestCase):
    def test_the_same_seed_gives_the_same_run(self) -> None:
        self.assertEqual(trace(random.Random(7)), trace(random.Random(7)))

    def test_another_seed_gives_another_run(self) -> None:
        self.assertNotEqual(trace(random.Random(7)), trace(random.Random(8)))

    @settings(max_examples=20, deadline=None, derandomize=True, database=None)
    @given(st.randoms(use_true_random=False))
    def test_a_run_that_hypothesis_draws_loses_nothing_either(self, rng: random.Random) -> None:
        heard = dict.fromkeys(range(3), b"")
        for number, piece in trace(rng):
            heard[number] += piece
        self.assertEqual(heard, dict.fromkeys(range(3), SPEECH))

    def test_a_run_of_zeros_is_as_kind_as_one_without_faults(self) -> None:
        self.assertEqual(trace(Zeros()), trace(random.Random(0), CALM))


class Zeros(random.Random):
    """What a run that Hypothesis draws shrinks to."""

    def getrandbits(self, k: int) -> int:
        return 0

    def shuffle(self, x: object) -> None:
        """Everything stays where it is."""


SPEECH = b"0123456789abcdef" * 4


def trace(rng: random.Random, faults: Faults = ROUGH) -> list[tuple[int, bytes]]:
    """How three connections are read by one selector: whose piece came when, up to its end."""
    here = Process(rng, faults)
    selector = Selector(here)
    pieces: list[tuple[int, bytes]] = []
    for number in range(3):
        near, far = socket_pair(here, process())
        far.send(SPEECH)
        far.close()
        selector.register(near.fileno(), EVENT_READ, (number, near))
    while selector.get_map():
        for key, _ in selector.select():
            number, near = key.data
            piece = receive(near, 16)
            pieces.append((number, piece or b""))
            if piece == b"":
                selector.unregister(key.fd)
                near.close()
    return pieces


def transfer(near: Stream, far: Stream, text: bytes) -> list[bytes]:
    """Send `text` from one end to the other, in as many pieces as it takes."""
    pieces = []
    left = text
    while left or near.unsent() or far.unread():
        with contextlib.suppress(BlockingIOError):
            left = left[near.send(left) :]
        pieces.append(receive(far, 64) or b"")
    return pieces


def receive(stream: Stream, limit: int) -> bytes | None:
    """What `recv` gives, or None where it would block."""
    try:
        return stream.recv(limit)
    except BlockingIOError:
        return None
