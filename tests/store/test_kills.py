"""Servers that are killed at any moment have kept all that anybody has read.

A long run: `python -m tests.store.test_kills 200`.
"""

import random
import signal
import subprocess
import sys
import unittest

from tests.store.stores import StoreCase


class KilledServerTest(StoreCase):
    kills = 8

    def test_all_that_was_delivered_is_kept_in_order_once_and_in_one_epoch(self) -> None:
        rng = random.Random(56040)
        epochs = set()
        for _ in range(self.kills):
            epoch, delivered = self.run_server(rng.randrange(400))
            epochs.add(epoch)
            self.wait_for_keeper()
            ((lines, last),) = self.ask("SELECT count(*), max(number) FROM lines")
            self.assertEqual(lines, last)
            self.assertGreaterEqual(int(str(last or 0)), delivered)
        self.assertEqual(len(epochs), 1)
        wrong = "SELECT count(*) FROM lines WHERE text != 'alice: ' || number"
        self.assertEqual(self.ask(wrong), [(0,)])

    def run_server(self, deliveries: int) -> tuple[str, int]:
        """Kill a server after so many deliveries; return the epoch and the last line delivered."""
        command = [sys.executable, "-m", "tests.store.speaker", str(self.path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout
            epoch = server.stdout.readline().strip()
            read = [server.stdout.readline() for _ in range(deliveries)]
            server.send_signal(signal.SIGKILL)
            read += server.stdout.readlines()
        whole = [line for line in read if line.endswith("\n")]
        return epoch, int(whole[-1]) if whole else 0


if __name__ == "__main__":
    KilledServerTest.kills = int(sys.argv.pop())
    unittest.main()
