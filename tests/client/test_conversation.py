"""The client learns from the lines that pass who it is, where, and what arrived."""

import unittest

from reactor_chat.chat import commands
from reactor_chat.client.conversation import Conversation, Reaction, Shown
from reactor_chat.client.words import COMMANDS, is_farewell, is_refusal, lacks_room, rejects

TAGS_ON = "-> Lines carry tags now."
NO_TAGS = "-> Unknown command /tags. /help lists the commands."


def tagged(text: str, number: int | None = None, room: str | None = "tea", at: int = 10) -> str:
    """Write a line with tags: the time is so many seconds after noon."""
    tags = [f"time=2026-11-27T12:00:{at:02}.000Z"]
    tags += [f"room={room}"] if room else []
    tags += [f"id=0badcafe-{number}"] if number is not None else []
    return f"@{';'.join(tags)} {text}"


class ConversationCase(unittest.TestCase):
    def start(self, name: str | None = None, room: str | None = None) -> list[str]:
        self.conversation = Conversation(name, room, clock=lambda: 100.0)
        return self.conversation.connected()

    def hear(self, *lines: str) -> Reaction:
        """Hear lines; return the reaction to the last."""
        for line in lines:
            reaction = self.conversation.hear(line)
        return reaction

    def be_in(self, *rooms: str) -> None:
        """Be alice, with tags, in some rooms since noon."""
        self.start()
        self.hear(TAGS_ON, tagged("-> You are Client 1.", room=None, at=0))
        self.hear(tagged("-> You are now alice.", room=None, at=0))
        for room in rooms:
            self.hear(tagged(f"-> You joined {room}. Here: alice, bob.", room=room, at=0))


class FirstConnectionTest(ConversationCase):
    def test_it_asks_for_tags_and_who_it_is(self) -> None:
        self.assertEqual(self.start(), ["/tags on", "/whoami"])

    def test_one_step_follows_the_other_and_the_answers_are_shown(self) -> None:
        self.assertEqual(self.start("alice", "tea"), ["/tags on", "/nick alice"])
        self.assertIsNone(self.hear(TAGS_ON).line)
        named = self.hear(tagged("-> You are now alice.", room=None))
        self.assertEqual(named.line.text if named.line else "", "-> You are now alice.")
        self.assertEqual(named.send, ["/join tea"])
        joined = self.hear(tagged("-> You joined tea. Here: alice."))
        self.assertEqual(joined.send, ["/whoami"])
        welcome = self.hear(tagged("-> You are alice, in tea.", room=None))
        self.assertEqual(welcome.notes, ["You are alice, in tea. /help lists the commands."])
        self.assertIsNone(welcome.line)
        self.assertTrue(welcome.is_welcome and self.conversation.may_speak)

    def test_without_a_room_it_says_how_to_enter_one(self) -> None:
        self.start()
        reaction = self.hear(NO_TAGS, "-> You are Client 3.")
        self.assertEqual(
            reaction.notes, ["You are Client 3. /join ROOM to talk with others, /help for more."]
        )
        self.assertEqual(self.conversation.login.me, "Client 3")

    def test_only_the_first_answer_is_swallowed(self) -> None:
        self.start()
        reaction = self.hear(NO_TAGS, "-> You are alice.", "-> You are alice.")
        self.assertIsNotNone(reaction.line)

    def test_a_server_that_echoes_has_no_commands(self) -> None:
        self.start("alice", "tea")
        reaction = self.hear("/TAGS ON", "/NICK ALICE", "/WHOAMI")
        self.assertEqual(reaction.notes, ["Connected to a server that knows no commands."])
        self.assertTrue(self.conversation.may_speak)

    def test_a_ban_is_not_taken_for_a_name(self) -> None:
        self.start()
        reaction = self.hear("-> You are banned.")
        self.assertIsNotNone(reaction.line)
        self.assertFalse(self.conversation.is_introduced)

    def test_names_may_hold_what_ends_a_sentence(self) -> None:
        self.start()
        self.hear(NO_TAGS, "-> You are a.b., in x.y.")
        self.assertEqual(self.conversation.login.me, "a.b.")
        self.assertEqual(self.conversation.membership.current, "x.y")


