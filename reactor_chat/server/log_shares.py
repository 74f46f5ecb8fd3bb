"""What the log takes of one client, in lines, and of all clients from one source, in bytes.

Both are token buckets. A client has its own share of lines. What the log makes of them is charged
to the volume of its source, which is as large as what a single client fills with the longest lines
of plain text: a hundred connections take no more than that. Without it, a hundred that said nothing
but long lines wrote 40 MB a second. Who is alone meets it only with lines that grow on their way:
three bytes stand for a control character, two for a quotation mark in JSON.

Invariants:
- A volume is charged for the bytes that the log writes. It was charged for those that are said, and
  2,000 clients that said a letter a line made 25 MB of JSON a second of it.
- They are charged once they are formatted, so that what is refused costs no formatting. That makes
  a debt of one block, or of the ends of those who were there; it is paid by waiting.
- What was refused is counted in the client's share until the count is told.
- A share is forgotten only when nothing is missing from it nor from its volume: otherwise whoever
  came back would begin anew.

Not here: what is logged, and when counts are told (`event_log`).
"""

from collections.abc import Iterator
from itertools import chain, islice
from typing import Final

from reactor_chat.chat.rate import Bucket
from reactor_chat.wire.framing import MAX_LINE

BURST: Final = 10  # seconds' worth at once: a page that is pasted, somebody who tidies up
# Bytes of a line of the log. With a name and a room of 24 letters, of four bytes each, an object of
# JSON has 300 beside the text.
_LONGEST: Final = MAX_LINE + 512


class Volume:
    """What the log takes of one source, for a rate in lines.

    The bucket is one time stamp: it holds what has flowed in from `spent_until` until now, and
    taking bytes moves `spent_until` forward. In a debt, that is the time when it is paid. It is no
    `Bucket`, which counts whole lines exactly: here one comparison, for each message, will do.
    """

    __slots__ = ("__weakref__", "_seconds_a_byte", "spent_until")

    def __init__(self, rate: float, now: float) -> None:
        self.spent_until = now - BURST
        self.resize(rate)

    def resize(self, rate: float) -> None:
        """Go by another rate from now on."""
        self._seconds_a_byte = 1 / (rate * _LONGEST)

    def charge(self, size: int, now: float) -> None:
        """Count bytes that the log has written."""
        start = self.spent_until
        if start < now - BURST:
            start = now - BURST
        self.spent_until = start + size * self._seconds_a_byte

    def is_whole(self, now: float) -> bool:
        """Return whether nothing is missing."""
        return self.spent_until <= now - BURST


class Share(Bucket):
    """What the log takes of somebody, in lines, and the count of what it refused."""

    __slots__ = ("begun", "left_out", "of", "own", "told", "volume")

    def __init__(
        self,
        of: str,
        rate: float,
        now: float,
        volume: Volume | None = None,
        seconds: float = BURST,
    ) -> None:
        super().__init__(rate, now, seconds)
        self.own = of  # what the count calls that which its owner leaves out: "lines by Client 2"
        self.of = of  # what this count calls it: others may have begun it
        self.volume = volume or Volume(rate, now)
        self.left_out = 0
        self.begun = True  # whether it was told that the client came
        self.told = ""  # the text of the last event that was left out, where that is to be told

    def take(self, lines: int, now: float) -> int:
        """Return how many of so many lines the log takes now, and count the others.

        Not to be asked while a count waits: the count is to stand where lines are missing.
        """
        if self.volume.spent_until > now:
            self.left_out += lines
            return 0
        level = self.level(now)
        taken = lines if level >= lines else max(0, int(level))
        self.charge(taken)
        self.left_out += lines - taken
        return taken

    def settle(self, now: float) -> int:
        """Return the count, to be told now and not again; 0 if there is no room even for it."""
        if not self.left_out or self.volume.spent_until > now or not self.affords(1, now):
            return 0
        self.charge(1)
        counted, self.left_out = self.left_out, 0
        return counted

    def overdraw(self, now: float) -> int:
        """Return the count, to be told now and not again, and make up for it later."""
        self.level(now)  # so that what has come in until now counts
        self.charge(2)  # the count, and what follows it
        counted, self.left_out = self.left_out, 0
        return counted

    def hand_over(self, own: str, shared: str) -> None:
        """Have another owner from now on; a count that was begun is of both of them."""
        self.own = own
        self.of = shared if self.left_out else own

    def is_whole(self, now: float) -> bool:
        """Return whether there is nothing to remember about it."""
        return not self.left_out and self.is_full(now) and self.volume.is_whole(now)

    def resize(self, rate: float) -> None:
        """Go by another rate from now on."""
        super().resize(rate)
        self.volume.resize(rate)


class LeftBehind:
    """Shares whose clients have gone, by source, until nothing is missing from them.

    All are looked at in turn, two sources for each client that goes: so there are at most about
    twice as many as those from which something is missing.
    """

    __slots__ = ("_shares",)

    def __init__(self) -> None:
        self._shares: dict[str, list[Share]] = {}  # those that are looked at next stand first

    def __iter__(self) -> Iterator[Share]:
        return chain.from_iterable(self._shares.values())

    def keep(self, source: str, share: Share, now: float) -> None:
        """Keep the share of a client that has gone, and forget others that are whole again."""
        if not share.is_whole(now):
            self._shares.setdefault(source, []).append(share)
        for first in list(islice(self._shares, 2)):
            shares = self._shares.pop(first)
            if not all(one.is_whole(now) for one in shares):
                self._shares[first] = shares

    def pick_up(self, source: str) -> Share | None:
        """Return a share that was left by a client from this source, for another from there."""
        shares = self._shares.get(source)
        if not shares:
            return None
        if len(shares) == 1:
            del self._shares[source]
        return shares.pop()
