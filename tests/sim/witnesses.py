"""Two witnesses in a room, beside whatever else a test does to the server.

They exchange lines throughout: the model demands that each arrives exactly once and in order, and
`exchange` that it arrives without any time passing. `end` sees everybody out, and then nobody is
left, and no descriptor.

What does not belong here: faults.
"""

import random
import unittest

from reactor_chat.net.connection import Connection
from reactor_chat.server.settings import Settings
from tests.sim import acts
from tests.sim.client import Client
from tests.sim.driver import LIMITS, Driver
from tests.sim.process import CALM, DESCRIPTOR_LIMIT, Faults


class FaultCase(unittest.TestCase):
    """Two witnesses, and what tests do around them. It has no tests of its own."""

    settings = Settings(rate=0, limits=LIMITS)
    faults: Faults = CALM
    limit = DESCRIPTOR_LIMIT

    def setUp(self) -> None:
        self.driver = Driver(random.Random(0), self.faults, self.settings, self.limit)
        self.addCleanup(self.driver.close)
        self.said = 0
        self.alice, self.bob = self.guest("tea"), self.guest("tea")

    def guest(self, room: str = "") -> Client:
        client = self.driver.connect()
        if room:
            client.say(acts.join(room))
        self.driver.settle()
        return client

    def say(self, client: Client, size: int = 0) -> None:
        self.said += 1
        token = f"line {self.said}"
        client.say(acts.say_much(token, size) if size else acts.say(token))

    def exchange(self) -> None:
        before = self.driver.clock()
        self.say(self.alice)
        self.say(self.bob)
        self.driver.settle()
        self.driver.assert_settled()
        self.assertEqual(self.driver.clock(), before)

    def wait(self, seconds: int) -> None:
        for _ in range(seconds):
            self.driver.pass_time(1.0)
            self.exchange()

    def overflow(self, client: Client) -> None:
        """Talk until lines for `client`, who has stalled, are left out."""
        for _ in range(20):
            self.say(self.alice, 400)
            self.driver.settle()
        self.assertTrue(self.is_overrun(client))

    def is_overrun(self, client: Client) -> bool:
        """Whether what a client has not read is gone already."""
        places = self.connection(client).places
        return any(
            place.cursor.entries < audience.log.base.entries for audience, place in places.items()
        )

    def connection(self, client: Client) -> Connection:
        sessions = self.driver.server.sessions
        return next(s.connection for s in sessions if s.member.name == client.person.name)

    def end(self) -> None:
        """Everybody leaves, and nothing stays behind."""
        self.exchange()
        for client in self.driver.clients:
            client.resume()
            if client.may_speak:
                client.half_close()
        self.driver.rest()
        self.driver.assert_empty()
        self.assertEqual(len(self.driver.process.descriptors()), 2)  # The listener's own.
