"""Two people in a room who talk while something goes wrong nearby, and tell how it was for them.

Invariants:
- What one of them says, the other receives exactly once, in order, and within `PROMPT` seconds.
- Once the cause is gone, the server's descriptors and memory are back, its log has no traceback,
  and while nobody speaks it does nothing at all.

Not here: what goes wrong.
"""

import time
from collections.abc import Callable
from typing import Any

from tests.processes import PATIENCE, Client, ServerCase
from tests.procfs import Work, descriptors, resident, work_in_a_while

ROOM = "tea"

# Seconds. A person would call it a pause; on an idle machine it takes a thousandth of that.
PROMPT = 2.0

# KiB. What an allocator may keep for itself afterwards; a leak or an unbounded buffer is more.
SLACK = 8 * 1024


class Witness:
    """One of the two."""

    def __init__(self, client: Client, name: str) -> None:
        self.client = client
        self.name = name
        self.said = 0

    def speak(self) -> str:
        """Say the next line; give the form in which the others receive it."""
        text = f"{self.said}"
        self.said += 1
        self.client.say(text)
        return f"{self.name}: {text}"

    def heard_from(self, other: "Witness") -> list[str]:
        """What the other has said, of what was received since this was last asked."""
        lines, self.client.lines = self.client.lines, []
        return [line for line in lines if line.startswith(f"{other.name}: ")]


class Witnesses:
    """Ann and Ben."""

    def __init__(self, case: ServerCase) -> None:
        self._case = case
        self._server = case.server
        self.ann = Witness(case.join("ann", ROOM), "ann")
        self.ben = Witness(case.join("ben", ROOM), "ben")
        for _ in range(50):  # so that everything which is made once is there
            self.exchange()
        self._descriptors = descriptors(self._server.pid)
        self._resident = resident(self._server.pid)

    def exchange(self) -> None:
        """Let each say a line, and see that it arrives at the other."""
        began = time.monotonic()
        self._pass_on(self.ann, self.ben)
        self._pass_on(self.ben, self.ann)
        self._case.assertLess(time.monotonic() - began, PROMPT)

    def _pass_on(self, speaker: Witness, listener: Witness) -> None:
        expected, heard = speaker.speak(), list[str]()
        while not heard:
            self._case.sources.wait(lambda: listener.client.lines, f"{expected!r} is heard")
            heard = listener.heard_from(speaker)
        self._case.assertEqual(heard, [expected])

    def assert_memory_is_bounded(self) -> None:
        """See that the server has not grown by more than `SLACK`."""
        self._case.assertLess(resident(self._server.pid) - self._resident, SLACK)

    def assert_is_idle(self) -> None:
        """See that the server sleeps, but for a timer that may fire now and then."""
        done = work_in_a_while(self._server.pid)
        if done.sleeps == 1:  # the log has told what it left out, or all peers were looked at
            done = work_in_a_while(self._server.pid)
        self._case.assertEqual(done, Work(0.0, 0))

    def assert_all_is_as_before(self) -> None:
        """See that nothing of it is left."""
        deadline = time.monotonic() + PATIENCE
        while descriptors(self._server.pid) != self._descriptors:
            self._case.assertLess(time.monotonic(), deadline, "descriptors are still open")
            self.exchange()
        self.assert_memory_is_bounded()
        self.assert_is_idle()
        self.exchange()
        self._case.assertEqual(self.ann.heard_from(self.ben), [])
        self._case.assertEqual(self.ben.heard_from(self.ann), [])
        log = self._server.output.text
        self._case.assertNotIn(b"Traceback", log)
        self._case.assertNotIn(b"failed", log)


class WitnessedCase(ServerCase):
    """Tests of what goes wrong near two witnesses; `guests` are those who make it go wrong.

    `begin` has to be called first. After the test the guests go, and then all is to be as before.
    """

    def begin(self, *flags: str, **options: Any) -> None:
        """Start a server, and let the witnesses come in."""
        self.start("--rate", "0", *flags, **options)
        self.witnesses = Witnesses(self)
        self.guests: list[Client] = []

    def tearDown(self) -> None:
        for guest in self.guests:
            guest.close()
        self.witnesses.assert_all_is_as_before()

    def guest(self, **options: Any) -> Client:
        """Let somebody in who is not to be trusted."""
        guest = self.connect(**options)
        self.guests.append(guest)
        return guest

    def guest_in_room(self, name: str, room: str = ROOM, **options: Any) -> Client:
        """Let somebody in, into a room."""
        guest = self.join(name, room, **options)
        self.guests.append(guest)
        return guest

    def send_meanwhile(self, guest: Client, data: bytes) -> None:
        """Let a guest send as fast as the server takes it, while the witnesses talk."""
        while data := data[guest.offer(data) :]:
            self.witnesses.exchange()

    def until(self, done: Callable[[], object]) -> None:
        """Let the witnesses talk until something has come true."""
        deadline = time.monotonic() + PATIENCE
        while not done():
            self.assertLess(time.monotonic(), deadline)
            self.witnesses.exchange()
