"""A server of one member, who says all it can: `python -m tests.store.speaker FILE`.

It prints the epoch, and then the number of the last line that was delivered, each time that some
were: what a member could have read by then. Reading it slowly makes it slow.
"""

import sys
import time

from reactor_chat.loop.reactor import Handler, Reactor
from reactor_chat.store.client import Store

# In each turn. Their texts differ, so that a line which is there twice is seen.
LINES = 20


class Speaker(Handler):
    def __init__(self, reactor: Reactor, store: Store) -> None:
        super().__init__(-1)
        self._reactor = reactor
        self._store = store
        self._last = next((room.last for room in store.snapshot.rooms), 0)
        self._waits = False  # what was said must not be delivered yet
        store.on_drained = self._deliver
        reactor.call_soon(self, self._speak)

    def _speak(self) -> None:
        if not self._waits and not self._store.busy:
            first = self._last + 1
            self._last += LINES
            block = "".join(f"alice: {number}\n" for number in range(first, self._last + 1))
            self._store.keep("tea", first, time.time_ns() // 1_000_000, block.encode())
            self._waits = True
            if self._store.flush():
                self._deliver()
        self._reactor.call_later(0.0001, self, self._speak)

    def _deliver(self) -> None:
        if self._waits:
            self._waits = False
            print(self._last, flush=True)


def _ignore(line: str) -> None:
    """Nobody reads the log."""


def _fail(error: Exception) -> None:
    raise error


def main() -> None:
    reactor = Reactor()
    store = Store(reactor, sys.argv[1], log=_ignore, failure=_fail)
    print(store.snapshot.epoch, flush=True)
    Speaker(reactor, store)
    reactor.run()


if __name__ == "__main__":
    main()
