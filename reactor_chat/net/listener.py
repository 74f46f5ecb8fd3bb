"""Accepting: a listening socket on the reactor, through storms and shortages of descriptors.

Invariants:
- At most `BATCH` callers are accepted a turn, so those who are in get their turn too.
- When the process is out of descriptors, the listener does not stay ready in vain: it stops
  waiting, and tries once more after `RETRY` seconds. A spare descriptor, given up for a moment,
  lets it tell the caller at the head of the queue why nobody answers.
- The peer's address is what `accept` gave: the peer may be gone by the time one could ask.

Not here: who may come in, and what becomes of those who do.
"""

import contextlib
import errno
import os
import socket
from collections.abc import Callable
from typing import Any, Final

from reactor_chat.loop.reactor import NOTHING, READ, Handler, Reactor
from reactor_chat.loop.reasons import reason_for
from reactor_chat.net.tls_stream import ByteStream

BACKLOG: Final = 4096  # callers whom the kernel keeps waiting: a thousand clients reconnect at once
BATCH: Final = 100  # callers a turn: some milliseconds of work
RETRY: Final = 0.1  # seconds: soon enough for people, rare enough to cost nothing
_REPORT_EVERY: Final = 1.0  # seconds between log lines about one and the same trouble

# Bytes to read away from a caller whom we refuse: closing with unread input sends a reset.
_UNREAD: Final = 64 * 1024

# Seconds. A peer that has vanished (power, cable) while nothing was on its way to it is found out
# within two minutes. (If something was, the kernel does not ask: see `liveness`.)
_KEEPALIVE_IDLE: Final = 60
_KEEPALIVE_INTERVAL: Final = 10
_KEEPALIVE_PROBES: Final = 6

# Bytes that the kernel keeps for a peer beyond what is on its way. Left to itself it takes 4 MB
# for each reader who has stopped; here what a room says waits once, in its log.
_UNSENT: Final = 64 * 1024

# Bytes that the kernel takes of a peer before we read them: four of our slices. Left to itself it
# takes 6 MB, and whoever sent a flood and left would be served for minutes.
_UNREAD_INPUT: Final = 64 * 1024

# Shortages that pass: of this process's descriptors, the system's, or the kernel's memory.
_SHORTAGES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

# A port that is free on the first address may be taken on the second.
_PORT_TRIES: Final = 5

OnAccept = Callable[[socket.socket, str, int], None]


def bind_all(host: str, port: int) -> list[socket.socket]:
    """Listen on every address that `host` resolves to; port 0 takes one free port for all.

    `*` is every address of this machine, of both families.
    Raises OSError (`socket.gaierror` for an unknown host) if any of them cannot be had.
    """
    places = _resolve(host, port)
    for _ in range(_PORT_TRIES - 1 if port == 0 else 0):
        with contextlib.suppress(OSError):
            return _bind_each(places)
    return _bind_each(places)


