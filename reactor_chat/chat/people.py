"""Who is present, under which names, and who ignores whom.

Invariants:
- Everybody present is found under the key of the present name, under the given name, which nobody
  else can take, and under what the name looks like.
- Ignoring follows the person through new names, and the name through new connections: whoever takes
  an ignored name is ignored from then on, and who was ignored stays so after dropping it.
- Nothing here is searched: each look-up is one of a dict, however many people there are.

Not here: what a name may be (`names`), and what is said.
"""

from collections.abc import Callable, Iterator
from typing import Final

from reactor_chat.chat.errors import CommandError
from reactor_chat.chat.lookalikes import skeleton
from reactor_chat.chat.members import Member
from reactor_chat.chat.names import MAX_NAME, name_key
from reactor_chat.chat.roster import Roster
from reactor_chat.wire.protocol import is_blank, quote

# Longer than any name, given ones included: what is longer is nobody's.
_LONGEST: Final = 2 * MAX_NAME

# Names that one member ignores: more than anybody needs. Two who work together, of whom one takes
# ever new names, would otherwise fill the table that everybody's leaving looks through.
MAX_IGNORED: Final = 100


class People:
    """Everybody present."""

    def __init__(self) -> None:
        self._by_key: dict[str, Member] = {}
        self._by_given: dict[str, Member] = {}
        # Of several that look alike, too: a password takes its name whatever that looks like.
        self._by_look: dict[str, dict[Member, None]] = {}
        self.roster = Roster()

    def __len__(self) -> int:
        return len(self._by_given)

    def __iter__(self) -> Iterator[Member]:
        return iter(self._by_given.values())

    def __contains__(self, member: Member) -> bool:
        return self._by_key.get(member.key) is member

    def add(self, member: Member) -> None:
        """Add somebody who has come in."""
        self._by_given[name_key(member.given)] = member
        self._index(member)

    def remove(self, member: Member) -> None:
        """Remove somebody who leaves."""
        self._unindex(member)
        del self._by_given[name_key(member.given)]

    def rename(self, member: Member, name: str) -> None:
        """Know somebody under another name from now on."""
        self._unindex(member)
        member.take_name(name)
        self._index(member)

    def clear(self) -> None:
        """Forget everybody."""
        self.__init__()  # type: ignore[misc]

    def named(self, name: str) -> Member | None:
        """Return who has that name, present or given."""
        if len(name) > _LONGEST:
            return None
        key = name_key(name)
        return self._by_key.get(key) or self._by_given.get(key)

    def find(self, text: str) -> tuple[Member, str]:
        """Split `text` (not blank) into the longest name of somebody present and the rest.

        Given names have a space; so the first two words are tried before the first. A rest in which
        nothing can be seen is "". Raises `CommandError` if nobody present is meant.
        """
        words = text.split(None, 2)
        for count in (2, 1):
            member = self.named(" ".join(words[:count]))
            if member is not None:
                rest = "".join(text.split(None, count)[count:]).strip()
                return member, "" if is_blank(rest) else rest
        meant = words[:2] if words[0][:7].casefold() == "client" else words[:1]
        raise CommandError(f"There is nobody called {quote(' '.join(meant))}.")

    def looking_like(self, name: str) -> list[Member]:
        """Return those who have a name that looks the same."""
        return list(self._by_look.get(skeleton(name), ()))

    def _index(self, member: Member) -> None:
        self._by_key[member.key] = member
        self._by_look.setdefault(skeleton(member.name), {})[member] = None
        self.roster.add(member.key, member.name)

    def _unindex(self, member: Member) -> None:
        del self._by_key[member.key]
        look = skeleton(member.name)
        del self._by_look[look][member]
        if not self._by_look[look]:
            del self._by_look[look]
        self.roster.remove(member.key)


class Ignoring:
    """Who ignores whom. Dicts for their order: with sets, a replay would differ."""

    def __init__(self) -> None:
        self._ignorers: dict[Member, dict[Member, None]] = {}  # of a person
        # Whom a member's words are to be kept from, or None. A bound method of the dict, as this is
        # asked for each message.
        self.ignorers: Callable[[Member], dict[Member, None] | None] = self._ignorers.get
        self._by_name: dict[str, dict[Member, None]] = {}  # of a name, by its key
        self._names: dict[Member, dict[str, str]] = {}  # that one ignores: by key, as written
        # The people that one ignores: so that whoever leaves is not looked for among all.
        self._ignored: dict[Member, dict[Member, None]] = {}

    def ignore(self, member: Member, other: Member) -> None:
        """Keep what `other` says, and whoever is to have that name, from the member."""
        names = self._names.setdefault(member, {})
        if len(names) >= MAX_IGNORED and other.key not in names:
            raise CommandError(f"You ignore {MAX_IGNORED} names already.")
        names[other.key] = other.name
        self._by_name.setdefault(other.key, {})[member] = None
        self._add(member, other)

    def unignore(self, member: Member, name: str) -> bool:
        """Undo it for a name, and for who has that name now; return whether it was so."""
        key = name_key(name)
        found = self._strike(self._by_name, key, member)
        self._strike(self._names, member, key)
        for other in [one for one in self._ignored.get(member, ()) if one.key == key]:
            found |= self._strike(self._ignorers, other, member)
            self._strike(self._ignored, member, other)
        return found

    def note_name(self, member: Member) -> None:
        """Somebody has come in or taken another name: it may be an ignored one."""
        for ignorer in self._by_name.get(member.key, ()):
            if ignorer is not member:
                self._add(ignorer, member)

    def list(self, member: Member) -> list[str]:
        """Return the names that the member ignores."""
        names = self._names.get(member, {})
        people = {one.key: one.name for one in self._ignored.get(member, ())}
        both = names | people
        return [both[key] for key in sorted(both)]

    def forget(self, member: Member) -> None:
        """Somebody leaves: nobody is ignored by it any more, and its person by nobody."""
        for ignorer in self._ignorers.pop(member, ()):
            self._strike(self._ignored, ignorer, member)
        for other in self._ignored.pop(member, ()):
            self._strike(self._ignorers, other, member)
        for key in self._names.pop(member, ()):
            self._strike(self._by_name, key, member)

    def _add(self, ignorer: Member, other: Member) -> None:
        self._ignorers.setdefault(other, {})[ignorer] = None
        self._ignored.setdefault(ignorer, {})[other] = None

    @staticmethod
    def _strike(table: dict, key: object, value: object) -> bool:  # type: ignore[type-arg]
        by = table.get(key, {})
        found = value in by
        by.pop(value, None)
        if not by:
            table.pop(key, None)
        return found
