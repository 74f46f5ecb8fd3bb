"""The reference: who must receive what, told from what was said and the order in the server's log.

Which of two clients is served first is the server's choice; its log tells. The model takes the log
for the order alone: each entry has to be what the next act of that client brings about, letter by
letter, and whatever follows from it is computed here. What the log does not show concerns only
the client that asked, and is computed when it becomes known that it was served.

Invariants:
- A client's acts are served in their order, each once: nothing is lost, repeated or invented.
- Nobody ends without a cause: `quit`, the end of its input, the operator, the server's end, or a
  fault of its own (`Person.may_die`).

What does not belong here: bytes, sockets, time.
"""

import re
from collections import deque
from collections.abc import Callable
from itertools import takewhile

from tests.sim.acts import END, Act, Kind
from tests.sim.expectations import Expectations, Manner

RECENT = 10  # Lines shown on joining, by the protocol.

_CONNECTED = re.compile(r"(Client \d+) connected from ([^ ]+):\d+")
_DISCONNECTED = re.compile(r"(Client \d+|\S+) disconnected \((.+)\)")
_ACTION = re.compile(r"(?:\[\S+\] )?\*{0,2} ?(Client \d+|[^\s:]+)(?:: | )", re.DOTALL)

# Begins the entry that stands where the server tells all that it ends; who is present follows.
ENDING = "ending\0"

_NOT_IN_A_ROOM = b"-> You are not in a room. /join ROOM enters one.\n"

Step = tuple[str, Callable[[], None]]  # What the log must say, and what follows.


class Person:
    """One client, as the others know it."""

    def __init__(self, model: "Model", may_die: Callable[[str], bool]) -> None:
        self.name = ""  # Until it was accepted.
        self.names: list[str] = []  # That it has had.
        self.room: str | None = None
        self.acts: deque[Act] = deque()
        self.ending = ""  # Why it is leaving, once it is.
        self.gone = False
        self.may_die = may_die  # For a reason, as the log gives it; "" if not known yet.
        self.unsure: deque[tuple[bytes, ...]] = deque()  # Asked before a kick.
        self.steps: deque[Step] = deque()  # Of an act that the log tells in several entries.
        self.expectations = Expectations(
            lambda: model.serve_unlogged(self), model.answered, self._on_private
        )
        self._model = model

    def overhear(self, frame: str) -> None:
        self.expectations.expect(Manner.OVERHEARD, frame.encode())

    def hear(self, frame: str) -> None:
        self.expectations.expect(Manner.TOLD, frame.encode())

    def _on_private(self, frame: bytes) -> None:
        self._model.heard_in_private(self, frame)


class Room:
    def __init__(self) -> None:
        self.members: list[Person] = []
        self.said: list[str] = []


