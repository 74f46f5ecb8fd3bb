"""The whole server over a simulated network, held to a reference model.

Hypothesis draws what clients, the operator, the network and the clock do, and what the kernel
decides; a failure shrinks to the few steps that matter. `tests.sim.driver` checks each turn, and
`tests.sim.model` each line that is received. Long runs from a seed do the same at length.
"""

import random
import unittest
from collections.abc import Callable

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from reactor_chat.server.settings import Settings
from tests.sim import acts
from tests.sim.client import Client
from tests.sim.driver import LIMITS, Driver
from tests.sim.process import CALM, DESCRIPTOR_LIMIT, ROUGH, Faults

ROOMS = ("tea", "games")
MAX_CLIENTS = 6
# The listener, its spare, and so many clients: fewer than may come in.
FEW_DESCRIPTORS = 6

FAULTS = st.builds(
    Faults,
    short=st.sampled_from([0, ROUGH.short]),
    again=st.sampled_from([0, ROUGH.again]),
    late=st.sampled_from([0, ROUGH.late]),
    aborted=st.sampled_from([0, ROUGH.aborted]),
    lossy=st.sampled_from([0, ROUGH.lossy]),
    shuffled=st.booleans(),
)


class Play:
    """What may happen, by small numbers: which client, which flavour, how much."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self._tokens = 0

    @property
    def present(self) -> list[Client]:
        return [client for client in self.driver.clients if client.is_here]

    def one(self, number: int) -> Client | None:
        present = self.present
        return present[number % len(present)] if present else None

    def token(self) -> str:
        self._tokens += 1
        return f"t{self._tokens}"

    def connect(self) -> None:
        if len(self.present) <= MAX_CLIENTS:
            self.driver.connect()

    def act(self, what: int, flavour: int) -> list[acts.Act]:
        act = self._act(what, flavour)
        return [acts.part(), act] if act.kind is acts.Kind.JOIN else [act]

    def _act(self, what: int, flavour: int) -> acts.Act:
        token = self.token()
        choices = (
            lambda: acts.say(token, flavour),
            lambda: acts.join(ROOMS[flavour % len(ROOMS)]),
            lambda: acts.say_much(token, (40, 300, acts.LIMIT)[flavour % 3]),
            lambda: acts.me(token),
            acts.part,
            lambda: acts.nick(f"n.{token}"),
            acts.whoami,
            lambda: acts.wrong(flavour),
            lambda: acts.blank(flavour),
            lambda: acts.quits(flavour),
        )
        return choices[what % len(choices)]()

    def speak(self, number: int, said: list[tuple[int, int]], hold: int) -> None:
        client = self.one(number)
        if client and client.may_speak:
            client.say(*(act for one in said for act in self.act(*one)), hold=hold)

    def say_to(self, number: int, other: int) -> None:
        sender, recipient = self.one(number), self.one(other)
        if sender and recipient and sender.may_speak and recipient.person.name:
            sender.say_to(recipient, self.token())

    def half_close(self, number: int, has_tail: bool) -> None:
        client = self.one(number)
        if client and client.may_speak:
            client.half_close(acts.say(self.token()) if has_tail else None)

    def vanish(self, number: int, how: str) -> None:
        if client := self.one(number):
            client.vanish(how)

    def stall(self, number: int) -> None:
        if client := self.one(number):
            client.stall()

    def resume(self, number: int) -> None:
        if client := self.one(number):
            client.resume()

    def kick(self, number: int, reason: str) -> None:
        client = self.one(number)
        if client and client.person.name:
            self.driver.kick(client, reason)

    def broadcast(self) -> None:
        self.driver.broadcast(self.token())

    def say_in_room(self, number: int) -> None:
        self.driver.say_in_room(ROOMS[number % len(ROOMS)], self.token())

    def suspend(self, seconds: float) -> None:
        """The process is stopped, or the machine sleeps: nobody acts, and time passes."""
        if not self.driver.process.faults.again:  # The last look before an end is a look.
            self.driver.clock.advance(seconds)

    def settle(self) -> None:
        """Everybody ends the line that was begun, and what can be served is served."""
        for client in self.driver.clients:
            client.end_line()
        self.driver.settle()
        if not self.driver.settings.rate:
            self.driver.assert_settled()

    def leave(self) -> None:
        """Everybody reads what there is, and goes."""
        for client in self.driver.clients:
            client.resume()
        self.driver.rest()
        self.driver.assert_settled()
        for client in self.present:
            if client.may_speak:
                client.half_close()
        self.driver.rest()
        self.driver.assert_empty()
        left = [self.driver.listener.fd, self.driver.listener.fd + 1]
        assert self.driver.process.descriptors() == left, "descriptors have leaked"

    def shut_down(self) -> None:
        """The server ends, and everybody who reads gets what was said."""
        self.driver.shut_down()
        self.driver.rest()
        self.driver.server.close()
        self.driver.check()
        for client in self.driver.clients:
            client.resume()
        self.driver.assert_empty()
        assert not self.driver.process.descriptors(), "descriptors have leaked"


CLIENT = st.integers(0, MAX_CLIENTS)
SAID = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=8)


class ServerMachine(RuleBasedStateMachine):
    @initialize(
        rng=st.randoms(use_true_random=False),
        faults=FAULTS,
        rate=st.sampled_from([0, 5]),
        limit=st.sampled_from([DESCRIPTOR_LIMIT, FEW_DESCRIPTORS]),
        clients=st.integers(1, MAX_CLIENTS),
        is_shut_down=st.booleans(),
    )
    def begin(
        self,
        rng: random.Random,
        faults: Faults,
        rate: int,
        limit: int,
        clients: int,
        is_shut_down: bool,
    ) -> None:
        self.is_shut_down = is_shut_down
        options = Settings(max_clients=MAX_CLIENTS - 1, rate=rate, limits=LIMITS)
        self.driver = Driver(rng, faults, options, limit)
        self.play = Play(self.driver)
        for _ in range(clients):
            self.play.connect()

    @rule()
    def connect(self) -> None:
        self.play.connect()

    @rule(number=CLIENT, said=SAID, hold=st.sampled_from([0, 0, 1, 5]))
    def speak(self, number: int, said: list[tuple[int, int]], hold: int) -> None:
        self.play.speak(number, said, hold)

    @rule(number=CLIENT, room=st.integers(0, 1), count=st.integers(1, 20))
    def talk_in_room(self, number: int, room: int, count: int) -> None:
        self.play.speak(number, [(1, room)] + [(0, 0)] * count, 0)

    @rule(number=CLIENT, other=CLIENT)
    def say_to(self, number: int, other: int) -> None:
        self.play.say_to(number, other)

    @rule(number=CLIENT, has_tail=st.booleans())
    def half_close(self, number: int, has_tail: bool) -> None:
        self.play.half_close(number, has_tail)

    @rule(number=CLIENT, how=st.sampled_from(["reset", "close", "timeout"]))
    def vanish(self, number: int, how: str) -> None:
        self.play.vanish(number, how)

    @rule(number=CLIENT)
    def stall(self, number: int) -> None:
        self.play.stall(number)

    @rule(number=CLIENT)
    def resume(self, number: int) -> None:
        self.play.resume(number)

    @rule(number=CLIENT, reason=st.sampled_from(["", "bad manners"]))
    def kick(self, number: int, reason: str) -> None:
        self.play.kick(number, reason)

    @rule()
    def broadcast(self) -> None:
        self.play.broadcast()

    @rule(room=st.integers(0, 1))
    def say_in_room(self, room: int) -> None:
        self.play.say_in_room(room)

    @rule(turns=st.integers(1, 4))
    def turn(self, turns: int) -> None:
        for _ in range(turns):
            self.driver.turn()

    @rule()
    def settle(self) -> None:
        self.play.settle()

    @rule(seconds=st.sampled_from([0.1, 1.0, 6.0, 31.0]))
    def pass_time(self, seconds: float) -> None:
        self.driver.pass_time(seconds)

    @rule(seconds=st.sampled_from([0.3, 31.0, 3600.0]))
    def suspend(self, seconds: float) -> None:
        self.play.suspend(seconds)

    def teardown(self) -> None:
        if not hasattr(self, "driver"):
            return
        try:
            if self.is_shut_down:
                self.play.shut_down()
            else:
                self.play.leave()
        finally:
            self.driver.close()


class ServerTest(ServerMachine.TestCase):  # type: ignore[misc, valid-type]
    settings = settings(
        max_examples=100,
        stateful_step_count=40,
        deadline=None,
        derandomize=True,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )


class LongRunTest(unittest.TestCase):
    """Thousands of steps, each seed another story."""

    def play(self, seed: int, faults: Faults, rate: float, limit: int, steps: int) -> Play:
        rng = random.Random(seed)
        options = Settings(max_clients=MAX_CLIENTS - 1, rate=rate, limits=LIMITS)
        driver = Driver(random.Random(seed), faults, options, limit)
        self.addCleanup(driver.close)
        play = Play(driver)
        for _ in range(steps):
            self.step(play, rng)
        return play

    def step(self, play: Play, rng: random.Random) -> None:
        number, other = rng.randrange(MAX_CLIENTS), rng.randrange(MAX_CLIENTS)
        said = [(rng.randrange(10), rng.randrange(10)) for _ in range(rng.randrange(1, 8))]
        talk = [(1, other % 2), *((0, number) for _ in range(rng.randrange(20)))]
        how = rng.choice(["reset", "close", "timeout"])
        seconds = rng.choice([0.1, 1.0, 6.0, 31.0])
        choices: tuple[tuple[int, Callable[[], object]], ...] = (
            (6, play.connect),
            (9, lambda: play.speak(number, said, rng.randrange(6))),
            (9, lambda: play.speak(number, talk, 0)),
            (6, lambda: play.say_to(number, other)),
            (1, lambda: play.half_close(number, other > 2)),
            (1, lambda: play.vanish(number, how)),
            (2, lambda: play.stall(number)),
            (4, lambda: play.resume(number)),
            (1, lambda: play.kick(number, "bad manners")),
            (3, play.broadcast),
            (3, lambda: play.say_in_room(number)),
            (9, play.driver.turn),
            (4, play.settle),
            (3, lambda: play.driver.pass_time(seconds)),
            (1, lambda: play.suspend(seconds)),
        )
        weights = [weight for weight, _ in choices]
        rng.choices([act for _, act in choices], weights)[0]()

    def test_nothing_is_lost_or_invented_on_a_calm_network(self) -> None:
        self.play(1, CALM, 0, DESCRIPTOR_LIMIT, 4_000).leave()

    def test_nothing_is_lost_or_invented_on_a_rough_network(self) -> None:
        self.play(2, ROUGH, 0, DESCRIPTOR_LIMIT, 4_000).leave()

    def test_nothing_is_lost_or_invented_where_speakers_are_held_back(self) -> None:
        self.play(3, ROUGH, 5, DESCRIPTOR_LIMIT, 4_000).leave()

    def test_nothing_is_lost_or_invented_without_enough_descriptors(self) -> None:
        self.play(4, ROUGH, 0, FEW_DESCRIPTORS, 4_000).leave()

    def test_a_shutdown_in_the_middle_delivers_what_was_said(self) -> None:
        for seed in range(20):
            with self.subTest(seed=seed):
                self.play(seed, ROUGH, 0, DESCRIPTOR_LIMIT, 100).shut_down()
