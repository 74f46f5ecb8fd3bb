"""How many names a member may ignore."""

from reactor_chat.chat.people import MAX_IGNORED
from tests.support import CommandCase


class BoundTest(CommandCase):
    def test_nobody_fills_the_table_with_names_of_one_who_takes_ever_new_ones(self) -> None:
        for number in range(MAX_IGNORED):
            self.gathering.type(self.carol, f"/nick carol.{number}")
            self.gathering.type(self.client, f"/ignore carol.{number}")
        self.gathering.type(self.carol, "/nick carla")
        answer = self.gathering.say(self.client, "/ignore carla")
        self.assertEqual(answer[-1], f"-> You ignore {MAX_IGNORED} names already.")
        answer = self.gathering.say(self.client, "/unignore carla")
        self.assertEqual(answer, ["-> You see carla again."])

    def test_a_name_that_is_seen_again_makes_room_for_another(self) -> None:
        for number in range(MAX_IGNORED):
            self.gathering.type(self.carol, f"/nick carol.{number}")
            self.gathering.type(self.client, f"/ignore carol.{number}")
        self.gathering.type(self.client, f"/unignore carol.{MAX_IGNORED - 1}")
        self.gathering.type(self.carol, "/nick carla")
        answer = self.gathering.say(self.client, "/ignore carla")
        self.assertEqual(answer[-1], "-> You no longer see carla.")