class RefusedWishTest(ConversationCase):
    def refuse_name(self) -> Reaction:
        self.start("alice", "tea")
        refused = self.hear(TAGS_ON, tagged("-> The name alice is taken.", room=None))
        self.assertEqual(refused.send, ["/whoami"])
        return self.hear(tagged("-> You are Client 12.", room=None))

    def test_nothing_is_said_before_another_name_is_chosen(self) -> None:
        reaction = self.refuse_name()
        self.assertFalse(self.conversation.may_speak)
        self.assertIn("Nothing is said before you choose another: /nick NAME.", reaction.notes[0])

    def test_the_room_is_entered_with_another_name(self) -> None:
        self.refuse_name()
        reaction = self.hear(tagged("-> You are now alice2.", room=None))
        self.assertEqual(reaction.send, ["/join tea"])
        self.hear(tagged("-> You joined tea. Here: alice2."))
        self.assertTrue(self.conversation.may_speak)

    def test_nothing_is_said_before_another_room_is_chosen(self) -> None:
        self.start("alice", "a b")
        self.hear(TAGS_ON, tagged("-> You are now alice.", room=None))
        self.hear(tagged("-> A room's name is …", room=None))
        reaction = self.hear(tagged("-> You are alice.", room=None))
        self.assertIn("/join ROOM", reaction.notes[0])
        self.assertFalse(self.conversation.may_speak)
        self.hear(tagged("-> You joined tea. Here: alice."))
        self.assertTrue(self.conversation.may_speak)

    def test_a_registered_name_asks_for_its_password(self) -> None:
        self.start("alice")
        answer = "-> The name alice is registered: /login alice PASSWORD takes it."
        self.assertEqual(self.hear(TAGS_ON, tagged(answer, room=None)).password_for, "alice")


class OwnLinesTest(ConversationCase):
    def test_with_tags_a_line_in_a_room_is_shown_when_it_comes_back(self) -> None:
        self.be_in("tea")
        self.assertIs(self.conversation.sent("hello"), Shown.LATER)
        self.assertEqual(len(self.conversation.receipts), 1)
        reaction = self.hear(tagged("alice: hello", 1))
        self.assertTrue(reaction.is_own)
        self.assertEqual(len(self.conversation.receipts), 0)

    def test_an_action_too(self) -> None:
        self.be_in("tea")
        self.assertIs(self.conversation.sent("/me waves"), Shown.LATER)
        self.assertTrue(self.hear(tagged("** alice waves", 1)).is_own)

    def test_commands_and_lines_outside_of_rooms_are_quoted(self) -> None:
        self.be_in()
        self.assertIs(self.conversation.sent("hello"), Shown.QUOTED)
        self.assertIs(self.conversation.sent("/who"), Shown.QUOTED)
        self.assertEqual(self.hear(tagged("HELLO", room=None)).quoted, [])
        self.assertEqual(len(self.conversation.receipts), 0)

    def test_a_line_for_a_room_that_could_not_be_entered_is_quoted_with_its_answer(self) -> None:
        self.be_in()
        self.conversation.sent("/join a b")
        self.assertIs(self.conversation.sent("hello"), Shown.LATER)
        self.hear(tagged("-> A room's name is …", room=None))
        self.assertEqual(self.hear(tagged("HELLO", room=None)).quoted, ["hello"])

    def test_what_is_recalled_is_no_receipt(self) -> None:
        self.be_in("tea")
        self.conversation.sent("hello")
        self.hear(tagged("alice: hello", 5, at=20), tagged("bob: hi", 6, at=20))
        self.conversation.sent("hello")
        self.assertFalse(self.hear(tagged("alice: hello", 5, at=20)).is_own)
        self.assertEqual(len(self.conversation.receipts), 1)

    def test_what_was_said_before_one_joined_is_no_receipt(self) -> None:
        self.be_in()
        self.conversation.sent("/join tea")
        self.conversation.sent("hello")
        self.hear(tagged("-> You joined tea. Here: alice.", at=30), tagged("-> Recent messages:"))
        self.assertFalse(self.hear(tagged("alice: hello", 5, at=20)).is_own)
        self.assertTrue(self.hear(tagged("alice: hello", 6, at=30)).is_own)

    def test_what_is_rejected_is_put_back(self) -> None:
        self.be_in("tea")
        self.conversation.sent("hello")
        self.assertEqual(self.hear(tagged("-> You are muted.", room=None)).put_back, ["hello"])

    def test_a_line_of_which_nothing_can_be_seen_is_not_waited_for(self) -> None:
        self.be_in("tea")
        self.conversation.sent("\u200d")
        self.assertEqual(len(self.conversation.receipts), 0)

    def test_a_person_may_turn_tags_off_and_on(self) -> None:
        self.be_in("tea")
        self.conversation.sent("/tags off")
        self.hear("-> Lines carry no tags now.")
        self.assertIs(self.conversation.sent("hello"), Shown.SAID)
        self.conversation.sent("/tags on")
        self.hear(tagged(TAGS_ON, room=None))
        self.assertIs(self.conversation.sent("hello"), Shown.LATER)

    def test_without_tags_they_are_shown_at_once(self) -> None:
        self.start()
        self.hear(NO_TAGS, "-> You are Client 1.", "-> You joined tea. Here: Client 1.")
        self.assertIs(self.conversation.sent("hello"), Shown.SAID)
        self.assertIs(self.conversation.sent("/me waves"), Shown.DONE)
        self.assertIs(self.conversation.sent("/who"), Shown.QUOTED)
        self.assertEqual(len(self.conversation.receipts), 0)


