"""One turn: what is ready, what is due, what is left to do at its end, who is disposed of."""

import errno
import selectors
import tempfile
import unittest
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from reactor_chat.loop.reactor import NOTHING, READ, WRITE, Handler, Reactor
from reactor_chat.loop.turn_length import TurnLength
from tests.probe import Probe
from tests.sim.clock import Clock


class Script(selectors.BaseSelector):
    """Says that whatever is on its list is ready, and keeps how long it was to wait."""

    def __init__(self, while_asleep: Callable[[], object] = lambda: None) -> None:
        self.ready: list[tuple[int, int]] = []
        self.waits: list[float | None] = []
        self.calls: list[tuple[str, int, int]] = []
        self.while_asleep = while_asleep
        self._keys: dict[Any, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        assert fileobj not in self._keys
        assert events
        self.calls.append(("register", fileobj, events))
        self._keys[fileobj] = selectors.SelectorKey(fileobj, fileobj, events, data)
        return self._keys[fileobj]

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        assert fileobj in self._keys
        assert events
        self.calls.append(("modify", fileobj, events))
        return self._keys[fileobj]

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        self.calls.append(("unregister", fileobj, 0))
        return self._keys.pop(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.waits.append(timeout)
        self.while_asleep()
        ready, self.ready = self.ready, []
        return [(self._keys[fd], mask) for fd, mask in ready]

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return MappingProxyType(self._keys)


def fail() -> None:
    raise ValueError("oops")


class ReactorCase(unittest.TestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.script = Script()
        self.reactor = self.new_reactor()
        self.addCleanup(self.reactor.close)
        self.log: list[str] = []
        self.a, self.b, self.c = (self.probe(name, fd) for fd, name in enumerate("abc", 10))

    def new_reactor(self) -> Reactor:
        return Reactor(self.script, self.clock)

    def probe(self, name: str, fd: int, interest: int = READ) -> Probe:
        probe = Probe(self.log, name, fd)
        self.reactor.watch(probe, interest)
        return probe

    def note(self, what: str) -> Callable[[], None]:
        return lambda: self.log.append(what)

    def turn(self, *ready: tuple[Probe, int]) -> list[str]:
        """Do a turn in which these are ready; give what happened in it."""
        self.script.ready = [(probe.fd, mask) for probe, mask in ready]
        self.log.clear()
        self.reactor.turn()
        return self.log.copy()


class TurnTest(ReactorCase):
    def test_ready_then_due_then_the_end_of_the_turn_then_disposing(self) -> None:
        self.a.on("reads", lambda: self.reactor.dispose(self.a))
        self.a.on("reads", lambda: self.reactor.at_end_of_turn(self.b))
        self.reactor.call_soon(self.c, self.note("timer"))
        self.assertEqual(
            self.turn((self.a, READ), (self.c, READ)),
            ["a reads", "c reads", "timer", "b ends", "a is disposed of"],
        )

    def test_early_handlers_are_called_before_all_others_however_late_they_asked(self) -> None:
        self.reactor.at_end_of_turn(self.a)
        self.reactor.early_at_end_of_turn(self.b)
        self.b.on("ends early", lambda: self.reactor.at_end_of_turn(self.c))
        self.assertEqual(self.turn(), ["b ends early", "a ends", "c ends"])

    def test_what_asks_at_the_end_of_the_turn_is_called_before_it_is_over(self) -> None:
        self.reactor.at_end_of_turn(self.a)
        self.a.on("ends", lambda: self.reactor.early_at_end_of_turn(self.b))
        self.assertEqual(self.turn(), ["a ends", "b ends early"])

    def test_a_death_may_be_news_that_still_leaves_in_this_turn(self) -> None:
        self.reactor.dispose(self.a)
        self.a.on("is disposed of", lambda: self.reactor.at_end_of_turn(self.b))
        self.b.on("ends", lambda: self.reactor.dispose(self.c))
        self.assertEqual(self.turn(), ["a is disposed of", "b ends", "c is disposed of"])

    def test_whoever_is_disposed_of_waits_for_nothing_more(self) -> None:
        self.reactor.dispose(self.a)
        self.turn()
        self.assertNotIn(self.a.fd, self.script.get_map())

    def test_what_lost_its_interest_in_this_turn_is_skipped(self) -> None:
        self.a.on("reads", lambda: self.reactor.watch(self.b, NOTHING))
        self.assertEqual(self.turn((self.a, READ), (self.b, READ)), ["a reads"])

    def test_writing_comes_before_reading(self) -> None:
        self.reactor.watch(self.a, READ | WRITE)
        self.assertEqual(self.turn((self.a, READ | WRITE)), ["a writes", "a reads"])

    def test_only_what_was_asked_for_is_told(self) -> None:
        self.reactor.watch(self.b, WRITE)
        both = READ | WRITE
        self.assertEqual(self.turn((self.a, both), (self.b, both)), ["a reads", "b writes"])

    def test_run_turns_until_the_end_of_the_turn_in_which_it_is_stopped(self) -> None:
        self.a.on("reads", self.reactor.stop)
        self.a.on("reads", lambda: self.reactor.at_end_of_turn(self.b))
        self.script.ready = [(self.a.fd, READ), (self.c.fd, READ)]
        self.reactor.run()
        self.assertEqual(self.log, ["a reads", "c reads", "b ends"])

    def test_what_was_said_before_the_loop_began_leaves_before_it_sleeps(self) -> None:
        self.reactor.at_end_of_turn(self.a)
        self.script.while_asleep = self.reactor.stop
        self.a.on("ends", lambda: self.assertEqual(self.script.waits, []))
        self.reactor.run()
        self.assertEqual((self.log, self.script.waits), (["a ends"], [None]))

    def test_turns_are_counted_and_the_longest_is_known_without_its_sleep(self) -> None:
        self.script.while_asleep = lambda: self.clock.advance(100)
        self.a.on("reads", lambda: self.clock.advance(0.25))
        self.a.on("reads", lambda: self.reactor.at_end_of_turn(self.b))
        self.b.on("ends", lambda: self.clock.advance(0.5))
        self.turn((self.a, READ), (self.c, READ))
        self.turn()
        self.assertEqual(self.reactor.turns, 2)
        self.assertEqual(self.reactor.longest_turn, TurnLength(0.25, 0.5, 2))
        self.assertEqual(self.reactor.longest_turn.total, 0.75)


class InterestTest(ReactorCase):
    def test_only_a_change_touches_the_selector(self) -> None:
        self.script.calls.clear()
        for interest in (READ, READ | WRITE, READ | WRITE, NOTHING, NOTHING, WRITE):
            self.reactor.watch(self.a, interest)
        self.assertEqual(
            self.script.calls,
            [
                ("modify", self.a.fd, READ | WRITE),
                ("unregister", self.a.fd, 0),
                ("register", self.a.fd, WRITE),
            ],
        )

    def test_a_descriptor_that_cannot_be_waited_for_is_refused_and_not_kept(self) -> None:
        reactor = Reactor(selectors.EpollSelector())
        self.addCleanup(reactor.close)
        with tempfile.TemporaryFile() as file:
            probe = Probe(self.log, "file", file.fileno())
            for _ in range(2):
                with self.assertRaises(PermissionError):
                    reactor.watch(probe, READ)
                self.assertEqual(probe.interest, NOTHING)


class RefusalTest(ReactorCase):
    """epoll_ctl(2) may fail with ENOSPC or ENOMEM whenever an interest changes."""

    def refuse(self, call: str) -> None:
        """Let the selector fail once, in one of two ways: the descriptor forgotten or not."""
        original = getattr(self.script, call)

        def once(*args: object) -> None:
            setattr(self.script, call, original)
            raise OSError(errno.ENOSPC, "no more")

        setattr(self.script, call, once)

    def test_who_could_not_be_watched_waits_for_nothing_and_may_be_watched_anew(self) -> None:
        self.reactor.watch(self.a, NOTHING)
        self.refuse("register")
        with self.assertRaises(OSError):
            self.reactor.watch(self.a, READ)
        self.assertEqual(self.a.interest, NOTHING)
        self.reactor.watch(self.a, READ)
        self.assertEqual(self.turn((self.a, READ)), ["a reads"])

    def test_so_it_is_with_a_change_of_interest(self) -> None:
        for forgets in (False, True):
            with self.subTest(forgets=forgets):
                self.refuse("modify")
                if forgets:  # as the selectors module does for some kinds
                    self.script.unregister(self.a.fd)
                with self.assertRaises(OSError):
                    self.reactor.watch(self.a, READ | WRITE)
                self.assertEqual(self.a.interest, NOTHING)
                self.reactor.watch(self.a, READ)
                self.assertEqual(self.turn((self.a, READ)), ["a reads"])

    def test_who_cannot_be_let_go_is_called_no_more_and_is_disposed_of(self) -> None:
        self.refuse("unregister")
        self.reactor.dispose(self.a)
        self.assertEqual(self.turn(), ["a is disposed of", "a crashes: [Errno 28] no more"])
        self.assertEqual(self.turn((self.a, READ)), [])


class CrashTest(ReactorCase):
    def test_a_crash_goes_to_the_handler_whose_it_is_and_the_others_go_on(self) -> None:
        self.a.on("reads", fail)
        self.assertEqual(
            self.turn((self.a, READ), (self.b, READ)), ["a reads", "a crashes: oops", "b reads"]
        )

    def test_so_it_is_with_writing(self) -> None:
        self.reactor.watch(self.a, WRITE)
        self.a.on("writes", fail)
        self.assertEqual(
            self.turn((self.a, WRITE), (self.b, READ)), ["a writes", "a crashes: oops", "b reads"]
        )

    def test_so_it_is_with_the_end_of_the_turn_and_with_disposing(self) -> None:
        for probe in (self.a, self.b):
            self.reactor.early_at_end_of_turn(probe)
            self.reactor.at_end_of_turn(probe)
            self.reactor.dispose(probe)
        self.a.on("ends early", fail)
        self.a.on("ends", fail)
        self.a.on("is disposed of", fail)
        self.assertEqual(
            self.turn(),
            [
                *("a ends early", "a crashes: oops", "b ends early"),
                *("a ends", "a crashes: oops", "b ends"),
                *("a is disposed of", "a crashes: oops", "b is disposed of"),
            ],
        )

    def test_so_it_is_with_timers(self) -> None:
        self.reactor.call_soon(self.a, fail)
        self.reactor.call_soon(self.b, self.note("timer of b"))
        self.assertEqual(self.turn(), ["a crashes: oops", "timer of b"])

    def test_who_cannot_crash_well_ends_the_loop(self) -> None:
        handler = Handler(99)
        self.reactor.call_soon(handler, fail)
        self.assertRaises(ValueError, self.reactor.turn)

    def test_an_interrupt_is_no_crash(self) -> None:
        def interrupt() -> None:
            raise KeyboardInterrupt

        self.a.on("reads", interrupt)
        self.script.ready = [(self.a.fd, READ)]
        self.assertRaises(KeyboardInterrupt, self.reactor.turn)
        self.assertEqual(self.log, ["a reads"])


class TimeTest(ReactorCase):
    def test_an_idle_loop_sleeps_for_ever(self) -> None:
        self.turn()
        self.assertEqual(self.script.waits, [None])

    def test_it_sleeps_until_the_next_deadline_and_no_longer(self) -> None:
        self.reactor.call_later(7.0, self.a, self.note("seven"))
        timer = self.reactor.call_later(5.0, self.a, self.note("five"))
        self.clock.advance(1.5)
        self.turn()
        timer.cancel()
        self.turn()
        self.assertEqual(self.script.waits, [3.5, 5.5])

    def test_a_deadline_that_has_passed_is_not_waited_for(self) -> None:
        self.reactor.call_later(1.0, self.a, self.note("timer"))
        self.clock.advance(50)
        self.assertEqual(self.turn(), ["timer"])
        self.assertEqual(self.script.waits, [0.0])

    def test_patience_bounds_the_sleep(self) -> None:
        self.reactor.turn(2.0)
        self.reactor.call_later(5.0, self.a, self.note("timer"))
        for patience in (2.0, 9.0, 0):
            self.reactor.turn(patience)
        self.assertEqual(self.script.waits, [2.0, 2.0, 5.0, 0])

    def test_a_deadline_beyond_what_epoll_can_count_is_slept_towards_in_parts(self) -> None:
        self.reactor.call_later(1e9, self.a, self.note("timer"))
        self.turn()
        self.assertEqual(self.script.waits, [3600.0])

    def test_a_timer_fires_when_the_clock_says_so(self) -> None:
        self.reactor.call_later(5.0, self.a, self.note("timer"))
        self.assertEqual(self.turn(), [])
        self.clock.advance(4.999)
        self.assertEqual(self.turn(), [])
        self.clock.advance(0.001)
        self.assertEqual(self.turn(), ["timer"])
        self.assertEqual(self.turn(), [])

    def test_now_is_when_the_turn_woke_up(self) -> None:
        self.script.while_asleep = lambda: self.clock.advance(3)
        self.a.on("reads", lambda: self.clock.advance(1))
        before = self.clock()
        self.turn((self.a, READ))
        self.assertEqual(self.reactor.now, before + 3)

    def test_what_is_called_soon_is_called_in_the_next_turn_after_what_is_ready(self) -> None:
        self.a.on("reads", lambda: self.reactor.call_soon(self.a, self.note("soon")))
        self.assertEqual(self.turn((self.a, READ)), ["a reads"])
        self.assertEqual(self.turn((self.b, READ)), ["b reads", "soon"])
        self.assertEqual(self.script.waits, [None, 0.0])

    def test_a_timer_that_sets_itself_anew_leaves_the_turn_to_others(self) -> None:
        def again() -> None:
            self.log.append("again")
            self.reactor.call_soon(self.a, again)

        again()
        self.assertEqual(self.turn((self.b, READ)), ["b reads", "again"])

    def test_a_sleep_is_rounded_up_so_that_one_is_enough(self) -> None:
        reactor = Reactor()
        self.addCleanup(reactor.close)
        reactor.call_later(0.0004, Handler(99), self.note("timer"))
        reactor.turn()
        self.assertEqual(self.log, ["timer"])


if __name__ == "__main__":
    unittest.main()
