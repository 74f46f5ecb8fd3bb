"""Taking a name: who may have which, and who is told.

Invariants:
- No two people have names that look alike, and nobody has a registered name without its password:
  otherwise one could speak as another.
- A name that was taken is known to every table before anybody reads of it.

Not here: the form of names (`names`), what looks alike (`lookalikes`), passwords (`accounts`).
"""

from reactor_chat.chat.chat import Chat
from reactor_chat.chat.errors import MUTED, CommandError
from reactor_chat.chat.members import Member
from reactor_chat.chat.names import BadName, check_name, name_key


def rename(chat: Chat, member: Member, wanted: str) -> None:
    """Let the member take the name that it wants; raise `CommandError` if it cannot have it."""
    if member.muted:
        raise CommandError(MUTED)
    try:
        name = check_name(wanted)
    except BadName as error:
        raise CommandError(str(error)) from error
    _check_free(chat, member, name)
    if name_key(name) != member.account:
        member.account = ""
    take_name(chat, member, name)


def take_name(chat: Chat, member: Member, name: str) -> None:
    """Let the member have a name that it may have."""
    old, old_key = member.name, member.key
    chat.people.rename(member, name)
    chat.ignoring.note_name(member)
    for room in member.rooms:
        room.roster.remove(old_key)
        room.roster.add(member.key, name)
    member.tell(f"You are now {name}.")
    if name == old:
        return
    what = f"{old} is now known as {name}"
    if not member.rooms:
        chat.journal.event("renamed", f"* {what}", member.given, name=name)
    for room in member.rooms:
        chat.note("renamed", room, what, member)


def _check_free(chat: Chat, member: Member, name: str) -> None:
    holder = chat.people.named(name)
    if holder is not None and holder is not member:
        raise CommandError(f"The name {holder.name} is taken.")
    key = name_key(name)
    if key != member.account and chat.archive.is_registered(key):
        raise CommandError(f"The name {name} is registered: /login {name} PASSWORD takes it.")
    present = [one.name for one in chat.people.looking_like(name) if one is not member]
    registered = chat.archive.names_like(name) if key != member.account else ()
    for like in (*present, *registered):
        if name_key(like) not in (key, member.account):
            raise CommandError(f"The name {name} looks too much like {like}.")
