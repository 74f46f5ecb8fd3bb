"""Every command answers to the letter, and the others hear what they should and nothing else."""

import unittest

from reactor_chat.chat.commands import COMMANDS
from reactor_chat.chat.members import Member
from reactor_chat.wire.framing import OVERLONG
from tests.support import EPOCH, STAMP, CommandCase, link_of

BOB_READS_HELLO = {"bob": ["alice: hello"]}
NO_SPACES = "-> A name has only letters, digits, '_', '-' and '.', not spaces."
OUTSIDE = "-> You are not in a room. /join ROOM enters one."


class TextTest(CommandCase):
    def test_outside_a_room_the_answer_is_the_message_in_uppercase(self) -> None:
        self.check(self.carol, "hello", "HELLO")
        self.check(self.carol, "straße", "STRASSE")
        self.check(self.carol, "ŉa ǆ ﬁ", "ʼNA Ǆ FI")

    def test_in_a_room_it_goes_to_every_other_member(self) -> None:
        self.check(self.alice, "hello", others={"bob": ["alice: hello"]})
        self.check(self.bob, "naïve", others={"alice": ["bob: naïve"]})

    def test_two_slashes_say_one(self) -> None:
        self.check(self.alice, "//help", others={"bob": ["alice: /help"]})
        self.check(self.carol, "//help", "/HELP")

    def test_blank_lines_are_ignored(self) -> None:
        for line in ("", " ", "\t", " \u3000\u00a0 "):
            self.check(self.alice, line)
            self.check(self.carol, line)

    def test_who_says_nothing_that_can_be_seen_by_a_command_says_nothing(self) -> None:
        self.gathering.say(self.bob, "/msg alice hello")
        self.gathering.forget()
        for call, usage in (
            ("/me", "/me TEXT"),
            ("/msg bob", "/msg NAME TEXT"),
            ("/msg Server", "/msg NAME TEXT"),
            ("/reply", "/reply TEXT"),
        ):
            self.check(self.alice, f"{call} \u200b\u2800\u3164", f"-> Usage: {usage}")
        self.check(self.alice, "/topic \u200b", "-> tea has no topic.")
        self.check(self.alice, "/me \u2764\ufe0f", others={"bob": ["** alice \u2764\ufe0f"]})

    def test_white_space_around_a_message_stays(self) -> None:
        self.check(self.alice, "  hello ", others={"bob": ["alice:   hello "]})

    def test_an_overlong_line_and_invalid_utf_8_are_answered_and_not_relayed(self) -> None:
        self.check(self.alice, OVERLONG, "-> Message too long: the limit is 4096 bytes.")
        for line in (b"\xff", b"a\xc3", b"\xed\xa0\x80", b"\xc0\xaf", b"/help \xff"):
            self.check(self.alice, line, "-> Message is not valid UTF-8.")

    def test_control_characters_are_replaced(self) -> None:
        self.check(
            self.alice, "a\x1b[2J\0\u2028b", others={"bob": ["alice: a\ufffd[2J\ufffd\ufffdb"]}
        )
        self.check(self.carol, "a\x9b", "A\ufffd")

    def test_a_command_is_a_command_whatever_follows_its_word(self) -> None:
        self.check(self.alice, "/ME\twaves", others={"bob": ["** alice waves"]})

    def test_an_unknown_command_is_never_relayed(self) -> None:
        self.check(self.alice, "/mgs bob x", "-> Unknown command /mgs. /help lists the commands.")
        self.check(self.alice, "/", "-> Unknown command /. /help lists the commands.")
        self.check(self.alice, "/ me x", "-> Unknown command /. /help lists the commands.")
        self.check(self.carol, "/Mgs", "-> Unknown command /Mgs. /help lists the commands.")

    def test_an_unknown_command_is_repeated_shortened_and_sanitised(self) -> None:
        self.check(
            self.alice,
            "/" + "x" * 4000,
            "-> Unknown command /" + "x" * 40 + "…. /help lists the commands.",
        )
        self.check(
            self.alice, "/\x1b[2J", "-> Unknown command /\ufffd[2J. /help lists the commands."
        )


