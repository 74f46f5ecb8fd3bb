"""The chat's archive, kept by a store: what is known without asking, and how to ask for the rest.

Names of rooms and accounts, last numbers, topics and bans are at hand, since the chat needs them at
once. Lines and passwords are with the keeper.

Invariants:
- An account is known from the moment at which the keeper has granted it, and until it has granted
  its end.
- A reading is answered once, with all of its lines; if the keeper has to give up, with those that
  came until then.
- Few readings are under way at once: what they bring comes in one turn, and each line of it is
  work. Twenty who looked back far made everybody wait for 80 ms.

Not here: when a line that was kept may be delivered (`Store.flush`).
"""

from collections import deque
from typing import Final, Literal

from reactor_chat.chat.archive import KnownRoom, OnAnswer, Verdict
from reactor_chat.chat.lookalikes import skeleton
from reactor_chat.chat.names import name_key
from reactor_chat.chat.recall import Kept, OnSlice
from reactor_chat.store.client import Reading, Store
from reactor_chat.store.records import Line
from reactor_chat.wire.dialects import milliseconds

# Readings under way at once. With two of them the keeper works on one while the server shows the
# other: a millisecond or two each.
READINGS: Final = 2

BUSY: Final = Verdict(False, "Passwords cannot be checked just now. Try again in a moment.")


class StoreArchive:
    """An `Archive` on a store that was opened."""

    keeps_names = True

    def __init__(self, store: Store) -> None:
        self.store = store
        snapshot = store.snapshot
        self._epoch = snapshot.epoch
        self.floor = snapshot.floor
        self._bans = snapshot.bans
        self._names = {name_key(room.name): room.name for room in snapshot.rooms}
        self._said = {room.name: room.last for room in snapshot.rooms}
        self._began = {room.name: room.began for room in snapshot.rooms}
        self._topics = {room.name: room.topic for room in snapshot.rooms if room.topic}
        self._reading = 0  # readings that are under way
        self._wanted: deque[tuple[str, int, int, OnSlice]] = deque()  # those that are not yet
        self._accounts: dict[str, str] = {}
        # By key, of those that look alike: who has a name may register one that looks like it, too.
        self._looks: dict[str, dict[str, str]] = {}
        for name, key in snapshot.accounts:
            self._add(key, name)

    # -- rooms ------------------------------------------------------------------------------------

    def epoch_of(self, key: str) -> str:
        """Return the epoch for the numbers of a room that is opened now: the file's."""
        return self._epoch

    def room(self, key: str) -> KnownRoom | None:
        """Return what is known of a room, by the key of its name."""
        name = self._names.get(key)
        if name is None:
            return None
        return KnownRoom(name, self._said[name], self._topics.get(name, ""), self._began[name])

    def can_read(self, key: str) -> bool:
        """Return whether the room is kept, and the file can be used now."""
        return key in self._names and self.store.is_keeping

    def keep(self, name: str, number: int, time: float, block: bytes) -> None:
        """Take lines that were said in a room; the number is the first one's."""
        if name not in self._said:
            self._add_room(name, number - 1)
        self._said[name] = number + block.count(b"\n") - 1
        self.store.keep(name, number, milliseconds(time), block)

    def set_topic(self, name: str, topic: str) -> None:
        """Take a room's topic."""
        if name not in self._said:
            self._add_room(name, self.floor)
        self._topics[name] = topic
        self.store.set_topic(name, topic, self._said[name])

    def read(self, name: str, after: int, last: int, on_slice: OnSlice) -> None:
        """Ask for the lines after one number and up to another."""
        self._wanted.append((name, after, last, on_slice))
        self._read_on()

    def _read_on(self) -> None:
        while self._wanted and self._reading < READINGS:
            self._reading += 1
            self._begin(*self._wanted.popleft())

    def _begin(self, name: str, after: int, last: int, on_slice: OnSlice) -> None:
        found: list[Kept] = []

        def take(lines: list[Line], done: bool) -> None:
            found.extend([(number, time / 1000, text + b"\n") for number, time, text in lines])
            if not done:
                reading.next()
                return
            self._reading -= 1
            self._read_on()
            on_slice(found)

        reading: Reading = self.store.read_after(name, after, last, take)

    def _add_room(self, name: str, began: int) -> None:
        self._names[name_key(name)] = name
        self._said[name] = self._began[name] = began

    # -- registered names -------------------------------------------------------------------------

    def is_registered(self, key: str) -> bool:
        """Whether a name, by its key, belongs to whoever has its password."""
        return key in self._accounts

    def names_like(self, name: str) -> list[str]:
        """Return the registered names that look like this one."""
        return list(self._looks.get(skeleton(name), {}).values())

    def register(self, name: str, password: str, on_answer: OnAnswer) -> None:
        """Let a name belong to whoever has the password."""
        key = name_key(name)

        def answer(granted: bool | Literal["busy"]) -> None:
            if granted is True:
                self._add(key, name)
            on_answer(_verdict(granted))

        self.store.register(name, key, password, answer)

    def check(self, key: str, password: str, on_answer: OnAnswer) -> None:
        """Ask whether the password is that of the name."""
        self.store.login(key, password, lambda granted: on_answer(_verdict(granted)))

    def change(self, key: str, password: str, on_answer: OnAnswer) -> None:
        """Let another password be that of the name."""
        self.store.change_password(key, password, lambda granted: on_answer(_verdict(granted)))

    def forget(self, key: str, on_answer: OnAnswer) -> None:
        """Let the name be free again."""

        def answer(granted: bool | Literal["busy"]) -> None:
            if granted != "busy" and (name := self._accounts.pop(key, None)):
                alike = self._looks[skeleton(name)]
                del alike[key]
                if not alike:
                    del self._looks[skeleton(name)]
            on_answer(_verdict(granted))

        self.store.forget(key, answer)

    def accounts(self) -> list[str]:
        """Return the registered names, in the order of their keys."""
        return [self._accounts[key] for key in sorted(self._accounts)]

    def _add(self, key: str, name: str) -> None:
        self._accounts[key] = name
        self._looks.setdefault(skeleton(name), {})[key] = name

    # -- bans -------------------------------------------------------------------------------------

    def ban(self, network: str) -> None:
        """Take a ban."""
        self.store.ban(network)

    def unban(self, network: str) -> None:
        """Take the end of a ban."""
        self.store.unban(network)

    def bans(self) -> list[str]:
        """Return the networks that were banned when this began."""
        return list(self._bans)


def _verdict(granted: bool | Literal["busy"]) -> Verdict:
    return BUSY if granted == "busy" else Verdict(granted)
