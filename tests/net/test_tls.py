"""Handshakes and TLS connections on the reactor, over simulated sockets."""

import random
import unittest
from typing import Any, cast
from unittest import mock

from reactor_chat.chat.log import Log
from reactor_chat.loop.reactor import Reactor
from reactor_chat.net.audience import Audience
from reactor_chat.net.certificate import Certificate
from reactor_chat.net.connection import Connection
from reactor_chat.net.owner import Owner
from reactor_chat.net.shared import Limits, Shared
from reactor_chat.net.tls import HANDSHAKE, PLAINTEXT, TlsDoor, connection_over
from reactor_chat.net.tls_stream import TlsStream
from reactor_chat.wire.dialects import Origin, current
from tests.certificates import certificate
from tests.net.tls_pair import over, read, take
from tests.sim.clock import Clock
from tests.sim.network import socket_pair
from tests.sim.process import Process
from tests.sim.selector import Asleep, Selector
from tests.sim.stream import Stream


class LoopCase(unittest.TestCase):
    """A reactor in a simulated process."""

    def setUp(self) -> None:
        self.process = Process(random.Random(0))
        self.clock = Clock()
        self.selector = Selector(self.process)
        self.reactor = Reactor(self.selector, self.clock)
        self.addCleanup(lambda: self.assertEqual(self.process.violations, []))

    def settle(self) -> float | None:
        """Turn until there is nothing to do; for how long the loop would sleep."""
        self.reactor.end_turn()
        while True:
            try:
                self.reactor.turn()
            except Asleep as sleep:
                return sleep.timeout

    def wait(self, seconds: float) -> None:
        self.settle()
        self.clock.advance(seconds)
        self.settle()

    def pair(self, capacity: int = 8192) -> tuple[Stream, Stream]:
        return socket_pair(self.process, Process(random.Random(0)), capacity)


class DoorCase(LoopCase):
    def setUp(self) -> None:
        super().setUp()
        self.admitted: list[tuple[TlsStream, str, int]] = []
        self.reports: list[tuple[str, int, str]] = []
        self.refused_hosts: set[str] = set()
        self.fails = False  # whoever admits
        self.certificate = Certificate(certificate().cert, certificate().key)
        self.door = TlsDoor(
            self.reactor,
            self.certificate,
            self.admit,
            lambda host: host in self.refused_hosts,
            lambda *report: self.reports.append(report),
        )
        self.addCleanup(self.check_descriptors)

    def admit(self, stream: TlsStream, host: str, port: int) -> None:
        self.admitted.append((stream, host, port))
        if self.fails:
            raise ZeroDivisionError

    def check_descriptors(self) -> None:
        """The door keeps none that it gave up, or passed on."""
        self.door.stop()
        self.reactor.end_turn()
        for stream, _, _ in self.admitted:
            stream.close()
        self.assertEqual(self.process.descriptors(), [])

    def knock(self, host: str = "192.0.2.1") -> tuple[TlsStream, Stream]:
        """A caller that has not said anything: its TLS, and its socket."""
        near, far = self.pair()
        self.door.accept(cast(Any, near), host, 40_000)
        return over(far, certificate().client_context(), "localhost"), far


