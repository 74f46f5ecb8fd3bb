"""Whoever calls from a banned network is refused, and nobody else is."""

import unittest
from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.chat.bans import BanList
from reactor_chat.wire.addresses import Network, parse_ban
from tests import support  # noqa: F401  (for its Hypothesis profile)

NETWORKS = ("10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "0.0.0.0/1", "2001:db8::/32", "2001:db8::7")
HOSTS = ("10.1.2.3", "10.1.2.4", "10.9.9.9", "11.0.0.1", "203.0.113.1", "2001:db8::7", "2001:db9::")


def network(text: str) -> Network:
    found = parse_ban(text)
    assert found is not None, text
    return found


class BanListTest(unittest.TestCase):
    def setUp(self) -> None:
        self.bans = BanList()

    def test_nobody_is_banned_at_first(self) -> None:
        self.assertFalse(self.bans.bans("10.0.0.1"))
        self.assertEqual((len(self.bans), self.bans.texts()), (0, []))

    def test_a_ban_is_added_once_and_removed_once(self) -> None:
        self.assertEqual([self.bans.add(network("10.0.0.1")) for _ in range(2)], [True, False])
        self.assertEqual([self.bans.remove(network("10.0.0.1")) for _ in range(2)], [True, False])
        self.assertFalse(self.bans.bans("10.0.0.1"))

    def test_a_banned_network_bans_its_addresses_however_they_are_spelled(self) -> None:
        self.bans.add(network("10.0.0.0/8"))
        self.bans.add(network("2001:db8:1:2::7"))
        for host in ("10.255.0.1", "::ffff:10.0.0.1", "2001:db8:1:2:3::4", "2001:db8:1:2::8%eth0"):
            self.assertTrue(self.bans.bans(host), host)
        for host in ("11.0.0.1", "2001:db8:1:3::7", "", "alice"):
            self.assertFalse(self.bans.bans(host), host)

    def test_a_part_of_a_banned_network_cannot_be_let_in(self) -> None:
        self.bans.add(network("10.0.0.0/8"))
        self.assertFalse(self.bans.remove(network("10.0.0.1")))
        self.assertTrue(self.bans.bans("10.0.0.1"))

    def test_bans_are_listed_in_the_order_of_their_addresses(self) -> None:
        for text in ("2001:db8::7", "10.0.0.9", "9.0.0.0/8", "10.0.0.10"):
            self.bans.add(network(text))
        self.assertEqual(self.bans.texts(), ["9.0.0.0/8", "10.0.0.9", "10.0.0.10", "2001:db8::/64"])

    @given(st.lists(st.tuples(st.booleans(), st.sampled_from(NETWORKS)), max_size=12))
    def test_an_address_is_banned_while_a_network_that_has_it_is(
        self, changes: list[tuple[bool, str]]
    ) -> None:
        bans, banned = BanList(), set[Network]()
        for ban, text in changes:
            one = network(text)
            self.assertEqual(bans.add(one) if ban else bans.remove(one), (one in banned) != ban)
            banned = banned | {one} if ban else banned - {one}
        self.assertEqual(len(bans), len(banned))
        for host in HOSTS:
            address = ip_address(host)
            self.assertEqual(bans.bans(host), any(address in one for one in banned), host)


if __name__ == "__main__":
    unittest.main()
