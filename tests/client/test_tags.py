"""What a server says about a line, before the line."""

import unittest

from reactor_chat.client.tags import LineId, TaggedLine, line_id, untag

_NOON = 1795780800.0  # 2026-11-27T12:00:00Z


class UntagTest(unittest.TestCase):
    def test_a_line_without_tags_stays_as_it_is(self) -> None:
        for line in ("bob: hi", ""):
            self.assertEqual(untag(line), TaggedLine(line), line)

    def test_time_room_and_id_are_read(self) -> None:
        self.assertEqual(
            untag("@time=2026-11-27T12:00:00.250Z;room=tea;id=0badcafe-17 bob: hi"),
            TaggedLine("bob: hi", _NOON + 0.25, "tea", LineId("0badcafe", 17)),
        )

    def test_on_joining_the_last_line_is_told(self) -> None:
        self.assertEqual(untag("@last=0badcafe-0 x").last, LineId("0badcafe", 0))

    def test_unknown_keys_are_skipped(self) -> None:
        line = untag("@flag;colour=red;room=tea;x=y=z bob: hi")
        self.assertEqual(line, TaggedLine("bob: hi", room="tea"))

    def test_values_of_another_form_are_left_out(self) -> None:
        for tags in ("time=noon", "time=2026-11-27T12:00:00", "time=", "id=17", "id=0BADCAFE-1",
                     "id=0badcafe-", "id=0badcafe-٣", "room="):  # fmt: skip
            self.assertEqual(untag(f"@{tags} bob: hi"), TaggedLine("bob: hi"), tags)

    def test_only_one_prefix_is_taken_off(self) -> None:
        line = untag("@room=tea @room=games bob: hi")
        self.assertEqual(line, TaggedLine("@room=games bob: hi", room="tea"))

    def test_an_id_is_written_as_it_is_read(self) -> None:
        self.assertEqual(str(line_id("0badcafe-17")), "0badcafe-17")
