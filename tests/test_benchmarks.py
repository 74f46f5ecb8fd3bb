"""What the benchmarks compute without a server: plans, figures, tables, pictures, checks.

No process is started here and no time is measured; `make bench SCALE=smoke` does both.
"""

import json
import unittest
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from xml.etree import ElementTree

from benchmarks import plan, plot, report, stats
from benchmarks.burst import Burst
from benchmarks.crowd import Crowd, Lost
from benchmarks.scenarios import LINE, Echo, Fanout
from benchmarks.stats import Measurement, Spread

ONE = Measurement(
    connections=100,
    delivered=1_000,
    seconds=0.5,
    cpu=0.01,
    user_ticks=0.05,
    all_ticks=0.2,
    load_cpu=0.1,
    p50=0.001,
    p99=0.002,
    worst=0.003,
    scenario="echo",
    subject="ours",
)


class PercentilesTest(unittest.TestCase):
    def test_the_median_of_an_odd_number_is_the_middle_one(self) -> None:
        self.assertEqual(stats.percentile([1, 2, 9], 50), 2)

    def test_the_99th_of_a_hundred_is_the_last_but_one(self) -> None:
        self.assertEqual(stats.percentile(list(range(1, 101)), 99), 99)

    def test_every_percentile_of_one_value_is_that_value(self) -> None:
        self.assertEqual([stats.percentile([7], percent) for percent in (0, 50, 100)], [7, 7, 7])

    def test_a_spread_is_the_median_and_the_extremes(self) -> None:
        self.assertEqual(Spread.of([3, 1, 2]), Spread(2, 1, 3))

    def test_half_the_range_is_given_in_percent_of_the_median(self) -> None:
        self.assertEqual(Spread(200, 190, 210).percent(), 5)


class RowsTest(unittest.TestCase):
    def test_rounds_of_one_cell_become_one_row(self) -> None:
        rounds = [replace(ONE, delivered=count) for count in (1_000, 1_100, 900)]
        (row,) = stats.brought_together(rounds)
        self.assertEqual((row.rounds, row.rate), (3, Spread(2_000, 1_800, 2_200)))

    def test_cpu_is_microseconds_a_message_split_as_the_ticks_are(self) -> None:
        (row,) = stats.brought_together([ONE])
        self.assertAlmostEqual(row.cpu.median, 10)
        self.assertAlmostEqual(row.user or 0, 2.5)
        self.assertAlmostEqual(row.system or 0, 7.5)

    def test_a_handful_of_ticks_says_nothing_of_the_split(self) -> None:
        (row,) = stats.brought_together([replace(ONE, all_ticks=0.02)])
        self.assertEqual((row.user, row.system), (None, None))

    def test_subjects_sizes_and_scenarios_are_kept_apart(self) -> None:
        others = [replace(ONE, subject="x"), replace(ONE, connections=1)]
        others.append(replace(ONE, scenario="burst"))
        self.assertEqual(len(stats.brought_together([ONE, *others])), 4)

    def test_a_busy_load_beside_an_idle_server_was_the_limit(self) -> None:
        (row,) = stats.brought_together([replace(ONE, load_cpu=0.49)])
        self.assertTrue(row.load_was_the_limit)

    def test_a_busy_load_beside_a_busy_server_was_not(self) -> None:
        (row,) = stats.brought_together([replace(ONE, load_cpu=0.49, cpu=0.48)])
        self.assertFalse(row.load_was_the_limit)

    def test_the_memory_of_a_small_crowd_is_not_shown(self) -> None:
        (row,) = stats.brought_together([replace(ONE, memory=4096.0)])
        self.assertIsNone(row.memory)


class PlanTest(unittest.TestCase):
    def test_a_high_limit_cuts_nothing(self) -> None:
        limits = plan.Limits(descriptors=20_000, ports=27_000)
        self.assertEqual(plan.cut(plan.SWEEP, limits), ([*plan.SWEEP], ""))

    def test_a_low_limit_ends_the_sweep_at_what_fits_and_says_so(self) -> None:
        sizes, note = plan.cut(plan.SWEEP, plan.Limits(descriptors=1_024, ports=27_000))
        self.assertEqual(sizes, [1, 10, 100, 860])
        self.assertIn("1,024 descriptors", note)

    def test_ports_can_be_what_ends_it(self) -> None:
        _, note = plan.cut(plan.SWEEP, plan.Limits(descriptors=20_000, ports=5_000))
        self.assertIn("5,000 local ports", note)

    def test_a_full_run_goes_to_the_limit(self) -> None:
        limits = plan.Limits(descriptors=20_000, ports=27_000)
        sizes, note = plan.cut(plan.SWEEP, limits, to_the_limit=True)
        self.assertEqual(sizes[-1], 20_000 - plan.SPARE_DESCRIPTORS - plan.BUSY_CLIENTS)
        self.assertIn("to the limit", note)

    def test_all_six_scenarios_are_run_in_a_room_of_ten(self) -> None:
        self.assertEqual(len(plan.scenarios_for(10, list(plan.SCENARIOS))), 6)

    def test_a_room_of_one_is_left_out(self) -> None:
        wanted = ["burst", "echo", "fanout"]
        self.assertEqual(plan.scenarios_for(1, wanted), ["echo"])

    def test_each_subject_comes_first_in_its_turn(self) -> None:
        firsts = [plan.rotated(["a", "b", "c"], turn)[0] for turn in range(3)]
        self.assertEqual(firsts, ["a", "b", "c"])

    def test_what_a_burst_has_under_way_is_bounded(self) -> None:
        for members in (2, 10, 100, 1_000, 10_000):
            copies = plan.burst_batch(members, 10) * 10 * members
            self.assertLessEqual(copies, 100_000)


