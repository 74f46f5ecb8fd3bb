"""The real server over the simulated network, its clients, and the model that watches both.

A driver moves only when it is told to: `turn` for one turn of the server's loop, `settle` until
the server sleeps, `pass_time` for the clock. After each turn the log goes to the model, and then
every client that is not stalled reads and sends what it can.

Invariants, checked after each turn: no rule of the simulated machine was broken; no handler failed;
a connection waits for output exactly while it has some, and none is watched for nothing.

What does not belong here: what to do next (the tests), and what must follow (`model`).
"""

import contextlib
import random
from collections.abc import Callable
from selectors import EVENT_WRITE
from types import SimpleNamespace
from typing import Any, cast
from unittest import mock

from reactor_chat.chat.archive import NoArchive
from reactor_chat.loop.reactor import Reactor
from reactor_chat.net import listener as listener_module
from reactor_chat.net.shared import Limits
from reactor_chat.server.server import Server
from reactor_chat.server.settings import Settings
from tests.sim.client import Client
from tests.sim.clock import Clock
from tests.sim.model import ENDING, Model, Person
from tests.sim.network import Network
from tests.sim.process import CALM, DESCRIPTOR_LIMIT, Faults, Process
from tests.sim.selector import Asleep, Selector

HERE = ("127.0.0.1", 56040)
CAPACITY = 1024  # Bytes of each socket buffer: a few lines, so that they fill at once.
# Small for the same reason; in the same proportion to each other as the server's own.
LIMITS = Limits(backlog=4096, hold=1024)
EPOCH = "0123abcd"
TIME = 1_000_000.0  # when everything is said
ENOUGH_TURNS = 20_000  # Without sleeping: whoever needs more is spinning.


