"""Whatever happens in which order, each peer receives what a naive server would have sent it.

Hypothesis draws the steps, and what the kernel makes of them; a failure shrinks to those that
matter. Long runs from a seed do the same at length.
"""

import random
import unittest
from collections.abc import Callable

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.net.stage import CAPACITY, LIMITS, Stage, small_bounds
from tests.sim.process import CALM, ROUGH, Faults

STEPS = 4_000
FEW_PIECES = 6  # that may wait, where that is to be reached

SMALL = st.integers(0, 7)
LINES = st.sampled_from([1, 1, 2, 5])
SIZE = st.sampled_from([0, 0, 20, 200])
FAULTS = st.builds(
    Faults,
    short=st.sampled_from([0, ROUGH.short]),
    again=st.sampled_from([0, ROUGH.again]),
    late=st.sampled_from([0, ROUGH.late]),
    shuffled=st.booleans(),
)


class DeliveryMachine(RuleBasedStateMachine):
    @initialize(rng=st.randoms(use_true_random=False), faults=FAULTS, few=st.booleans())
    def begin(self, rng: random.Random, faults: Faults, few: bool) -> None:
        self.bounds = small_bounds(FEW_PIECES) if few else small_bounds()
        self.bounds.__enter__()
        self.stage = Stage(rng, faults, collapses=few)
        for who in range(4):
            self.stage.join(who, 0, who)

    @rule(is_bare=st.booleans())
    def connect(self, is_bare: bool) -> None:
        self.stage.connect(is_bare)

    @rule(who=SMALL, where=SMALL, dialect=SMALL)
    def join(self, who: int, where: int, dialect: int) -> None:
        self.stage.join(who, where, dialect)

    @rule(who=SMALL, where=SMALL)
    def leave(self, who: int, where: int) -> None:
        self.stage.leave(who, where)

    @rule(who=SMALL, where=SMALL, dialect=SMALL)
    def read_as(self, who: int, where: int, dialect: int) -> None:
        self.stage.read_as(who, where, dialect)

    @rule(who=SMALL)
    def switch(self, who: int) -> None:
        self.stage.switch(who)

    @rule(where=SMALL, lines=LINES, size=SIZE, keep=st.booleans(), skip=st.lists(SMALL, max_size=3))
    def say(self, where: int, lines: int, size: int, keep: bool, skip: list[int]) -> None:
        self.stage.say(where, lines, size, keep, skip)

    @rule(who=SMALL, where=SMALL, lines=LINES, ignorers=st.lists(SMALL, max_size=2))
    def speak(self, who: int, where: int, lines: int, ignorers: list[int]) -> None:
        self.stage.speak(who, where, lines, ignorers)

    @rule(where=SMALL, lines=st.integers(10, 60))
    def talk(self, where: int, lines: int) -> None:
        self.stage.talk(where, lines)
        self.stage.turn()

    @rule(who=SMALL, lines=LINES, size=SIZE)
    def answer(self, who: int, lines: int, size: int) -> None:
        self.stage.answer(who, lines, size)

    @rule()
    def broadcast(self) -> None:
        self.stage.broadcast()

    @rule(who=SMALL, where=SMALL, lines=st.sampled_from([1, 10, 90, 5000]), deep=st.booleans())
    def look_back(self, who: int, where: int, lines: int, deep: bool) -> None:
        self.stage.look_back(who, where, lines, deep)

    @rule(count=st.integers(1, 3))
    def answer_from_archive(self, count: int) -> None:
        self.stage.answer_from_archive(count)

    @rule(who=SMALL)
    def kick(self, who: int) -> None:
        self.stage.kick(who)

    @rule(who=SMALL)
    def vanish(self, who: int) -> None:
        self.stage.vanish(who)

    @rule(who=SMALL)
    def abort(self, who: int) -> None:
        self.stage.abort(who)

    @rule(where=SMALL)
    def hold(self, where: int) -> None:
        self.stage.hold(where)

    @rule(where=SMALL)
    def release(self, where: int) -> None:
        self.stage.release(where)

    @rule(where=SMALL)
    def shrink(self, where: int) -> None:
        self.stage.shrink(where)

    @rule(who=SMALL)
    def stall(self, who: int) -> None:
        self.stage.stall(who)

    @rule(who=SMALL)
    def resume(self, who: int) -> None:
        self.stage.resume(who)

    @rule(who=SMALL, count=st.integers(1, 200))
    def read(self, who: int, count: int) -> None:
        self.stage.read(who, count)

    @rule(turns=st.integers(1, 4))
    def turn(self, turns: int) -> None:
        for _ in range(turns):
            self.stage.turn()

    @rule()
    def settle(self) -> None:
        self.stage.settle()

    @rule(seconds=st.sampled_from([1.0, LIMITS.stall + 1, 3600.0]))
    def pass_time(self, seconds: float) -> None:
        self.stage.pass_time(seconds)

    def teardown(self) -> None:
        if not hasattr(self, "stage"):
            return
        try:
            self.stage.finish()
        finally:
            self.bounds.__exit__(None, None, None)


