"""Lines that were sent: which of them arrived, and which did not."""

import unittest
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.receipts import Receipts


class ReceiptsCase(unittest.TestCase):
    def setUp(self) -> None:
        self.now = 100.0
        self.receipts = Receipts(lambda: self.now)

    def send(self, *lines: str, room: str | None = "tea") -> None:
        for line in lines:
            self.receipts.add(line, room, is_shown=False)


class ComingBackTest(ReceiptsCase):
    def test_a_line_that_came_back_waits_no_more(self) -> None:
        self.send("one", "two")
        found = self.receipts.come_back("one", False, "tea")
        self.assertEqual(found.line if found else None, "one")
        self.assertEqual(len(self.receipts), 1)

    def test_a_slash_may_be_said_and_an_action_is_none(self) -> None:
        self.send("//slash", "/me waves", "waves")
        self.assertTrue(self.receipts.come_back("/slash", False, "tea"))
        self.assertTrue(self.receipts.come_back("waves", False, "tea"))
        self.assertTrue(self.receipts.come_back("waves", True, "tea") is None)

    def test_it_comes_back_as_the_server_makes_it_safe(self) -> None:
        self.send("a\x07b", "x\udcffy")
        self.assertTrue(self.receipts.come_back("a\ufffdb", False, "tea"))
        self.assertTrue(self.receipts.come_back("x?y", False, "tea"))
        self.assertEqual(len(self.receipts), 0)

    def test_earlier_lines_of_that_room_are_waited_for_no_longer(self) -> None:
        self.send("\u200d", "/history", "two")
        self.send("elsewhere", room="games")
        self.send("three")
        self.receipts.come_back("three", False, "tea")
        self.assertEqual(len(self.receipts), 1)
        self.assertTrue(self.receipts.come_back("elsewhere", False, "games"))

    def test_a_text_that_the_server_writes_otherwise_is_known_by_its_place(self) -> None:
        self.send("one", "two")
        found = self.receipts.come_back("(one)", False, "tea")
        self.assertEqual(found.line if found else None, "one")

    def test_what_nobody_sent_is_no_receipt(self) -> None:
        self.assertIsNone(self.receipts.come_back("hello", False, "tea"))
        self.assertIsNone(self.receipts.echo("HELLO"))

    def test_outside_of_rooms_the_answer_in_capitals_is_the_receipt(self) -> None:
        self.send("straße", room=None)
        self.assertTrue(self.receipts.echo("STRASSE"))
        self.assertEqual(len(self.receipts), 0)

    def test_it_is_known_since_when_the_first_waits(self) -> None:
        self.assertIsNone(self.receipts.oldest)
        self.send("/who")
        self.now += 1
        self.send("one")
        self.now += 1
        self.send("two")
        self.assertEqual(self.receipts.oldest, 101.0)


class RejectionTest(ReceiptsCase):
    def rejected(self, answer: str) -> str | None:
        found = self.receipts.answer(answer)
        return found.line if found else None

    def test_a_muted_persons_lines_are_rejected_one_after_the_other(self) -> None:
        self.send("/who", "one", "/nick x", "/msg bob hi")
        self.assertIsNone(self.rejected("-> alice, bob"))
        for line in ("one", "/nick x", "/msg bob hi"):
            self.assertEqual(self.rejected("-> You are muted."), line)
        self.assertIsNone(self.rejected("-> You are muted."))

    def test_the_long_line_is_the_one_that_is_too_long(self) -> None:
        self.send("short", "é" * 2049, "short")
        answer = "-> Message too long: the limit is 4096 bytes."
        self.assertEqual(self.rejected(answer), "é" * 2049)
        self.assertEqual(len(self.receipts), 2)

    def test_an_answer_is_the_receipt_of_a_command_only(self) -> None:
        self.send("one", "/who")
        self.assertIsNone(self.rejected("-> alice, bob"))
        self.assertEqual(len(self.receipts), 1)


class LossTest(ReceiptsCase):
    def test_what_is_not_recalled_is_unsent_in_order(self) -> None:
        self.send("one", "ok", "ok", "/who", "/msg bob psst", "/me waves")
        self.receipts.lose()
        self.assertTrue(self.receipts.recall("one", False))
        self.assertTrue(self.receipts.recall("ok", False))
        self.assertIsNone(self.receipts.recall("never", False))
        self.assertEqual(self.receipts.take_lost(), (["ok", "/me waves"], ["/msg bob psst"]))
        self.assertEqual(self.receipts.take_lost(), ([], []))

    def test_answers_of_the_next_connection_are_not_for_lost_lines(self) -> None:
        self.send("one", "/who")
        self.receipts.lose()
        self.assertIsNone(self.receipts.answer("-> You are muted."))
        self.assertIsNone(self.receipts.come_back("another", False, "tea"))
        self.assertEqual(self.receipts.take_lost(), (["one"], []))

    @given(st.lists(st.sampled_from(["a", "b", "/me a", "//a"])), st.data())
    def test_each_line_is_either_received_or_unsent(
        self, lines: list[str], data: st.DataObject
    ) -> None:
        receipts = Receipts(lambda: 0.0)
        for line in lines:
            receipts.add(line, "tea", is_shown=False)
        arrived = data.draw(st.integers(0, len(lines)))
        received = data.draw(st.integers(0, arrived))
        taken: list[str] = []
        for line in lines[:arrived]:
            is_action = line.startswith("/me")
            text = line.removeprefix("/me ").replace("//", "/")
            if len(taken) == received:
                receipts.lose()
            found = (
                receipts.come_back(text, is_action, "tea")
                if len(taken) < received
                else receipts.recall(text, is_action)
            )
            taken.append(found.line if found else "")
        receipts.lose()
        self.assertEqual(Counter(taken + receipts.take_lost()[0]), Counter(lines))