class HandshakeTest(DoorCase):
    def test_whoever_has_shaken_hands_is_admitted(self) -> None:
        client, _ = self.knock()
        self.assertEqual((self.door.pending, self.door.pending_from("192.0.2.1")), (1, 1))
        while not client.handshake():
            self.settle()
        self.settle()
        [(stream, host, port)] = self.admitted
        self.assertEqual((host, port), ("192.0.2.1", 40_000))
        self.assertEqual((self.door.pending, self.door.pending_from("192.0.2.1")), (0, 0))
        stream.send(b"hello")
        self.assertEqual(read(client), [b"hello"])
        self.assertIsNone(self.settle())  # no timer is left

    def test_one_that_stalls_at_any_byte_is_given_up_and_costs_nobody_else_anything(self) -> None:
        hello = self.client_hello()
        for length in range(0, len(hello), 7):
            stalled, far = self.knock()
            if length:
                far.send(hello[:length])
            client, _ = self.knock()
            while not client.handshake():
                self.settle()
            self.settle()
            self.assertEqual(len(self.admitted), 1)
            self.admitted.pop()[0].close()
            self.assertEqual(self.settle(), HANDSHAKE)
            self.wait(HANDSHAKE)
            self.assertEqual(self.reports.pop()[2], "no TLS handshake within 10 s")
            self.assertTrue(far.readable())
            del stalled

    def client_hello(self) -> bytes:
        near, far = self.pair()
        over(far, certificate().client_context(), "localhost").handshake()
        hello = near.recv(8192)
        near.close()
        return hello

    def test_bytes_that_trickle_do_not_put_off_the_deadline(self) -> None:
        _, far = self.knock()
        hello = self.client_hello()
        for byte in hello[:11]:
            far.send(bytes([byte]))
            self.wait(HANDSHAKE / 10)
        self.assertEqual(len(self.reports), 1)

    def test_a_peer_that_never_reads_is_given_up(self) -> None:
        client, far = self.knock()
        far.peer.capacity, far.capacity = 100, 8192
        client.handshake()
        far.capacity = 0
        self.wait(HANDSHAKE)
        self.assertEqual(self.reports, [("192.0.2.1", 40_000, "no TLS handshake within 10 s")])

    def test_who_speaks_in_plain_text_is_told_so_in_plain_text(self) -> None:
        _, far = self.knock()
        far.send(b"hello\n")
        self.settle()
        self.assertEqual(far.recv(1000), PLAINTEXT)
        self.assertEqual(far.recv(1000), b"")
        self.assertEqual(PLAINTEXT, b"-> This port speaks TLS: use chats:// or --tls.\n")
        self.assertEqual(self.reports, [("192.0.2.1", 40_000, "no TLS")])

    def test_who_waits_to_be_spoken_to_is_told_so_at_the_deadline(self) -> None:
        _, far = self.knock()
        self.wait(HANDSHAKE)
        self.assertEqual(far.recv(1000), PLAINTEXT)

    def test_who_has_begun_to_shake_hands_is_told_nothing_in_plain_text(self) -> None:
        _, far = self.knock()
        far.send(b"\x16\x03\x01")
        self.wait(HANDSHAKE)
        self.assertEqual(far.recv(1000), b"")

    def test_a_caller_that_leaves_is_reported(self) -> None:
        _, far = self.knock()
        far.close()
        self.settle()
        self.assertEqual(self.reports[0][2], "the connection ended during the TLS handshake")
        _, far = self.knock()
        far.reset()
        self.settle()
        self.assertEqual(self.reports[1][2], "connection reset by peer")

    def test_what_the_client_says_at_once_is_not_lost(self) -> None:
        client, _ = self.knock()
        while not client.handshake():
            self.settle()
        client.send(b"hello\n")
        self.settle()
        [(stream, _, _)] = self.admitted
        self.assertEqual(read(stream), [b"hello\n"])

    def test_a_turn_takes_a_bounded_number_of_steps_and_everybody_gets_a_turn(self) -> None:
        clients = [self.knock()[0] for _ in range(30)]
        for client in clients:
            client.handshake()
        steps: list[int] = []
        take_step = TlsStream.handshake

        def counted(stream: TlsStream) -> bool:
            steps[-1] += stream not in clients
            return take_step(stream)

        with mock.patch.object(TlsStream, "handshake", counted):
            for _ in range(20):
                steps.append(0)
                self.reactor.turn(0)
        self.assertEqual(sum(steps), 30)
        self.assertLessEqual(max(steps), 4)
        self.finish(clients)
        self.assertEqual(len(self.admitted), 30)

    def finish(self, clients: list[TlsStream]) -> None:
        while clients:
            clients = [client for client in clients if not client.handshake()]
            self.settle()

    def test_who_would_be_turned_away_may_read_why_as_long_as_few_do(self) -> None:
        self.refused_hosts.add("192.0.2.66")
        clients = [self.knock("192.0.2.66")[0] for _ in range(20)]
        self.assertEqual(self.door.pending, 16)
        self.assertEqual(len(self.reports), 4)
        self.knock("192.0.2.1")
        self.assertEqual(self.door.pending, 17)
        self.finish(clients[:16])
        self.assertEqual(len(self.admitted), 16)

    def test_a_renewed_certificate_is_for_new_callers(self) -> None:
        old, _ = self.knock()
        old.handshake()
        self.settle()
        other = certificate("elsewhere")
        self.assertIsNone(self.certificate.reload(other.cert, other.key))
        near, far = self.pair()
        self.door.accept(cast(Any, near), "192.0.2.2", 1)
        new = over(far, other.client_context(), "elsewhere")
        self.finish([old, new])
        self.assertEqual(old.certificate, certificate().der)
        self.assertEqual(new.certificate, other.der)

    def test_at_the_end_of_the_server_they_are_let_go(self) -> None:
        _, far = self.knock()
        self.door.stop()
        self.reactor.end_turn()
        self.assertEqual(far.recv(100), b"")

    def test_one_that_cannot_be_watched_is_reported(self) -> None:
        with mock.patch.object(self.reactor, "watch", side_effect=OSError("no more")):
            self.knock()
        self.reactor.end_turn()
        self.assertEqual(self.reports[0][2], "no more")

    def test_a_defect_in_one_handshake_ends_only_that(self) -> None:
        for client in [self.knock()[0] for _ in range(10)]:
            client.handshake()
        with mock.patch.object(TlsStream, "handshake", side_effect=ZeroDivisionError("oops")):
            self.settle()
        self.assertEqual(
            {report[2] for report in self.reports}, {"internal error: ZeroDivisionError('oops')"}
        )
        self.assertEqual(len(self.reports), 10)

    def test_a_defect_in_whoever_admits_is_reported(self) -> None:
        self.fails = True
        client, _ = self.knock()
        self.finish([client])
        self.assertEqual(self.reports[0][2], "internal error: ZeroDivisionError()")
        self.assertEqual(self.door.pending, 0)


