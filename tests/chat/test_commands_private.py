"""Who writes to whom in private, and who does not want to see whom."""

import unittest

from tests.support import CommandCase, link_of, read_by


class PrivateMessageTest(CommandCase):
    def test_msg_reaches_one_person_alone(self) -> None:
        self.check(
            self.alice,
            "/msg carol hello there",
            "-> [PM to carol] hello there",
            others={"carol": ["[PM from alice] hello there"]},
        )

    def test_a_given_name_works(self) -> None:
        answer, heard = "-> [PM to Client 1] hello", {"Client 1": ["[PM from alice] hello"]}
        self.check(self.alice, "/msg Client 1 hello", answer, others=heard)
        self.check(self.alice, "/msg  client   1   hello", answer, others=heard)

    def test_the_longest_present_name_is_meant(self) -> None:
        for _ in range(8):
            twelfth = self.gathering.enter()
        self.assertEqual(twelfth.name, "Client 12")
        self.gathering.say(self.alice, "/msg Client 12 hello")
        self.assertEqual(read_by(twelfth), ["[PM from alice] hello"])
        self.assertEqual(read_by(self.client), [])

    def test_the_case_of_a_name_does_not_matter(self) -> None:
        self.check(
            self.alice, "/msg BOB x", "-> [PM to bob] x", others={"bob": ["[PM from alice] x"]}
        )

    def test_a_message_to_nobody_is_relayed_to_nobody(self) -> None:
        self.check(self.alice, "/msg dave hi", "-> There is nobody called dave.")
        self.check(self.alice, "/msg Client 9 hi", "-> There is nobody called Client 9.")

    def test_somebody_who_does_not_read_is_said_not_to(self) -> None:
        link_of(self.bob).full = True
        self.check(
            self.alice, "/msg bob hi", "-> bob is not reading; your message was not delivered."
        )

    def test_reply_answers_whoever_last_wrote(self) -> None:
        self.check(self.bob, "/reply hi", "-> Nobody has written to you.")
        for member in (self.carol, self.alice):
            self.gathering.say(member, "/msg bob hello")
        self.gathering.say(self.alice, "/nick Ada")
        self.gathering.forget()
        self.check(self.bob, "/reply hi", "-> [PM to Ada] hi", others={"Ada": ["[PM from bob] hi"]})

    def test_reply_to_somebody_who_has_left_says_so(self) -> None:
        self.gathering.say(self.carol, "/msg bob hello")
        self.gathering.say(self.carol, "/quit")
        self.gathering.forget()
        self.check(self.bob, "/reply hi", "-> carol has left.")


class IgnoreTest(CommandCase):
    def test_an_ignored_person_is_not_seen_any_more(self) -> None:
        self.check(self.bob, "/ignore alice", "-> You no longer see alice.")
        self.check(self.alice, "hello")
        self.check(self.alice, "/me waves")
        self.check(self.alice, "/msg bob hello", "-> [PM to bob] hello")
        self.check(self.bob, "/reply what", "-> Nobody has written to you.")

    def test_ignoring_is_of_the_person_whatever_the_name(self) -> None:
        self.gathering.say(self.bob, "/ignore alice")
        self.gathering.say(self.alice, "/nick Ada")
        self.gathering.forget()
        self.check(self.alice, "hello")
        self.check(self.bob, "/ignore", "-> You ignore Ada, alice.")

    def test_whoever_takes_an_ignored_name_is_ignored_too(self) -> None:
        self.gathering.say(self.bob, "/ignore alice")
        self.gathering.say(self.alice, "/quit")
        self.gathering.say(self.carol, "/join tea")
        self.gathering.say(self.carol, "/nick alice")
        self.gathering.forget()
        self.check(self.carol, "hello")
        self.check(self.bob, "/unignore alice", "-> You see alice again.")
        self.check(self.carol, "hello", others={"bob": ["alice: hello"]})

    def test_neither_a_name_nor_a_topic_passes(self) -> None:
        self.gathering.say(self.bob, "/ignore alice")
        self.check(self.alice, "/nick rude", "-> You are now rude.")
        self.check(self.alice, "/topic rude", "* rude set the topic: rude")

    def test_it_works_one_way(self) -> None:
        self.gathering.say(self.bob, "/ignore alice")
        self.check(self.bob, "hello", others={"alice": ["bob: hello"]})

    def test_it_can_be_undone(self) -> None:
        self.gathering.say(self.bob, "/ignore alice")
        self.check(self.bob, "/unignore alice", "-> You see alice again.")
        self.check(self.alice, "hello", others={"bob": ["alice: hello"]})
        self.check(self.bob, "/unignore alice", "-> You do not ignore alice.")

    def test_the_list_of_those_whom_one_ignores_is_sorted(self) -> None:
        self.check(self.bob, "/ignore", "-> You ignore nobody.")
        for name in ("Client 1", "alice"):
            self.gathering.say(self.bob, f"/ignore {name}")
        self.check(self.bob, "/ignore", "-> You ignore alice, Client 1.")

    def test_one_cannot_ignore_oneself_or_nobody(self) -> None:
        self.check(self.bob, "/ignore bob", "-> That is you.")
        self.check(self.bob, "/ignore dave", "-> There is nobody called dave.")


if __name__ == "__main__":
    unittest.main()