class RoomsTest(ConversationCase):
    def test_one_is_in_several_rooms(self) -> None:
        self.be_in("games", "tea")
        self.hear(tagged("bob: hi", 1, room="games"))
        self.assertEqual(self.conversation.membership.label, "tea (games 1)")
        self.hear(tagged("-> You are in games now.", room="games"))
        self.assertEqual(self.conversation.membership.label, "games")

    def test_leaving_one_brings_back_to_the_one_before(self) -> None:
        self.be_in("games", "tea")
        self.hear(tagged("-> You left tea. You are in games now."))
        self.assertEqual(self.conversation.membership.label, "games")
        self.hear(tagged("-> You left games.", room="games"))
        self.assertEqual(self.conversation.membership.label, "")

    def test_leaving_another_one_changes_nothing_here(self) -> None:
        self.be_in("games", "tea")
        self.hear(tagged("-> You left games. You are in tea now.", room="games"))
        self.assertEqual(self.conversation.membership.names, ["tea"])

    def test_a_server_without_tags_knows_one_room_a_person(self) -> None:
        self.start()
        self.hear(NO_TAGS, "-> You are Client 1.", "-> You joined a. Here: Client 1.")
        self.hear("-> You joined b. Here: Client 1.")
        self.assertEqual(self.conversation.membership.names, ["b"])


