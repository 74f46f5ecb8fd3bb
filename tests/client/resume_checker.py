"""People in one room who are cut off again and again, and what each of them has seen.

Each speaks, reads with tags, and after every loss asks for what was said since its last line. Its
view is checked line by line as it comes: a number that is not the next one fails at once. In the
end all views are held against the file. So is the view of one who sits at a terminal.

Every fourth calls through a relay, and so does the one at the terminal: at times the relay drops
all that passes, says nothing, and hangs up after a while.

A long run: `python -m tests.client.resume_checker SECONDS PEOPLE KILLS SEED`.

Not here: the relay (`relay`), the client at a terminal (`onlooker`).
"""

import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from tests.client.onlooker import NAME, Onlooker
from tests.client.relay import Pair, Relay
from tests.processes import PATIENCE, Client, Process, Sources

ROOM = "tea"
_NO_NEWS = ("-> Lines carry tags now.", "-> Since then:", "* The server is shutting down.")
_LONGEST_PAUSE = 30.0  # seconds between two attempts of a client at a terminal
_HOLES = 5  # relayed connections at most in which everything is lost
_ABANDONED = 40  # connections at most from which nobody reads any more


class Said(NamedTuple):
    """One line as it was read."""

    number: int
    time: str
    text: str
    name: str

    @property
    def line(self) -> str:
        """It as it is read without tags."""
        return f"{self.name}: {self.text}"


class Person:
    """Somebody who wants to see every line once, over any number of connections."""

    def __init__(self, sources: Sources, name: str) -> None:
        self._sources = sources
        self.name = name
        self.view: list[Said] = []
        self.epoch = ""
        self.returned = False  # all that was asked for after a loss has come
        self.pending = ""  # what was said and has not come back
        self.accepted = 0
        self.unsent = 0
        self._spoken = 0
        self.client: Client | None = None

    @property
    def last(self) -> int:
        """The number of the last line that was seen."""
        return self.view[-1].number if self.view else 0

    def connect(self, port: int) -> None:
        """Come in, or come back."""
        self.client = Client(self._sources, port)
        self.returned = False
        enter = f"/resume {ROOM} {self.epoch}-{self.last}" if self.epoch else f"/join {ROOM}"
        self.client.say("/tags on", enter, "/whoami")

    def speak(self) -> None:
        """Say something that was never said before, if what was said last has come back."""
        if self.client and self.returned and not self.pending:
            self._spoken += 1
            self.pending = f"{self.name}-{self._spoken}"
            self.client.say(self.pending)

    def lose(self, how: str) -> Client | None:
        """Lose the connection; return it if it stays open, with nobody who reads from it."""
        client, self.client = self.client, None
        if client is None:
            return None
        if how == "abandon":
            self._sources.remove(client)
            return client
        client.reset() if how == "reset" else client.close()
        return None

    def read(self) -> None:
        """Look at what has come."""
        if self.client is None:
            return
        lines, self.client.lines[:] = self.client.lines[:], []
        for line in lines:
            self._hear(line)

    def read_to_end(self) -> None:
        """The server is gone: look at what it had sent by then."""
        if self.client is not None:
            self._sources.wait(lambda: self.client is None or self.client.ended, "the end")
            self.read()
            self.lose("close")

    def _hear(self, line: str) -> None:
        head, _, text = line.partition(" ")
        tags = dict(pair.split("=", 1) for pair in head[1:].split(";"))
        if "id" in tags:
            epoch, _, number = tags["id"].partition("-")
            self._see(epoch, int(number), tags["time"], text)
        elif text.startswith("-> You joined"):
            if not self.epoch:
                assert tags["last"].endswith("-0"), line
                self.epoch = tags["last"].partition("-")[0]
        elif text.startswith("-> You are "):
            self.returned = True
            self.unsent += bool(self.pending)
            self.pending = ""
        else:
            assert text in _NO_NEWS or text.startswith(("* Client ", f"* {NAME} ")), line

    def _see(self, epoch: str, number: int, time: str, text: str) -> None:
        assert epoch == self.epoch, f"{self.name}: {epoch} after {self.epoch}"
        assert number == self.last + 1, f"{self.name}: {number} after {self.last}: {text}"
        name, _, said = text.partition(": ")
        self.view.append(Said(number, time, said, name))
        if self.pending and self.view[-1].text == self.pending:
            self.accepted += 1
            self.pending = ""