class Model:
    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.rooms: dict[str, Room] = {}
        self.entered = 0
        self.most = 0  # People at a time.
        self.ending = False
        self.put_out: Person | None = None  # Whom the operator is ending.
        self.shortages = 0  # How often the log told of too few descriptors.
        self._callers: dict[str, Person] = {}  # By host: each calls from its own.
        self._private: dict[str, tuple[Person, Person]] = {}  # From whom, and for whom.
        self._confirmed: set[str] = set()
        self._heard_private: list[str] = []

    # What happens

    def called(self, host: str, person: Person) -> None:
        """Somebody connects, and may be accepted, or turned away."""
        self._callers[host] = person

    def means(self, token: str, sender: Person, recipient: Person) -> None:
        """A private message with `token` is to go from one to the other."""
        self._private[token] = (sender, recipient)

    def logged(self, entry: str) -> None:
        """Raises AssertionError for what cannot have happened."""
        if entry.startswith("cannot accept callers: "):
            self.shortages += 1
        elif entry.startswith("refused "):
            return
        elif entry.startswith(ENDING):
            self._tell_all("* The server is shutting down.\n", set(entry.split("\0")[1:]))
        elif connected := _CONNECTED.fullmatch(entry):
            self._enter(connected[1], connected[2])
        elif disconnected := _DISCONNECTED.fullmatch(entry):
            self._end(self.people[disconnected[1]], disconnected[2])
        elif action := _ACTION.match(entry):
            assert action[1] in self.people, f"{entry!r} by nobody"
            self._serve_logged(self.people[action[1]], entry)

    def broadcast(self, text: str, present: set[str]) -> None:
        """The operator speaks to all. Of those who may be leaving, unlogged, `present` tells."""
        self._tell_all(f"Server: {text}\n", present)

    def _tell_all(self, frame: str, present: set[str]) -> None:
        for person in self.people.values():
            if person.ending:
                continue
            if person.name in present:
                person.overhear(frame)
            else:
                self._serve_until_ending(person)

    def said_by_operator(self, name: str, text: str) -> None:
        """The operator speaks in one room."""
        self.rooms[name].said.append(f"Server: {text}\n")
        for person in self.rooms[name].members:
            person.overhear(f"Server: {text}\n")

    def puts_out(self, person: Person | None) -> None:
        """The operator is about to, or no longer."""
        self.put_out = person
        if person and not person.ending:
            unlogged = takewhile(lambda act: not self._steps(person, act), person.acts)
            person.unsure = deque(filter(None, (self._answers(person, act) for act in unlogged)))

    def kicked(self, person: Person, last_word: str) -> None:
        """The log has told already who left which room."""
        person.ending = "kicked"
        person.acts.clear()
        person.expectations.expect(Manner.LAST_WORD, last_word.encode())

    def shut_down(self) -> None:
        self.ending = True

    def assert_complete(self, person: Person) -> None:
        """Everything that `person` said was served, and it has received all that it must."""
        while not (person.ending or self.ending) and self.serve_unlogged(person):
            pass
        assert person.ending or self.ending or not person.acts, f"not served: {person.acts[0]}"
        person.expectations.assert_complete()

    # Private messages: neither their order among the rest nor their fate is foreseen

    def answered(self, frame: bytes) -> None:
        if match := re.fullmatch(rb"-> \[PM to .+\] (\S+)\n", frame):
            self._confirmed.add(match[1].decode())

    def heard_in_private(self, person: Person, frame: bytes) -> None:
        token = frame.decode().rstrip("\n").partition("] ")[2]
        ways = self._private.get(token)
        recipient = ways[1] if ways else None
        assert recipient is person, f"{frame!r} was not for {person.name}"
        assert token not in self._heard_private, f"{frame!r} came twice"
        said = list(self._private)
        for other in self._heard_private:
            is_later = said.index(other) > said.index(token)
            assert self._private[other] != ways or not is_later, f"{frame!r} comes too late"
        self._heard_private.append(token)

    def assert_private_complete(self, excused: Callable[[Person], bool]) -> None:
        """Whatever was confirmed was heard, unless its recipient is excused."""
        for token in sorted(self._confirmed.difference(self._heard_private)):
            assert excused(self._private[token][1]), f"the private message {token} was lost"

    # Acts

    def serve_unlogged(self, person: Person) -> bool:
        """Serve the next act if the log does not show it; tell whether there was one."""
        if person.ending == "kicked":
            if person.unsure:
                person.expectations.expect(Manner.LOOSE, *person.unsure.popleft())
                return True
            return False
        if not person.acts or self._steps(person, person.acts[0]):
            return False
        act = person.acts.popleft()
        if act.kind in (Kind.QUIT, Kind.END):
            self._take_leave(person, act)
        elif answers := self._answers(person, act):
            person.expectations.expect(Manner.LOOSE, *answers)
        return True

    def _serve_logged(self, person: Person, entry: str) -> None:
        if not person.steps:
            steps = next(filter(None, (self._steps(person, act) for act in person.acts)), [])
            place = f"[{person.room}] * {person.name} "
            is_own = bool(steps) and steps[0][0] == entry
            if person is self.put_out and entry.startswith(f"{place}was kicked"):
                self._leave_room(person, entry.removeprefix(place))
                return
            if entry == f"{place}left" and person.may_die("") and not is_own:
                self._leave_room(person)
                return
            while self.serve_unlogged(person):
                pass
            assert person.acts, f"{entry!r}, but {person.name} did no such thing"
            person.steps.extend(self._steps(person, person.acts.popleft()))
        expected, follow = person.steps.popleft()
        assert entry == expected, f"logged {entry!r} instead of {expected!r}"
        follow()

    def _steps(self, person: Person, act: Act) -> list[Step]:
        """What the log shows of an act; nothing if it shows nothing."""
        room, name = person.room, person.name
        place = f"[{room}] " if room else ""
        leave = (f"[{room}] * {name} left", lambda: self._leave_room(person))
        if act.kind is Kind.SAY:
            line = f"{name}: {act.text}"
            return [(place + line, lambda: self._say(person, line, act.text))]
        if act.kind is Kind.ME and room:
            line = f"** {name} {act.text}"
            return [(place + line, lambda: self._say(person, line, act.text))]
        if act.kind is Kind.NICK:
            line = f"* {name} is now known as {act.text}"
            return [(place + line, lambda: self._rename(person, act.text, line))]
        if act.kind is Kind.JOIN:
            assert not room, "a client leaves one room before it enters another"
            return [(f"[{act.text}] * {name} joined", lambda: self._join(person, act.text))]
        if act.kind is Kind.PART and room:
            return [(leave[0], lambda: self._part(person))]
        if act.kind in (Kind.QUIT, Kind.END) and room:
            return [(leave[0], lambda: self._take_leave(person, act))]
        return []

    def _answers(self, person: Person, act: Act) -> tuple[bytes, ...]:
        """The answer to what the log does not show, or those that are possible."""
        name, room = person.name, person.room
        match act.kind:
            case Kind.WHOAMI:
                return (f"-> You are {name}{f', in {room}' if room else ''}.\n".encode(),)
            case Kind.PART | Kind.ME:
                return (_NOT_IN_A_ROOM,)
            case Kind.PRIVATE:
                return self._private_answers(act)
            case Kind.WRONG:
                return (act.answer,)
        return ()

    def _private_answers(self, act: Act) -> tuple[bytes, ...]:
        name = act.wire.decode().removeprefix("/msg ").removesuffix(f" {act.text}")
        # A given name goes on meaning the person, who is called by the present one.
        names = self._private[act.text][1].names
        return (
            *(f"-> [PM to {one}] {act.text}\n".encode() for one in names),
            *(
                f"-> {one} is not reading; your message was not delivered.\n".encode()
                for one in names
            ),
            f"-> There is nobody called {name}.\n".encode(),
        )

    # What follows from them

    def _say(self, person: Person, line: str, text: str) -> None:
        if person.room is None:
            person.hear(text.upper() + "\n")
            return
        self.rooms[person.room].said.append(line + "\n")
        self._tell_room(person, line)

    def _tell_room(self, person: Person, line: str) -> None:
        for other in self.rooms[person.room].members if person.room else ():
            if other is not person:
                other.overhear(line + "\n")

    def _rename(self, person: Person, name: str, line: str) -> None:
        del self.people[person.name]
        person.name = name
        person.names.append(name)
        self.people[name] = person
        person.hear(f"-> You are now {name}.\n")
        self._tell_room(person, line)

    def _join(self, person: Person, name: str) -> None:
        room = self.rooms.setdefault(name, Room())
        room.members.append(person)
        person.room = name
        here = sorted((member.name for member in room.members), key=str.casefold)
        person.hear(f"-> You joined {name}. Here: {', '.join(here)}.\n")
        if room.said:
            person.hear("-> Recent messages:\n")
        for line in room.said[-RECENT:]:
            person.hear(line)
        self._tell_room(person, f"* {person.name} joined")

    def _part(self, person: Person) -> None:
        room = person.room
        self._leave_room(person)
        person.hear(f"-> You left {room}.\n")

    def _leave_room(self, person: Person, how: str = "left") -> None:
        if person.room is None:
            return
        self._tell_room(person, f"* {person.name} {how}")
        self.rooms[person.room].members.remove(person)
        person.room = None

    # Coming and going

    def _enter(self, name: str, host: str) -> None:
        self.entered += 1
        assert name == f"Client {self.entered}", f"{name} is not the next given name"
        person = self._callers.pop(host)
        person.name = name
        person.names.append(name)
        self.people[name] = person
        self.most = max(self.most, len(self.people))

    def _take_leave(self, person: Person, act: Act) -> None:
        self._leave_room(person)
        person.ending = "end of input" if act is END else "quit"
        person.acts.clear()

    def _serve_until_ending(self, person: Person) -> None:
        while not person.ending and self.serve_unlogged(person):
            pass
        assert person.ending or person.may_die(""), f"{person.name} was forgotten"

    def _end(self, person: Person, reason: str) -> None:
        if self.ending and person.room:  # Without a word to the others.
            self.rooms[person.room].members.remove(person)
        assert self.ending or not person.room, f"{person.name} is gone, but not from its room"
        if not person.may_die(reason) and not (self.ending and reason == "server shutdown"):
            self._serve_until_ending(person)
            assert person.ending == reason, f"{person.name}: {reason}, not {person.ending}"
        del self.people[person.name]
        person.gone = True
