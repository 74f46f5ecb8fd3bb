"""What a person may write for HOST."""

import unittest

from reactor_chat.client.destination import parse_destination


class DestinationTest(unittest.TestCase):
    def test_a_host_has_the_port_that_goes_with_it_or_the_other(self) -> None:
        for text, expected in {
            "localhost": ("localhost", 56040, False),
            "localhost:5000": ("localhost", 5000, False),
            "::1": ("::1", 56040, False),
            "[::1]": ("::1", 56040, False),
            "[::1]:5000": ("::1", 5000, False),
            "chat://example.org": ("example.org", 56040, False),
            "chats://example.org:5000/": ("example.org", 5000, True),
            "CHATS://[::1]:5000": ("::1", 5000, True),
        }.items():
            self.assertEqual(parse_destination(text), expected, text)

    def test_a_port_may_stand_elsewhere_if_it_is_the_same(self) -> None:
        self.assertEqual(parse_destination("localhost", 1).port, 1)
        self.assertEqual(parse_destination("localhost:1", 1).port, 1)
        with self.assertRaises(ValueError):
            parse_destination("localhost:2", 1)

    def test_tls_may_be_asked_for_otherwise(self) -> None:
        self.assertTrue(parse_destination("localhost", None, True).tls)
        self.assertTrue(parse_destination("chat://localhost", None, True).tls)

    def test_what_cannot_be_meant_is_refused_with_words(self) -> None:
        for text in ("http://localhost", "localhost:port", "localhost:99999", "chat://", ":5000"):
            with self.subTest(text=text), self.assertRaises(ValueError) as caught:
                parse_destination(text)
            self.assertTrue(str(caught.exception))
