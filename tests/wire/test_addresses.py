"""Addresses are read as they are written."""

import unittest

from reactor_chat.wire.addresses import canonical, format_address, strip_brackets


class AddressTest(unittest.TestCase):
    def test_only_an_address_of_ipv6_stands_in_brackets(self) -> None:
        self.assertEqual(format_address("127.0.0.1", 80), "127.0.0.1:80")
        self.assertEqual(format_address("example.org", 80), "example.org:80")
        self.assertEqual(format_address("::1", 80), "[::1]:80")

    def test_what_is_written_is_read(self) -> None:
        for host in ("127.0.0.1", "example.org", "::1", "fe80::1%lo"):
            self.assertEqual(strip_brackets(format_address(host, 80).rpartition(":")[0]), host)

    def test_what_are_no_brackets_around_an_address_stays(self) -> None:
        for text in ("", "[]", "[*]", "[::1", "::1]", "[example.org]"):
            self.assertEqual(strip_brackets(text), text)

    def test_an_address_has_one_canonical_spelling(self) -> None:
        for text in ("::1", "[::1]", "0:0:0:0:0:0:0:1", "::1%lo", "[0::1]"):
            self.assertEqual(canonical(text), "::1")
        for text in ("198.51.100.7", "::ffff:198.51.100.7", "[::FFFF:198.51.100.7]"):
            self.assertEqual(canonical(text), "198.51.100.7")

    def test_a_name_has_none(self) -> None:
        for text in ("", "alice", "[alice]", "300.1.1.1"):
            self.assertEqual(canonical(text), "")