class Checker:
    """A server on a file, people in a room, and what happens to them."""

    def __init__(self, people: int, seed: int, path: Path) -> None:
        self.rng = random.Random(seed)
        self.path = path
        self.sources = Sources()
        self.relay, self.own_relay = Relay(self.sources), Relay(self.sources)
        self.start()
        self.people = [Person(self.sources, f"p{number}") for number in range(people)]
        self._relayed = set(self.people[::4])
        self._abandoned: list[Client] = []
        self._holes: list[Pair] = []
        self.onlooker = Onlooker(self.sources, self.own_relay.port, ROOM)
        self.happened: dict[str, int] = {}

    def start(self) -> None:
        """Start a server on the file."""
        self.server = Process(self.sources, "--data", str(self.path), "--rate", "0", "--quiet")
        self._port = self.relay.target = self.own_relay.target = self.server.port

    def connect(self, person: Person) -> None:
        """Let somebody come in, or come back."""
        person.connect(self.relay.port if person in self._relayed else self._port)

    def close(self) -> None:
        """End all of it."""
        for person in self.people:
            person.lose("close")
        while self._abandoned:
            self._abandoned.pop().close()
        self.onlooker.close()
        self.relay.close()
        self.own_relay.close()
        self.server.close()

    def gather(self) -> None:
        """Let everybody in before anything is said."""
        for person in self.people:
            self.connect(person)
        self.wait(lambda: all(person.returned for person in self.people), "all are in the room")
        self.wait(lambda: self.onlooker.shows("in tea."), "the one at the terminal is")

    def wait(
        self, done: Callable[[], object], what: str, patience: float = 2 * PATIENCE
    ) -> None:
        """Read until something is true."""
        deadline = time.monotonic() + patience
        while not done():
            assert time.monotonic() < deadline, f"this never came true: {what}"
            self.step(0.05)

    def step(self, patience: float = 0.0) -> None:
        """Read what has come; whoever was cut off by then comes back."""
        self.sources.take_in(patience)
        self.relay.flush()
        self.own_relay.flush()
        for person in self.people:
            person.read()
            if person.client is not None and person.client.ended:
                person.lose("close")
            if person.client is None and self.rng.random() < 0.5:
                self.connect(person)

    def talk(self) -> None:
        """Let some people speak, and everybody read."""
        for person in self.rng.sample(self.people, max(1, len(self.people) // 4)):
            person.speak()
        if self.rng.random() < 0.2:
            self.onlooker.speak()
        self.step(0.002)

    def cut_off(self) -> None:
        """Somebody loses the connection in one of the ways in which that happens."""
        how = self.rng.choice(["close", "reset", "abandon", "swallow"])
        self._count(how)
        if how == "swallow":
            self._swallow()
            return
        open_one = self.rng.choice(self.people).lose(how)
        if open_one:
            self._abandoned.append(open_one)
        if len(self._abandoned) > _ABANDONED:
            self._abandoned.pop(0).close()

    def _swallow(self) -> None:
        """From now on a relay drops all that passes; the first who had that is hung up on."""
        relay = self.own_relay if self.rng.random() < 0.3 else self.relay
        if relay.pairs:
            hole = self.rng.choice(relay.pairs)
            hole.swallows = True
            self._holes.append(hole)
        if len(self._holes) > _HOLES:
            self._holes.pop(0).end(reset=self.rng.random() < 0.5)

    def _end_holes(self) -> None:
        while self._holes:
            self._holes.pop().end(reset=self.rng.random() < 0.5)

    def kill_server(self) -> None:
        """Kill it, hold what was read against the file, and start another on that."""
        self._end_holes()  # or who is in one would never read the end
        self._count("server killed")
        self.server.kill(signal.SIGKILL)
        self.server.popen.wait(PATIENCE)
        for person in self.people:
            person.read_to_end()
        self.server.close()
        self.start()  # this waits for the keeper of the one before
        self.check_views()

    def end_server(self) -> None:
        """End it in order; its keeper has ended, too, by then."""
        self._end_holes()
        self._count("server ended")
        self.server.kill(signal.SIGTERM)
        assert self.server.exit_status() == 0
        for person in self.people:
            person.read_to_end()
        self.server.close()
        self.check_views()
        self.start()

    def kill_keeper(self) -> None:
        """Kill the process that writes the file, and see that there is another."""
        self._count("keeper killed")
        (keeper,) = self._keepers()
        os.kill(int(keeper), signal.SIGKILL)
        self.wait(lambda: self._keepers() not in ([], [keeper]), "there is another keeper")

    def _keepers(self) -> list[str]:
        pid = self.server.pid
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()

    def check_views(self) -> list[Said]:
        """Hold what each has read against the file: it is its beginning. Return the file's."""
        kept = self.kept()
        assert len({said.text for said in kept}) == len(kept), "a line was kept twice"
        assert [said.number for said in kept] == list(range(1, len(kept) + 1))
        for person in self.people:
            assert person.view == kept[: len(person.view)], _difference(person, kept)
        self._check_onlooker(kept, whole=False)
        return kept

    def _check_onlooker(self, kept: list[Said], whole: bool) -> None:
        seen = self.onlooker.seen(whole)
        for at, (text, said) in enumerate(zip(seen, kept, strict=False)):
            assert text == said.line, f"at the terminal {at}: {text}, and kept is {said.line}"
        assert not whole or len(seen) == len(kept), f"{len(seen)} of {len(kept)} at the terminal"

    def kept(self) -> list[Said]:
        """Return what is in the file."""
        question = "SELECT number, time, text FROM lines ORDER BY number"
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as file:
            return [
                Said(number, _form(time), *text.partition(": ")[::-2])
                for number, time, text in file.execute(question)
            ]

    def finish(self) -> int:
        """Let everybody come back, and read to the last line; return how many there are."""
        self._end_holes()
        self.wait(
            lambda: all(person.client and person.returned for person in self.people),
            "all are back",
        )
        self.wait(lambda: not any(person.pending for person in self.people), "all is received")
        newest = max(self.people, key=lambda person: person.last)
        newest.speak()
        self.wait(lambda: not newest.pending, "the last line comes back")
        self.wait(
            lambda: all(person.last == newest.last for person in self.people),
            "everybody has read the last line",
        )
        last = newest.view[-1].line
        self.wait(
            lambda: self.onlooker.shows(last),
            "it is seen at the terminal",
            _LONGEST_PAUSE + 2 * PATIENCE,
        )
        self.end_server()
        kept = self.check_views()
        assert all(person.view == kept for person in self.people)
        self._check_onlooker(kept, whole=True)
        return len(kept)

    def _count(self, what: str) -> None:
        self.happened[what] = self.happened.get(what, 0) + 1


def _form(milliseconds: int) -> str:
    """Write a time that is kept as tags say it, by arithmetic with whole numbers alone."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"


def _difference(person: Person, kept: list[Said]) -> str:
    for read, line in zip(person.view, kept, strict=False):
        if read != line:
            return f"{person.name} read {read}, and kept is {line}"
    return f"{person.name} read {len(person.view)} lines, and {len(kept)} are kept"


def run(people: int, seed: int, happen: Callable[[Checker], None]) -> Checker:
    """Let people talk while things happen to them; hold what they have read against the file."""
    with tempfile.TemporaryDirectory() as folder:
        checker = Checker(people, seed, Path(folder) / "lines.db")
        try:
            checker.gather()
            happen(checker)
            checker.finish()
        finally:
            checker.close()
    return checker


def main(seconds: float, people: int, kills: int, seed: int) -> None:
    """Check for so long, and until the server was killed so often."""

    def happen(checker: Checker) -> None:
        end = time.monotonic() + seconds
        begun = end - seconds
        killed = 0
        while time.monotonic() < end or killed < kills:
            checker.talk()
            if checker.rng.random() < 0.2:
                checker.cut_off()
            if killed < kills and time.monotonic() - begun > killed * seconds / kills:
                for _ in range(checker.rng.randrange(20)):
                    checker.talk()
                checker.kill_server()
                killed += 1

    checker = run(people, seed, happen)
    unsent = sum(person.unsent for person in checker.people)
    print(f"{checker.people[0].last} lines, {unsent} found unsent, {checker.happened}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
