"""An observed reactor does what a plain one does, and tells it."""

import unittest

from reactor_chat.loop.observed import ObservedReactor, Observer
from reactor_chat.loop.reactor import READ, WRITE, Handler
from reactor_chat.loop.readiness import Ready
from reactor_chat.loop.timers import Callback
from tests.loop import test_reactor
from tests.probe import Probe
from tests.sim.clock import Clock


class Notes(Observer):
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def on_sleep(self, patience: float | None) -> None:
        self.told.append(f"sleep {patience}")

    def on_wake(self, ready: Ready) -> None:
        self.told.append(f"wake {list(ready)}")

    def on_call(self, what: str, subject: object) -> None:
        assert isinstance(subject, Handler)
        self.told.append(f"{what} {subject.fd}")

    def on_return(self) -> None:
        self.told.append("return")

    def on_watch(self, handler: Handler, interest: int) -> None:
        self.told.append(f"watch {handler.fd} {interest}")

    def on_timer(self, delay: float, handler: Handler, callback: Callback) -> None:
        self.told.append(f"set {handler.fd} {delay}")

    def on_turn(self, ready: int) -> None:
        self.told.append(f"turn {ready}")


class ObservedTest(unittest.TestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.script = test_reactor.Script()
        self.notes = Notes()
        self.reactor = ObservedReactor(self.notes, self.script, self.clock)
        self.addCleanup(self.reactor.close)
        self.probe = Probe([], "a", 10)
        self.reactor.watch(self.probe, READ)

    def turn(self, *ready: tuple[int, int]) -> list[str]:
        """Do a turn, and return what was told of it."""
        self.notes.told.clear()
        self.script.ready = list(ready)
        self.reactor.turn(5.0)
        return self.notes.told

    def test_a_turn_in_its_order(self) -> None:
        self.reactor.at_end_of_turn(self.probe)
        self.reactor.early_at_end_of_turn(self.probe)
        self.assertEqual(
            self.turn((10, READ)),
            [
                "sleep 5.0",
                f"wake [(10, {READ})]",
                *("ready 10", "return"),
                *("early 10", "return"),
                *("end 10", "return"),
                "turn 1",
            ],
        )

    def test_interest_that_changes(self) -> None:
        self.notes.told.clear()
        self.reactor.watch(self.probe, READ)
        self.reactor.watch(self.probe, WRITE)
        self.assertEqual(self.notes.told, [f"watch 10 {WRITE}"])

    def test_timers(self) -> None:
        self.reactor.call_later(2.0, self.probe, lambda: None)
        self.assertEqual(self.notes.told[-1], "set 10 2.0")
        self.clock.advance(2.0)
        self.assertIn("timer 10", self.turn())

    def test_disposal(self) -> None:
        self.reactor.dispose(self.probe)
        told = self.turn()
        self.assertEqual(told[2:], ["dispose 10", "watch 10 0", "return", "turn 0"])


def observed(case: type[test_reactor.ReactorCase]) -> type[test_reactor.ReactorCase]:
    """Return the same tests, of a reactor that is observed."""

    def new_reactor(self: test_reactor.ReactorCase) -> ObservedReactor:
        return ObservedReactor(Observer(), self.script, self.clock)

    return type(f"Observed{case.__name__}", (case,), {"new_reactor": new_reactor})


def load_tests(
    loader: unittest.TestLoader, tests: unittest.TestSuite, pattern: str | None
) -> unittest.TestSuite:
    """Hold the observed reactor to the plain one's tests, too."""
    for case in test_reactor.ReactorCase.__subclasses__():
        tests.addTests(loader.loadTestsFromTestCase(observed(case)))
    return tests


if __name__ == "__main__":
    unittest.main()
