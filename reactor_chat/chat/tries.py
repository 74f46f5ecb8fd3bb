"""How many wrong passwords an address may still send.

Invariants:
- A try is counted before it is worked on, or a thousand connections could ask at once. If it was
  not a wrong one, it is taken back.
- Each step looks at the address in question and at the oldest ones, however many there are.
- Nothing is known of an address whose last try is a minute old, and of no more than `MOST` at all.

Not here: what a try is, and what becomes of who is barred (`accounts`).
"""

from collections import OrderedDict
from typing import Final

A_MINUTE: Final = 20  # from one address: a household's mistakes
_MINUTE: Final = 60.0

# Addresses: each try takes a keeper 50 ms, so that a minute has 1,200 that were worked on.
MOST: Final = 10_000


class Tries:
    """The latest tries of each address, the address with the longest silence first."""

    def __init__(self) -> None:
        self._times: OrderedDict[str, list[float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._times)

    def is_barred(self, address: str, now: float) -> bool:
        """Return whether the address has had all its tries of the minute."""
        times = self._times.get(address, [])
        return len(times) >= A_MINUTE and times[0] > now - _MINUTE

    def count(self, address: str, now: float) -> None:
        """Count a try."""
        times = self._times.setdefault(address, [])
        self._times.move_to_end(address)
        times.append(now)
        del times[:-A_MINUTE]
        self._forget(now)

    def take_back(self, address: str) -> None:
        """The last try was no wrong password."""
        times = self._times.get(address)
        if times:
            times.pop()
        if times == []:
            del self._times[address]

    def _forget(self, now: float) -> None:
        while len(self._times) > MOST or next(iter(self._times.values()))[-1] < now - _MINUTE:
            self._times.popitem(last=False)