class HelpTest(CommandCase):
    def test_help_has_one_line_a_command_from_the_table_that_dispatches(self) -> None:
        lines = self.gathering.say(self.alice, "/help")
        commands = {command.word: command for command in COMMANDS.values()}
        self.assertEqual(lines, [f"-> {command.help}" for command in commands.values()])

    def test_every_command_of_the_protocol_is_there(self) -> None:
        words = "help whoami nick join part leave topic rooms list who names msg reply me history "
        words += "ignore unignore tags resume register login password unregister quit exit"
        self.assertEqual(set(COMMANDS), set(words.split()))

    def test_help_shows_how_to_call_and_the_other_words_for_it(self) -> None:
        self.check(
            self.alice,
            "/help part",
            "-> /part [ROOM], also /leave: leave the room, or that room",
        )
        self.check(
            self.alice,
            "/help /msg",
            "-> /msg NAME TEXT: say something to one person, or Server, alone",
        )

    def test_help_for_another_word_is_that_of_the_command(self) -> None:
        self.assertEqual(
            self.gathering.say(self.alice, "/help NAMES"),
            self.gathering.say(self.alice, "/help who"),
        )

    def test_there_is_no_help_for_what_there_is_not(self) -> None:
        self.check(self.alice, "/help x", "-> Unknown command /x. /help lists the commands.")

    def test_a_wrong_call_is_answered_with_the_usage(self) -> None:
        for line, usage in (
            ("/whoami x", "/whoami"),
            ("/nick", "/nick NAME"),
            ("/join", "/join ROOM"),
            ("/rooms x", "/rooms"),
            ("/tags", "/tags on|off"),
            ("/tags yes", "/tags on|off"),
            ("/resume tea", "/resume ROOM ID"),
            ("/resume tea 5", "/resume ROOM ID"),
            ("/resume tea 0123abcd", "/resume ROOM ID"),
            ("/resume tea 0123ABCD-5", "/resume ROOM ID"),
            ("/resume tea 0123abcd-٣", "/resume ROOM ID"),
            ("/msg", "/msg NAME TEXT"),
            ("/msg bob", "/msg NAME TEXT"),
            ("/msg bob  ", "/msg NAME TEXT"),
            ("/reply", "/reply TEXT"),
            ("/me", "/me TEXT"),
            ("/me \t", "/me TEXT"),
            ("/history x", "/history [N]"),
            ("/history 0", "/history [N]"),
            ("/history 00", "/history [N]"),
            ("/history -1", "/history [N]"),
            ("/history 1.5", "/history [N]"),
            ("/history 1 2", "/history [N]"),
            ("/history ٣", "/history [N]"),
            ("/ignore bob x", "/ignore [NAME]"),
            ("/unignore", "/unignore NAME"),
        ):
            with self.subTest(line):
                self.check(self.alice, line, f"-> Usage: {usage}")


