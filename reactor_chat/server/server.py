"""The server put together: connections, and the chat between them.

Invariants:
- Where something is done to all, a failure with one costs that one alone: a shutdown ends in time
  whatever becomes of a single stream.
- While news waits for the keeper, those who speak in rooms are not read. Otherwise megabytes would
  be published at once, and those who read well would be overrun.

Not here: who may come in (`admission`), a client's lines (`session`), descriptors 0 to 2, signals
(`service`), the form of the log (`event_log`).
"""

import dataclasses
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol, cast

from reactor_chat.chat.accounts import Accounts
from reactor_chat.chat.announcements import announce
from reactor_chat.chat.archive import Archive, NoArchive
from reactor_chat.chat.chat import Chat
from reactor_chat.chat.journal import Journal
from reactor_chat.chat.links import Audience as RoomAudience
from reactor_chat.chat.log import Log
from reactor_chat.chat.members import Member, for_each
from reactor_chat.chat.moderation import Operator
from reactor_chat.loop.reactor import Handler, Reactor
from reactor_chat.net.audience import Audience
from reactor_chat.net.certificate import Certificate
from reactor_chat.net.connection import Connection
from reactor_chat.net.listener import Listener, OnAccept
from reactor_chat.net.liveness import Liveness
from reactor_chat.net.shared import Shared
from reactor_chat.net.tls import TlsConnection, TlsDoor, connection_over
from reactor_chat.net.tls_stream import ByteStream
from reactor_chat.server.admission import FULL, Admission
from reactor_chat.server.memory import MemoryGuard, countable
from reactor_chat.server.run_queue import RunQueue
from reactor_chat.server.session import Session
from reactor_chat.server.settings import Settings
from reactor_chat.server.stats import figures
from reactor_chat.wire.addresses import format_address, is_local

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
        self.run_queue = RunQueue(self.shared)
        self.listeners: list[Listener] = []
        self.tls_doors: list[TlsDoor] = []
        self.admission = Admission(self)
        self.on_ending: Callable[[], None] = lambda: None
        self.held_up: dict[Session, None] = {}  # who speaks in rooms, until the keeper keeps up
        self._keeper = keeper
        self._unpublished: dict[Audience, None] = {}  # rooms with news that the keeper lacks
        if keeper is not None:
            keeper.on_drained = self._publish
            keeper.on_relieved = self._resume_held_up
            self.shared.may_publish = self._may_publish
        self._ending = False
        self._liveness = Liveness(reactor, self._connections, partial(log.failure, "liveness"))
        self.shared.memory = countable(settings.memory)
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
            door = TlsDoor(
                self.reactor,
                certificate,
                self.admit,
                self.admission.refuses,
                self.admission.report_tls,
            )
            self.tls_doors.append(door)
            accept = door.accept
            sorry = b""  # in plain text it would mean nothing to the caller
        listener = Listener(self.reactor, sock, accept, sorry, partial(self.log.event, "listening"))
        self.listeners.append(listener)
        return listener

    def admit(self, sock: ByteStream, host: str, port: int) -> None:
        """Take in a caller, or tell it why not."""
        refusal = self.admission.reason_to_refuse(host)
        if refusal is not None:
            self.admission.turn_away(sock, refusal, format_address(host, port))
            return
        connection = connection_over(self.shared, sock)
        session = Session(self, connection, host)
        self.sessions[session] = None
        source = self.admission.note_arrival(host)
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
        self.admission.note_departure(member.host)
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
        self.shared.memory = countable(settings.memory)
        for session in self.sessions:
            session.reset_rate()

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
        announce(self.chat, "The server is shutting down.")
        for_each(self.chat.people, self._dismiss)
        for session in list(self.sessions):
            session.connection.close("server shutdown")
        if not self.sessions:
            self.reactor.stop()

    def _stop_accepting(self) -> None:
        for listener in self.listeners:
            listener.stop()
        for door in self.tls_doors:
            door.stop()

    def _dismiss(self, member: Member) -> None:
        """Let a member go without a word to the others, who are going, too."""
        member.link.close("server shutdown")
        self.chat.people.remove(member)

    def close(self) -> None:
        """Cut off whoever is left, after the reactor has stopped."""
        self._stop_accepting()
        for connection in (*(one.connection for one in self.sessions), *self.admission.turned_away):
            connection.abort("server shutdown")
        self.reactor.end_turn()

    def on_crash(self, error: Exception) -> None:
        """Report a defect in the server's own timers."""
        self.log.failure("server", error)

    def stats(self) -> list[str]:
        """Return the figures that matter when something is wrong, a line each."""
        return figures(self)