class Driver:
    """A server that listens, on a machine of its own with `faults` and `limit` descriptors."""

    def __init__(
        self,
        rng: random.Random,
        faults: Faults = CALM,
        settings: Settings | None = None,
        limit: int = DESCRIPTOR_LIMIT,
    ) -> None:
        self.clock = Clock()
        self.network = Network()
        self.model = Model()
        self.process = Process(rng, faults, limit)
        self.outside = Process(rng, CALM, limit=100_000)
        self.settings = settings or Settings(rate=0, limits=LIMITS)
        self.selector = Selector(self.process)
        self.reactor = Reactor(self.selector, self.clock)
        self.clients: list[Client] = []
        self.log: list[str] = []
        self.failures: list[tuple[str, Exception]] = []
        self._unread_log: list[str] = []
        self._cleanup = contextlib.ExitStack()
        self._cleanup.enter_context(mock.patch.object(listener_module, "os", self._os()))
        # So that lines are left out and sent in parts where few of them wait.
        self._cleanup.enter_context(mock.patch("reactor_chat.net.audience._TRIM_STEP", 0))
        self._cleanup.enter_context(mock.patch("reactor_chat.net.gathering.CHUNK", 2 * CAPACITY))
        log, archive = _Log(self), NoArchive(lambda: EPOCH)
        self.server = Server(self.reactor, self.settings, log, archive, clock=lambda: TIME)
        sock = self.network.listen(self.process, HERE, backlog=4096, capacity=CAPACITY)
        self.listener = self.server.listen(cast(Any, sock))

    def close(self) -> None:
        """Give back what was patched."""
        self._cleanup.close()

    # What happens

    def connect(self) -> Client:
        number = len(self.clients)
        host = f"10.0.{number // 250}.{number % 250}"
        stream = self.network.connect(self.outside, HERE, host, CAPACITY)
        client = Client(self.model, self.clock, self.settings.limits.stall, stream, host)
        self.clients.append(client)
        return client

    def operate(self, line: str) -> list[str]:
        """The operator types a line that neither speaks nor puts anybody out; gives the answer."""
        return self._type(line, lambda answer: None)

    def broadcast(self, text: str) -> None:
        """Not while somebody has too much waiting: whom that skips is tested elsewhere."""
        if any(session.connection.full for session in self.server.sessions):
            return
        self._type(text, lambda answer: self.model.broadcast(text, self._present()))

    def say_in_room(self, room: str, text: str) -> None:
        self._type(
            f"/say {room} {text}",
            lambda answer: None if answer else self.model.said_by_operator(room, text),
        )

    def kick(self, client: Client, reason: str = "") -> None:
        person = client.person
        last_word = f"-> You were kicked{reason and ': ' + reason}.\n"

        def follow(answer: list[str]) -> None:
            if answer == [f"{person.name} was kicked."]:
                self.model.kicked(person, last_word)

        self._type(f"/kick {person.name} {reason}", follow, person)

    def _type(
        self, line: str, follow: Callable[[list[str]], None], put_out: Person | None = None
    ) -> list[str]:
        """Type in the middle of a turn, after what was ready in it; `follow` tells the model."""
        answers: list[str] = []

        def act() -> None:
            self._read_log()
            self.model.puts_out(put_out)
            answers.extend(self.server.operator.receive(line))
            self._read_log()
            self.model.puts_out(None)
            follow(answers)

        self.reactor.call_soon(self.server, act)
        self.turn()
        return answers

    def _present(self) -> set[str]:
        return {member.name for member in self.server.chat.people}

    def shut_down(self) -> None:
        self.model.shut_down()
        self.server.on_ending = lambda: self.on_event(ENDING + "\0".join(sorted(self._present())))
        self.server.shut_down()

    def turn(self, patience: float | None = 0) -> None:
        """One turn of the server. Raises Asleep if it would sleep longer than `patience`."""
        self.reactor.turn(patience)
        self.check()
        self.pump()

    def settle(self) -> float | None:
        """Let everybody act until the server sleeps; for how long it would (None: for ever)."""
        for _ in range(ENOUGH_TURNS):
            try:
                self.turn(None)
            except Asleep as sleep:
                if not self.pump():
                    return sleep.timeout
        raise AssertionError("the server spins")

    def pass_time(self, seconds: float) -> None:
        """Let the clock go, stopping wherever the server has something to do."""
        until = self.clock() + seconds
        while (timeout := self.settle()) is not None and self.clock() + timeout <= until:
            self.clock.advance(timeout)
        self.clock.advance(max(0.0, until - self.clock()))
        self.settle()

    def rest(self, most: float = 3600) -> None:
        """Let the clock go until the server would sleep for ever."""
        until = self.clock() + most
        while (timeout := self.settle()) is not None:
            assert self.clock() < until, "the server never comes to rest"
            self.clock.advance(timeout)

    # What must hold

    def check(self) -> None:
        assert not self.process.violations, self.process.violations
        if self.failures:
            raise self.failures.pop()[1]
        self._read_log()
        watched = self.selector.get_map()
        for session in self.server.sessions:
            connection = session.connection
            key = watched.get(connection.fd)
            waits = bool(key and key.events & EVENT_WRITE)
            assert waits == connection.blocked, f"{session.member.name}: {key}"

    def assert_settled(self) -> None:
        """Everybody who reads and is not held back has had everything, up to now."""
        for client in self.clients:
            if client.stalled_since is None and client.person.name and not client.end:
                client.assert_complete()

    def assert_empty(self) -> None:
        """Nobody is left, and nothing of them."""
        assert not self.server.sessions, "somebody is still here"
        assert not len(self.server.chat.people), "somebody is still in the chat"
        # At the end of the server nobody is told any more who left which room.
        assert self.model.ending or not len(self.server.chat.rooms), "a room is still there"
        for client in self.clients:
            self._assert_farewell(client)
        lossy = {client.person for client in self.clients if client.vanished or client.excused}
        self.model.assert_private_complete(lambda person: person in lossy)

    def _assert_farewell(self, client: Client) -> None:
        if client.person.name:
            client.assert_complete()
            in_order = client.end == "end" or client.vanished or client.excused
            assert in_order, f"the goodbye to {client.host} was a reset"
        else:
            is_aborted = bool(self.process.faults.aborted) or self.model.ending
            is_full = self.model.most >= self.settings.max_clients or self.model.shortages > 0
            client.assert_refused(is_aborted, is_full)

    def pump(self) -> bool:
        """Let every client read and send; tell whether anything moved."""
        moved = [client.pump() for client in self.clients]
        return any(moved)

    # What the server sees of the machine

    def _os(self) -> SimpleNamespace:
        """The part of `os` with which the listener keeps a spare descriptor."""
        return SimpleNamespace(
            devnull="/dev/null",
            O_RDONLY=0,
            O_CLOEXEC=0,
            open=lambda path, flags: self.process.open(_DevNull()),
            close=self.process.close,
        )

    def on_said(self, lines: list[str]) -> None:
        """Take down what was said; a test may make this fail."""
        self._unread_log += lines

    def on_event(self, text: str) -> None:
        """Take down what happened; a test may make this fail, too."""
        self._unread_log.append(text)

    def on_failure(self, who: str, error: Exception) -> None:
        self.failures.append((who, error))

    def _read_log(self) -> None:
        # Not from within the server, which would take a failed assertion for a defect of its own.
        entries, self._unread_log[:] = self._unread_log[:], ()
        self.log += entries
        for entry in entries:
            self.model.logged(entry)


class _Log:
    """The server's log, as the model reads it."""

    quiet = False

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def event(self, kind: str, text: str, by: str = "", **fields: str) -> None:
        self._driver.on_event(text)

    def said(self, by: str, name: str, room: str, block: bytes) -> None:
        if not by:
            return  # the operator's: the model is told by whoever types
        place = f"[{room}] " if room else f"{name}: "
        self._driver.on_said([place + line for line in block.decode().split("\n")[:-1]])

    def failure(self, who: str, error: Exception) -> None:
        self._driver.on_failure(who, error)

    def enter(self, by: str, source: str) -> None:
        """Who is here follows from the events."""

    def forget(self, by: str) -> None:
        """So does who is gone."""


class _DevNull:
    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True
