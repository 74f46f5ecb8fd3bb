"""What everybody is told by the operator and about the server.

Invariant: a failure in telling one person costs that person alone. An announcement is often the
last thing before a shutdown, which must reach all the others.

Not here: what else an operator does (`moderation`).
"""

from typing import Final

from reactor_chat.chat.chat import Chat
from reactor_chat.chat.members import for_each
from reactor_chat.chat.rooms import Room
from reactor_chat.wire.protocol import frame, notice

_SERVER: Final = b"Server: "


def broadcast(chat: Chat, text: str) -> None:
    """Let the operator speak to everybody."""
    line = _SERVER + frame(text)
    for_each(chat.people, lambda member: member.write_or_skip(line))
    chat.journal.said("", "Server", "", frame(text))


def announce(chat: Chat, text: str) -> None:
    """Tell everybody what happens to the server."""
    line = notice(text)
    for_each(chat.people, lambda member: member.write(line))


def say_in_room(chat: Chat, room: Room, text: str) -> None:
    """Let the operator speak in one room."""
    data = _SERVER + frame(text)
    entry = room.audience.say(data, 1, chat.clock(), True, [])
    chat.archive.keep(room.name, entry.first, entry.time, data)
    chat.journal.said("", "Server", room.name, data)
