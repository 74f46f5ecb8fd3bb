"""The server put together: connections, the chat between them, and who may come in.

Invariants:
- Whoever is turned away reads why; at most `_TURNED_AWAY` of those are waited for at a time.
- Where something is done to all, a failure with one costs that one alone: a shutdown ends in time
  whatever becomes of a single stream.

Not here: a client's lines (`session`), descriptors 0 to 2, signals (`service`), the form of the log
(`event_log`).
"""

import dataclasses
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol, cast

from reactor_chat.chat.accounts import Accounts
from reactor_chat.chat.archive import Archive, NoArchive
from reactor_chat.chat.chat import Chat
from reactor_chat.chat.journal import Journal
from reactor_chat.chat.log import Log
from reactor_chat.chat.members import Member
from reactor_chat.chat.moderation import BANNED, Operator
from reactor_chat.chat.rooms import Audience as RoomAudience
from reactor_chat.loop.reactor import Handler, Reactor
from reactor_chat.net.audience import Audience
from reactor_chat.net.certificate import Certificate
from reactor_chat.net.connection import Connection
from reactor_chat.net.listener import Listener, OnAccept, refuse
from reactor_chat.net.liveness import Liveness
from reactor_chat.net.owner import Owner
from reactor_chat.net.shared import Shared
from reactor_chat.net.tls import TlsConnection, TlsDoor, connection_over
from reactor_chat.net.tls_stream import ByteStream
from reactor_chat.server.memory import MemoryGuard
from reactor_chat.server.session import Session
from reactor_chat.server.settings import Settings
from reactor_chat.wire.addresses import counting_key, format_address, is_local
from reactor_chat.wire.protocol import answer

FULL: Final = answer("Server is full.")
CROWDED_HOST: Final = answer("Too many connections from your address.")

# Callers who are turned away keep a descriptor until they have read why: half of those in reserve.
_TURNED_AWAY: Final = 16

# Seconds. At the end, peers that read get all they were told within the first, and have time to
# close within the second, so that no reset follows.
SHUTDOWN: Final = 5.0
_SHUTDOWN_LINGER: Final = 1.0


class Keeper(Protocol):
    """Who keeps what is said in rooms (see `store.client`)."""

    on_drained: Callable[[], object]
    on_relieved: Callable[[], object]

    @property
    def busy(self) -> bool:
        """Whether so much waits for the disk that those who speak should wait."""

    def flush(self) -> bool:
        """Hand on what was said; return whether all of it was taken, and so survives a crash."""


class ServerLog(Journal, Protocol):
    """Where the server reports to."""

    def enter(self, by: str, source: str) -> None:
        """A client is here, from a source."""

    def forget(self, by: str) -> None:
        """A client is gone."""

    def failure(self, who: str, error: Exception) -> None:
        """Report a defect."""


