"""The operator speaks to everybody, looks around, and puts people out, who read why."""

import unittest

from reactor_chat.chat.members import Member
from reactor_chat.chat.moderation import COMMAND_WORDS, Operator
from tests.support import STAMP, Gathering, link_of, read_by


class OperatorCase(unittest.TestCase):
    """Alice and Bob are in the room tea; Client 3 is outside, at another address."""

    def setUp(self) -> None:
        self.gathering = Gathering()
        self.alice = self.gathering.enter("alice", "tea")
        self.bob = self.gathering.enter("bob", "tea")
        self.client = self.gathering.enter(host="2001:db8::3")
        self.ends = 0
        self.operator = Operator(self.gathering.chat, lambda: ["clients 3"], self.end)

    def end(self) -> None:
        self.ends += 1

    def check(self, line: str, *answer: str, heard: dict[str, list[str]] | None = None) -> None:
        """Type a line; check the answer, and what everybody hears, by name."""
        self.assertEqual(self.operator.receive(line), list(answer))
        everybody = {member.name: read_by(member) for member in (self.alice, self.bob, self.client)}
        self.assertEqual({name: lines for name, lines in everybody.items() if lines}, heard or {})

    def check_evicted(self, member: Member, last_word: str) -> None:
        farewell = link_of(member).farewell
        assert farewell is not None
        self.assertEqual(farewell[1].decode(), last_word + "\n")
        self.assertNotIn(member, self.gathering.chat.people)


class SpeakingTest(OperatorCase):
    def test_a_plain_line_goes_to_everybody(self) -> None:
        everybody = ("alice", "bob", "Client 3")
        self.check("hello", heard={name: ["Server: hello"] for name in everybody})
        self.check("CLOSE SOCKET", heard={name: ["Server: CLOSE SOCKET"] for name in everybody})
        self.check("//help", heard={name: ["Server: /help"] for name in everybody})

    def test_the_operators_text_is_sanitised(self) -> None:
        self.gathering.chat.leave(self.alice)
        self.gathering.forget()
        heard = ["Server: a\ufffd[2J\ufffdb"]
        self.check("a\x1b[2J\nb", heard={"bob": heard, "Client 3": heard})

    def test_a_blank_line_is_ignored(self) -> None:
        for line in ("", "  ", "\t"):
            self.check(line)

    def test_say_speaks_in_one_room_and_stays_in_its_history(self) -> None:
        heard = ["Server: hello  you"]
        self.check("/say TEA  hello  you ", heard={"alice": heard, "bob": heard})
        self.check("/say\ttea\thello  you", heard={"alice": heard, "bob": heard})
        self.assertEqual(self.gathering.say(self.alice, "/history"), heard * 2)

    def test_what_cannot_be_seen_is_said_to_nobody(self) -> None:
        self.check("/say tea \u200b", "Usage: /say ROOM TEXT")
        self.check("/msg bob \u3164", "Usage: /msg NAME TEXT")

    def test_say_to_a_room_that_is_not_there(self) -> None:
        self.check("/say games hello", "There is no room games.")


class LookingTest(OperatorCase):
    def test_who_shows_names_addresses_rooms_and_who_is_muted(self) -> None:
        self.bob.muted = True
        self.check(
            "/who",
            "alice (Client 1) from 192.0.2.1, in tea",
            "bob (Client 2) from 192.0.2.1, in tea, muted",
            "Client 3 from 2001:db8::3",
        )

    def test_rooms_shows_who_is_in_them(self) -> None:
        self.check("/rooms", "tea: alice, bob")

    def test_where_nobody_is_it_says_so(self) -> None:
        for member in (self.alice, self.bob, self.client):
            self.gathering.chat.leave(member)
        self.gathering.forget()
        for member in (self.alice, self.bob):
            read_by(member)
        self.check("/who", "Nobody is here.")
        self.check("/rooms", "There are no rooms.")
        self.check("/bans", "Nobody is banned.")

    def test_stats_are_the_servers(self) -> None:
        self.check("/stats", "clients 3")

    def test_help_lists_every_command(self) -> None:
        lines = self.operator.receive("/help")
        self.assertEqual([line.split()[0] for line in lines], ["TEXT", *COMMAND_WORDS])
        words = "help who rooms say kick ban unban bans mute unmute reload msg accounts forget "
        words += "stats quit"
        self.assertEqual(COMMAND_WORDS, tuple(f"/{word}" for word in words.split()))

    def test_an_unknown_command_is_said_to_nobody(self) -> None:
        self.check("/kcik bob", "Unknown command /kcik. /help lists the commands.")
        self.check("/", "Unknown command /. /help lists the commands.")

    def test_a_wrong_call_is_answered_with_the_usage(self) -> None:
        for line, usage in (
            ("/say", "/say ROOM TEXT"),
            ("/say tea", "/say ROOM TEXT"),
            ("/say games", "/say ROOM TEXT"),
            ("/kick", "/kick NAME [REASON]"),
            ("/ban", "/ban NAME|ADDRESS"),
            ("/unban", "/unban ADDRESS"),
            ("/mute", "/mute NAME"),
            ("/unmute ", "/unmute NAME"),
        ):
            with self.subTest(line):
                self.check(line, f"Usage: {usage}")

    def test_where_nobody_is_meant_it_says_so(self) -> None:
        for word in ("kick", "ban", "mute", "unmute"):
            self.check(f"/{word} dave", "There is nobody called dave.")
            self.check(f"/{word} Client 12 x", "There is nobody called Client 12.")

    def test_quit_ends_the_server(self) -> None:
        self.check("/QUIT")
        self.assertEqual(self.ends, 1)


