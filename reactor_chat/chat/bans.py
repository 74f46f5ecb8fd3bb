"""Which networks may not call: the operator's bans.

Networks are kept by the length of their prefix, so a caller costs one look-up for each length in
use, however many bans there are. That matters when thousands are banned because thousands call.

Invariants:
- A ban is of a network, never of a name: names are free to take.
- Every spelling of an address means the same ban (see `wire.addresses`).

Not here: who is banned and why, keeping bans across a restart, putting people out.
"""

from reactor_chat.wire.addresses import Network, format_network, parse_address


class BanList:
    """A set of networks that can tell whether an address is in one of them."""

    def __init__(self) -> None:
        # By version and length of prefix; then by the prefix, as a number.
        self._networks: dict[tuple[int, int], dict[int, Network]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._networks.values()))

    def add(self, network: Network) -> bool:
        """Ban a network; return whether it was not banned already."""
        alike = self._networks.setdefault((network.version, network.prefixlen), {})
        prefix = int(network.network_address)
        new = prefix not in alike
        alike[prefix] = network
        return new

    def remove(self, network: Network) -> bool:
        """Undo the ban of that very network; return whether there was one."""
        kind = network.version, network.prefixlen
        alike = self._networks.get(kind, {})
        found = alike.pop(int(network.network_address), None) is not None
        if found and not alike:
            del self._networks[kind]
        return found

    def bans(self, host: str) -> bool:
        """Return whether a caller from `host` is to be refused."""
        return bool(self._networks) and self._covers(host)

    def texts(self) -> list[str]:
        """Return the canonical texts of all bans, sorted by address; `parse_ban` reads them."""
        networks = [one for alike in self._networks.values() for one in alike.values()]
        networks.sort(key=lambda one: (one.version, int(one.network_address), one.prefixlen))
        return [format_network(one) for one in networks]

    def _covers(self, host: str) -> bool:
        address = parse_address(host)
        if address is None:
            return False
        number, bits = int(address), address.max_prefixlen
        for (version, length), alike in self._networks.items():
            rest = bits - length
            if version == address.version and number >> rest << rest in alike:
                return True
        return False
