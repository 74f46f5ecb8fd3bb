"""What the load checks while it speaks: that all came, once, in order, from who said it.

The crowd here has no sockets: what it reads is scripted.
"""

import unittest
from collections.abc import Sequence
from functools import partial

from benchmarks import plan
from benchmarks.burst import Burst
from benchmarks.crowd import Crowd, Lost
from benchmarks.rooms import Chorus, Tens
from benchmarks.scenarios import LINE, Echo, Fanout


class ScriptedCrowd(Crowd):
    """A crowd without sockets: `coming` is who reads what, in order; `said` is what was sent."""

    def __init__(self, members: Sequence[int]) -> None:
        self.coming: list[tuple[int, bytes]] = []
        self.said: list[tuple[int, bytes]] = []
        self.recv = dict.fromkeys(members, self._read)
        self.recv_into = dict.fromkeys(members, self._read_into)
        self.send = {fd: partial(self._write, fd) for fd in members}

    def poll(self, seconds: float = 0) -> Sequence[tuple[int, int]]:
        return [(self.coming[0][0], 1)] if self.coming else []

    def relay(self, names: dict[int, str]) -> None:
        """What an honest server makes of all that was said: a copy to every other member."""
        for speaker, data in self.said:
            for line in data.splitlines(keepends=True):
                whole = names[speaker].encode() + b": " + line
                self.coming += [(fd, whole) for fd in names if fd != speaker]
        self.said.clear()

    def _read(self, limit: int) -> bytes:
        return self.coming.pop(0)[1]

    def _read_into(self, buffer: memoryview) -> int:
        data = self.coming.pop(0)[1]
        buffer[: len(data)] = data
        return len(data)

    def _write(self, fd: int, data: bytes) -> int:
        self.said.append((fd, data))
        return len(data)


class EchoTest(unittest.TestCase):
    def setUp(self) -> None:
        self.crowd = ScriptedCrowd([5])
        self.echo = Echo(self.crowd, [5], depth=2)
        self.echo.start()
        self.answer = LINE.upper() * 2

    def test_an_answer_is_counted_and_the_next_question_asked(self) -> None:
        self.crowd.coming = [(5, self.answer)]
        self.assertEqual(self.echo.step(), 2)
        self.assertEqual(self.crowd.said, [(5, LINE * 2)] * 2)

    def test_an_answer_in_pieces_is_counted_when_it_is_whole(self) -> None:
        self.crowd.coming = [(5, self.answer[:7]), (5, self.answer[7:])]
        self.assertEqual([self.echo.step(), self.echo.step()], [0, 2])

    def test_nothing_is_under_way_once_it_stops_talking(self) -> None:
        self.echo.talking = False
        self.assertEqual(self.echo.outstanding(), 2)
        self.crowd.coming = [(5, self.answer)]
        self.echo.step()
        self.assertEqual(self.echo.outstanding(), 0)

    def test_another_answer_than_the_right_one_fails_the_run(self) -> None:
        self.crowd.coming = [(5, LINE)]
        self.assertRaises(Lost, self.echo.step)

    def test_a_closed_connection_fails_the_run(self) -> None:
        self.crowd.coming = [(5, b"")]
        self.assertRaises(Lost, self.echo.step)

    def test_one_answer_too_many_fails_the_run(self) -> None:
        self.crowd.coming = [(5, self.answer)]
        self.assertRaises(Lost, self.echo.check)