class PeopleTest(CommandCase):
    def test_whoami_tells_the_name_and_the_room(self) -> None:
        self.check(self.alice, "/whoami", "-> You are alice, in tea.")
        self.check(self.client, "/whoami", "-> You are Client 1.")

    def test_nick_tells_the_room(self) -> None:
        self.check(
            self.alice,
            "/nick Ada",
            "-> You are now Ada.",
            others={"bob": ["* alice is now known as Ada"]},
        )
        self.check(self.client, "/nick dora", "-> You are now dora.")

    def test_nick_with_the_name_that_one_has_tells_nobody(self) -> None:
        self.check(self.alice, "/nick alice", "-> You are now alice.")

    def test_nick_refuses_a_name_that_is_taken_or_bad(self) -> None:
        self.check(self.alice, "/nick BOB", "-> The name bob is taken.")
        self.check(self.alice, "/nick Server", "-> The name Server is reserved.")
        self.check(self.alice, "/nick a b", NO_SPACES)
        self.check(self.alice, "/whoami", "-> You are alice, in tea.")

    def test_who_lists_the_room_or_everybody(self) -> None:
        self.check(self.bob, "/who", "-> alice, bob")
        self.check(self.carol, "/names", "-> alice, bob, carol, Client 1")
        self.check(self.carol, "/who TEA", "-> alice, bob")
        self.check(self.carol, "/who games", "-> There is no room games.")

    def test_me_shows_an_action(self) -> None:
        self.check(self.alice, "/me waves", others={"bob": ["** alice waves"]})
        self.check(self.carol, "/me waves", OUTSIDE)

    def test_who_is_muted_is_told_so(self) -> None:
        self.alice.muted = True
        for line in ("hello", "/me waves", "/msg bob hello"):
            self.check(self.alice, line, "-> You are muted.")

    def test_quit_leaves_whatever_else_the_line_says(self) -> None:
        self.check(self.alice, "/quit and goodbye", others={"bob": ["* alice left"]})
        self.assertEqual(link_of(self.alice).farewell, ("quit", b""))
        self.check(self.bob, "close socket")
        self.assertEqual(link_of(self.bob).farewell, ("quit", b""))
        self.check(self.carol, "/exit")
        self.assertEqual(len(self.gathering.chat.people), 1)

    def test_close_socket_within_a_line_is_text(self) -> None:
        self.check(self.alice, "CLOSE SOCKET!", others={"bob": ["alice: CLOSE SOCKET!"]})


class TagsTest(CommandCase):
    def setUp(self) -> None:
        super().setUp()
        self.check(self.alice, "/tags on", f"@time={STAMP} -> Lines carry tags now.")

    def line(self, number: int, text: str, room: str = "tea") -> str:
        return f"@time={STAMP};room={room};id={EPOCH}-{number} {text}"

    def test_what_is_said_carries_its_number_and_ones_own_lines_come_back(self) -> None:
        self.check(self.alice, "hello", self.line(1, "alice: hello"), others=BOB_READS_HELLO)
        self.check(self.bob, "hi", others={"alice": [self.line(2, "bob: hi")]})
        self.check(self.bob, "/me waves", others={"alice": [self.line(3, "** bob waves")]})

    def test_notices_carry_no_number(self) -> None:
        told = f"@time={STAMP};room=tea * bob left"
        self.check(self.bob, "/part", "-> You left tea.", others={"alice": [told]})

    def test_a_room_that_is_not_current_has_its_name_in_the_tags_alone(self) -> None:
        self.gathering.say(self.alice, "/join games")
        self.check(self.bob, "hi", others={"alice": [self.line(1, "bob: hi")]})

    def test_without_tags_lines_are_as_they_were(self) -> None:
        self.check(self.alice, "/tags OFF", "-> Lines carry no tags now.")
        self.check(self.alice, "hello", others=BOB_READS_HELLO)

    def test_answers_about_a_room_name_it(self) -> None:
        self.gathering.say(self.bob, "hi")
        self.gathering.forget()
        tags = f"@time={STAMP};room=tea"
        self.check(self.alice, "/history", self.line(1, "bob: hi"))
        self.check(self.alice, "/topic", f"{tags} -> tea has no topic.")
        self.gathering.say(self.carol, "/tags on")
        self.assertEqual(
            self.gathering.say(self.carol, "/join tea"),
            [
                f"{tags};last={EPOCH}-1 -> You joined tea. Here: alice, bob, carol.",
                f"{tags} -> Recent messages:",
                self.line(1, "bob: hi"),
            ],
        )