class ReturningTest(ConversationCase):
    def come_back(self) -> Reaction:
        return self.hear(
            TAGS_ON,
            tagged("-> You are now alice.", room=None, at=40),
            tagged("-> You joined games. Here: alice.", room="games", at=40),
            tagged("-> You joined tea. Here: alice, bob.", at=40),
            tagged("-> Since then:", at=40),
            tagged("alice: one", 8, at=30),
            tagged("bob: meanwhile", 9, at=31),
            tagged("-> You are alice, in tea; also in games.", room=None, at=40),
        )

    def test_one_returns_into_all_rooms_where_one_stopped_reading(self) -> None:
        self.be_in("games", "tea")
        self.hear(tagged("bob: hi", 7))
        self.assertEqual(
            self.conversation.connected(),
            ["/tags on", "/nick alice", "/join games", "/resume tea 0badcafe-7", "/whoami"],
        )
        reaction = self.come_back()
        self.assertTrue(reaction.is_welcome)
        self.assertEqual(self.conversation.membership.label, "tea")
        self.assertEqual(self.conversation.membership.returning()[-1], "/resume tea 0badcafe-9")

    def test_meanwhile_the_room_is_the_one_that_it_will_be(self) -> None:
        self.be_in("games", "tea")
        self.conversation.connected()
        self.hear(TAGS_ON, tagged("-> You are now alice.", room=None))
        self.hear(tagged("-> You joined games. Here: alice.", room="games"))
        self.assertEqual(self.conversation.membership.current, "tea")

    def test_what_is_not_among_the_recalled_lines_is_put_back(self) -> None:
        self.be_in("games", "tea")
        self.hear(tagged("bob: hi", 7))
        for line in ("one", "two"):
            self.conversation.sent(line)
        self.conversation.connected()
        self.assertEqual(self.come_back().put_back, ["two"])

    def test_of_a_private_message_without_an_answer_nobody_can_tell(self) -> None:
        self.be_in("games", "tea")
        self.hear(tagged("bob: hi", 7))
        self.conversation.sent("/msg bob psst")
        self.conversation.connected()
        reaction = self.come_back()
        self.assertEqual(reaction.put_back, [])
        self.assertEqual(reaction.notes[-1], "Perhaps not delivered: /msg bob psst")

    def test_a_room_that_cannot_be_entered_again_is_left(self) -> None:
        self.be_in("tea")
        self.conversation.connected()
        self.hear(TAGS_ON, tagged("-> You are now alice.", room=None))
        self.hear(tagged("-> You are muted.", room=None), tagged("-> You are alice.", room=None))
        self.assertEqual(self.conversation.membership.names, [])

    def test_who_was_ignored_is_ignored_before_anything_is_recalled(self) -> None:
        self.be_in("tea")
        self.hear(tagged("-> You no longer see mallory.", room=None))
        lines = self.conversation.connected()
        self.assertEqual(lines[:2], ["/tags on", "/ignore mallory"])
        reaction = self.hear(TAGS_ON, tagged("-> There is nobody called mallory.", room=None))
        self.assertIsNone(reaction.line)
        self.hear(tagged("-> You are now alice.", room=None), tagged("-> You joined tea. Here: a."))
        self.hear(tagged("-> You are alice, in tea.", room=None))
        self.assertEqual(self.hear(tagged("* mallory joined")).send, ["/ignore mallory"])

    def test_it_does_not_vouch_for_whoever_has_ones_name_meanwhile(self) -> None:
        self.be_in("tea")
        self.conversation.connected()
        self.hear(TAGS_ON, tagged("-> The name alice is taken.", room=None))
        self.hear(tagged("-> You joined tea. Here: alice, Client 2."))
        reaction = self.hear(tagged("-> You are Client 2, in tea.", room=None))
        self.assertIn(
            "Your lost connection, or somebody else, has the name alice", reaction.notes[0]
        )
        self.assertFalse(self.hear(tagged("alice: I am the real one", 9)).is_own)

    def test_a_given_name_is_not_asked_for(self) -> None:
        self.start()
        self.hear(NO_TAGS, "-> You are Client 3.")
        self.assertEqual(self.conversation.connected(), ["/tags on", "/whoami"])

    def test_a_password_brings_the_name_back(self) -> None:
        self.be_in()
        self.conversation.sent("/register opensesame")
        self.hear(tagged("-> The name alice is yours now. /login …", room=None))
        self.assertIn("/login alice opensesame", self.conversation.connected())


class WordsTest(unittest.TestCase):
    def test_farewells(self) -> None:
        for line in ("/quit", "/exit", "/QUIT ", "/quit bye", "CLOSE SOCKET", "close socket"):
            self.assertTrue(is_farewell(line), line)
        for line in ("/quitter", "quit", "CLOSE SOCKETS", "//quit", ""):
            self.assertFalse(is_farewell(line), line)

    def test_refusals(self) -> None:
        for line in ("-> You were kicked.", "-> You were kicked: spam.", "-> You are banned.",
                     "-> Server is full.", "-> Too many connections from your address.",
                     "-> Too many wrong passwords.",
                     "-> This port speaks TLS: use chats:// or --tls.",
                     "-> You logged in from elsewhere."):  # fmt: skip
            self.assertTrue(is_refusal(line), line)
        for line in ("-> You are alice.", "bob: -> You are banned.", "-> YOU WERE KICKED."):
            self.assertFalse(is_refusal(line), line)

    def test_only_a_lack_of_room_may_pass(self) -> None:
        for line in ("-> Server is full.", "-> Too many connections from your address."):
            self.assertTrue(lacks_room(line), line)
        for line in ("-> You were kicked.", "-> You are banned."):
            self.assertFalse(lacks_room(line), line)

    def test_what_nobody_else_would_hear_is_not_what_a_mute_rejects(self) -> None:
        for line in ("hello", "/me waves", "/nick x", "/JOIN tea", "/msg bob hi"):
            self.assertTrue(rejects("-> You are muted.", line), line)
        for line in ("/who", "/history 5"):
            self.assertFalse(rejects("-> You are muted.", line), line)

    def test_every_command_of_the_server_is_known(self) -> None:
        self.assertLessEqual(set(commands.COMMANDS), {name.removeprefix("/") for name in COMMANDS})
