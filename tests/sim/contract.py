"""The frame in which a contract's statements run: once in each world.

The statements are classes inside a class, where the loader does not look; `run_in_both_worlds`
puts a subclass of each, one a world, where it does.

What does not belong here: the statements.
"""

import contextlib
import unittest
from collections.abc import Callable
from selectors import EVENT_READ, EVENT_WRITE
from typing import Any, ClassVar

from tests.sim.worlds import Listening, RealWorld, SimulatedWorld, Socket, World

EVENT_BOTH = EVENT_READ | EVENT_WRITE
PATIENCE = 10.0  # Seconds for the real kernel. Only a failing test waits that long.
CHUNK = 65_536
MANY = 1_000  # More sends than any kernel takes to notice that nobody reads, or is there.


class ContractCase(unittest.TestCase):
    """What the statements of the contract need. It has no tests of its own."""

    make_world: ClassVar[Callable[[], World]]

    def setUp(self) -> None:
        self.world = type(self).make_world()
        self.addCleanup(self.world.close)

    def pair(self) -> tuple[Socket, Socket]:
        """A caller's socket and the one that was accepted for it."""
        caller = self.world.connect()
        self.wait(self.world.listener, EVENT_READ)
        return caller, self.world.accept()[0]

    def ready(self, sock: Socket | Listening, interest: int, timeout: float = 0) -> int:
        with self.world.selector() as selector:
            selector.register(sock.fileno(), interest)
            return sum(events for _, events in selector.select(timeout))

    def wait(self, sock: Socket | Listening, events: int) -> None:
        self.assertEqual(self.ready(sock, events, PATIENCE), events)

    def read(self, sock: Socket, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            self.wait(sock, EVENT_READ)
            part = sock.recv(count - len(data))
            self.assertTrue(part, f"the stream ended after {len(data)} of {count} bytes")
            data += part
        return bytes(data)

    def fill(self, sock: Socket) -> bytes:
        """Send until the selector says that no more will be taken; gives what was."""
        sent = bytearray()
        for _ in range(MANY):
            if not self.ready(sock, EVENT_WRITE):
                return bytes(sent)
            chunk = bytes([len(sent) % 251]) * CHUNK
            with contextlib.suppress(BlockingIOError):
                sent += chunk[: sock.send(chunk)]
        self.fail("a socket that nobody reads from is never full")

    def after_reset(self) -> Socket:
        """A socket that has just been reset from the other end."""
        near, far = self.pair()
        self.world.reset(far)
        self.wait(near, EVENT_READ)
        return near


def run_in_both_worlds(contract: type, module: dict[str, Any]) -> None:
    """Define in `module` every test case inside `contract`, once for each world."""
    for world in (SimulatedWorld, RealWorld):
        for name, case in vars(contract).items():
            if isinstance(case, type):
                made = f"{world.__name__}{name}"
                attributes = {"make_world": world, "__module__": module["__name__"]}
                module[made] = type(made, (case,), attributes)