class DeliveryTest(DeliveryMachine.TestCase):  # type: ignore[misc, valid-type]
    settings = settings(
        max_examples=60,
        stateful_step_count=40,
        deadline=None,
        derandomize=True,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )


class LongRunTest(unittest.TestCase):
    """Thousands of steps, each seed another story."""

    def play(self, seed: int, faults: Faults, few: bool = False, capacity: int = CAPACITY) -> None:
        rng = random.Random(seed)
        with small_bounds(FEW_PIECES) if few else small_bounds():
            stage = Stage(random.Random(seed), faults, 8, few, capacity)
            for _ in range(STEPS):
                self.step(stage, rng)
            stage.finish()

    def step(self, stage: Stage, rng: random.Random) -> None:
        who, where, dialect = rng.randrange(8), rng.randrange(3), rng.randrange(3)
        skip = [rng.randrange(8) for _ in range(rng.randrange(3))]
        lines, size = rng.choice([1, 1, 1, 2, 5]), rng.choice([0, 0, 20, 200])
        choices: tuple[tuple[int, Callable[[], object]], ...] = (
            (2, lambda: stage.connect(rng.randrange(4) == 0)),
            (8, lambda: stage.join(who, where, dialect)),
            (3, lambda: stage.leave(who, where)),
            (3, lambda: stage.read_as(who, where, dialect)),
            (2, lambda: stage.switch(who)),
            (12, lambda: stage.say(where, lines, size, rng.randrange(4) > 0, skip)),
            (12, lambda: stage.speak(who, where, lines, skip)),
            (3, lambda: stage.talk(where, 40)),
            (6, lambda: stage.answer(who, lines, size)),
            (3, stage.broadcast),
            (2, lambda: stage.look_back(who, where, rng.choice([1, 90, 5000]), dialect > 0)),
            (4, stage.answer_from_archive),
            (1, lambda: stage.kick(who)),
            (1, lambda: stage.vanish(who)),
            (1, lambda: stage.abort(who)),
            (1, lambda: stage.hold(where)),
            (2, lambda: stage.release(where)),
            (1, lambda: stage.shrink(where)),
            (4, lambda: stage.stall(who)),
            (5, lambda: stage.resume(who)),
            (8, lambda: stage.read(who, rng.randrange(1, 200))),
            (20, stage.turn),
            (4, stage.settle),
            (1, lambda: stage.pass_time(rng.choice([1.0, LIMITS.stall + 1]))),
        )
        weights = [weight for weight, _ in choices]
        rng.choices([act for _, act in choices], weights)[0]()

    def test_nothing_is_lost_or_invented_on_a_calm_network(self) -> None:
        self.play(1, CALM)

    def test_nothing_is_lost_or_invented_on_a_rough_network(self) -> None:
        self.play(2, ROUGH)

    def test_nothing_is_lost_or_invented_where_few_pieces_may_wait(self) -> None:
        self.play(3, ROUGH, few=True)

    def test_nothing_is_lost_or_invented_where_most_keep_up(self) -> None:
        self.play(4, CALM, capacity=10_000)

    def test_who_is_told_something_between_two_slices_leaves_nothing_behind(self) -> None:
        with small_bounds():
            stage = Stage(random.Random(0), capacity=10_000)
            for who in range(4):
                stage.join(who, 0, 0)
            stage.settle()
            stage.say(0, 1)
            stage.turn()
            for who in range(4):
                stage.answer(who, 1)
            stage.finish()


if __name__ == "__main__":
    unittest.main()
