"""A chat as one would explain it to somebody: the model that the chat is held to.

It is written for being obvious, not for speed: each person has a list of the lines it must have
heard since it was last asked.

Not here: the form of names (tests of `names`), the wording of refusals.
"""

from dataclasses import dataclass, field
from unicodedata import normalize

from tests.support import EPOCH, STAMP

KEPT = 100  # lines that a room keeps at least


def same(text: str) -> str:
    """Two names are the same if this is."""
    return normalize("NFKC", normalize("NFKC", text).casefold())


@dataclass(eq=False)
class Place:
    """A room. It stays when everybody has left, if something was said there."""

    name: str
    people: list["Person"] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    topic: str = ""


@dataclass(eq=False)
class Person:
    """Somebody present."""

    name: str
    host: str
    places: list[Place] = field(default_factory=list)  # the last one is the current one
    has_tags: bool = False
    muted: bool = False
    ignores: list["Person"] = field(default_factory=list)
    ignored_names: set[str] = field(default_factory=set)
    writer: "Person | None" = None
    hears: list[str] = field(default_factory=list)

    @property
    def place(self) -> Place | None:
        """The current room."""
        return self.places[-1] if self.places else None

    def read(self, line: str, place: Place | None = None, enters: bool = False) -> None:
        """Read what stands in no room's log; who enters is told what was said last."""
        room = f";room={place.name}" if place else ""
        room += f";last={EPOCH}-{len(place.history)}" if place and enters else ""
        self.hears.append(f"@time={STAMP}{room} {line}" if self.has_tags else line)

    def read_in(self, place: Place, line: str, number: int) -> None:
        """Read what was said in a room (its number is not 0), or happened there."""
        if self.has_tags:
            id_ = f";id={EPOCH}-{number}" if number else ""
            line = f"@time={STAMP};room={place.name}{id_} {line}"
        elif place is not self.place:
            line = f"[{place.name}] {line}"
        self.hears.append(line)

    def read_again(self, place: Place, first: int) -> None:
        """Read a room's lines from this number on."""
        for number, line in enumerate(place.history[first - 1 :], first):
            tags = f"@time={STAMP};room={place.name};id={EPOCH}-{number} "
            self.hears.append(tags + line if self.has_tags else line)


