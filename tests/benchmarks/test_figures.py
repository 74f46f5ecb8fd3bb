"""What the benchmarks compute without a server: plans, figures, tables, pictures.

No process is started here and no time is measured; `make bench SCALE=smoke` does both.
"""

import json
import unittest
from dataclasses import replace
from xml.etree import ElementTree

from benchmarks import plan, plot, report, stats
from benchmarks.request import Request
from benchmarks.servers import ROOT, SUBJECTS
from benchmarks.session import groups
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

    def test_what_the_keeper_takes_is_told_apart(self) -> None:
        (row,) = stats.brought_together([replace(ONE, keeper=0.004)])
        self.assertAlmostEqual(row.keeper or 0, 4)
        self.assertAlmostEqual(row.cpu.median, 10)
        self.assertIn("keeper us", report.table([row]))

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

    def test_several_addresses_make_more_of_the_ports(self) -> None:
        limits = plan.Limits(descriptors=200_000, ports=5_000, addresses=200)
        self.assertIn("200,000 descriptors", limits.reason())
        self.assertEqual([limits.addresses_for(size) for size in (100, 4_900, 4_901)], [1, 1, 2])

    def test_a_smoke_run_visits_the_other_scenarios_with_a_tenth_of_the_crowd(self) -> None:
        self.assertEqual(plan.fixed("chorus", small=False), (500,))
        self.assertEqual(plan.fixed("chorus", small=True), (50,))

    def test_the_sweep_and_the_scenarios_with_their_own_sizes_are_visited_apart(self) -> None:
        scale, fixed = plan.SCALES["smoke"], {"blocked": (300,)}
        visits = groups(scale, (10,), SUBJECTS, ["echo", "blocked"], fixed)
        self.assertEqual([visit.scenarios for visit in visits], [("echo",), ("blocked",)])

    def test_a_server_that_would_never_get_through_is_left_out(self) -> None:
        (visit,) = groups(
            replace(plan.SCALES["smoke"], small=False),
            (),
            SUBJECTS,
            ["blocked"],
            {"blocked": (300,)},
        )
        self.assertNotIn("threads", visit.subjects)
        self.assertIn("asyncio", visit.subjects)

    def test_all_six_scenarios_of_the_sweep_are_run_in_a_room_of_ten(self) -> None:
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


class RequestTest(unittest.TestCase):
    def request(self, scenarios: list[str] | None) -> Request:
        return Request("smoke", ROOT, lambda text: None, scenarios=scenarios)

    def test_without_a_choice_a_family_runs_what_its_scale_says(self) -> None:
        self.assertEqual(self.request(None).chosen(["a", "b"], ["b"]), ["b"])
        self.assertEqual(self.request(None).chosen(["a", "b"]), ["a", "b"])

    def test_what_was_asked_for_is_run_in_the_order_of_the_family(self) -> None:
        self.assertEqual(self.request(["b", "a", "x"]).chosen(["a", "b", "c"]), ["a", "b"])


class ReportTest(unittest.TestCase):
    def rows(self) -> list[stats.Row]:
        slower = replace(ONE, subject="asyncio", cpu=0.02, delivered=500)
        return stats.brought_together([ONE, slower])

    def test_ratios_to_ours_stand_beside_the_figures(self) -> None:
        line = next(line for line in report.table(self.rows()).splitlines() if "asyncio" in line)
        self.assertIn("1,000", line)
        self.assertEqual([cell for cell in line.split() if "x" in cell], ["0.500x", "4.00x"])

    def test_ratios_can_refer_to_another_server(self) -> None:
        table = report.table(self.rows(), "asyncio")
        line = next(line for line in table.splitlines() if "ours" in line and "100" in line)
        self.assertEqual([cell for cell in line.split() if cell.endswith("x")], ["2.00x", "0.250x"])

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


if __name__ == "__main__":
    unittest.main()
