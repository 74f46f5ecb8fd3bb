"""Addresses are read as they are written, and count as those who have them count."""

import unittest

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.wire.addresses import (
    canonical,
    counting_key,
    format_address,
    format_network,
    is_local,
    looks_like_address,
    parse_ban,
    split_host_port,
    strip_brackets,
)
from tests import support  # noqa: F401  (for its Hypothesis profile)

HOSTS = ("127.0.0.1", "example.org", "::1", "fe80::1%lo")


class AddressTest(unittest.TestCase):
    def test_only_an_address_of_ipv6_stands_in_brackets(self) -> None:
        self.assertEqual(format_address("127.0.0.1", 80), "127.0.0.1:80")
        self.assertEqual(format_address("example.org", 80), "example.org:80")
        self.assertEqual(format_address("::1", 80), "[::1]:80")

    def test_what_is_written_is_read(self) -> None:
        for host in HOSTS:
            self.assertEqual(split_host_port(format_address(host, 80)), (host, 80))

    def test_what_are_no_brackets_around_an_address_stays(self) -> None:
        for text in ("", "[]", "[*]", "[::1", "::1]", "[example.org]"):
            self.assertEqual(strip_brackets(text), text)

    def test_an_address_has_one_canonical_spelling(self) -> None:
        for text in ("::1", "[::1]", "0:0:0:0:0:0:0:1", "::1%lo", "[0::1]"):
            self.assertEqual(canonical(text), "::1")
        for text in ("198.51.100.7", "::ffff:198.51.100.7", "[::FFFF:198.51.100.7]"):
            self.assertEqual(canonical(text), "198.51.100.7")

    def test_a_name_has_none(self) -> None:
        for text in ("", "alice", "[alice]", "300.1.1.1", "1" * 5000):
            self.assertEqual(canonical(text), "")

    def test_what_people_take_for_an_address_looks_like_one(self) -> None:
        for text in ("10.0.0.1", "300.1.1.1", "010.0.0.1", "::1", "[::1]", "fe80::1%eth0"):
            self.assertTrue(looks_like_address(text), text)
        for text in ("", "alice", "1.2", "1.2.3", "7of9", "a.b.c.d", "re: tea", "1.2.3.4.5"):
            self.assertFalse(looks_like_address(text), text)


class HostAndPortTest(unittest.TestCase):
    def test_a_host_may_stand_alone(self) -> None:
        for host in (*HOSTS, "", "*", "2001:db8::7"):
            self.assertEqual(split_host_port(host), (host, None))
        self.assertEqual(split_host_port("[::1]"), ("::1", None))

    def test_a_port_may_follow(self) -> None:
        self.assertEqual(split_host_port("example.org:0"), ("example.org", 0))
        self.assertEqual(split_host_port("127.0.0.1:65535"), ("127.0.0.1", 65535))
        self.assertEqual(split_host_port(":80"), ("", 80))

    def test_a_bad_port_is_an_error_that_says_so(self) -> None:
        for text in ("h:", "h:x", "h:65536", "h:-1", "h:٣", "[::1]:", "[::1]:99999", "h: 8"):
            with self.subTest(text), self.assertRaises(ValueError) as caught:
                split_host_port(text)
            self.assertIn("a port is a number up to 65535", str(caught.exception))


class CountingTest(unittest.TestCase):
    def test_an_address_of_ipv4_counts_by_itself(self) -> None:
        self.assertEqual(counting_key("198.51.100.7"), "198.51.100.7")
        self.assertEqual(counting_key("::ffff:198.51.100.7"), "198.51.100.7")

    def test_an_address_of_ipv6_counts_as_its_64(self) -> None:
        for host in ("2001:db8:1:2::7", "2001:db8:1:2:ffff::1%eth0", "[2001:db8:1:2::]"):
            self.assertEqual(counting_key(host), "2001:db8:1:2::/64")
        self.assertNotEqual(counting_key("2001:db8:1:3::7"), counting_key("2001:db8:1:2::7"))

    def test_neighbours_on_a_link_are_told_apart(self) -> None:
        self.assertEqual(counting_key("fe80::1%eth0"), "fe80::1/128")
        self.assertNotEqual(counting_key("fe80::1%eth0"), counting_key("fe80::2%eth0"))

    def test_what_is_no_address_counts_by_itself(self) -> None:
        self.assertEqual(counting_key("somewhere"), "somewhere")
        self.assertEqual(counting_key(""), "")

    def test_only_loopback_addresses_are_local(self) -> None:
        for host in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"):
            self.assertTrue(is_local(host), host)
        for host in ("", "localhost", "10.0.0.1", "fe80::1", "::2"):
            self.assertFalse(is_local(host), host)


class BanTest(unittest.TestCase):
    def test_an_address_or_a_network_can_be_banned(self) -> None:
        for text, network in (
            ("198.51.100.7", "198.51.100.7"),
            ("198.51.100.7/32", "198.51.100.7"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("::ffff:10.0.0.1/104", "10.0.0.0/8"),
            ("2001:db8:1:2::7", "2001:db8:1:2::/64"),
            ("[2001:db8:1:2::7]", "2001:db8:1:2::/64"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("2001:db8::7/128", "2001:db8::7/128"),
            ("fe80::1%eth0", "fe80::1/128"),
        ):
            with self.subTest(text):
                found = parse_ban(text)
                assert found is not None
                self.assertEqual(format_network(found), network)

    def test_nothing_else_can(self) -> None:
        for text in ("", "alice", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "/8", "10.0.0.0/8/8"):
            self.assertIsNone(parse_ban(text), text)
        for text in ("300.1.1.1", "::1/129", "::ffff:1.2.3.4/64", "10.0.0.0/٨", "10.0.0.0/0008"):
            self.assertIsNone(parse_ban(text), text)

    @given(st.ip_addresses(), st.integers(min_value=0, max_value=128))
    def test_what_is_listed_is_read_as_the_same(self, address: object, length: int) -> None:
        for text in (str(address), f"{address}/{length}"):
            if (network := parse_ban(text)) is not None:
                self.assertEqual(parse_ban(format_network(network)), network)


if __name__ == "__main__":
    unittest.main()
