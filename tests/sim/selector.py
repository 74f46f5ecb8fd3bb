"""What is ready in the simulation: a `selectors.BaseSelector` over simulated descriptors.

Invariants: level-triggered, as epoll is in `selectors`; only open descriptors are watched, each
for reading, writing or both, never for neither (epoll reports a hang-up even then, and a loop
that watches for nothing spins); the order of what is ready is drawn from the process's luck.

It never sleeps. Where a real selector would, `on_idle` is called with the timeout: it may move
the clock, let a peer speak, or leave by raising. Without one, `Asleep` is raised.

What does not belong here: deciding what happens while the program sleeps.
"""

from collections.abc import Callable, Mapping
from selectors import EVENT_READ, EVENT_WRITE, BaseSelector, SelectorKey
from types import MappingProxyType
from typing import Any, NoReturn

from tests.sim.process import Descriptor, Process

Ready = list[tuple[SelectorKey, int]]


class Asleep(BaseException):
    """Nothing is ready and the program would sleep. No fault of it, so not an Exception."""

    def __init__(self, timeout: float | None) -> None:
        super().__init__("for ever" if timeout is None else f"for {timeout} s")
        self.timeout = timeout


def wake_nobody(timeout: float | None) -> NoReturn:
    raise Asleep(timeout)


class Selector(BaseSelector):
    """Watches `process`'s descriptors, which are given as integers."""

    def __init__(
        self, process: Process, on_idle: Callable[[float | None], object] = wake_nobody
    ) -> None:
        self.on_idle = on_idle
        self.selects = 0  # How often the program asked: a spin shows here.
        self._process = process
        self._keys: dict[int, SelectorKey] = {}
        self._things: dict[int, Descriptor] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> SelectorKey:
        self._check(fileobj, events)
        if fileobj in self._keys:
            self._process.broke(f"descriptor {fileobj} was registered twice")
        self._things[fileobj] = self._process.watch(fileobj)
        key = SelectorKey(fileobj, fileobj, events, data)
        self._keys[fileobj] = key
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> SelectorKey:
        self._check(fileobj, events)
        self._check_known(fileobj, "modified")
        key = SelectorKey(fileobj, fileobj, events, data)
        self._keys[fileobj] = key
        return key

    def unregister(self, fileobj: Any) -> SelectorKey:
        self._check_known(fileobj, "unregistered")
        self._process.unwatch(fileobj)
        del self._things[fileobj]
        return self._keys.pop(fileobj)

    def select(self, timeout: float | None = None) -> Ready:
        self.selects += 1
        ready = self._ready()
        if not ready and (timeout is None or timeout > 0):
            self.on_idle(timeout)
            ready = self._ready()
        return self._process.in_any_order(ready)

    def close(self) -> None:
        """Idempotent. What is still registered is let go, as closing an epoll descriptor does."""
        for fd in self._keys:
            self._process.unwatch(fd)
        self._keys.clear()
        self._things.clear()

    def get_map(self) -> Mapping[Any, SelectorKey]:
        return MappingProxyType(self._keys)

    def _ready(self) -> Ready:
        ready = []
        for key in self._keys.values():
            thing = self._things[key.fd]
            events = EVENT_READ * thing.readable() | EVENT_WRITE * thing.writable()
            if events & key.events:
                ready.append((key, events & key.events))
        return ready

    def _check(self, fd: object, events: int) -> None:
        if not isinstance(fd, int):
            self._process.broke(f"{fd!r} was given to the selector: only integers may be")
        if not events or events & ~(EVENT_READ | EVENT_WRITE):
            self._process.broke(f"descriptor {fd} is watched for the events {events}")

    def _check_known(self, fd: int, what: str) -> None:
        if fd not in self._keys:
            self._process.broke(f"descriptor {fd} was {what}, but is not registered")
