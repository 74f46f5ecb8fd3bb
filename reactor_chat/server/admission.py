"""Who may come in, and how whoever may not is told why.

Invariants:
- Nobody is counted twice or for ever: a source is counted from `note_arrival` to `note_departure`,
  and callers who still shake hands are asked of their door. A wrong count would shut out a source
  until the server is started anew.
- Callers who are turned away read why. At most `_TURNED_AWAY` of them have time for that; who is
  beyond may lose it to a reset, as otherwise a flood of callers would take all descriptors.

Not here: accepting (`net.listener`), handshakes (`net.tls`), who is banned (`chat.bans`).
"""

from typing import TYPE_CHECKING, Final

from reactor_chat.chat.moderation import BANNED
from reactor_chat.net.connection import Connection
from reactor_chat.net.listener import refuse
from reactor_chat.net.owner import Owner
from reactor_chat.net.tls import connection_over
from reactor_chat.net.tls_stream import ByteStream
from reactor_chat.wire.addresses import counting_key, format_address, is_local
from reactor_chat.wire.protocol import answer

if TYPE_CHECKING:
    from reactor_chat.server.server import Server

FULL: Final = answer("Server is full.")
CROWDED_HOST: Final = answer("Too many connections from your address.")

# Callers who are turned away keep a descriptor until they have read why: half of those in reserve.
_TURNED_AWAY: Final = 16


class Admission:
    """The door of one server."""

    def __init__(self, server: "Server") -> None:
        self._server = server
        self._from_source: dict[str, int] = {}  # clients, by where they come from
        self.turned_away: dict[Connection, None] = {}  # who are reading why
        self.refused = 0

    def note_arrival(self, host: str) -> str:
        """Count a client; return its source (see `counting_key`)."""
        source = counting_key(host)
        self._from_source[source] = self._from_source.get(source, 0) + 1
        return source

    def note_departure(self, host: str) -> None:
        """Count a client no more."""
        source = counting_key(host)
        self._from_source[source] -= 1
        if not self._from_source[source]:
            del self._from_source[source]

    def reason_to_refuse(self, host: str) -> bytes | None:
        """Return what to tell a caller from there who cannot come in, or None."""
        server, source = self._server, counting_key(host)
        share = server.settings.host_share
        if server.operator.bans.bans(host):
            return BANNED
        doors = server.tls_doors
        present = len(server.sessions) + sum(door.pending for door in doors)
        if present >= server.settings.max_clients:
            return FULL
        alike = self._from_source.get(source, 0) + sum(door.pending_from(source) for door in doors)
        if share and alike >= share and not self._is_exempt(host):
            return CROWDED_HOST
        return None

    def refuses(self, host: str) -> bool:
        """Return whether a caller from there would be turned away now."""
        return self.reason_to_refuse(host) is not None

    def report_tls(self, host: str, port: int, reason: str) -> None:
        """Note that a caller did not get through its handshake."""
        self.refused += 1
        self._report(format_address(host, port), reason)

    def turn_away(self, sock: ByteStream, why: bytes, address: str) -> None:
        """Tell a caller why it cannot come in, and close."""
        self.refused += 1
        self._report(address, why.decode().removeprefix("-> ").rstrip(".\n"))
        if len(self.turned_away) >= _TURNED_AWAY:
            refuse(sock, why)
            return
        connection = connection_over(self._server.shared, sock)
        self.turned_away[connection] = None
        connection.open(_TurnedAway(self, connection))
        connection.close("turned away", why)

    def _is_exempt(self, host: str) -> bool:
        """Whether by default any number may come from there: from this machine."""
        return self._server.settings.max_per_host is None and is_local(host)

    def _report(self, address: str, reason: str) -> None:
        log = self._server.log
        log.event("refused", f"refused {address}: {reason}", address=address, reason=reason)

    def forget_turned_away(self, connection: Connection) -> None:
        """Note that somebody who was turned away is gone."""
        del self.turned_away[connection]

    def report_defect(self, error: Exception) -> None:
        """Report what went wrong with somebody who was turned away."""
        self._server.log.failure("a caller turned away", error)


class _TurnedAway(Owner):
    """The owner of a connection that only has a refusal to read."""

    def __init__(self, admission: Admission, connection: Connection) -> None:
        self._admission = admission
        self._connection = connection

    def on_closed(self, reason: str) -> None:
        """Make room for the next."""
        self._admission.forget_turned_away(self._connection)

    def on_error(self, error: Exception) -> None:
        """Report a defect."""
        self._admission.report_defect(error)
