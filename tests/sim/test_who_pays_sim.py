"""Who raises pays: what fails with one client costs that one, and whoever did it to all goes on.

epoll_ctl(2) may fail with ENOSPC or ENOMEM at any change of interest, and any code may have a
defect. Each is tried wherever the server walks over many, beside two who must not notice.
"""

import errno
import os
import random
import unittest
from collections.abc import Callable
from typing import Any, Final, cast
from unittest import mock

from reactor_chat.chat.archive import NoArchive
from reactor_chat.loop.reactor import Reactor
from reactor_chat.net.connection import Connection
from reactor_chat.net.shared import Limits
from reactor_chat.server.server import SHUTDOWN, Server
from reactor_chat.server.session import Session
from reactor_chat.server.settings import Settings
from tests.sim.clock import Clock
from tests.sim.network import Network
from tests.sim.process import Process
from tests.sim.selector import Asleep, Selector

HERE: Final = ("127.0.0.1", 1)
CAPACITY: Final = 1024  # bytes of each kernel buffer
LIMITS: Final = Limits()
FAREWELL: Final = b"* The server is shutting down.\n"


class Defect(Exception):
    """What no code foresees."""


class Log:
    """Keeps what is reported."""

    quiet = False

    def __init__(self) -> None:
        self.events: list[str] = []
        self.failures: list[type[Exception]] = []
        self.is_broken = False

    def event(self, kind: str, text: str, by: str = "", **fields: str) -> None:
        if self.is_broken:
            raise Defect
        self.events.append(text)

    def said(self, by: str, name: str, room: str, block: bytes) -> None:
        if self.is_broken:
            raise Defect

    def failure(self, who: str, error: Exception) -> None:
        self.failures.append(type(error))

    def enter(self, by: str, source: str) -> None:
        """Nobody looks at this."""

    def forget(self, by: str) -> None:
        """Nor at this."""


class PayCase(unittest.TestCase):
    """A server with alice and bob in the room tea, and whoever is to be a victim."""

    def setUp(self) -> None:
        self.process = Process(random.Random(0))
        self.outside = Process(random.Random(0))
        self.clock, self.log, self.network = Clock(), Log(), Network()
        self.selector = Selector(self.process)
        self.reactor = Reactor(self.selector, self.clock)
        settings = Settings(rate=0, limits=LIMITS)
        archive = NoArchive(lambda: "0" * 8)
        self.server = Server(self.reactor, settings, self.log, archive, clock=lambda: 0.0)
        sock = self.network.listen(self.process, HERE, capacity=CAPACITY)
        with mock.patch("reactor_chat.net.listener.os") as machine:
            machine.open.side_effect = OSError
            self.listener = self.server.listen(cast(Any, sock))
        self.peers: dict[str, Any] = {}
        self.read: dict[str, bytearray] = {}
        self.stalled: set[str] = set()
        for name in ("alice", "bob"):
            self.come(name)

    def come(self, name: str, host: str = "127.0.0.1") -> Connection:
        self.peers[name] = self.network.connect(self.outside, HERE, host, CAPACITY)
        self.read[name] = bytearray()
        self.peers[name].send(f"/nick {name}\n/join tea\n".encode())
        self.run_turns()
        return self.connection(name)

    def connection(self, name: str) -> Connection:
        return next(s.connection for s in self.server.sessions if s.member.name == name)

    def names(self) -> list[str]:
        return [session.member.name for session in self.server.sessions]

    def pump(self) -> bool:
        moved = False
        for name, peer in self.peers.items():
            if name not in self.stalled:
                moved |= self.take(name, peer)
        return moved

    def take(self, name: str, peer: Any) -> bool:
        try:
            data = peer.recv(CAPACITY)
        except (BlockingIOError, ConnectionResetError, AssertionError):
            return False
        self.read[name] += data
        if not data:
            peer.close()
            self.stalled.add(name)
        return True

    def run_turns(self) -> None:
        self.reactor.end_turn()
        while True:
            try:
                self.reactor.turn()
            except Asleep:
                if not self.pump():
                    break
        self.assertEqual(self.process.violations, [])

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.reactor.turn(0)
        self.run_turns()

    def assert_witnesses_talk(self) -> None:
        for speaker, listener in (("alice", "bob"), ("bob", "alice")):
            self.read[listener].clear()
            self.peers[speaker].send(b"still here?\n")
            self.run_turns()
            self.assertIn(f"{speaker}: still here?\n".encode(), self.read[listener])

    def fill(self, name: str) -> None:
        """Let somebody stop reading, until more waits for it than the kernel takes."""
        self.stalled.add(name)
        for _ in range(5):
            self.peers["alice"].send(b"x" * 900 + b"\n")
            self.run_turns()

    def refuse_changes(self, fd: int, code: int) -> None:
        """Let the selector fail at each change of interest in this descriptor."""

        def failing(call: Callable[..., Any], forgets: bool) -> Callable[..., Any]:
            def change(fileobj: int, *args: object) -> Any:
                if fileobj != fd:
                    return call(fileobj, *args)
                if forgets:  # as the selectors module does
                    call(fileobj, *args)
                raise OSError(code, os.strerror(code))

            return change

        for name, forgets in (("register", False), ("modify", False), ("unregister", True)):
            changed = failing(getattr(self.selector, name), forgets)
            patch = mock.patch.object(self.selector, name, changed)
            patch.start()
            self.addCleanup(patch.stop)

    def break_link(self, victim: Connection, method: str) -> None:
        """Let one client's connection fail in what it is asked to do."""
        works = getattr(Connection, method)

        def fail(connection: Connection, *args: Any, **more: Any) -> Any:
            if connection is victim:
                raise Defect(method)
            return works(connection, *args, **more)

        patch = mock.patch.object(Connection, method, fail)
        patch.start()
        self.addCleanup(patch.stop)

    def assert_shutdown(self) -> None:
        """Shut down: it ends in time, and the witnesses have read to the end."""
        before = self.clock()
        self.server.shut_down()

        def sleep(timeout: float | None) -> None:
            if not self.pump():
                assert timeout is not None, "the server sleeps for ever"
                self.clock.advance(timeout)

        self.selector.on_idle = sleep
        self.reactor.run()
        self.server.close()
        while self.pump():
            pass
        self.assertLessEqual(self.clock() - before, SHUTDOWN + 0.1)
        for name in ("alice", "bob"):
            self.assertTrue(self.read[name].endswith(FAREWELL), self.read[name][-80:])
        self.assertEqual(self.process.descriptors(), [])