class EvictingTest(OperatorCase):
    def test_a_kicked_client_reads_so_and_the_room_sees_it_leave(self) -> None:
        self.check("/kick alice", "alice was kicked.", heard={"bob": ["* alice was kicked"]})
        self.check_evicted(self.alice, "-> You were kicked.")

    def test_a_kicked_client_reads_why(self) -> None:
        self.check("/kick Client 3  rude  words", "Client 3 was kicked.")
        self.check_evicted(self.client, "-> You were kicked: rude  words.")

    def test_the_room_reads_why_too(self) -> None:
        self.check(
            "/kick alice too loud",
            "alice was kicked.",
            heard={"bob": ["* alice was kicked: too loud"]},
        )

    def test_each_room_of_somebody_who_is_kicked_is_told_once(self) -> None:
        self.gathering.say(self.alice, "/join games")
        self.gathering.say(self.client, "/join games")
        self.gathering.forget()
        told = ["* alice was kicked"]
        self.check("/kick alice", "alice was kicked.", heard={"bob": told, "Client 3": told})

    def test_the_last_word_carries_tags_if_they_are_wanted(self) -> None:
        self.gathering.say(self.alice, "/tags on")
        self.operator.receive("/kick alice")
        self.check_evicted(self.alice, f"@time={STAMP} -> You were kicked.")

    def test_a_reason_that_ends_with_a_full_stop_gets_no_other(self) -> None:
        self.operator.receive("/kick alice Enough.")
        self.check_evicted(self.alice, "-> You were kicked: Enough.")
        self.operator.receive("/kick bob ...")
        self.check_evicted(self.bob, "-> You were kicked.")

    def test_a_reason_in_which_nothing_can_be_seen_is_none(self) -> None:
        told = {"alice": ["* bob was kicked"]}
        self.check("/kick bob \u200b\u3164", "bob was kicked.", heard=told)
        self.check_evicted(self.bob, "-> You were kicked.")

    def test_a_ban_by_name_bans_the_address_and_all_who_are_there(self) -> None:
        answers = ("192.0.2.1 is banned.", "alice was evicted.", "bob was evicted.")
        self.check("/ban bob", *answers, heard={"bob": ["* alice was banned"]})
        for member in (self.alice, self.bob):
            self.check_evicted(member, "-> You are banned.")
        self.assertTrue(self.operator.bans.bans("192.0.2.1"))
        self.assertFalse(self.operator.bans.bans("2001:db8::3"))

    def test_a_given_name_is_known_however_many_blanks_are_in_it(self) -> None:
        answers = ("2001:db8::/64 is banned.", "Client 3 was evicted.")
        self.check("/ban client   3", *answers)

    def test_what_follows_a_name_makes_a_ban_a_wrong_call(self) -> None:
        self.check("/ban bob too loud", "Usage: /ban NAME|ADDRESS")
        self.assertEqual(self.operator.bans.texts(), [])

    def test_a_ban_by_address_needs_nobody_there(self) -> None:
        self.check("/ban 198.51.100.7", "198.51.100.7 is banned.")
        self.check("/bans", "198.51.100.7")

    def test_an_address_is_the_same_however_it_is_written(self) -> None:
        self.check("/ban [2001:DB8:0::0003]", "2001:db8::/64 is banned.", "Client 3 was evicted.")
        self.check("/ban 2001:db8::3", "2001:db8::/64 is banned.")
        self.check("/ban ::ffff:198.51.100.7", "198.51.100.7 is banned.")
        for host in ("2001:db8::3", "198.51.100.7", "::ffff:198.51.100.7", "::FFFF:C633:6407"):
            self.assertTrue(self.operator.bans.bans(host), host)
        self.check("/bans", "198.51.100.7", "2001:db8::/64")

    def test_the_zone_of_an_address_does_not_matter(self) -> None:
        self.check("/ban fe80::1%eth0", "fe80::1/128 is banned.")
        self.assertTrue(self.operator.bans.bans("fe80::1%eth1"))

    def test_unban_lets_an_address_in_again(self) -> None:
        self.operator.receive("/ban 198.51.100.7")
        self.check("/unban ::ffff:198.51.100.7", "198.51.100.7 is no longer banned.")
        self.assertFalse(self.operator.bans.bans("198.51.100.7"))
        self.check("/unban 198.51.100.7", "198.51.100.7 is not banned.")
        self.check("/unban nonsense", "nonsense is not banned.")


