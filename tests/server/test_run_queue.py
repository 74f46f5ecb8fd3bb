"""Who is served when more has come than a turn can do."""

import random
import unittest
from typing import Any, cast

from reactor_chat.loop.reactor import Reactor
from reactor_chat.net.connection import Connection
from reactor_chat.net.owner import Owner
from reactor_chat.net.shared import BUSY_READ_SIZE, READ_SIZE, Limits, Shared
from reactor_chat.server.run_queue import WORK_OF_ALL, RunQueue
from tests.sim.clock import Clock
from tests.sim.network import socket_pair
from tests.sim.process import Process
from tests.sim.selector import Selector


class Worker(Owner):
    """A client with more and more lines, each of which is so much work."""

    def __init__(self, queue: RunQueue, work: int) -> None:
        self.queue = queue
        self.work = work
        self.served = 0
        self.connection: Connection
        self.defect: Exception | None = None

    def on_batch(self, batch: bytes) -> None:
        self.connection.lines.put_back(batch)
        self.on_lines()

    def on_lines(self) -> None:
        if self.queue.holds(self.connection):
            return
        if self.defect is not None:
            raise self.defect
        self.served += 1
        self.queue.spend(self.work)
        self.queue.wait(self.connection)


class RunQueueTest(unittest.TestCase):
    def setUp(self) -> None:
        self.process = Process(random.Random(0))
        self.reactor = Reactor(Selector(self.process), Clock())
        self.shared = Shared(self.reactor, Limits(), lambda: 0)
        self.queue = RunQueue(self.shared)

    def workers(self, count: int, work: int) -> list[Worker]:
        workers = [Worker(self.queue, work) for _ in range(count)]
        for worker in workers:
            near, _ = socket_pair(self.process, Process(random.Random(0)))
            worker.connection = Connection(self.shared, cast(Any, near))
            worker.connection.open(worker)
            worker.connection.lines.feed(b"a line\n")
        return workers

    def begin(self, workers: list[Worker]) -> None:
        for worker in workers:
            worker.connection.resume_reading()

    def test_a_turn_does_no_more_than_its_budget_and_all_take_turns(self) -> None:
        workers = self.workers(10, WORK_OF_ALL // 2)
        self.begin(workers)
        self.assertEqual([worker.served for worker in workers], [1, 1] + [0] * 8)
        for turn in range(1, 20):
            self.reactor.turn(0)
            self.assertEqual(sum(worker.served for worker in workers), 1 + 2 * turn)
        served = [worker.served for worker in workers]
        # The first two were served before any of the others had come.
        self.assertLessEqual(max(served[2:]) - min(served[2:]), 1, served)
        self.assertLessEqual(max(served) - min(served), 2, served)

    def test_who_is_resumed_by_something_else_is_not_served_before_the_others(self) -> None:
        first, second = workers = self.workers(2, WORK_OF_ALL)
        self.begin(workers)
        for _ in range(8):
            first.connection.resume_reading()
            self.reactor.turn(0)
        self.assertLessEqual(abs(first.served - second.served), 1)

    def test_however_much_a_turn_has_done_one_who_waits_goes_on(self) -> None:
        [worker] = self.workers(1, 1)
        self.begin([worker])
        for turn in range(5):
            self.queue.spend(10 * WORK_OF_ALL)
            self.reactor.turn(0)
            self.assertEqual(worker.served, 2 + turn)

    def test_while_many_wait_less_is_read_of_each(self) -> None:
        self.assertEqual(self.shared.read_size, READ_SIZE)
        workers = self.workers(1000, WORK_OF_ALL // 8)
        self.begin(workers)
        self.assertEqual(self.shared.read_size, BUSY_READ_SIZE)
        for worker in workers:
            worker.connection.abort("gone")
        for _ in range(2):
            self.reactor.turn(0)
        self.assertEqual(self.shared.read_size, READ_SIZE)

    def test_a_defect_with_one_costs_that_one_alone(self) -> None:
        first, second = workers = self.workers(2, 1)
        self.begin(workers)
        first.defect = ValueError("a defect")
        self.reactor.turn(0)
        self.assertTrue(first.connection.closed)
        self.assertEqual(second.served, 2)
        self.reactor.turn(0)
        self.assertEqual(second.served, 3)