class ReportTest(unittest.TestCase):
    def rows(self) -> list[stats.Row]:
        slower = replace(ONE, subject="asyncio", cpu=0.02, delivered=500)
        return stats.brought_together([ONE, slower])

    def test_ratios_to_ours_stand_beside_the_figures(self) -> None:
        line = next(line for line in report.table(self.rows()).splitlines() if "asyncio" in line)
        self.assertIn("1,000", line)
        self.assertEqual([cell for cell in line.split() if "x" in cell], ["0.500x", "4.00x"])

    def test_the_size_is_printed_once_for_all_subjects(self) -> None:
        lines = report.table(self.rows()).splitlines()
        self.assertEqual([line.split()[0] for line in lines[2:]], ["100", "asyncio"])

    def test_columns_are_aligned(self) -> None:
        lines = report.table(self.rows()).splitlines()[1:]
        self.assertEqual(len({len(line) for line in lines}), 1)

    def test_a_row_that_the_load_limited_is_marked_and_explained(self) -> None:
        rows = stats.brought_together([replace(ONE, load_cpu=0.49)])
        self.assertIn("2,000!", report.table(rows))
        self.assertIn("load process was the limit", report.legend(rows))

    def test_one_round_has_no_spread(self) -> None:
        line = report.table(self.rows()).splitlines()[2]
        self.assertEqual([line.split()[place] for place in (3, 6)], ["-", "-"])

    def test_three_digits_are_significant(self) -> None:
        values = [123_456.0, 12.345, 0.04567, 0]
        shown = [report.significant(value) for value in values]
        self.assertEqual(shown, ["123,000", "12.3", "0.046", "0.000"])

    def test_the_result_can_be_written_as_json(self) -> None:
        result = report.as_json(self.rows(), {"python": "3"}, {"scale": "smoke"}, [], ["cut"])
        self.assertEqual(json.loads(json.dumps(result))["rows"][0]["cpu"]["median"], 10)


class PictureTest(unittest.TestCase):
    def test_powers_of_ten_enclose_the_values(self) -> None:
        self.assertEqual(plot.decades(3, 1_000), [1, 10, 100, 1_000])

    def test_a_single_value_still_has_an_axis(self) -> None:
        self.assertEqual(plot.decades(10, 10), [10, 100])
        self.assertEqual(plot.ticks(10, 10), [10, 20])

    def test_ticks_are_one_two_and_five_by_the_decade(self) -> None:
        self.assertEqual(plot.ticks(0.3, 7), [0.2, 0.5, 1, 2, 5, 10])

    def test_many_decades_have_ticks_at_powers_of_ten_only(self) -> None:
        self.assertEqual(plot.ticks(1, 90_000), [1, 10, 100, 1_000, 10_000, 100_000])

    def test_equal_ratios_are_equal_distances(self) -> None:
        axis = plot.Axis(1, 10_000, 0, 400)
        self.assertEqual([round(axis.at(value)) for value in (1, 10, 100)], [0, 100, 200])

    def test_labels_are_short(self) -> None:
        labels = [plot.short(value) for value in (0.05, 20.0, 5e3, 1e6)]
        self.assertEqual(labels, ["0.05", "20", "5k", "1M"])

    def test_a_picture_is_well_formed_with_a_curve_for_each_subject(self) -> None:
        sizes = [replace(ONE, connections=size) for size in (1, 10, 1_000)]
        rows = stats.brought_together([*sizes, *(replace(one, subject="threads") for one in sizes)])
        root = ElementTree.fromstring(plot.pictures(rows)["echo"])
        curves = root.findall(".//{*}path[@class='line']")
        self.assertEqual(len(curves), 2 * 3)
        texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
        self.assertLessEqual({"1", "10", "100", "1k"}, set(texts))

    def test_a_picture_can_be_read_in_light_and_dark(self) -> None:
        (picture,) = plot.pictures(stats.brought_together([ONE])).values()
        self.assertIn("prefers-color-scheme:dark", picture)
        self.assertIn("currentColor", picture)

    def test_a_figure_that_nobody_has_leaves_its_panel_out(self) -> None:
        rows = stats.brought_together([replace(ONE, scenario="arrivals")])
        root = ElementTree.fromstring(plot.pictures(rows)["arrivals"])
        self.assertEqual(len(root.findall(".//{*}path[@class='line']")), 2)


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


if __name__ == "__main__":
    unittest.main()
