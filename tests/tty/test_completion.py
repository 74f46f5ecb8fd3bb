"""Tab offers what can stand before the cursor, best first."""

import unittest

from reactor_chat.tty.completion import complete

COMMANDS = ("/help", "/join", "/who", "/whoami", "/msg")
PEOPLE = ("alice", "Client 1", "Client 12", "bob")
ROOMS = ("tea", "attic")


def offers(before: str) -> tuple[int, list[str]]:
    return complete(before, COMMANDS, PEOPLE, ROOMS)


class CompletionTest(unittest.TestCase):
    def test_a_slash_at_the_start_opens_a_command(self) -> None:
        self.assertEqual(offers("/wh"), (0, ["/who ", "/whoami "]))
        self.assertEqual(offers("/J"), (0, ["/join "]))

    def test_a_name_at_the_start_is_addressed(self) -> None:
        self.assertEqual(offers("al"), (0, ["alice: "]))

    def test_a_name_inside_the_line_is_followed_by_a_blank(self) -> None:
        self.assertEqual(offers("hi AL"), (3, ["alice "]))
        self.assertEqual(offers("/msg b"), (5, ["bob "]))

    def test_the_order_is_the_callers(self) -> None:
        self.assertEqual(
            offers("")[1], ["alice: ", "Client 1: ", "Client 12: ", "bob: ", "tea ", "attic "]
        )

    def test_rooms_come_after_people(self) -> None:
        self.assertEqual(complete("a", COMMANDS, ("alan",), ROOMS), (0, ["alan: ", "attic "]))

    def test_a_command_about_rooms_is_offered_rooms_only(self) -> None:
        self.assertEqual(offers("/join "), (6, ["tea ", "attic "]))
        self.assertEqual(offers("/who a"), (5, ["attic "]))
        self.assertEqual(offers("/part t"), (6, ["tea "]))

    def test_after_the_room_a_text_may_name_people(self) -> None:
        self.assertEqual(offers("/say tea al"), (9, ["alice "]))

    def test_a_name_of_two_words_is_found_by_both(self) -> None:
        self.assertEqual(offers("/msg client 12"), (5, ["Client 12 "]))
        self.assertEqual(offers("so, client "), (4, ["Client 1 ", "Client 12 "]))

    def test_after_a_whole_name_the_next_word_begins(self) -> None:
        self.assertEqual(offers("/msg bob a"), (9, ["alice ", "attic "]))

    def test_after_the_only_argument_nothing_follows(self) -> None:
        self.assertEqual(offers("/join tea ")[1], [])
        self.assertEqual(offers("/help who ")[1], [])

    def test_in_a_text_a_word_has_to_be_begun(self) -> None:
        self.assertEqual(offers("hi ")[1], [])
        self.assertEqual(offers("/msg bob ")[1], [])
        self.assertEqual(offers("/say tea ")[1], [])
        self.assertIn("alice ", offers("/msg ")[1])

    def test_help_is_offered_commands_without_their_slash(self) -> None:
        self.assertEqual(offers("/help wh"), (6, ["who ", "whoami "]))

    def test_a_slash_that_was_typed_is_kept(self) -> None:
        self.assertEqual(offers("/help /wh"), (6, ["/who ", "/whoami "]))

    def test_unban_is_offered_what_is_banned(self) -> None:
        self.assertEqual(
            complete("/unban 1", COMMANDS, PEOPLE, ROOMS, ("10.0.0.1", "127.0.0.1", "::1")),
            (7, ["10.0.0.1 ", "127.0.0.1 "]),
        )
        self.assertEqual(offers("/unban "), (7, []))

    def test_nothing_fits_an_unknown_word(self) -> None:
        self.assertEqual(offers("hi zoe")[1], [])
        self.assertEqual(offers("/zzz")[1], [])
