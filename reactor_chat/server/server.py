"""The server put together: a connection's lines to the chat, and the chat's words to connections.

`Server` decides who may come in, and ends everything in order. A `Session` is one client: it owns
the connection's side of the conversation, and decides when the client is served. A client waits
- when it does not read the answers that it gets (`Connection.crowded`): otherwise they would pile
  up;
- when it relays more than `Settings.rate` lines a second. In both cases its lines stay where they
  are, unread ones in the kernel, and nothing is dropped.

Invariants:
- The state of a client is looked at after each line: any line may be its last.
- Whoever is turned away reads why; at most `_TURNED_AWAY` of those are seen out at a time.

Not here: descriptors 0 to 2, signals, the form of the log (`service`).
"""

import dataclasses
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

from reactor_chat.chat.chat import Chat
from reactor_chat.chat.commands import receive
from reactor_chat.chat.moderation import BANNED, Operator
from reactor_chat.chat.rate import Bucket
from reactor_chat.chat.rooms import Audience
from reactor_chat.loop.reactor import Handler, Reactor
from reactor_chat.net.connection import OPEN, Connection, Owner
from reactor_chat.net.listener import Listener, see_out
from reactor_chat.net.send_queue import Streams
from reactor_chat.net.tape import Tape
from reactor_chat.server.settings import Settings
from reactor_chat.wire.addresses import format_address
from reactor_chat.wire.protocol import answer, is_plain, notice, shouted

FULL: Final = answer("Server is full.")
CROWDED_HOST: Final = answer("Too many connections from your address.")

# Callers who are turned away keep a descriptor until they have read why: half of those in reserve.
_TURNED_AWAY: Final = 16

# Seconds. At the end, peers that read get all they were told within the first, and have time to
# close within the second, so that no reset follows.
SHUTDOWN: Final = 5.0
_SHUTDOWN_LINGER: Final = 1.0


@dataclass
class Log:
    """Where the server reports to; `said` is None if what people say is not wanted."""

    event: Callable[[str], None]
    said: Callable[[bytes], None] | None
    failure: Callable[[str, Exception], None]


class Session(Owner):
    """One client: its connection, its member of the chat, and its leave to speak."""

    __slots__ = ("_bucket", "_chat", "_server", "_waits", "connection", "member")

    def __init__(self, server: "Server", connection: Connection, host: str) -> None:
        self._server = server
        self._chat = server.chat
        self.connection = connection
        self.member = self._chat.enter(connection, host)
        self._bucket: Bucket | None = None
        self._waits = False  # for leave to relay more
        self.reset_rate()

    def reset_rate(self) -> None:
        """Relay as the settings have it, with nothing relayed so far."""
        rate = self._server.settings.rate
        self._bucket = Bucket(rate, self._server.reactor.now) if rate else None

    def on_run(self, run: bytes) -> None:
        """Serve whole lines: plain ones as one, anything else line by line."""
        member = self.member
        if member.room is None and (shout := shouted(run)) is not None:
            self._chat.answer_run(member, run, shout)
        elif is_plain(run) and (self._bucket is None or self._affords(run)):
            self._chat.speak(member, run)
        else:
            self.connection.lines.put_back(run)
            self.on_lines()

    def on_lines(self) -> None:
        """Serve the lines that are there, one by one."""
        chat, member = self._chat, self.member
        while not self._must_wait():
            line = self.connection.lines.next_line()
            if line is None:
                return
            relayed = chat.relayed
            receive(chat, member, line)
            if self._bucket:
                self._bucket.charge(chat.relayed - relayed)

    def on_end(self) -> None:
        """Leave, once everything that was asked is answered."""
        self._chat.leave(self.member)
        self.connection.finish("end of input")

    def on_missed(self, missed: int) -> None:
        """Tell how much was left out."""
        self.connection.write(notice(f"You missed {missed} messages."))

    def on_closed(self, reason: str) -> None:
        """Leave, if not done before."""
        try:
            self._chat.leave(self.member)
        finally:
            self._server.forget(self, reason)

    def on_error(self, error: Exception) -> None:
        """Report a defect."""
        self._server.log.failure(self.member.name, error)

    def _affords(self, run: bytes) -> bool:
        """Tell whether a whole run may pass, and charge for it."""
        assert self._bucket is not None
        if self.member.room is None or self.member.muted:
            return True
        lines = run.count(b"\n")
        if not self._bucket.affords(lines, self._server.reactor.now):
            return False
        if len(self.member.room.members) > 1:
            self._bucket.charge(lines)
        return True

    def _must_wait(self) -> bool:
        """Tell whether the client is not to be served now, and arrange that it will be."""
        connection, reactor = self.connection, self._server.reactor
        if connection.life is not OPEN:
            return True
        if connection.crowded:
            connection.hold()
            return True
        if self._bucket is None or self._bucket.affords(1, reactor.now):
            return False
        connection.hold()
        if not self._waits:  # an earlier timer will do; each new one would live on beside it
            self._waits = True
            reactor.call_later(self._bucket.wait, connection, self._go_on)
        return True

    def _go_on(self) -> None:
        self._waits = False
        self.connection.serve()