class Recorder(Owner):
    """An owner that takes down what it is given."""

    def __init__(self, connection: Connection) -> None:
        self.events: list[object] = []
        self.connection = connection
        self.last_word = b""

    def on_batch(self, batch: bytes) -> None:
        self.events += batch.splitlines()

    def on_end(self) -> None:
        self.events.append("end")
        self.connection.close("end of input", self.last_word)

    def on_closed(self, reason: str) -> None:
        self.events.append(f"closed: {reason}")


class ConnectionCase(LoopCase):
    LIMITS = Limits(backlog=50_000, hold=20_000)

    def setUp(self) -> None:
        super().setUp()
        self.connect()

    def connect(self, capacity: int = 8192) -> None:
        self.near, self.far = self.pair(capacity)
        server = over(self.near, certificate().server_context())
        self.peer = over(self.far, certificate().client_context(), "localhost")
        undone = [self.peer, server]
        while undone:
            undone = [stream for stream in undone if not stream.handshake()]
        self.shared = Shared(self.reactor, self.LIMITS, lambda: 0)
        self.connection = connection_over(self.shared, server)
        self.owner = Recorder(self.connection)
        self.connection.open(self.owner)
        self.settle()

    def drain(self) -> bytes:
        """Whatever the peer can get."""
        received = b""
        while self.far.readable():
            pieces = read(self.peer)
            received += b"".join(pieces)
            if pieces and not pieces[-1]:
                break
            self.settle()
        return received