class Model:
    """Everybody present and every room, and what follows from what they do."""

    def __init__(self) -> None:
        self.people: list[Person] = []
        self.places: list[Place] = []
        self.entered = 0
        self.banned: set[str] = set()

    def named(self, name: str) -> Person | None:
        return next((p for p in self.people if same(p.name) == same(name)), None)

    def place(self, name: str) -> Place | None:
        return next((p for p in self.places if same(p.name) == same(name)), None)

    def enter(self, host: str) -> Person:
        self.entered += 1
        self.people.append(Person(f"Client {self.entered}", host))
        return self.people[-1]

    def leave(self, person: Person, how: str = "left") -> None:
        left = person.places[::-1]
        self.people.remove(person)
        person.places = []
        for place in left:
            place.people.remove(person)
            self.notice(place, f"* {person.name} {how}", about=person)
        for other in self.people:
            if person in other.ignores:
                other.ignores.remove(person)
        self._forget_places()

    def _forget_places(self) -> None:
        self.places = [one for one in self.places if one.people or one.history or one.topic]

    def rename(self, person: Person, name: str) -> None:
        if person.muted:
            person.read("-> You are muted.")
            return
        holder = self.named(name)
        if holder is not None and holder is not person:
            person.read(f"-> The name {holder.name} is taken.")
            return
        old, person.name = person.name, normalize("NFKC", name)
        for other in self.people:
            if same(person.name) in other.ignored_names and other is not person:
                self.add_ignored(other, person)
        person.read(f"-> You are now {person.name}.")
        if person.name != old:
            for place in person.places:
                self.notice(place, f"* {old} is now known as {person.name}", person, person)

    def join(self, person: Person, name: str) -> None:
        place = self.place(name)
        if place is not None and place in person.places:
            person.places.remove(place)
            person.places.append(place)
            person.read(f"-> You are in {place.name} now.", place)
            return
        if person.muted and (place is None or not place.people):
            person.read("-> You are muted.")
            return
        if place is None:
            place = Place(normalize("NFKC", name))
            self.places.append(place)
        place.people.append(person)
        person.places.append(place)
        here = ", ".join(p.name for p in sorted(place.people, key=lambda p: same(p.name)))
        person.read(f"-> You joined {place.name}. Here: {here}.", place, enters=True)
        if place.topic:
            person.read(f"-> Topic: {place.topic}", place)
        if place.history:
            person.read("-> Recent messages:", place)
            person.read_again(place, max(1, len(place.history) - 9))
        self.notice(place, f"* {person.name} joined", person, person)

    def part(self, person: Person, name: str = "") -> None:
        place = self.place(name) if name else person.place
        if not person.places:
            person.read("-> You are not in a room. /join ROOM enters one.")
        elif place not in person.places:
            person.read(f"-> You are not in {name}.")
        else:
            assert place is not None
            person.places.remove(place)
            place.people.remove(person)
            self.notice(place, f"* {person.name} left", about=person)
            now = f" You are in {person.place.name} now." if person.place else ""
            person.read(f"-> You left {place.name}.{now}")
        self._forget_places()

    def set_topic(self, person: Person, text: str) -> None:
        if person.place is None:
            person.read("-> You are not in a room. /join ROOM enters one.")
        elif person.muted:
            person.read("-> You are muted.")
        else:
            person.place.topic = text
            self.notice(person.place, f"* {person.name} set the topic: {text}", about=person)

    def use_tags(self, person: Person, wanted: bool) -> None:
        person.has_tags = wanted
        person.read(f"-> Lines carry {'tags' if wanted else 'no tags'} now.")

    def say(self, person: Person, text: str) -> None:
        if person.place is None:
            person.read(text.upper())
        else:
            self.relay(person, person.place, f"{person.name}: {text}")

    def act(self, person: Person, text: str) -> None:
        if person.place is None:
            person.read("-> You are not in a room. /join ROOM enters one.")
        else:
            self.relay(person, person.place, f"** {person.name} {text}")

    def relay(self, person: Person, place: Place, line: str) -> None:
        if person.muted:
            person.read("-> You are muted.")
            return
        place.history.append(line)
        for other in place.people:
            if (other is not person or person.has_tags) and person not in other.ignores:
                other.read_in(place, line, len(place.history))

    def write(self, person: Person, other: Person, text: str) -> None:
        if person.muted:
            person.read("-> You are muted.")
            return
        if person not in other.ignores:
            other.read(f"[PM from {person.name}] {text}")
            other.writer = person
        person.read(f"-> [PM to {other.name}] {text}")

    def reply(self, person: Person, text: str) -> None:
        if person.writer is None:
            person.read("-> Nobody has written to you.")
        elif person.writer not in self.people:
            person.read(f"-> {person.writer.name} has left.")
        else:
            self.write(person, person.writer, text)

    def ignore(self, person: Person, other: Person) -> None:
        if other is person:
            person.read("-> That is you.")
            return
        self.add_ignored(person, other)
        person.ignored_names.add(same(other.name))
        person.read(f"-> You no longer see {other.name}.")

    def add_ignored(self, person: Person, other: Person) -> None:
        if other not in person.ignores:
            person.ignores.append(other)

    def unignore(self, person: Person, other: Person) -> None:
        if other in person.ignores or same(other.name) in person.ignored_names:
            person.ignores = [one for one in person.ignores if one is not other]
            person.ignored_names.discard(same(other.name))
            person.read(f"-> You see {other.name} again.")
        else:
            person.read(f"-> You do not ignore {other.name}.")

    def show_history(self, person: Person, lines: int) -> None:
        if person.place is None:
            person.read("-> You are not in a room. /join ROOM enters one.")
        else:
            said = len(person.place.history)
            person.read_again(person.place, max(1, said - lines + 1))
            if not said:
                person.read("-> Nothing was said here yet.")

    def mute(self, person: Person, muted: bool) -> None:
        if muted and not person.muted:
            person.read("-> You were muted: nobody hears what you say.")
        elif person.muted and not muted:
            person.read("-> You are no longer muted.")
        person.muted = muted

    def broadcast(self, text: str) -> None:
        for person in self.people:
            person.read(f"Server: {text}")

    def broadcast_in(self, place: Place, text: str) -> None:
        place.history.append(f"Server: {text}")
        for person in place.people:
            person.read_in(place, f"Server: {text}", len(place.history))

    def notice(
        self, place: Place, line: str, but: Person | None = None, about: Person | None = None
    ) -> None:
        for person in place.people:
            if person is not but and about not in person.ignores:
                person.read_in(place, line, 0)