class ResumeTest(CommandCase):
    def setUp(self) -> None:
        super().setUp()
        for number in range(1, 151):
            self.gathering.say(self.alice, f"line {number}")
        self.gathering.forget()
        self.lines = [f"alice: line {number}" for number in range(1, 151)]
        self.joined = "-> You joined tea. Here: alice, bob, carol."

    def resume(self, place: str, member: Member | None = None) -> list[str]:
        return self.gathering.say(member or self.carol, f"/resume tea {place}")

    def test_what_was_said_since_is_shown(self) -> None:
        shown = ["-> Since then:", *self.lines[147:]]
        self.assertEqual(self.resume(f"{EPOCH}-147"), [self.joined, *shown])

    def test_ones_own_lines_are_shown_too(self) -> None:
        shown = ["-> You are in tea now.", "-> Since then:", *self.lines[147:]]
        self.assertEqual(self.resume(f"{EPOCH}-147", self.alice), shown)

    def test_where_nothing_was_said_there_is_no_heading(self) -> None:
        self.assertEqual(self.resume(f"{EPOCH}-150"), [self.joined])

    def test_what_is_not_kept_any_more_is_counted(self) -> None:
        missed = "* You missed 40 messages."
        shown = [self.joined, missed, "-> Since then:", *self.lines[50:]]
        self.assertEqual(self.resume(f"{EPOCH}-10"), shown)

    def test_in_another_epoch_and_from_the_future_it_is_as_on_joining(self) -> None:
        unsure = "* Some messages may be missing here."
        shown = [self.joined, unsure, "-> Recent messages:", *self.lines[140:]]
        for place in ("76543210-150", f"{EPOCH}-151"):
            with self.subTest(place):
                self.assertEqual(self.resume(place), shown)
                self.gathering.say(self.carol, "/part")


