"""TLS on the reactor: callers who shake hands, and connections over what comes of it.

    Listener  --a socket-->  TlsDoor: a handshake for each caller  --a TlsStream-->  whoever admits

Invariants:
- A handshake is a state of its own and never part of `accept`, which would make everybody wait. It
  has `HANDSHAKE` seconds in all, however its bytes arrive.
- A turn takes `_STEPS` steps of handshakes at most: one costs as much as a hundred chat lines, and
  a thousand callers may come at once. The others wait in order, unwatched, so they wake nobody.
- Whoever would be turned away anyhow may shake hands to read why, as long as few do.
- A caller that does not speak TLS is told so in plain text.
- What a stream holds decrypted, or has not decrypted yet, is read in the next turn, if the
  connection is to be read at all: no selector tells of it.

Not here: the records (`tls_stream`), certificates, and who is admitted.
"""

import socket
from collections import deque
from collections.abc import Callable
from typing import Final

from reactor_chat.loop.reactor import NOTHING, READ, WRITE, Handler, Reactor
from reactor_chat.loop.reasons import reason_for
from reactor_chat.net.certificate import Certificate
from reactor_chat.net.connection import Connection
from reactor_chat.net.listener import refuse
from reactor_chat.net.shared import Shared
from reactor_chat.net.tls_stream import ByteStream, PlaintextError, TlsStream
from reactor_chat.wire.addresses import counting_key
from reactor_chat.wire.protocol import answer

# Seconds: some round trips over the slowest link, and a client that is short of CPU.
HANDSHAKE: Final = 10.0

_STEPS: Final = 4  # a turn: some milliseconds of elliptic curves

# Callers who shake hands only to read why they are turned away: few, as they cost the most.
_HOPELESS: Final = 16

PLAINTEXT: Final = answer("This port speaks TLS: use chats:// or --tls.")

Admit = Callable[[TlsStream, str, int], None]
Report = Callable[[str, int, str], None]


class TlsDoor(Handler):
    """Takes the callers of listeners, and admits those who have shaken hands.

    `admit` is given the stream, the host and the port, and `report` a host, a port and the reason
    why nothing came of it. `refuses` says whether a caller from a host would be turned away now.
    """

    def __init__(
        self,
        reactor: Reactor,
        certificate: Certificate,
        admit: Admit,
        refuses: Callable[[str], bool],
        report: Report,
    ) -> None:
        super().__init__(-1)  # only for its timers
        self.reactor = reactor
        self._certificate = certificate
        self._admit = admit
        self._refuses = refuses
        self._report = report
        self._callers: dict[_Caller, None] = {}
        self._sources: dict[str, int] = {}  # how many of them come from there
        self._line: deque[_Caller] = deque()  # those who wait for their next step
        self._steps = 0  # taken in turn number `_turn`
        self._turn = 0

    @property
    def pending(self) -> int:
        """How many are shaking hands."""
        return len(self._callers)

    def pending_from(self, source: str) -> int:
        """How many of them come from a source (see `counting_key`)."""
        return self._sources.get(source, 0)

    def accept(self, sock: socket.socket, host: str, port: int) -> None:
        """Begin a handshake, as what a listener calls."""
        if self.pending >= _HOPELESS and self._refuses(host):
            sock.close()
            self._report(host, port, "turned away before the TLS handshake")
            return
        stream = TlsStream(sock, self._certificate.context, server_side=True)
        caller = _Caller(self, sock, stream, host, port)
        self._callers[caller] = None
        self._sources[caller.source] = self._sources.get(caller.source, 0) + 1
        caller.wait()

    def stop(self) -> None:
        """Let everybody go who is still shaking hands."""
        for caller in list(self._callers):
            caller.abort()

    # -- for the callers --------------------------------------------------------------------------

    def request_step(self, caller: "_Caller") -> None:
        """Let a caller take a step now, or when it is its turn."""
        if self._turn != self.reactor.turns:
            self._turn, self._steps = self.reactor.turns, 0
        if self._steps < _STEPS and not self._line:
            self._steps += 1
            caller.step()
            return
        self.reactor.watch(caller, NOTHING)
        if not self._line:
            self.reactor.call_soon(self, self._go_on)
        self._line.append(caller)

    def _go_on(self) -> None:
        for _ in range(min(_STEPS, len(self._line))):
            caller = self._line.popleft()
            try:
                caller.step()
            except Exception as error:
                caller.on_crash(error)
        if self._line:
            self.reactor.call_soon(self, self._go_on)

    def admit(self, caller: "_Caller") -> None:
        """Pass on a caller that has shaken hands."""
        self._strike(caller)
        self._admit(caller.stream, caller.host, caller.port)

    def give_up(self, caller: "_Caller") -> None:
        """Nothing comes of it."""
        self._strike(caller)
        self.reactor.dispose(caller)

    def report(self, caller: "_Caller", reason: str) -> None:
        """Say why."""
        self._report(caller.host, caller.port, reason)

    def _strike(self, caller: "_Caller") -> None:
        del self._callers[caller]
        self._sources[caller.source] -= 1
        if not self._sources[caller.source]:
            del self._sources[caller.source]


