"""A chat as one would explain it to somebody: the model that the chat is held to.

It is written for being obvious, not for speed: each person has a list of the lines it must have
heard since it was last asked.

Not here: the form of names (tests of `names`), the wording of refusals.
"""

from dataclasses import dataclass, field
from unicodedata import normalize

KEPT = 100  # lines of history


def same(text: str) -> str:
    """Two names are the same if this is."""
    return normalize("NFKC", normalize("NFKC", text).casefold())


@dataclass(eq=False)
class Place:
    """A room."""

    name: str
    people: list["Person"] = field(default_factory=list)
    history: list[str] = field(default_factory=list)


@dataclass(eq=False)
class Person:
    """Somebody present."""

    name: str
    host: str
    place: Place | None = None
    muted: bool = False
    ignores: list["Person"] = field(default_factory=list)
    writer: "Person | None" = None
    hears: list[str] = field(default_factory=list)


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

    def leave(self, person: Person) -> None:
        self.part(person)
        self.people.remove(person)
        for other in self.people:
            if person in other.ignores:
                other.ignores.remove(person)

    def rename(self, person: Person, name: str) -> None:
        holder = self.named(name)
        if holder is not None and holder is not person:
            person.hears.append(f"-> The name {holder.name} is taken.")
            return
        old, person.name = person.name, normalize("NFKC", name)
        person.hears.append(f"-> You are now {person.name}.")
        if person.name != old:
            self.notice(person.place, f"* {old} is now known as {person.name}", but=person)

    def join(self, person: Person, name: str) -> None:
        place = self.place(name)
        if place is not None and place is person.place:
            person.hears.append(f"-> You are already in {place.name}.")
            return
        self.part(person)
        if place is None:
            place = Place(normalize("NFKC", name))
            self.places.append(place)
        place.people.append(person)
        person.place = place
        here = ", ".join(p.name for p in sorted(place.people, key=lambda p: same(p.name)))
        person.hears.append(f"-> You joined {place.name}. Here: {here}.")
        if place.history:
            person.hears += ["-> Recent messages:", *place.history[-10:]]
        self.notice(place, f"* {person.name} joined", but=person)

    def part(self, person: Person) -> None:
        place, person.place = person.place, None
        if place is None:
            return
        place.people.remove(person)
        if not place.people:
            self.places.remove(place)
        self.notice(place, f"* {person.name} left")

    def say(self, person: Person, text: str) -> None:
        if person.place is None:
            person.hears.append(text.upper())
        else:
            self.relay(person, person.place, f"{person.name}: {text}")

    def act(self, person: Person, text: str) -> None:
        if person.place is None:
            person.hears.append("-> You are not in a room. /join ROOM enters one.")
        else:
            self.relay(person, person.place, f"** {person.name} {text}")

    def relay(self, person: Person, place: Place, line: str) -> None:
        if person.muted:
            person.hears.append("-> You are muted.")
            return
        place.history.append(line)
        for other in place.people:
            if other is not person and person not in other.ignores:
                other.hears.append(line)

    def write(self, person: Person, other: Person, text: str) -> None:
        if person.muted:
            person.hears.append("-> You are muted.")
            return
        if person not in other.ignores:
            other.hears.append(f"[PM from {person.name}] {text}")
            other.writer = person
        person.hears.append(f"-> [PM to {other.name}] {text}")

    def reply(self, person: Person, text: str) -> None:
        if person.writer is None:
            person.hears.append("-> Nobody has written to you.")
        elif person.writer not in self.people:
            person.hears.append(f"-> {person.writer.name} has left.")
        else:
            self.write(person, person.writer, text)

    def ignore(self, person: Person, other: Person) -> None:
        if other is person:
            person.hears.append("-> That is you.")
            return
        if other not in person.ignores:
            person.ignores.append(other)
        person.hears.append(f"-> You no longer see {other.name}.")

    def unignore(self, person: Person, other: Person) -> None:
        if other in person.ignores:
            person.ignores.remove(other)
            person.hears.append(f"-> You see {other.name} again.")
        else:
            person.hears.append(f"-> You do not ignore {other.name}.")

    def show_history(self, person: Person, lines: int) -> None:
        if person.place is None:
            person.hears.append("-> You are not in a room. /join ROOM enters one.")
        else:
            shown = person.place.history[-min(lines, KEPT) :]
            person.hears += shown or ["-> Nothing was said here yet."]

    def mute(self, person: Person, muted: bool) -> None:
        if muted and not person.muted:
            person.hears.append("-> You were muted: nobody hears what you say.")
        elif person.muted and not muted:
            person.hears.append("-> You are no longer muted.")
        person.muted = muted

    def broadcast(self, text: str) -> None:
        for person in self.people:
            person.hears.append(f"Server: {text}")

    def broadcast_in(self, place: Place, text: str) -> None:
        place.history.append(f"Server: {text}")
        self.notice(place, f"Server: {text}")

    def notice(self, place: Place | None, line: str, but: Person | None = None) -> None:
        for person in place.people if place else ():
            if person is not but:
                person.hears.append(line)
