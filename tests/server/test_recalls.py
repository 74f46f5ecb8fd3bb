"""Who looks back far, again and again, and what that costs a server that has to ask its archive."""

from reactor_chat.chat.archive import Archive, KnownRoom, NoArchive
from reactor_chat.chat.recall import OnSlice
from tests.server.small_world import FOREIGN, SmallWorldCase

SAID = 5000
ASKING = 100  # times: more than anybody would


class SlowArchive(NoArchive):
    """Has thousands of lines, and answers when the test says so."""

    def __init__(self) -> None:
        super().__init__(lambda: "0123abcd")
        self.asked: list[tuple[int, int, OnSlice]] = []

    def room(self, key: str) -> KnownRoom:
        return KnownRoom("tea", SAID, "", 0)

    def read(self, name: str, after: int, last: int, on_slice: OnSlice) -> None:
        self.asked.append((after, last, on_slice))

    def answer(self) -> None:
        """Answer what was asked up to now."""
        asked, self.asked = self.asked, []
        for after, last, on_slice in asked:
            on_slice([(n, 5.0, b"line %d\n" % n) for n in range(after + 1, last + 1)])


class RecallsTest(SmallWorldCase):
    def make_archive(self) -> Archive:
        self.archive = SlowArchive()
        return self.archive

    def read_on(self, wanted: int) -> list[str]:
        """Let the archive answer until the caller has read so many lines."""
        read: list[str] = []
        while len(read) < wanted:
            self.assertEqual(len(self.archive.asked), 1)
            self.archive.answer()
            self.reactor.end_turn()
            read += self.hear(self.alice).splitlines()
        return read

    def test_one_slice_is_asked_for_at_a_time_however_much_is_to_be_shown(self) -> None:
        self.alice = self.call(FOREIGN, "/join tea")
        self.read_on(11)
        self.ask(self.alice, *["/history 1000"] * 3, "/whoami")
        read = self.read_on(3001)
        lines = [f"line {number}" for number in range(SAID - 999, SAID + 1)]
        self.assertEqual(read, [*lines * 3, "-> You are Client 1, in tea."])

    def test_who_asks_for_more_than_was_said_reads_all_of_it(self) -> None:
        self.alice = self.call(FOREIGN, "/join tea")
        self.read_on(11)
        self.ask(self.alice, "/history 10000", "/whoami")
        self.assertEqual(self.read_on(SAID + 1)[:1], ["line 1"])

    def test_who_asks_without_end_is_read_later(self) -> None:
        self.alice = self.call(FOREIGN, "/join tea")
        self.read_on(11)
        self.ask(self.alice, *["/history 110"] * ASKING, "/whoami")
        (session,) = self.server.sessions
        self.assertLess(len(session.connection.pieces), ASKING // 2)
        read = self.read_on(ASKING * 110 + 1)
        self.assertEqual(read[-1], "-> You are Client 1, in tea.")
        self.assertEqual(len(read), ASKING * 110 + 1)