class Server(Handler):
    """A chat server on a reactor."""

    def __init__(
        self,
        reactor: Reactor,
        settings: Settings,
        log: ServerLog,
        archive: Archive | None = None,
        keeper: Keeper | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(-1)  # only for its timers
        self.reactor = reactor
        self.settings = settings
        self.log = log
        self.shared = Shared(reactor, settings.limits, clock)
        # The links that this chat is given are all connections, and `Audience` takes nothing else.
        new_audience = cast(Callable[[Log], RoomAudience], self._new_audience)
        self.chat = Chat(new_audience, log, archive or NoArchive(), clock)
        self.accounts = Accounts(
            self.chat, lambda: reactor.now, self._call_later, self._may_send_passwords
        )
        self.operator = Operator(self.chat, self.stats, self.shut_down)
        self.sessions: dict[Session, None] = {}
        self.listeners: list[Listener] = []
        self._tls_doors: list[TlsDoor] = []
        self.refused = 0
        self.on_ending: Callable[[], None] = lambda: None
        self.held_up: dict[Session, None] = {}  # who speaks in rooms, until the keeper keeps up
        self._keeper = keeper
        self._unpublished: dict[Audience, None] = {}  # rooms with news that the keeper lacks
        if keeper is not None:
            keeper.on_drained = self._publish
            keeper.on_relieved = self._resume_held_up
            self.shared.may_publish = self._may_publish
        self._from_host: dict[str, int] = {}
        self._turned_away: dict[Connection, None] = {}
        self._ending = False
        self._liveness = Liveness(reactor, self._connections, partial(log.failure, "liveness"))
        self.shared.memory = settings.memory
        self.shared.guard = MemoryGuard(
            self.shared, self.chat, self._connections, partial(log.failure, "memory")
        )

    def _connections(self) -> list[Connection]:
        return [session.connection for session in self.sessions]

    def _new_audience(self, log: Log) -> Audience:
        return Audience(self.shared, log, partial(self.log.failure, "a room"))

    @property
    def keeps(self) -> bool:
        """Whether there is a keeper, for whom speakers may have to wait."""
        return self._keeper is not None

    @property
    def archive_lags(self) -> bool:
        """Whether who speaks in rooms is to be read later.

        So it is while news waits to be published: if megabytes of it came at once, those who read
        well would be overrun.
        """
        return self._keeper is not None and (bool(self._unpublished) or self._keeper.busy)

    def _may_publish(self, audience: Audience) -> bool:
        """Return whether a room's news may be read: not before the keeper has it."""
        assert self._keeper is not None
        if self._keeper.flush():
            return True
        self._unpublished[audience] = None
        return False

    def _publish(self) -> None:
        unpublished, self._unpublished = self._unpublished, {}
        for audience in unpublished:
            audience.publish_later()
        if not self.archive_lags:
            self._resume_held_up()

    def _resume_held_up(self) -> None:
        held_up, self.held_up = self.held_up, {}
        for session in held_up:
            session.connection.resume_soon()

    def _call_later(self, delay: float, callback: Callable[[], None]) -> None:
        self.reactor.call_later(delay, self, callback)

    def _may_send_passwords(self, member: Member) -> bool:
        encrypted = isinstance(member.link, TlsConnection)
        return encrypted or self.settings.plain_passwords or is_local(member.host)

    # -- coming in --------------------------------------------------------------------------------

    def listen(self, sock: socket.socket, certificate: Certificate | None = None) -> Listener:
        """Accept on a listening, non-blocking socket; with a certificate, over TLS."""
        accept: OnAccept = self.admit
        sorry = FULL
        if certificate is not None:
            door = TlsDoor(self.reactor, certificate, self.admit, self._refuses, self._report_tls)
            self._tls_doors.append(door)
            accept = door.accept
            sorry = b""  # in plain text it would mean nothing to the caller
        listener = Listener(self.reactor, sock, accept, sorry, partial(self.log.event, "listening"))
        self.listeners.append(listener)
        return listener

    def admit(self, sock: ByteStream, host: str, port: int) -> None:
        """Take in a caller, or tell it why not."""
        source = counting_key(host)
        refusal = self._reason_to_refuse(host, source)
        if refusal is not None:
            self._turn_away(sock, refusal, format_address(host, port))
            return
        connection = connection_over(self.shared, sock)
        session = Session(self, connection, host)
        self.sessions[session] = None
        self._from_host[source] = self._from_host.get(source, 0) + 1
        connection.open(session)
        self._liveness.begin()
        given, address = session.member.given, format_address(host, port)
        self.log.enter(given, source)
        self.log.event("connected", f"{given} connected from {address}", given, address=address)

    def forget(self, session: Session, reason: str) -> None:
        """Strike a session whose connection is gone."""
        del self.sessions[session]
        self.held_up.pop(session, None)
        member = session.member
        self.accounts.forget(member)
        source = counting_key(member.host)
        self._from_host[source] -= 1
        if not self._from_host[source]:
            del self._from_host[source]
        if self._ending and not self.sessions:
            self.reactor.stop()
        text = f"{member.name} disconnected ({reason})"
        self.log.event("disconnected", text, member.given, name=member.name, reason=reason)
        self.log.forget(member.given)

    def reconfigure(self, settings: Settings) -> None:
        """Go by other settings from now on. (The end has limits of its own.)"""
        if self._ending:
            return
        self.settings = settings
        self.shared.limits = settings.limits
        self.shared.memory = settings.memory
        for session in self.sessions:
            session.reset_rate()

    def _reason_to_refuse(self, host: str, source: str) -> bytes | None:
        share = self.settings.host_share
        if self.operator.bans.bans(host):
            return BANNED
        doors = self._tls_doors
        if len(self.sessions) + sum(door.pending for door in doors) >= self.settings.max_clients:
            return FULL
        present = self._from_host.get(source, 0) + sum(door.pending_from(source) for door in doors)
        if share and present >= share and not self._is_exempt(host):
            return CROWDED_HOST
        return None

    def _refuses(self, host: str) -> bool:
        return self._reason_to_refuse(host, counting_key(host)) is not None

    def _report_tls(self, host: str, port: int, reason: str) -> None:
        """Note that a caller has not come as far as to be admitted."""
        self.refused += 1
        address = format_address(host, port)
        self.log.event("refused", f"refused {address}: {reason}", address=address, reason=reason)

    def _is_exempt(self, host: str) -> bool:
        """Whether by default any number may come from there: from this machine."""
        return self.settings.max_per_host is None and is_local(host)

    def _turn_away(self, sock: ByteStream, why: bytes, address: str) -> None:
        self.refused += 1
        text = why.decode().removeprefix("-> ").rstrip(".\n")
        self.log.event("refused", f"refused {address}: {text}", address=address, reason=text)
        if len(self._turned_away) >= _TURNED_AWAY:
            refuse(sock, why)
            return
        connection = connection_over(self.shared, sock)
        self._turned_away[connection] = None
        connection.open(_TurnedAway(self, connection))
        connection.close("turned away", why)

    def forget_turned_away(self, connection: Connection) -> None:
        """Note that somebody who was turned away is gone."""
        del self._turned_away[connection]

    # -- the end ----------------------------------------------------------------------------------

    def shut_down(self) -> None:
        """Accept no more, deliver what was said, and stop; within `SHUTDOWN` seconds."""
        # What has arrived by now is still served: this turn's input first, then the end.
        self.reactor.call_soon(self, self._close_all)

    def _close_all(self) -> None:
        if self._ending:
            return
        self._ending = True
        self.reactor.call_later(SHUTDOWN, self, self.reactor.stop)
        self.on_ending()
        self._stop_accepting()
        limits = self.shared.limits
        self.shared.limits = dataclasses.replace(limits, linger=_SHUTDOWN_LINGER)
        self.chat.announce("The server is shutting down.")
        self.chat.each(self.chat.people, self._dismiss)
        for session in list(self.sessions):
            session.connection.close("server shutdown")
        if not self.sessions:
            self.reactor.stop()

    def _stop_accepting(self) -> None:
        for listener in self.listeners:
            listener.stop()
        for door in self._tls_doors:
            door.stop()

    def _dismiss(self, member: Member) -> None:
        """Let a member go without a word to the others, who are going, too."""
        member.link.close("server shutdown")
        self.chat.people.remove(member)

    def close(self) -> None:
        """Cut off whoever is left, after the reactor has stopped."""
        self._stop_accepting()
        for connection in (*(one.connection for one in self.sessions), *self._turned_away):
            connection.abort("server shutdown")
        self.reactor.end_turn()

    def on_crash(self, error: Exception) -> None:
        """Report a defect in the server's own timers."""
        self.log.failure("server", error)

    # -- figures ----------------------------------------------------------------------------------

    def stats(self) -> list[str]:
        """Return the figures that matter when something is wrong, a line each."""
        reactor, chat, shared = self.reactor, self.chat, self.shared
        uptime = max(reactor.now - reactor.started, 1e-9)
        backlogs = [(one.connection.waiting, one.member.name) for one in self.sessions]
        size, name = max(backlogs, default=(0, ""))
        largest = f", largest {size} for {name}" if size else ""
        no_descriptor = sum(listener.refused for listener in self.listeners)
        longest = reactor.longest_turn
        return [
            f"clients {len(chat.people)}, rooms {len(chat.rooms)}, connections {len(backlogs)}",
            f"backlog {shared.waiting} bytes{largest}",
            f"rooms' lines {shared.logs} bytes, of {shared.memory} for them and the backlog",
            f"relayed {chat.relayed} lines, missed {shared.missed} lines",
            f"refused {self.refused + no_descriptor} callers",
            f"turns {reactor.turns}, {reactor.turns / uptime:.1f} a second over {uptime:.0f} s",
            f"longest turn {longest.total * 1000:.1f} ms: {longest.serving * 1000:.1f} serving "
            f"{longest.ready} that were ready, {longest.sending * 1000:.1f} sending",
        ]


class _TurnedAway(Owner):
    """The owner of a connection that only has a refusal to read."""

    def __init__(self, server: Server, connection: Connection) -> None:
        self._server = server
        self._connection = connection

    def on_closed(self, reason: str) -> None:
        """Make room for the next."""
        self._server.forget_turned_away(self._connection)

    def on_error(self, error: Exception) -> None:
        """Report a defect."""
        self._server.log.failure("a caller turned away", error)
