"""What the members of a room read, over simulated sockets."""

import random
import unittest
from typing import Any, cast
from unittest import mock

from reactor_chat.chat.log import Log
from reactor_chat.loop.reactor import Reactor
from reactor_chat.net.audience import Audience
from reactor_chat.net.connection import Connection
from reactor_chat.net.owner import Owner
from reactor_chat.net.shared import Limits, Shared
from reactor_chat.wire.dialects import Origin, current
from tests.sim.clock import Clock
from tests.sim.network import socket_pair
from tests.sim.process import Process
from tests.sim.selector import Selector
from tests.sim.stream import Stream


class AudienceTest(unittest.TestCase):
    def setUp(self) -> None:
        self.process = Process(random.Random(0))
        self.reactor = Reactor(Selector(self.process), Clock())
        self.shared = Shared(self.reactor, Limits(), lambda: 0)
        log = Log(Origin("tea", "0" * 8))
        self.room = Audience(self.shared, log, self.fail)

    def member(self) -> tuple[Connection, Stream]:
        near, far = socket_pair(self.process, Process(random.Random(0)))
        connection = Connection(self.shared, cast(Any, near))
        connection.open(Owner())
        self.room.add(connection, current)
        self.reactor.end_turn()
        return connection, far

    def test_two_who_speak_in_one_turn_read_each_other(self) -> None:
        alice, at_alices = self.member()
        bob, at_bobs = self.member()
        for speaker, text in ((alice, b"one\n"), (bob, b"two\n"), (alice, b"three\n")):
            self.room.say(text, 1, 0, True, [speaker])
        self.reactor.end_turn()
        self.assertEqual(at_alices.recv(100), b"two\n")
        self.assertEqual(at_bobs.recv(100), b"one\nthree\n")

    def test_what_is_said_while_a_large_room_is_served_in_slices_is_not_forgotten(self) -> None:
        alice, _ = self.member()
        _, at_bobs = self.member()
        _, at_carols = self.member()
        with mock.patch("reactor_chat.net.audience.SLICE", 1):
            self.room.say(b"one\n", 1, 0, True, [alice])
            self.reactor.turn(0)
            self.room.say(b"two\n", 1, 0, True, [])
            for _ in range(6):
                self.reactor.turn(0)
        self.assertEqual(at_bobs.recv(100), b"one\ntwo\n")
        self.assertEqual(at_carols.recv(100), b"one\ntwo\n")
