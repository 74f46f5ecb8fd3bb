"""Who is cut off, in whatever way and by whoever's end, has read the whole room in the end."""

import unittest

from tests.client.resume_checker import Checker, run

PEOPLE = 8
STEPS = 150


class CutOffTest(unittest.TestCase):
    def test_everybody_reads_each_line_once_whatever_is_killed(self) -> None:
        def happen(checker: Checker) -> None:
            for step in range(1, STEPS):
                checker.talk()
                if step % 4 == 0:
                    checker.cut_off()
                if step % 40 == 0:
                    checker.kill_server()

        happened = run(PEOPLE, 56040, happen).happened
        wanted = {"close", "reset", "abandon", "swallow", "server killed"}
        self.assertLessEqual(wanted, happened.keys())

    def test_a_killed_keeper_is_noticed_by_nobody(self) -> None:
        def happen(checker: Checker) -> None:
            for step in range(1, STEPS):
                checker.talk()
                if step % 40 == 0:
                    checker.kill_keeper()

        self.assertEqual(run(PEOPLE, 56041, happen).happened["keeper killed"], 3)

    def test_a_restart_in_order_is_only_a_pause(self) -> None:
        def happen(checker: Checker) -> None:
            for step in range(1, STEPS):
                checker.talk()
                if step % 40 == 0:
                    checker.end_server()

        run(PEOPLE, 56042, happen)
