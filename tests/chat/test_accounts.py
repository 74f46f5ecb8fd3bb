"""What a try at a password costs, and what may have happened when its answer comes."""

from reactor_chat.chat.archive import Verdict
from tests.slow_archive import SlowArchive
from tests.support import CommandCase, Gathering, link_of, read_by

LOGIN = "/login dora password"
BARRED = "-> Too many wrong passwords from your address. Try again in a minute."


class LoginTest(CommandCase):
    def setUp(self) -> None:
        super().setUp()
        self.archive = SlowArchive()
        self.gathering = Gathering(self.archive)
        self.alice = self.gathering.enter("alice")

    def answer(self, verdict: Verdict) -> list[str]:
        """Let the question be answered; return what Alice reads."""
        self.archive.questions.pop()(verdict)
        while self.gathering.later:
            self.gathering.later.pop()[1]()
        return read_by(self.alice)

    def test_a_wrong_password_is_answered_later_and_the_fifth_ends_it(self) -> None:
        for _ in range(4):
            self.gathering.type(self.alice, LOGIN)
            self.assertTrue(link_of(self.alice).paused)
            self.assertEqual(self.answer(Verdict(False)), ["-> The password is wrong."])
            self.assertFalse(link_of(self.alice).paused)
        self.gathering.type(self.alice, LOGIN)
        self.answer(Verdict(False))
        self.assertEqual(
            link_of(self.alice).farewell,
            ("too many wrong passwords", b"-> Too many wrong passwords.\n"),
        )

    def test_an_address_has_twenty_wrong_ones_a_minute(self) -> None:
        for _ in range(20):
            self.alice = self.gathering.enter()
            self.gathering.type(self.alice, LOGIN)
            self.answer(Verdict(False))
        self.assertEqual(self.gathering.say(self.alice, LOGIN), [BARRED])
        self.gathering.now += 61
        self.assertEqual(self.gathering.say(self.alice, LOGIN), [])

    def test_a_password_that_nobody_could_check_was_no_wrong_one(self) -> None:
        for _ in range(25):
            self.gathering.type(self.alice, LOGIN)
            self.assertEqual(self.answer(Verdict(False, "Not now.")), ["-> Not now."])

    def test_nor_was_a_right_one_whose_member_had_left_meanwhile(self) -> None:
        for _ in range(25):
            one = self.gathering.enter()
            self.assertEqual(self.gathering.say(one, LOGIN), [])
            self.gathering.chat.leave(one)
            self.answer(Verdict(True))

    def test_who_was_muted_meanwhile_does_not_get_the_name(self) -> None:
        self.gathering.type(self.alice, LOGIN)
        self.alice.muted = True
        self.assertEqual(self.answer(Verdict(True)), ["-> You are muted."])
        self.assertEqual(self.alice.name, "alice")
