"""Whatever people do, each hears what the model says, and afterwards every table is empty."""

import unittest

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from reactor_chat.chat.members import Member
from reactor_chat.chat.moderation import Operator
from tests.chat.chat_model import KEPT, Model, Person, same
from tests.support import FakeLink, Gathering, link_of, read_by

NAMES = st.sampled_from(
    [
        "alice",
        "Alice",
        "ａｌｉｃｅ",
        "bob",
        "straße",
        "STRASSE",
        "Zoë",
        "Zoe\u0308",
        "eve",
        "mallory",
    ]
)
ROOMS = st.sampled_from(["tea", "Tea", "ｔｅａ", "games"])
HOSTS = st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1"])
BAD_HOSTS = st.sampled_from(["192.0.2.2", "198.51.100.7"])
ANYBODY = st.integers(min_value=0, max_value=9)
present = precondition(lambda self: bool(self.people))


class ChatAgainstTheModel(RuleBasedStateMachine):
    """Any number of people do anything in any order, and each hears what the model says."""

    def __init__(self) -> None:
        super().__init__()
        self.gathering = Gathering()
        self.chat = self.gathering.chat
        self.operator = Operator(self.chat, list, lambda: None)
        self.model = Model()
        self.people: list[tuple[Member, Person]] = []
        self.spoken = 0

    def pick(self, who: int) -> tuple[Member, Person]:
        return self.people[who % len(self.people)]

    def type(self, member: Member, line: str) -> None:
        self.gathering.type(member, line)

    def words(self) -> str:
        self.spoken += 1
        return f"word {self.spoken}"

    @initialize(hosts=st.lists(HOSTS, min_size=3, max_size=6))
    def gather(self, hosts: list[str]) -> None:
        for host in hosts:
            self.come(host)
            self.join(-1, "tea")

    @rule(host=HOSTS)
    def come(self, host: str) -> None:
        assert self.operator.bans.bans(host) == (host in self.model.banned)
        if host not in self.model.banned:
            member, person = self.chat.enter(FakeLink(), host), self.model.enter(host)
            self.people.append((member, person))

    @present
    @rule(who=ANYBODY, how=st.sampled_from(["lost", "quit", "kicked"]))
    def go(self, who: int, how: str) -> None:
        member, person = self.people.pop(who % len(self.people))
        self.model.leave(person, "was kicked" if how == "kicked" else "left")
        if how == "quit":
            self.type(member, "/quit")
            assert link_of(member).farewell == ("quit", b"")
        elif how == "kicked":
            self.operator.receive(f"/kick {person.name}")
            assert link_of(member).farewell == ("kicked", dressed(person, "-> You were kicked."))
        self.chat.leave(member)
        assert read_by(member) == person.hears

    @present
    @rule(who=ANYBODY, name=NAMES)
    def take_a_name(self, who: int, name: str) -> None:
        member, person = self.pick(who)
        self.type(member, f"/nick {name}")
        self.model.rename(person, name)

    @present
    @rule(who=ANYBODY, room=ROOMS)
    def join(self, who: int, room: str) -> None:
        member, person = self.pick(who)
        self.type(member, f"/join {room}")
        self.model.join(person, room)

    @present
    @rule(who=ANYBODY, room=st.one_of(st.just(""), ROOMS))
    def part(self, who: int, room: str) -> None:
        member, person = self.pick(who)
        self.type(member, f"/part {room}")
        self.model.part(person, room)

    @present
    @rule(who=ANYBODY)
    def set_topic(self, who: int) -> None:
        (member, person), text = self.pick(who), self.words()
        self.type(member, f"/topic {text}")
        self.model.set_topic(person, text)

    @present
    @rule(who=ANYBODY, wanted=st.booleans())
    def use_tags(self, who: int, wanted: bool) -> None:
        member, person = self.pick(who)
        self.type(member, f"/tags {'on' if wanted else 'off'}")
        self.model.use_tags(person, wanted)

    @present
    @rule(who=ANYBODY)
    def say(self, who: int) -> None:
        (member, person), text = self.pick(who), self.words()
        self.type(member, text)
        self.model.say(person, text)

    @present
    @rule(who=ANYBODY, lines=st.sampled_from([1, 2, 30, KEPT + 20]))
    def say_many_lines_at_once(self, who: int, lines: int) -> None:
        (member, person), texts = self.pick(who), [self.words() for _ in range(lines)]
        self.chat.speak(member, "".join(f"{text}\n" for text in texts).encode(), lines)
        for text in texts:
            self.model.say(person, text)

    @present
    @rule(who=ANYBODY)
    def act(self, who: int) -> None:
        (member, person), text = self.pick(who), self.words()
        self.type(member, f"/me {text}")
        if person.place is not None or not person.muted:
            self.model.act(person, text)
        else:
            person.read("-> You are not in a room. /join ROOM enters one.")

    @present
    @rule(who=ANYBODY, other=ANYBODY)
    def write(self, who: int, other: int) -> None:
        (member, person), (_, recipient), text = self.pick(who), self.pick(other), self.words()
        self.type(member, f"/msg {recipient.name} {text}")
        self.model.write(person, recipient, text)

    @present
    @rule(who=ANYBODY)
    def reply(self, who: int) -> None:
        (member, person), text = self.pick(who), self.words()
        self.type(member, f"/reply {text}")
        self.model.reply(person, text)

    @present
    @rule(who=ANYBODY, other=ANYBODY, again=st.booleans())
    def ignore(self, who: int, other: int, again: bool) -> None:
        (member, person), (_, whom) = self.pick(who), self.pick(other)
        self.type(member, f"/{'un' if again else ''}ignore {whom.name}")
        (self.model.unignore if again else self.model.ignore)(person, whom)

    @present
    @rule(who=ANYBODY, lines=st.sampled_from([1, 20, KEPT, 5000]))
    def look_back(self, who: int, lines: int) -> None:
        member, person = self.pick(who)
        self.type(member, f"/history {lines}")
        log = member.room.log if member.room else None
        kept = log.said - log.forgotten if log else 0
        assert not log or kept >= min(log.said, KEPT)
        self.model.show_history(person, min(lines, kept))

    @present
    @rule(who=ANYBODY, muted=st.booleans())
    def mute(self, who: int, muted: bool) -> None:
        _, person = self.pick(who)
        self.operator.receive(f"/{'' if muted else 'un'}mute {person.name}")
        self.model.mute(person, muted)

    @rule(host=BAD_HOSTS)
    def ban(self, host: str) -> None:
        self.model.banned.add(host)
        persons = dict(self.people)
        # In which order they go does not matter; this is the one in which they do.
        there = [member for member in self.chat.people if member.host == host]
        self.operator.receive(f"/ban {host}")
        for member in there:
            self.people.remove((member, persons[member]))
            person = persons[member]
            self.model.leave(person, "was banned")
            assert link_of(member).farewell == ("banned", dressed(person, "-> You are banned."))

    @rule(host=BAD_HOSTS)
    def unban(self, host: str) -> None:
        self.model.banned.discard(host)
        self.operator.receive(f"/unban {host}")

    @rule()
    def broadcast(self) -> None:
        text = self.words()
        self.operator.receive(text)
        self.model.broadcast(text)

    @rule(room=ROOMS)
    def broadcast_in_a_room(self, room: str) -> None:
        text = self.words()
        self.operator.receive(f"/say {room} {text}")
        if (place := self.model.place(room)) and place.people:
            self.model.broadcast_in(place, text)

    @invariant()
    def each_hears_what_it_should(self) -> None:
        for member, person in self.people:
            heard, person.hears, expected = read_by(member), [], person.hears
            assert heard == expected, f"{person.name} heard {heard}, not {expected}"

    @invariant()
    def the_tables_say_what_the_model_says(self) -> None:
        names = {same(person.name) for _, person in self.people}
        assert len(names) == len(self.people), "two people have the same name"
        assert [*self.chat.people] == [member for member, _ in self.people]
        rooms = {room.key: [m.name for m in room.members] for room in self.chat.rooms}
        places = [place for place in self.model.places if place.people]
        assert rooms == {same(p.name): [one.name for one in p.people] for p in places}
        for member, person in self.people:
            assert [room.name for room in member.rooms] == [p.name for p in person.places]
            ignorers = {one.name for one in self.chat.ignoring.ignorers(member) or ()}
            assert ignorers == {p.name for _, p in self.people if person in p.ignores}

    def teardown(self) -> None:
        for member, _ in self.people:
            self.chat.leave(member)
        assert (len(self.chat.people), len(self.chat.rooms)) == (0, 0)
        assert not any(self.chat.ignoring.ignorers(member) for member, _ in self.people)


def dressed(person: Person, line: str) -> bytes:
    """Return a last word as that person reads it."""
    person.hears.clear()
    person.read(line)
    return f"{person.hears.pop()}\n".encode()


class ChatModelTest(ChatAgainstTheModel.TestCase):  # type: ignore[misc, valid-type]
    settings = settings(max_examples=60, stateful_step_count=40)


if __name__ == "__main__":
    unittest.main()