class WritingTest(OperatorCase):
    def test_msg_reaches_one_person_alone(self) -> None:
        self.check(
            "/msg bob  a word",
            "[PM to bob] a word",
            heard={"bob": ["[PM from Server] a word"]},
        )
        self.check("/msg bob", "Usage: /msg NAME TEXT")

    def test_who_was_written_to_last_by_the_operator_replies_to_it(self) -> None:
        self.gathering.say(self.bob, "/msg alice hello")
        self.operator.receive("/msg alice what is wrong?")
        self.gathering.forget()
        self.assertEqual(
            self.gathering.say(self.alice, "/reply my secret"), ["-> [PM to Server] my secret"]
        )
        self.assertEqual(self.gathering.journal.events, ["[PM from alice] my secret"])
        self.assertEqual(read_by(self.bob), [])
        self.gathering.say(self.bob, "/msg alice hello?")
        self.gathering.forget()
        self.assertEqual(self.gathering.say(self.alice, "/reply yes"), ["-> [PM to bob] yes"])

    def test_who_writes_to_the_server_is_answered_and_reported(self) -> None:
        self.assertEqual(
            self.gathering.say(self.alice, "/msg Server help me"), ["-> [PM to Server] help me"]
        )
        self.assertEqual(self.gathering.journal.events, ["[PM from alice] help me"])


class MutingTest(OperatorCase):
    def test_nobody_hears_who_is_muted(self) -> None:
        told = ["-> You were muted: nobody hears what you say."]
        self.check("/mute ALICE", "alice is muted.", heard={"alice": told})
        self.assertEqual(self.gathering.say(self.alice, "hello?"), ["-> You are muted."])
        self.assertEqual(read_by(self.bob), [])

    def test_what_follows_a_name_makes_a_wrong_call(self) -> None:
        self.check("/mute bob and alice", "Usage: /mute NAME")
        self.assertFalse(self.bob.muted)
        self.operator.receive("/mute bob")
        self.gathering.forget()
        self.check("/unmute bob and alice", "Usage: /unmute NAME")
        self.assertTrue(self.bob.muted)

    def test_muting_again_tells_nobody_again(self) -> None:
        self.operator.receive("/mute alice")
        self.gathering.forget()
        self.check("/mute alice", "alice is muted.")

    def test_muting_can_be_undone(self) -> None:
        self.operator.receive("/mute alice")
        self.gathering.forget()
        told = {"alice": ["-> You are no longer muted."]}
        self.check("/unmute alice", "alice is not muted.", heard=told)
        self.check("/unmute alice", "alice is not muted.")
        self.gathering.say(self.alice, "hello")
        self.assertEqual(read_by(self.bob), ["alice: hello"])

    def test_who_is_muted_can_say_nothing_with_names_and_topics_either(self) -> None:
        self.operator.receive("/mute alice")
        self.gathering.forget()
        for line in ("/nick Ada", "/topic oi", "/join oi", "/msg bob oi", "/msg server oi"):
            self.assertEqual(self.gathering.say(self.alice, line), ["-> You are muted."], line)
        self.assertEqual(self.gathering.say(self.alice, "hello"), ["-> You are muted."])


if __name__ == "__main__":
    unittest.main()
