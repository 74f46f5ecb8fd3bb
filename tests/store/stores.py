"""Stores with keepers that are processes, in a folder of the test's own.

Invariants: nothing sleeps; what waits turns the loop until it has come true, for at most
`PATIENCE` seconds. No keeper outlives its test.

Not here: what is to come true.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable

from reactor_chat.loop.reactor import Reactor
from reactor_chat.store.claim import Claim
from reactor_chat.store.client import Reading, Store
from reactor_chat.store.process import Peer, ProcessPeer
from reactor_chat.store.records import Line
from tests.store.files import NOW, FileCase

PATIENCE = 20.0


class StoreCase(FileCase):
    def setUp(self) -> None:
        super().setUp()
        self.keepers: list[ProcessPeer] = []
        self.log: list[str] = []
        self.addCleanup(self.end_keepers)

    def spawn(self, path: str) -> Peer:
        self.keepers.append(ProcessPeer(path))
        return self.keepers[-1]

    def end_keepers(self) -> None:
        for keeper in self.keepers:
            keeper.kill()
            keeper.status(PATIENCE)
            keeper.close()

    def start(self, keep_days: int = 0) -> Store:
        """Open the file as a server does when it starts."""
        self.reactor = Reactor()
        self.addCleanup(self.reactor.close)
        self.store = Store(
            self.reactor,
            str(self.path),
            log=self.log.append,
            failure=self.fail_with,
            keep_days=keep_days,
            spawn=self.spawn,
        )
        return self.store

    def fail_with(self, error: Exception) -> None:
        raise error

    def restart(self) -> Store:
        """End the server in order, and start it again."""
        self.store.close(PATIENCE)
        return self.start()

    def kill_server(self) -> None:
        """Do to the keeper what a server's SIGKILL does; wait until it has finished."""
        self.keepers[-1].close()
        self.wait_for_keeper()

    def wait_for_keeper(self) -> None:
        Claim(str(self.path), PATIENCE).release()

    def kill_keeper(self) -> None:
        os.kill(self.keepers[-1].pid, signal.SIGKILL)
        self.keepers[-1].status(PATIENCE)

    def wait(self, done: Callable[[], object], what: str = "") -> None:
        """Turn the loop until it has come true."""
        deadline = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > deadline:
                raise AssertionError(f"this never came true: {what or done}; log: {self.log}")
            self.reactor.turn(0.1)

    def wait_for_log(self, text: str) -> None:
        self.wait(lambda: any(text in line for line in self.log), text)

    def say(self, first: int, lines: int = 1, room: str = "tea", time: int = NOW) -> bool:
        """Keep lines that say their number."""
        block = "".join(f"alice: {number}\n" for number in range(first, first + lines)).encode()
        self.store.keep(room, first, time, block)
        return self.store.flush()

    def read(self, room: str = "tea", after: int = 0, upto: int = 2**40) -> list[Line]:
        """Read lines back through the keeper."""
        found: list[Line] = []
        ends: list[bool] = []

        def take(lines: list[Line], done: bool) -> None:
            found.extend(lines)
            ends.append(done)
            if not done:
                reading.next()

        reading: Reading = self.store.read_after(room, after, upto, take)
        self.wait(lambda: True in ends, "a reading's end")
        self.assertFalse(reading.failed)
        return found

    def numbers(self, room: str = "tea") -> list[int]:
        """Return the numbers of a room's lines, having checked that each is the right one."""
        lines = self.read(room)
        for number, _, text in lines:
            self.assertEqual(text, b"alice: %d" % number)
        return [number for number, _, _ in lines]

    def answer(self, ask: Callable[[Callable[[object], object]], object]) -> object:
        """Ask, and wait for the answer."""
        answers: list[object] = []
        ask(answers.append)
        self.assertEqual(answers, [], "answered from within the call")
        self.wait(lambda: answers, "an answer")
        return answers[0]


def left_of(pid: int) -> bool:
    """Return whether there is such a process."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False