class SelectorTest(PayCase):
    def test_a_refused_change_of_interest_costs_the_one_whose_it_is(self) -> None:
        victim = self.come("victim")
        self.refuse_changes(victim.fd, errno.ENOSPC)
        self.fill("victim")
        self.assertEqual(self.names(), ["alice", "bob"])
        self.assert_witnesses_talk()

    def test_who_is_kicked_is_gone_all_the_same(self) -> None:
        victim = self.come("victim")
        self.fill("victim")
        self.refuse_changes(victim.fd, errno.ENOMEM)
        self.assertEqual(self.server.operator.receive("/kick victim"), ["victim was kicked."])
        self.run_turns()
        self.pass_time(LIMITS.farewell + 1)
        self.assertEqual(self.names(), ["alice", "bob"])
        self.assert_witnesses_talk()

    def test_who_is_paused_and_resumed_pays_alone(self) -> None:
        victim = self.come("victim")
        self.refuse_changes(victim.fd, errno.ENOSPC)
        victim.pause_reading()
        self.run_turns()
        self.assertEqual(self.names(), ["alice", "bob"])
        self.assert_witnesses_talk()

    def test_a_shutdown_reaches_all_others(self) -> None:
        self.refuse_changes(self.come("victim").fd, errno.ENOSPC)
        self.fill("victim")
        self.assert_shutdown()

    def test_so_does_one_whose_listener_cannot_be_let_go(self) -> None:
        self.refuse_changes(self.listener.fd, errno.ENOMEM)
        self.assert_shutdown()