def _resolve(host: str, port: int) -> list[tuple[int, Any]]:
    """Return the families and addresses behind a name, each once."""
    try:
        found = socket.getaddrinfo(
            None if host == "*" else host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except UnicodeError as error:  # no name at all, as `a..b` or 64 letters without a dot
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known") from error
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


def _bind_each(places: list[tuple[int, Any]]) -> list[socket.socket]:
    bound: list[socket.socket] = []
    try:
        for family, address in places:
            port = address[1] or (bound[0].getsockname()[1] if bound else 0)
            with contextlib.suppress(_Unavailable):
                bound.append(_listen(family, (address[0], port, *address[2:])))
    except OSError:
        for sock in bound:
            sock.close()
        raise
    if not bound:
        raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
    return bound


class _Unavailable(Exception):
    """This machine has no such address, though the name has it (IPv6 that is switched off)."""


def _listen(family: int, address: tuple[Any, ...]) -> socket.socket:
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        if error.errno in (errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT):
            raise _Unavailable from error
        raise
    try:
        _configure(sock)
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRNOTAVAIL:
            raise _Unavailable from error
        raise
    return sock


def _configure(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    prepare(sock)


def prepare(sock: socket.socket) -> None:
    """Set what the accepted sockets are to have: they inherit it, so it costs nothing for each."""
    sock.setblocking(False)
    # A turn's output is one segment already; waiting for more would only delay it.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _UNREAD_INPUT)
    # Telnet sends a byte of its Ctrl-C as urgent: out of the stream, it would be lost from a line.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
    for option, value in (
        ("TCP_KEEPIDLE", _KEEPALIVE_IDLE),
        ("TCP_KEEPINTVL", _KEEPALIVE_INTERVAL),
        ("TCP_KEEPCNT", _KEEPALIVE_PROBES),
        ("TCP_NOTSENT_LOWAT", _UNSENT),
    ):
        if hasattr(socket, option):  # which of them exist depends on the system
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


class Listener(Handler):
    """Accepts on a non-blocking listening socket and hands each caller to `on_accept`.

    `on_accept` is given the caller's socket, non-blocking, its host and its port. `sorry` is what a
    caller reads for whom there was no descriptor; `log` gets a line when that begins to happen.
    """

    __slots__ = (
        "_log",
        "_next_report",
        "_on_accept",
        "_reactor",
        "_socket",
        "_sorry",
        "_spare",
        "_stopped",
        "refused",
    )

    def __init__(
        self,
        reactor: Reactor,
        sock: socket.socket,
        on_accept: OnAccept,
        sorry: bytes,
        log: Callable[[str], None],
    ) -> None:
        super().__init__(sock.fileno())
        self._reactor = reactor
        self._socket = sock
        self._on_accept = on_accept
        self._sorry = sorry
        self._log = log
        self._next_report = 0.0
        self._stopped = False
        self._spare: int | None = _take_spare()
        self.refused = 0  # callers for whom there was no descriptor
        reactor.watch(self, READ)

    @property
    def address(self) -> tuple[str, int]:
        """The host and port on which it listens."""
        host, port = self._socket.getsockname()[:2]
        return host, port

    def on_readable(self) -> None:
        """Accept a batch of callers."""
        for _ in range(BATCH):
            if self._stopped:
                return
            try:
                sock, address = self._socket.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in _SHORTAGES:
                    self._rest(error)
                    return
                continue  # this caller was gone before we looked (accept(2) passes on its errors)
            sock.setblocking(False)
            self._on_accept(sock, address[0], address[1])

    def stop(self) -> None:
        """Accept no more; the descriptor goes at the end of the turn."""
        if self._stopped:
            return
        self._stopped = True
        self._reactor.dispose(self)  # which also ends its interest

    def on_dispose(self) -> None:
        """Close the descriptors."""
        self._socket.close()
        if self._spare is not None:
            os.close(self._spare)

    def on_crash(self, error: Exception) -> None:
        """Go on listening: one caller's misfortune must not shut out the others."""
        self._log(f"accepting a caller failed: {error!r}")

    def _rest(self, error: OSError) -> None:
        if not self._turn_one_away():
            return
        self._reactor.call_later(RETRY, self, self._resume)
        self._reactor.watch(self, NOTHING)
        if self._reactor.now >= self._next_report:
            self._next_report = self._reactor.now + _REPORT_EVERY
            self._log(f"cannot accept callers: {reason_for(error)}")

    def _resume(self) -> None:
        if not self._stopped:
            if self._spare is None:
                self._spare = _take_spare()
            try:
                self._reactor.watch(self, READ)
            except OSError:  # epoll_ctl(2) is short of memory: nobody else would ask again
                self._reactor.call_later(RETRY, self, self._resume)

    def _turn_one_away(self) -> bool:
        """Give up the spare descriptor for as long as it takes to tell one caller.

        False if nobody was waiting: `accept` takes a descriptor before it looks for a caller.
        """
        if self._spare is None:
            return True
        os.close(self._spare)
        waiting = True
        try:
            sock, _ = self._socket.accept()
        except BlockingIOError:
            waiting = False
        except OSError:
            pass  # somebody else took the descriptor, or the caller left
        else:
            self.refused += 1
            refuse(sock, self._sorry)
        self._spare = _take_spare()
        return waiting


def refuse(sock: ByteStream, why: bytes) -> None:
    """Tell a caller why it is turned away, and close without waiting for it to read that."""
    with sock, contextlib.suppress(OSError):
        sock.setblocking(False)
        sock.send(why)
        sock.shutdown(socket.SHUT_WR)
        sock.recv(_UNREAD)


def _take_spare() -> int | None:
    with contextlib.suppress(OSError):
        return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    return None
