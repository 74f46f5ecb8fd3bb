"""While a password is worked on, the connection's further lines wait, whatever wakes it."""

from reactor_chat.chat.archive import Verdict
from tests.server.small_world import SmallWorldCase
from tests.slow_archive import SlowArchive

LOGIN = "/login ann password"


class WaitTest(SmallWorldCase):
    def make_archive(self) -> SlowArchive:
        self.archive = SlowArchive()
        return self.archive

    def answer(self, verdict: Verdict) -> None:
        """Let the oldest question be answered."""
        self.reactor.call_soon(self.server, lambda: self.archive.questions.pop(0)(verdict))
        self.settle()

    def test_lines_that_came_along_wait_though_an_answer_before_them_has_left(self) -> None:
        one = self.call("127.0.0.1")
        heard = self.ask(one, "/whoami", LOGIN, "hello")
        self.assertEqual(heard, ["-> You are Client 1."])
        self.answer(Verdict(True))
        self.assertEqual(self.hear(one), "-> You are now ann.\nHELLO\n")

    def test_lines_that_come_later_wait_though_others_write_to_it_meanwhile(self) -> None:
        one, other = self.call("127.0.0.1"), self.call("127.0.0.1")
        self.ask(one, LOGIN)
        self.ask(other, "/msg Client 1 hi")
        heard = self.ask(one, "hello", "/whoami")
        self.assertEqual(heard, ["[PM from Client 2] hi"])
        self.answer(Verdict(True))
        self.assertEqual(self.hear(one), "-> You are now ann.\nHELLO\n-> You are ann.\n")

    def test_who_has_ended_its_input_still_reads_the_answer(self) -> None:
        one = self.call("127.0.0.1")
        one.send(f"/whoami\n{LOGIN}\n".encode())
        one.shutdown(1)
        self.assertEqual(self.hear(one), "-> You are Client 1.\n")
        self.answer(Verdict(False, "Not now."))
        self.assertEqual(self.hear(one), "-> Not now.\n")
        self.assert_ended(one)