class DefectTest(PayCase):
    def test_in_one_link_a_broadcast_reaches_all_others(self) -> None:
        self.break_link(self.come("victim"), "write_or_skip")
        self.server.operator.receive("hear, hear")
        self.run_turns()
        self.assertEqual((self.log.failures, self.names()), ([Defect], ["alice", "bob"]))
        for name in ("alice", "bob"):
            self.assertIn(b"Server: hear, hear\n", self.read[name])

    def test_in_one_link_a_ban_evicts_all_others(self) -> None:
        for name in ("one", "victim", "two"):
            self.come(name, "10.0.0.9")
        self.break_link(self.connection("victim"), "close")
        answers = self.server.operator.receive("/ban 10.0.0.9")
        self.run_turns()
        self.assertEqual(answers[0], "10.0.0.9 is banned.")
        self.assertEqual(self.names(), ["alice", "bob"])
        for name in ("one", "two"):
            self.assertTrue(self.read[name].endswith(b"-> You are banned.\n"))

    def test_in_one_link_a_kick_leaves_the_console_alive(self) -> None:
        self.break_link(self.come("victim"), "close")
        self.assertEqual(self.server.operator.receive("/kick victim"), ["victim was kicked."])
        self.run_turns()
        self.assertEqual(self.names(), ["alice", "bob"])

    def test_in_one_link_a_shutdown_reaches_all_others(self) -> None:
        for method in ("close", "write_or_skip"):
            self.break_link(self.come(f"victim.{method}"), method)
        self.assert_shutdown()

    def test_in_one_link_the_end_of_a_turn_serves_all_others(self) -> None:
        victim = self.come("victim")
        self.break_link(victim, "on_end_of_turn")
        self.peers["victim"].send(b"/whoami\n")
        self.peers["alice"].send(b"hello\n")
        self.run_turns()
        self.assertIn(b"alice: hello\n", self.read["bob"])
        self.assertEqual(self.names(), ["alice", "bob"])

    def test_in_what_follows_a_death_every_other_death_is_seen_to(self) -> None:
        for name in ("one", "victim", "two"):
            self.come(name)
        broken = next(s for s in self.server.sessions if s.member.name == "victim")
        works = Session.on_closed

        def fail(session: Session, reason: str) -> None:
            works(session, reason)
            if session is broken:
                raise Defect

        with mock.patch.object(Session, "on_closed", fail):
            for name in ("one", "victim", "two"):
                self.peers[name].reset()
            self.run_turns()
        self.assertEqual((self.log.failures, self.names()), ([Defect], ["alice", "bob"]))
        self.assert_witnesses_talk()

    def test_in_a_line_of_the_log_a_death_leaves_no_ghost(self) -> None:
        self.come("victim")
        self.log.is_broken = True
        self.peers["victim"].reset()
        self.run_turns()
        self.log.is_broken = False
        self.assertEqual(self.names(), ["alice", "bob"])
        self.assertEqual(len(self.server.chat.people), 2)
        self.assertEqual([len(room.members) for room in self.server.chat.rooms], [2])
        self.assert_witnesses_talk()

    def test_in_a_line_of_a_room_costs_that_line_alone(self) -> None:
        room = next(iter(self.server.chat.rooms))
        with mock.patch.object(room.log, "render", side_effect=Defect):
            self.peers["alice"].send(b"a line\n")
            self.run_turns()
        self.assertEqual((self.log.failures, self.names()), ([Defect], ["alice", "bob"]))
        self.assert_witnesses_talk()

    def test_so_it_does_in_a_room_that_is_served_in_slices(self) -> None:
        self.come("carol")
        self.come("dave")
        room = next(iter(self.server.chat.rooms))
        with (
            mock.patch("reactor_chat.net.audience.SLICE", 1),
            mock.patch("reactor_chat.net.slices.SLICE", 1),
            mock.patch.object(room.log, "render", side_effect=Defect),
        ):
            self.peers["dave"].send(b"a line\n")
            self.run_turns()
        self.assertEqual(room.log.pins, 0)
        self.assert_witnesses_talk()


class FarewellTest(PayCase):
    def test_who_trickles_after_a_kick_or_a_ban_loses_its_place_in_time(self) -> None:
        for line in ("/kick victim", "/ban 10.0.0.9"):
            self.come("victim", "10.0.0.9")
            self.fill("victim")
            self.server.operator.receive(line)
            self.run_turns()
            for _ in range(int(LIMITS.farewell) - 1):
                self.peers["victim"].recv(7)
                self.pass_time(1.0)
            self.assertIn("victim", self.names())
            self.pass_time(1.1)
            self.assertEqual(self.names(), ["alice", "bob"])
            self.stalled.clear()

    def test_who_trickles_does_not_delay_a_shutdown(self) -> None:
        self.come("victim")
        self.fill("victim")
        self.assert_shutdown()


if __name__ == "__main__":
    unittest.main()