class Server(Handler):
    """A chat server on a reactor."""

    def __init__(self, reactor: Reactor, settings: Settings, log: Log) -> None:
        super().__init__(-1)  # only for its timers
        self.reactor = reactor
        self.settings = settings
        self.log = log
        self.streams = Streams(reactor, settings.limits)
        # The links that this chat is given are all connections, and `Tape` takes nothing else.
        gather = cast(Callable[[], Audience], self._new_tape)
        self.chat = Chat(gather, log.event, log.said)
        self.operator = Operator(self.chat, self.stats, self.shut_down)
        self.sessions: dict[Session, None] = {}
        self.listeners: list[Listener] = []
        self.refused = 0
        self._from_host: dict[str, int] = {}
        self._turned_away: dict[Connection, None] = {}
        self._ending = False
        self.on_ending: Callable[[], None] = lambda: None

    # -- coming in --------------------------------------------------------------------------------

    def listen(self, sock: socket.socket) -> Listener:
        """Accept on a listening, non-blocking socket."""
        listener = Listener(self.reactor, sock, self.admit, FULL, self.log.event)
        self.listeners.append(listener)
        return listener

    def admit(self, sock: socket.socket, host: str, port: int) -> None:
        """Take in a caller, or tell it why not."""
        refusal = self._reason_to_refuse(host)
        if refusal is not None:
            self._turn_away(sock, refusal)
            return
        connection = Connection(self.streams, sock)
        session = Session(self, connection, host)
        self.sessions[session] = None
        self._from_host[host] = self._from_host.get(host, 0) + 1
        connection.open(session)
        self.log.event(f"{session.member.name} connected from {format_address(host, port)}")

    def forget(self, session: Session, reason: str) -> None:
        """Strike a session whose connection is gone."""
        host = session.member.host
        self.log.event(f"{session.member.name} disconnected ({reason})")
        del self.sessions[session]
        self._from_host[host] -= 1
        if not self._from_host[host]:
            del self._from_host[host]
        if self._ending and not self.sessions:
            self.reactor.stop()

    def _new_tape(self) -> Tape:
        return Tape(self.reactor, self.on_crash)

    def _reason_to_refuse(self, host: str) -> bytes | None:
        share = self.settings.max_per_host
        if self.operator.bans_host(host):
            return BANNED
        if len(self.sessions) >= self.settings.max_clients:
            return FULL
        if share and self._from_host.get(host, 0) >= share:
            return CROWDED_HOST
        return None

    def _turn_away(self, sock: socket.socket, why: bytes) -> None:
        self.refused += 1
        if len(self._turned_away) >= _TURNED_AWAY:
            see_out(sock, why)
            return
        connection = Connection(self.streams, sock)
        self._turned_away[connection] = None
        connection.open(_TurnedAway(self, connection))
        connection.finish("turned away", why)

    def saw_out(self, connection: Connection) -> None:
        """Note that somebody who was turned away is gone."""
        del self._turned_away[connection]

    def reconfigure(self, settings: Settings) -> None:
        """Go by other settings from now on. (The end has limits of its own.)"""
        if self._ending:
            return
        self.settings = settings
        self.streams.limits = settings.limits
        for session in self.sessions:
            session.reset_rate()

    # -- the end ----------------------------------------------------------------------------------

    def shut_down(self) -> None:
        """Accept no more, deliver what was said, and stop; within `SHUTDOWN` seconds."""
        # What has arrived by now is still served: this turn's input first, then the end.
        self.reactor.call_soon(self, self._finish_all)

    def _finish_all(self) -> None:
        if self._ending:
            return
        self._ending = True
        self.on_ending()
        for listener in self.listeners:
            listener.stop()
        limits = self.streams.limits
        self.streams.limits = dataclasses.replace(limits, linger=_SHUTDOWN_LINGER)
        self.chat.close()
        for session in self.sessions:
            session.connection.finish("server shutdown")
        self.reactor.call_later(SHUTDOWN, self, self.reactor.stop)
        if not self.sessions:
            self.reactor.stop()

    def close(self) -> None:
        """Cut off whoever is left, after the reactor has stopped."""
        for listener in self.listeners:
            listener.stop()
        self.chat.close()
        for connection in (*(one.connection for one in self.sessions), *self._turned_away):
            connection.close("server shutdown")
        self.reactor.settle()

    def on_crash(self, error: Exception) -> None:
        """Report a defect in the server's own timers, or in a room."""
        self.log.failure("server", error)

    # -- figures ----------------------------------------------------------------------------------

    def stats(self) -> list[str]:
        """Give the figures that matter when something is wrong, a line each."""
        reactor, chat = self.reactor, self.chat
        uptime = max(reactor.now - reactor.started, 1e-9)
        backlogs = [(one.connection.size, one.member.name) for one in self.sessions]
        size, name = max(backlogs, default=(0, ""))
        largest = f", largest {size} for {name}" if size else ""
        no_descriptor = sum(listener.refused for listener in self.listeners)
        return [
            f"clients {len(chat.members)}, rooms {len(chat.rooms)}, connections {len(backlogs)}",
            f"backlog {sum(size for size, _ in backlogs)} bytes{largest}",
            f"relayed {chat.relayed} lines, missed {self.streams.missed} lines",
            f"refused {self.refused + no_descriptor} callers",
            f"turns {reactor.turns}, {reactor.turns / uptime:.1f} a second over {uptime:.0f} s",
            f"longest turn {reactor.longest_turn * 1000:.1f} ms",
        ]


class _TurnedAway(Owner):
    """The owner of a connection that only has a refusal to read."""

    def __init__(self, server: Server, connection: Connection) -> None:
        self._server = server
        self._connection = connection

    def on_closed(self, reason: str) -> None:
        """Make room for the next."""
        self._server.saw_out(self._connection)

    def on_error(self, error: Exception) -> None:
        """Report a defect."""
        self._server.log.failure("a caller turned away", error)
