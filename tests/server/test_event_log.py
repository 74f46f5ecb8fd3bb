"""The log takes so much of each client and no more, and counts what it leaves out at its place."""

import itertools
import json
import unittest
from collections.abc import Sequence

from reactor_chat.loop.reactor import Reactor
from reactor_chat.server.event_log import CONNECTED, DISCONNECTED, REFUSED, EventLog

NOON = 1_795_867_200.25  # 2026-11-28T12:00:00.250Z
RATE = 3
AT_ONCE = RATE * 10


class Page:
    """Collects the lines of a log."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def show_lines(self, texts: Sequence[str]) -> None:
        self.lines += texts

    def show_run(self, run: bytes) -> None:
        assert run.endswith(b"\n")
        self.lines += run.decode()[:-1].split("\n")

    def take(self) -> list[str]:
        taken, self.lines[:] = self.lines[:], []
        return taken


class LogCase(unittest.TestCase):
    def setUp(self) -> None:
        self.time = 1000.0
        self.reactor = Reactor(clock=lambda: self.time)
        self.addCleanup(self.reactor.close)
        self.page = Page()

    def log(self, rate: float = RATE, quiet: bool = False, form: str = "plain") -> EventLog:
        self.page = Page()  # an earlier log of the same test may still tell its counts
        return EventLog(self.reactor, self.page, rate, quiet, form, lambda: NOON)

    def wait(self, seconds: float) -> None:
        self.time += seconds
        self.reactor.turn(0)


def speech(*numbers: int) -> bytes:
    return b"".join(b"%d\n" % number for number in numbers)


def logged(*numbers: int) -> list[str]:
    return [f"alice: {number}" for number in numbers]


class FormatTest(LogCase):
    def test_plain_lines_are_the_texts_with_the_room_before_what_is_said(self) -> None:
        log = self.log()
        log.event("joined", "[tea] * alice joined", "Client 2", name="alice", room="tea")
        log.said("Client 2", "alice", "tea", b"alice: hi\nalice: there\n")
        log.said("Client 1", "Client 1", "", b"hello\n")
        log.said("", "Server", "", b"good evening\n")
        said = ["[tea] alice: hi", "[tea] alice: there", "Client 1: hello", "Server: good evening"]
        self.assertEqual(self.page.take(), ["[tea] * alice joined", *said])

    def test_dated_lines_begin_with_date_and_time(self) -> None:
        log = self.log(form="dated")
        log.event("joined", "[tea] * alice joined", "Client 2")
        log.said("Client 2", "alice", "tea", b"alice: hi\nalice: there\n")
        stamp = "2026-11-28T12:00:00Z "
        texts = ["[tea] * alice joined", "[tea] alice: hi", "[tea] alice: there"]
        self.assertEqual(self.page.take(), [stamp + text for text in texts])

    def test_json_has_an_object_a_line(self) -> None:
        log = self.log(form="json")
        log.event(CONNECTED, "Client 2 connected from ::1", "Client 2", address="[::1]:1")
        log.said("Client 2", "älice", "tea", "älice: hi\n** älice waves\n".encode())
        log.said("Client 2", "älice", "", "älice: hi\n** älice\n".encode())
        log.failure("alice", ValueError("no"))
        connected, said, acted, alone, odd, failure = map(json.loads, self.page.take())
        self.assertEqual(
            connected,
            {
                "time": "2026-11-28T12:00:00.250Z",
                "event": "connected",
                "client": "Client 2",
                "address": "[::1]:1",
                "text": "Client 2 connected from ::1",
            },
        )
        who = {"time": connected["time"], "client": "Client 2", "name": "älice"}
        self.assertEqual(said, {**who, "event": "said", "room": "tea", "text": "hi"})
        self.assertEqual(acted, {**who, "event": "acted", "room": "tea", "text": "waves"})
        self.assertEqual(alone, {**who, "event": "said", "text": "älice: hi"})
        self.assertEqual(odd, {**who, "event": "said", "text": "** älice"})
        self.assertIn("ValueError: no", failure["text"])

    def test_answers_to_the_operator_are_in_the_format_too(self) -> None:
        self.log(form="json").lines("console", ["one", "two"])
        self.assertEqual([json.loads(line)["text"] for line in self.page.take()], ["one\ntwo"])

    def test_a_quiet_log_has_what_happens_and_not_what_is_said(self) -> None:
        log = self.log(quiet=True)
        log.said("Client 2", "alice", "tea", b"alice: hi\n")
        log.event("joined", "[tea] * alice joined", "Client 2")
        self.assertEqual(self.page.take(), ["[tea] * alice joined"])

    def test_settings_can_change_at_once(self) -> None:
        log = self.log(quiet=True)
        log.configure(0, quiet=False, form="dated")
        log.said("Client 2", "alice", "tea", speech(*range(10 * AT_ONCE)))
        self.assertEqual(len(self.page.lines), 10 * AT_ONCE)
        self.assertIn("Z [tea] 0", self.page.lines[0])


class ShareTest(LogCase):
    def test_of_a_block_the_first_lines_are_taken_and_the_others_counted(self) -> None:
        log = self.log()
        log.said("Client 2", "alice", "", speech(*range(AT_ONCE + 37)))
        self.assertEqual(self.page.take(), logged(*range(AT_ONCE)))
        self.wait(1)
        self.assertEqual(self.page.take(), ["(37 lines by Client 2 were left out)"])

    def test_the_count_stands_where_lines_are_missing(self) -> None:
        log = self.log()
        for number in range(AT_ONCE + 5):
            log.said("Client 2", "alice", "", speech(number))
        self.wait(0.9)
        log.said("Client 2", "alice", "", speech(99))  # there was room for it, but not before it
        self.wait(0.1)
        log.said("Client 2", "alice", "", speech(100))
        tail = ["(6 lines by Client 2 were left out)", "alice: 100"]
        self.assertEqual(self.page.take()[AT_ONCE:], tail)

    def test_over_time_a_client_gets_its_rate(self) -> None:
        log = self.log()
        for _ in range(600):
            log.said("Client 2", "alice", "", speech(1, 2))
            log.event("renamed", "* a is now known as b", "Client 2")
            self.wait(0.1)
        self.assertLessEqual(len(self.page.lines), AT_ONCE + 60 * RATE + 1)
        self.assertGreater(len(self.page.lines), AT_ONCE + 55 * RATE)

    def test_every_line_is_there_or_counted(self) -> None:
        log = self.log(rate=0.5)
        for number in range(500):
            log.said("Client 2", "alice", "", speech(number))
            self.wait(0.37)
        self.wait(10)
        self.wait(10)
        counted = sum(int(line[1:].split()[0]) for line in self.page.lines if line[0] == "(")
        self.assertEqual(counted + sum(line[0] == "a" for line in self.page.lines), 500)

    def test_one_clients_flood_costs_no_other_a_line(self) -> None:
        log = self.log()
        log.said("Client 2", "alice", "", speech(*range(1000)))
        self.page.take()
        log.said("Client 3", "bob", "", b"hello\n")
        log.said("", "Server", "", b"hello\n")
        log.event("kicked", "* alice was kicked")
        self.assertEqual(self.page.take(), ["bob: hello", "Server: hello", "* alice was kicked"])

    def test_a_rate_of_0_takes_everything(self) -> None:
        log = self.log(rate=0)
        for _ in range(100):
            log.said("Client 2", "alice", "", speech(*range(100)))
        self.assertEqual(len(self.page.lines), 10000)

    def test_the_log_sleeps_when_there_is_nothing_to_tell(self) -> None:
        log = self.log()
        log.said("Client 2", "alice", "", speech(*range(AT_ONCE + 1)))
        self.wait(1)
        self.page.take()
        log.forget("Client 2")
        for _ in range(10):
            self.wait(10)
        self.assertEqual(self.page.take(), [])


class ComingAndGoingTest(LogCase):
    def visit(self, log: EventLog, number: int, source: str = "192.0.2.1", lines: int = 0) -> None:
        by = f"Client {number}"
        log.enter(by, source)
        log.event(CONNECTED, f"{by} connected", by)
        if lines:
            log.said(by, by, "", b"x\n" * lines)
        log.event(DISCONNECTED, f"{by} disconnected", by)
        log.forget(by)

    def test_the_end_is_told_of_whose_beginning_was(self) -> None:
        log = self.log()
        self.visit(log, 1, lines=100)
        left_out = 100 - (AT_ONCE - 1)
        self.assertEqual(
            self.page.take()[AT_ONCE:],
            [f"({left_out} lines by Client 1 were left out)", "Client 1 disconnected"],
        )

    def test_who_comes_back_goes_on_with_the_share_that_was_left(self) -> None:
        log = self.log()
        for number in range(1, 6001):
            self.visit(log, number, lines=40)
            self.wait(0.01)
        self.assertLessEqual(len(self.page.lines), AT_ONCE + 60 * RATE + 61)

    def test_what_clients_left_out_is_counted_after_they_have_gone(self) -> None:
        log = self.log()
        for number in range(1, 101):
            self.visit(log, number)
        self.wait(1)
        seen = self.page.take()
        shown = sum("connected" in line for line in seen)
        self.assertEqual(seen[-1], f"({200 - shown} lines by clients from 192.0.2.1 were left out)")

    def test_other_sources_have_shares_of_their_own(self) -> None:
        log = self.log()
        self.visit(log, 1, lines=100)
        self.page.take()
        self.visit(log, 2, source="192.0.2.2", lines=5)
        self.assertEqual(len(self.page.take()), 7)

    def test_a_share_that_is_whole_again_is_forgotten(self) -> None:
        log = self.log()
        self.visit(log, 1, lines=100)
        self.wait(100)
        self.visit(log, 2, source="192.0.2.2", lines=100)
        self.page.take()
        self.visit(log, 3, lines=AT_ONCE - 1)
        self.assertEqual(len(self.page.take()), AT_ONCE + 1)

    def test_a_count_is_of_a_source_until_it_is_told_and_of_the_client_after_it(self) -> None:
        log = self.log()
        self.visit(log, 1, lines=100)
        self.visit(log, 2)
        log.enter("Client 3", "192.0.2.1")
        self.page.take()
        self.wait(100)
        self.assertEqual(self.page.take(), ["(2 lines by clients from 192.0.2.1 were left out)"])
        log.said("Client 3", "bob", "", speech(*range(AT_ONCE + 5)))
        self.wait(1)
        self.assertEqual(self.page.take()[-1], "(6 lines by Client 3 were left out)")


class CrowdTest(LogCase):
    """Many clients of one source, who say more than is good for a disk."""

    long = b"x" * 4000 + b"\n"
    forms = ("plain", "dated", "json")
    line = 4700  # bytes of the log: more than a longest line has, with all that stands before it

    def size_of_page(self) -> int:
        return sum(len(line.encode()) + 1 for line in self.page.take())

    def test_all_of_a_source_get_no_more_bytes_than_one_client_may_take(self) -> None:
        blocks = {"long": self.long, "short": b"x\n", "escaped": b'"' * 2000 + b"\n"}
        for form, kind in itertools.product(self.forms, blocks):
            with self.subTest(form, kind=kind):
                log = self.log(form=form)
                for number in range(300):
                    log.enter(f"Client {number}", "192.0.2.1")
                for _ in range(40):
                    self.wait(1)
                    for number in range(300):
                        log.said(f"Client {number}", "a" * 24, "", blocks[kind] * RATE)
                size = self.size_of_page()
                self.assertLess(size, 50 * RATE * self.line)
                self.assertGreater(size, 30 * RATE * 4096)

    def test_all_visits_from_a_source_take_no_more_bytes_either(self) -> None:
        for form in self.forms:
            with self.subTest(form):
                log = self.log(form=form)
                for second in range(40):
                    self.wait(1)
                    visitors = [f"Client {second}.{number}" for number in range(300)]
                    for by in visitors:
                        log.enter(by, "192.0.2.1")
                        log.event(CONNECTED, f"{by} connected", by)
                    for by in visitors:
                        log.event(DISCONNECTED, f"{by} disconnected", by)
                        log.forget(by)
                self.assertLess(self.size_of_page(), 50 * RATE * self.line)

    def test_one_client_alone_gets_all_of_its_lines_however_long(self) -> None:
        name = "\U0001d4d0" * 24
        for form in self.forms:
            with self.subTest(form):
                log = self.log(form=form)
                log.enter("Client 1000000", "192.0.2.1")
                line = f"{name}: {'x' * 4096}\n".encode()
                log.said("Client 1000000", name, name, line * AT_ONCE)
                self.assertEqual(len(self.page.take()), AT_ONCE)

    def test_who_comes_back_has_no_more_than_the_others_have_left(self) -> None:
        log = self.log()
        for begin in (0, 10):
            for number in range(begin, begin + 10):
                log.enter(f"Client {number}", "192.0.2.1")
                log.said(f"Client {number}", "alice", "", self.long * RATE)
            size = self.size_of_page()
            self.wait(1.5)  # their shares are whole again, and the volume is not
            for number in range(begin, begin + 10):
                log.forget(f"Client {number}")
        self.assertLess(size, 4 * RATE * 4300)  # what was left, and one block of debt

    def test_other_sources_and_events_are_there_as_before(self) -> None:
        log = self.log()
        for number in range(100):
            log.enter(f"Client {number}", "192.0.2.1")
            log.said(f"Client {number}", "alice", "", self.long * AT_ONCE)
        self.page.take()
        log.enter("Client 100", "192.0.2.2")
        log.said("Client 100", "bob", "", self.long)
        log.event("kicked", "* alice was kicked")
        self.assertEqual(len(self.page.take()), 2)

    def test_what_is_left_out_is_counted(self) -> None:
        log = self.log()
        for number in range(30):
            log.enter(f"Client {number}", "192.0.2.1")
            log.said(f"Client {number}", "alice", "", self.long * AT_ONCE)
        for _ in range(30):
            self.wait(1)
        lines = self.page.take()
        counted = sum(int(line[1:].split()[0]) for line in lines if line[0] == "(")
        self.assertEqual(counted + sum(line[0] != "(" for line in lines), 30 * AT_ONCE)


class LimitedKindsTest(LogCase):
    def test_refused_callers_take_a_line_a_second(self) -> None:
        log = self.log()
        for number in range(100):
            log.event(REFUSED, f"refused 192.0.2.{number}", address="192.0.2.1:1")
            self.wait(0.1)
        self.assertLessEqual(len(self.page.lines), 11)
        first, second = self.page.lines[:2]
        self.assertEqual(first, "refused 192.0.2.0")
        self.assertEqual(second, "refused 192.0.2.10 (9 more were refused)")

    def test_one_refusal_too_many_is_told_as_it_is(self) -> None:
        log = self.log()
        log.event(REFUSED, "refused 192.0.2.1")
        log.event(REFUSED, "refused 192.0.2.2")
        self.wait(1)
        self.assertEqual(self.page.take(), ["refused 192.0.2.1", "refused 192.0.2.2"])

    def test_defects_are_counted_once_there_are_too_many(self) -> None:
        log = self.log()
        for _ in range(50):
            log.failure("alice", ValueError("no"))
        self.assertEqual(self.page.lines.count("ValueError: no"), 10)
        self.page.take()
        self.wait(1)
        self.assertEqual(self.page.take(), ["(40 defects were left out)"])


if __name__ == "__main__":
    unittest.main()