class RoomTest(CommandCase):
    def test_join_lists_the_members_sorted(self) -> None:
        self.check(
            self.carol,
            "/join Tea",
            "-> You joined tea. Here: alice, bob, carol.",
            others={"alice": ["* carol joined"], "bob": ["* carol joined"]},
        )

    def test_join_shows_the_last_ten_lines_if_there_are_any(self) -> None:
        for number in range(12):
            self.gathering.say(self.alice, f"line {number}")
        self.gathering.forget()
        joined = self.gathering.say(self.carol, "/join tea")
        self.assertEqual(
            joined[:2], ["-> You joined tea. Here: alice, bob, carol.", "-> Recent messages:"]
        )
        self.assertEqual(joined[2:], [f"alice: line {number}" for number in range(2, 12)])

    def test_join_elsewhere_makes_that_the_current_room_too(self) -> None:
        self.check(self.alice, "/join games", "-> You joined games. Here: alice.")
        self.check(self.alice, "/whoami", "-> You are alice, in games; also in tea.")
        self.check(self.alice, "nobody else is here")
        self.check(self.bob, "hello", others={"alice": ["[tea] bob: hello"]})
        self.check(self.bob, "/me waves", others={"alice": ["[tea] ** bob waves"]})

    def test_join_where_one_is_makes_it_current_again(self) -> None:
        self.check(self.alice, "/join TEA", "-> You are in tea now.")
        self.gathering.say(self.alice, "/join games")
        self.check(self.alice, "/join #Tea", "-> You are in tea now.")
        self.check(self.alice, "hello", others={"bob": ["alice: hello"]})

    def test_part_makes_the_room_before_the_current_one_again(self) -> None:
        for room in ("games", "books"):
            self.gathering.say(self.alice, f"/join {room}")
        self.check(self.alice, "/part games", "-> You left games. You are in books now.")
        self.check(self.alice, "/part", "-> You left books. You are in tea now.")
        self.check(self.bob, "hello", others={"alice": ["bob: hello"]})
        self.check(self.alice, "/part games", "-> You are not in games.")

    def test_part_of_another_room_leaves_the_current_one_as_it_is(self) -> None:
        self.gathering.say(self.alice, "/join games")
        self.check(
            self.alice,
            "/part tea",
            "-> You left tea. You are in games now.",
            others={"bob": ["* alice left"]},
        )

    def test_nobody_is_in_more_than_twenty_rooms(self) -> None:
        for number in range(19):
            self.gathering.say(self.alice, f"/join room{number}")
        self.check(self.alice, "/join another", "-> You are in 20 rooms already.")
        self.assertIsNone(self.gathering.chat.rooms.get("another"))

    def test_a_new_name_is_told_once_in_each_room(self) -> None:
        for member in (self.alice, self.carol):
            self.gathering.say(member, "/join games")
        self.gathering.forget()
        what = "* alice is now known as Ada"
        told = {"bob": [what], "carol": [what]}
        self.check(self.alice, "/nick Ada", "-> You are now Ada.", others=told)
        self.check(self.alice, "/quit", others={"bob": ["* Ada left"], "carol": ["* Ada left"]})

    def test_the_topic_is_told_to_all_and_shown_on_joining(self) -> None:
        self.check(self.alice, "/topic", "-> tea has no topic.")
        told = "* alice set the topic: leaves"
        self.check(self.alice, "/topic leaves", told, others={"bob": [told]})
        self.check(self.alice, "/topic", "-> The topic of tea is: leaves")
        self.assertEqual(
            self.gathering.say(self.carol, "/join tea"),
            ["-> You joined tea. Here: alice, bob, carol.", "-> Topic: leaves"],
        )

    def test_a_refused_room_leaves_one_where_one_was(self) -> None:
        self.check(self.alice, "/join server", "-> The name server is reserved.")
        self.check(self.alice, "/whoami", "-> You are alice, in tea.")

    def test_part_tells_those_who_stay(self) -> None:
        self.check(self.alice, "/part", "-> You left tea.", others={"bob": ["* alice left"]})
        self.check(self.alice, "/leave", OUTSIDE)

    def test_rooms_are_listed_by_name_with_their_members_counted(self) -> None:
        self.check(self.carol, "/rooms", "-> tea (2)")
        self.gathering.say(self.carol, "/join Games")
        self.gathering.forget()
        self.check(self.client, "/rooms", "-> Games (1), tea (2)")

    def test_a_room_exists_while_it_has_members_and_what_was_said_is_kept(self) -> None:
        for member in (self.alice, self.bob):
            self.gathering.say(member, "hello")
            self.gathering.say(member, "/part")
        self.gathering.forget()
        self.check(self.carol, "/rooms", "-> There are no rooms.")
        self.check(
            self.carol,
            "/join tea",
            "-> You joined tea. Here: carol.",
            *("-> Recent messages:", "alice: hello", "bob: hello"),
        )

    def test_history_shows_the_last_lines_as_they_were(self) -> None:
        for number in range(150):
            self.gathering.say(self.alice, f"line {number}")
        self.gathering.say(self.bob, "/me yawns")
        self.gathering.forget()
        said = [*(f"alice: line {number}" for number in range(150)), "** bob yawns"]
        self.check(self.bob, "/history", *said[-20:])
        self.check(self.bob, "/history 3", *said[-3:])
        self.check(self.bob, "/history 0003", *said[-3:])
        self.check(self.bob, "/history 101", *said[-100:])

    def test_history_has_nothing_where_nothing_was_said(self) -> None:
        self.check(self.alice, "/history", "-> Nothing was said here yet.")
        self.check(self.carol, "/history", OUTSIDE)

    def test_a_number_of_5000_digits_is_a_large_number(self) -> None:
        self.gathering.say(self.alice, "hello")
        self.gathering.forget()
        self.check(self.bob, "/history " + "9" * 5000, "alice: hello")
        self.check(self.bob, "/history " + "0" * 5000, "-> Usage: /history [N]")

    def test_arguments_of_5000_digits_hurt_nowhere_else(self) -> None:
        digits = "7" * 5000
        self.check(self.alice, f"/nick {digits}", "-> A name has 1 to 24 characters.")
        self.check(self.alice, f"/join {digits}", "-> A room's name has 1 to 24 characters.")
        nobody = "-> There is nobody called " + "7" * 40 + "…."
        for line in (f"/msg {digits} x", f"/msg {digits}", f"/ignore {digits}"):
            with self.subTest(line[:9]):
                self.check(self.alice, line, nobody)


if __name__ == "__main__":
    unittest.main()