class RoomTest(unittest.TestCase):
    def setUp(self) -> None:
        self.names = {5: "m00000", 6: "m00001", 7: "m00002"}
        self.crowd = ScriptedCrowd(list(self.names))

    def play(self, scenario: Fanout | Burst, steps: int) -> int:
        """Relay honestly for so many steps, then let the rest come in."""
        scenario.start()
        delivered = 0
        for number in range(10 * steps):
            scenario.talking = number < steps
            self.crowd.relay(self.names)
            if self.crowd.coming:
                delivered += scenario.step()
        return delivered

    def test_the_members_speak_in_turn_once_all_others_have_heard(self) -> None:
        fanout = Fanout(self.crowd, self.names)
        fanout.start()
        speakers = []
        for _ in range(3):
            speakers.append(self.crowd.said[0][0])
            self.crowd.relay(self.names)
            self.assertEqual(fanout.step() + fanout.step(), 2)
        self.assertEqual(speakers, [5, 6, 7])

    def test_a_line_of_someone_else_fails_a_fan_out(self) -> None:
        fanout = Fanout(self.crowd, self.names)
        fanout.start()
        self.crowd.coming = [(6, b"m00002: hello\n")]
        self.assertRaises(Lost, fanout.step)

    def test_an_honest_server_passes_the_check_of_a_burst(self) -> None:
        burst = Burst(self.crowd, self.names)
        delivered = self.play(burst, 500)
        self.assertEqual(burst.outstanding(), 0)
        burst.check()
        self.assertEqual(delivered, len(burst.latencies))

    def test_a_burst_never_has_more_than_its_window_under_way(self) -> None:
        burst = Burst(self.crowd, self.names)
        burst.start()
        lines = sum(data.count(b"\n") for _, data in self.crowd.said)
        self.assertEqual(lines, 3 * plan.burst_batch(3, 3))

    def test_lines_out_of_order_fail_a_burst(self) -> None:
        burst = Burst(self.crowd, self.names)
        burst.start()
        self.crowd.relay(self.names)
        first, later = self.crowd.coming[0], self.crowd.coming[2]
        self.crowd.coming[0], self.crowd.coming[2] = later, first
        burst.talking = False
        while self.crowd.coming:
            burst.step()
        self.assertEqual(burst.outstanding(), 0)
        self.assertRaises(Lost, burst.check)

    def test_a_line_that_one_member_heard_twice_fails_a_burst(self) -> None:
        burst = Burst(self.crowd, self.names)
        burst.start()
        self.crowd.relay(self.names)
        self.crowd.coming.append(self.crowd.coming[0])
        burst.talking = False
        while self.crowd.coming:
            burst.step()
        self.assertRaises(Lost, burst.outstanding)


class ChorusTest(unittest.TestCase):
    def setUp(self) -> None:
        self.names = {fd: f"m{fd:05d}" for fd in range(5, 11)}
        self.crowd = ScriptedCrowd(list(self.names))
        self.server: list[str] = []
        stop, go_on = (partial(self.server.append, what) for what in ("stop", "go on"))
        self.chorus = Chorus(self.crowd, self.names, stop, go_on)
        self.chorus.start()

    def hear(self) -> int:
        self.crowd.relay(self.names)
        return sum(self.chorus.step() for _ in range(len(self.crowd.coming)))

    def test_half_of_the_room_speak_while_the_server_stands_still(self) -> None:
        self.assertEqual([fd for fd, _ in self.crowd.said], [5, 6, 7])
        self.assertEqual(self.server, ["stop", "go on"])

    def test_all_speak_again_once_everybody_has_heard_all(self) -> None:
        self.assertEqual(self.hear(), 3 * 6 - 3)
        self.assertEqual([fd for fd, _ in self.crowd.said], [5, 6, 7])
        self.assertEqual(len(self.chorus.latencies), len(self.names))

    def test_it_ends_with_nothing_under_way(self) -> None:
        self.chorus.talking = False
        self.hear()
        self.assertEqual((self.chorus.outstanding(), self.crowd.said), (0, []))

    def test_a_line_that_somebody_heard_twice_fails_it(self) -> None:
        self.crowd.relay(self.names)
        self.crowd.coming.insert(0, self.crowd.coming[0])
        self.assertRaises(Lost, self.hear)

    def test_lines_that_nobody_said_fail_it(self) -> None:
        self.crowd.relay(self.names)
        fd, line = self.crowd.coming[0]
        self.crowd.coming[0] = (fd, line.upper())
        self.assertRaises(Lost, self.hear)


class TensTest(unittest.TestCase):
    def setUp(self) -> None:
        self.rooms = [{5: "m00000", 6: "m00001", 7: "m00002"}, {8: "m00010", 9: "m00011"}]
        self.crowd = ScriptedCrowd(range(5, 10))
        self.tens = Tens(self.crowd, self.rooms)
        self.tens.start()

    def test_one_speaks_in_each_room_again_when_its_own_room_has_heard_it(self) -> None:
        self.assertEqual([fd for fd, _ in self.crowd.said], [5, 8])
        _, (_, line) = self.crowd.said
        self.crowd.said.clear()
        self.crowd.coming = [(9, b"m00010: " + line)]
        self.assertEqual(self.tens.step(), 1)
        self.assertEqual([fd for fd, _ in self.crowd.said], [8])
        self.assertEqual(self.tens.outstanding(), 3)

    def test_a_line_of_another_room_fails_it(self) -> None:
        _, (_, line) = self.crowd.said
        self.crowd.coming = [(6, b"m00010: " + line)]
        self.assertRaises(Lost, self.tens.step)


if __name__ == "__main__":
    unittest.main()