class TlsConnectionTest(ConnectionCase):
    def test_lines_come_and_go(self) -> None:
        self.peer.send(b"hello\n")
        self.settle()
        self.connection.write(b"HELLO\n")
        self.settle()
        self.assertEqual(self.owner.events, [b"hello"])
        self.assertEqual(read(self.peer), [b"HELLO\n"])

    def test_what_is_buffered_is_served_though_no_descriptor_is_ready(self) -> None:
        # Half a record, and then more than a slice: the rest waits, decrypted or not.
        self.connect(capacity=100_000)
        lines = [b"%d" % n for n in range(5000)]
        self.peer.send(b"".join(line + b"\n" for line in lines))
        self.peer.send(b"last\n")
        self.assertIsNone(self.settle())
        self.assertEqual(self.owner.events, [*lines, b"last"])

    def test_a_turn_reads_a_bounded_slice(self) -> None:
        self.connect(capacity=1_000_000)
        for _ in range(20):
            self.peer.send(b"x\n" * 5000)
        most = 0
        while self.near.unread():
            before = len(self.owner.events)
            self.reactor.turn()
            most = max(most, len(self.owner.events) - before)
        self.assertLessEqual(most, 8192)

    def test_who_is_paused_is_not_read_and_goes_on_where_it_was(self) -> None:
        self.connect(capacity=100_000)
        self.peer.send(b"a\n" * 4000)
        self.peer.send(b"b\n" * 4000)
        self.reactor.turn()
        self.connection.pause_reading()
        served = len(self.owner.events)
        self.assertIsNone(self.settle())
        self.assertEqual(len(self.owner.events), served)
        self.connection.resume_reading()
        self.settle()
        self.assertEqual(self.owner.events, [b"a"] * 4000 + [b"b"] * 4000)

    def test_what_waits_counts_and_arrives_once_and_in_order(self) -> None:
        lines = [b"%d\n" % n for n in range(6000)]
        for line in lines:
            self.connection.write(line)
        self.settle()
        size = sum(map(len, lines))
        self.assertGreater(self.connection.waiting, size - 20_000)
        self.assertEqual(self.drain(), b"".join(lines))
        self.settle()
        self.assertEqual(self.connection.waiting, 0)
        self.assertEqual(self.shared.waiting, 0)

    def test_a_close_notify_ends_it_once_all_is_answered(self) -> None:
        self.peer.send(b"hello\nbye")
        self.peer.shutdown(1)
        self.settle()
        self.assertEqual(self.owner.events[-2:], ["end", "closed: end of input"])
        self.assertEqual(read(self.peer), [b""])

    def test_a_bare_end_is_told_from_it(self) -> None:
        self.peer.send(b"hello\n")
        self.far.close()
        self.settle()
        self.assertEqual(
            self.owner.events,
            [b"hello", "closed: the connection ended without a close_notify"],
        )

    def test_a_client_that_half_closes_gets_every_answer(self) -> None:
        self.owner.last_word = b"x" * 29_999 + b"\n"
        self.peer.shutdown(1)
        self.settle()
        self.assertEqual(self.drain(), b"x" * 29_999 + b"\n")
        self.settle()
        self.assertEqual(self.owner.events, ["end", "closed: end of input"])

    def test_a_goodbye_that_finds_no_room_is_sent_when_there_is_some(self) -> None:
        self.near.capacity, self.far.capacity = 10, 0
        self.connection.close("kicked")
        self.settle()
        self.assertEqual(self.owner.events, [])
        self.near.capacity = self.far.capacity = 1000
        self.assertEqual(self.drain(), b"")
        self.settle()
        self.peer.close()
        self.settle()
        self.assertEqual(self.owner.events, ["closed: kicked"])

    def test_the_first_reason_stands_whatever_the_peer_does_then(self) -> None:
        self.connection.close("kicked", b"last\n")
        self.settle()
        self.far.close()
        self.settle()
        self.assertEqual(self.owner.events, ["closed: kicked"])

    def test_cut_short_what_is_encrypted_leaves_whole_lines_and_the_last_word(self) -> None:
        self.near.capacity, self.far.capacity = 100, 100
        for n in range(100):
            self.connection.write(b"line %d\n" % n)
        self.settle()
        self.connection.write(b"later\n" * 3000)
        self.connection.cut_short("kicked", b"last word\n")
        lines = self.drain().split(b"\n")
        self.assertEqual(lines[:100], [b"line %d" % n for n in range(100)])
        self.assertEqual(lines[100:], [b"last word", b""])


class TlsRoomTest(ConnectionCase):
    """What a room says to one over TLS that reads slowly."""

    LIMITS = Limits(backlog=2_000, hold=1_000)

    def test_all_lines_arrive_once_and_in_order_but_for_those_that_are_counted(self) -> None:
        for seed in range(15):
            rng = random.Random(seed)
            self.connect(capacity=rng.choice([60, 500, 3000]))
            log = Log(Origin("tea", "0" * 8))
            room = Audience(self.shared, log, self.fail)
            room.add(self.connection, current)
            received, said = b"", 0
            for _ in range(200):
                for _ in range(rng.choice([0, 0, 0, 1, 3, 50])):
                    said += 1
                    room.say(b"%d\n" % said, 1, 0, True, ())
                if rng.random() < 0.1:
                    self.connection.write(b"answer\n")
                self.settle()
                if rng.random() < 0.3:
                    log.trim(40)
                for _ in range(rng.choice([0, 0, 0, 0, 1, 20])):
                    received += take(self.peer, 300) or b""
                    self.settle()
            received += self.drain()
            self.check(received, said)

    def check(self, received: bytes, said: int) -> None:
        number = 0
        for line in received.split(b"\n")[:-1]:
            if line.startswith(b"* You missed "):
                number += int(line.split()[3])
            elif line != b"answer":
                number += 1
                self.assertEqual(line, b"%d" % number)
        self.assertEqual(number, said)