class _Caller(Handler):
    """One handshake under way."""

    __slots__ = ("_deadline", "_door", "_last_word", "_over", "_sock", "host", "port", "source",
                 "stream")  # fmt: skip

    def __init__(
        self, door: TlsDoor, sock: socket.socket, stream: TlsStream, host: str, port: int
    ) -> None:
        super().__init__(sock.fileno())
        self._door = door
        self._sock = sock
        self.stream = stream
        self.host = host
        self.port = port
        self.source = counting_key(host)
        self._over = False  # it was passed on, or given up
        self._last_word = b""
        self._deadline = door.reactor.call_later(HANDSHAKE, self, self._on_deadline)

    def wait(self) -> None:
        """Wait for what the next step takes."""
        try:
            self._door.reactor.watch(self, READ | (WRITE if self.stream.waiting else NOTHING))
        except OSError as error:  # no more can be watched
            self.fail(reason_for(error))

    def on_readable(self) -> None:
        """Take a step, as soon as there is time."""
        self._door.request_step(self)

    def on_writable(self) -> None:
        """Send the rest of a step, and take the next."""
        if not self.interest & READ:
            return
        self._door.request_step(self)

    def step(self) -> None:
        """Take a step."""
        if self._over:
            return
        try:
            done = self.stream.handshake()
        except PlaintextError:
            self._last_word = PLAINTEXT
            self.fail("no TLS")
        except OSError as error:
            self.fail(reason_for(error))
        else:
            self._finish() if done else self.wait()

    def _finish(self) -> None:
        self._over = True
        self._deadline.cancel()
        self._door.reactor.watch(self, NOTHING)
        self._door.admit(self)

    def fail(self, reason: str) -> None:
        """Abandon the handshake, and say why."""
        self.abort()
        self._door.report(self, reason)

    def abort(self) -> None:
        """Abandon the handshake."""
        if not self._over:
            self._over = True
            self._deadline.cancel()
            self._door.give_up(self)

    def on_dispose(self) -> None:
        """Close the socket, with a last word if there is one."""
        refuse(self._sock, self._last_word)

    def on_crash(self, error: Exception) -> None:
        """Pay for a defect that showed itself here, or in whoever admits callers."""
        self.fail(f"internal error: {error!r}")

    def _on_deadline(self) -> None:
        if not self.stream.heard:  # it waits for us to begin, as no client of TLS does
            self._last_word = PLAINTEXT
        self.fail(f"no TLS handshake within {HANDSHAKE:.0f} s")


class TlsConnection(Connection):
    """A connection over a `TlsStream`."""

    __slots__ = ("_reads_on",)

    socket: TlsStream

    def __init__(self, shared: Shared, stream: TlsStream) -> None:
        super().__init__(shared, stream)
        self._reads_on = False  # in the next turn

    @property
    def owed(self) -> int:
        """How many bytes of what waits are encrypted already."""
        return self.socket.owed

    def on_readable(self) -> None:
        """Take in one slice, and see to what is left in the stream."""
        super().on_readable()
        if self.socket.buffered:
            self._read_on()

    def update_interest(self) -> None:
        """Ask the reactor for what the state demands, and read what it does not know of."""
        super().update_interest()
        if self.socket.buffered:
            self._read_on()

    def _read_on(self) -> None:
        if self.interest & READ and not self._reads_on:
            self._reads_on = True
            self._shared.reactor.call_soon(self, self._on_next_turn)

    def _on_next_turn(self) -> None:
        self._reads_on = False
        if self.interest & READ and self.socket.buffered:
            self.on_readable()


def connection_over(shared: Shared, sock: ByteStream) -> Connection:
    """Return a connection over a socket, or over the TLS around one."""
    return TlsConnection(shared, sock) if isinstance(sock, TlsStream) else Connection(shared, sock)
