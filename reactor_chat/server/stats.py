"""The figures of a server that matter when something is wrong.

Invariant: what is shown is counted where it happens, or derived here; asking for it walks over the
clients once, and changes nothing.

Not here: who asks (`chat.moderation`, `service`).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reactor_chat.server.server import Server


def figures(server: "Server") -> list[str]:
    """Return the figures that matter when something is wrong, a line each."""
    reactor, chat, shared = server.reactor, server.chat, server.shared
    uptime = max(reactor.now - reactor.started, 1e-9)
    backlogs = [(one.connection.waiting, one.member.name) for one in server.sessions]
    size, name = max(backlogs, default=(0, ""))
    largest = f", largest {size} for {name}" if size else ""
    no_descriptor = sum(listener.refused for listener in server.listeners)
    longest = reactor.longest_turn
    return [
        f"clients {len(chat.people)}, rooms {len(chat.rooms)}, connections {len(backlogs)}",
        f"backlog {shared.waiting} bytes{largest}",
        f"rooms' lines {shared.logs} bytes, of {server.settings.memory} for them and the backlog",
        f"relayed {chat.relayed} lines, missed {shared.missed} lines",
        f"refused {server.admission.refused + no_descriptor} callers",
        f"turns {reactor.turns}, {reactor.turns / uptime:.1f} a second over {uptime:.0f} s",
        f"longest turn {longest.total * 1000:.1f} ms: {longest.serving * 1000:.1f} serving "
        f"{longest.ready} that were ready, {longest.sending * 1000:.1f} sending",
    ]
