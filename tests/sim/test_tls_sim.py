"""A server with TLS on an unkind machine: everybody reads what the others said, once, in order.

Each talker comes by the TLS door and shakes hands, joins the room, says numbered lines in pieces of
any size, and leaves: with a close_notify, after which it still gets its answers, or by vanishing.

Not here: what is said in detail, as that does not depend on TLS (`test_simulation`).
"""

import random
import re
import unittest
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.loop.reactor import Reactor
from reactor_chat.net.certificate import Certificate
from reactor_chat.net.shared import Limits
from reactor_chat.net.tls_stream import TlsStream
from reactor_chat.server.server import Server
from reactor_chat.server.settings import Settings
from tests.certificates import certificate
from tests.net.tls_pair import over
from tests.server.test_tls_server import Log, Names
from tests.sim.clock import Clock
from tests.sim.network import Network
from tests.sim.process import CALM, Faults, Process
from tests.sim.selector import Asleep, Selector

HERE = ("127.0.0.1", 56040)
CAPACITY = 700  # bytes of each socket buffer: less than a handshake, and a few lines
LINES = 40
SPOKEN = re.compile(rb"(?:Client (\d+)): (\d+)\n")


class Talker:
    """One client, that does a little whenever it is told to."""

    def __init__(self, world: "World", number: int) -> None:
        rough = Process(world.rng, world.faults)
        sock = world.network.connect(rough, HERE, f"10.0.0.{number}", CAPACITY)
        self.sock = sock
        self.stream: TlsStream = over(sock, certificate().client_context(), "localhost")
        self.here = False  # it has shaken hands
        self.speaks = False
        self.said = 0
        self.left: str | None = None
        self.ended = False
        self.received = b""
        self._rng = world.rng
        self._outgoing = memoryview(b"/join tea\n")

    def act(self) -> None:
        """Take a step, if one is possible."""
        if self.left == "vanished" or self.ended:
            return
        if not self.here:
            self.here = self.stream.handshake()
            return
        self._write()
        self._read()

    def _write(self) -> None:
        try:
            if self._outgoing:
                self._outgoing = self._outgoing[self.stream.send(self._outgoing) :]
            elif self.speaks and self.said < LINES and self.left is None:
                lines = self._rng.randint(1, 5)
                block = b"".join(b"%d\n" % (self.said + n) for n in range(lines))
                self.said += lines
                self._outgoing = memoryview(block)
            elif self.left == "leaving":
                self.stream.shutdown(1)
                self.left = "left"
        except BlockingIOError:
            pass

    def _read(self) -> None:
        try:
            data = self.stream.recv(self._rng.choice([30, 500, 5000]))
        except BlockingIOError:
            return
        self.received += data
        self.ended = not data

    def leave(self) -> None:
        """Say the last words: their answers must come back."""
        self._outgoing = memoryview(bytes(self._outgoing) + b"/part\nlast")
        self.left = "leaving"

    def vanish(self) -> None:
        self.left = "vanished"
        self.sock.reset()


class World:
    """The server and its talkers, a turn at a time."""

    def __init__(self, rng: random.Random, faults: Faults) -> None:
        self.rng = rng
        self.faults = faults
        self.process = Process(rng, faults)
        self.clock = Clock()
        self.network = Network()
        self.log = Log()
        self.reactor = Reactor(Selector(self.process), self.clock)
        chosen = Settings(rate=0, limits=Limits(backlog=10**6))
        self.server = Server(self.reactor, chosen, self.log, Names(), clock=lambda: 0)
        made = certificate()
        listener = self.network.listen(self.process, HERE, capacity=CAPACITY)
        self.server.listen(cast(Any, listener), Certificate(made.cert, made.key))
        self.talkers = [Talker(self, number) for number in range(4)]

    def run(self, until: str) -> None:
        """Let everybody act until nothing moves any more, as `until` says."""
        for _ in range(20_000):
            try:
                self.reactor.turn(0)
            except Asleep:
                raise AssertionError("a turn without patience sleeps") from None
            for talker in self.talkers:
                talker.act()
            if getattr(self, until)():
                return
        raise AssertionError(f"not {until}: {self.log.lines}")

    def all_are_here(self) -> bool:
        return all(b"You joined tea" in talker.received for talker in self.talkers)

    def all_is_read(self) -> bool:
        return all(
            talker.said >= LINES and len(self.heard(talker)) == self.said_to(talker)
            for talker in self.talkers
        )

    def all_have_left(self) -> bool:
        return all(talker.ended or talker.left == "vanished" for talker in self.talkers)

    def heard(self, talker: Talker) -> list[tuple[bytes, bytes]]:
        return SPOKEN.findall(talker.received)

    def said_to(self, talker: Talker) -> int:
        return sum(other.said for other in self.talkers if other is not talker)


class TlsSimulationTest(unittest.TestCase):
    def check(self, rng: random.Random, faults: Faults) -> None:
        world = World(rng, faults)
        world.run("all_are_here")
        for talker in world.talkers:
            talker.speaks = True
        world.run("all_is_read")
        for talker in world.talkers:
            by_speaker: dict[bytes, list[int]] = {}
            for speaker, number in world.heard(talker):
                by_speaker.setdefault(speaker, []).append(int(number))
            for numbers in by_speaker.values():
                self.assertEqual(numbers, list(range(len(numbers))))
        for talker in world.talkers[1:]:
            talker.leave()
        world.talkers[0].vanish()
        world.run("all_have_left")
        for talker in world.talkers[1:]:
            self.assertTrue(talker.received.endswith(b"-> You left tea.\nLAST\n"))
            talker.stream.close()
        world.clock.advance(60)
        world.reactor.turn(0)
        world.reactor.turn(0)
        self.assertEqual(len(world.server.sessions), 0)
        world.server.close()
        self.assertEqual(world.process.violations, [])
        self.assertEqual(world.process.descriptors(), [])

    def test_on_a_kind_machine(self) -> None:
        self.check(random.Random(0), CALM)

    @settings(max_examples=30)
    @given(st.integers(0, 2**32))
    def test_on_an_unkind_machine(self, seed: int) -> None:
        self.check(random.Random(seed), Faults(short=30, again=10, late=10, shuffled=True))
