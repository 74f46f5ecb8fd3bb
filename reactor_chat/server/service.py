"""The server as a process: its descriptors, its signals, its console, and its end.

Invariants:
- Descriptors 0 to 2 are open before anything else is: a socket that got the number of a closed
  standard output would receive the log.
- `listening on …` is the first thing on standard output.
- Whatever ends the server, the terminal is given back, but for SIGKILL and what else it leaves to
  the system.

Not here: the command line's syntax (`__main__`).
"""

import contextlib
import os
import resource
import signal
import socket
import sys
import traceback
from dataclasses import dataclass
from functools import partial
from typing import Final

from reactor_chat.chat.moderation import COMMAND_WORDS
from reactor_chat.loop.reactor import Reactor
from reactor_chat.loop.signals import SignalWatch
from reactor_chat.net.listener import bind_all
from reactor_chat.net.send_queue import Limits
from reactor_chat.server.console import Console
from reactor_chat.server.server import Log, Server
from reactor_chat.server.settings import Settings
from reactor_chat.tty.completion import complete
from reactor_chat.tty.style import Style, colours_welcome
from reactor_chat.wire.addresses import format_address

# Descriptors that are not clients': standard streams, epoll, signals, listeners, and callers who
# are being turned away.
_RESERVED: Final = 32

_INTERRUPTED: Final = 130  # the shell's status for a program ended by SIGINT


@dataclass(frozen=True)
class ServerOptions:
    """The command line of the server."""

    host: str
    port: int
    quiet: bool
    max_clients: int | None
    max_per_host: int
    rate: float
    max_backlog: int


def run_server(options: ServerOptions) -> int:
    """Serve until told to stop; give the exit status."""
    _open_standard_descriptors()
    descriptors = _raise_descriptor_limit()
    try:
        sockets = bind_all(options.host, options.port)
    except OSError as error:
        where, why = format_address(options.host, options.port), error.strerror or error
        sys.stderr.write(f"Cannot listen on {where}: {why}.\n")
        return 1
    reactor = Reactor()
    settings = Settings(
        max_clients=options.max_clients or max(1, descriptors - _RESERVED),
        max_per_host=options.max_per_host,
        rate=options.rate,
        limits=Limits(backlog=options.max_backlog),
    )
    service = _Service(reactor, settings, options.quiet)
    try:
        service.start(sockets)
        reactor.run()
    except KeyboardInterrupt:
        return _INTERRUPTED
    finally:
        service.close()
    return 0


class _Service:
    """One server with its console and its signals."""

    def __init__(self, reactor: Reactor, settings: Settings, quiet: bool) -> None:
        self._reactor = reactor
        style = Style(colours_welcome(os.environ))
        self._console = Console(reactor, 0, 1, style.log, self._complete)
        log = Log(
            event=self._console.show,
            said=None if quiet else self._console.show_run,
            failure=self._log_failure,
        )
        self._server = Server(reactor, settings, log)
        self._interrupted = False  # by keys
        self._signals = SignalWatch(
            reactor,
            (
                signal.SIGINT,
                signal.SIGTERM,
                signal.SIGHUP,
                signal.SIGUSR1,
                signal.SIGCONT,
                signal.SIGWINCH,
            ),
            self._on_signal,
            partial(self._log_failure, "a signal"),
        )

    def start(self, sockets: list[socket.socket]) -> None:
        """Listen, say so, and open the console."""
        for sock in sockets:
            host, port = self._server.listen(sock).address
            self._console.show(f"listening on {format_address(host, port)}")
        self._console.open(self._server.operator.receive, self._on_interrupt)

    def close(self) -> None:
        """Cut off whoever is left and give everything back, whichever part of that fails."""
        # This takes a bounded time, and an impatient third interrupt would leave it half done.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with contextlib.ExitStack() as last_first:
            last_first.callback(self._reactor.close)
            last_first.callback(self._signals.close)
            last_first.callback(self._console.close)
            last_first.callback(self._server.close)

    def _on_interrupt(self) -> None:
        """Do for Ctrl-C what SIGINT does: the second ends the server at once."""
        if self._interrupted:
            raise KeyboardInterrupt
        self._interrupted = True
        self._console.show("Ending. Ctrl-C once more ends at once.")
        self._server.shut_down()

    def _on_signal(self, number: int) -> None:
        if number == signal.SIGWINCH:
            self._console.resize()
        elif number == signal.SIGCONT:
            self._console.resume()
        elif number == signal.SIGUSR1:
            self._console.show_lines(self._server.stats())
        elif number == signal.SIGHUP and not self._console.is_terminal:
            # No terminal has hung up, since there is none; and there is nothing to read anew.
            self._console.show("SIGHUP: nothing to do")
        else:
            self._server.shut_down()

    def _complete(self, before: str) -> tuple[int, list[str]]:
        chat = self._server.chat
        people = [member.name for member in chat.members.values()]
        rooms = [room.name for room in chat.rooms.values()]
        return complete(before, COMMAND_WORDS, people, rooms, sorted(self._server.operator.bans))

    def _log_failure(self, who: str, error: Exception) -> None:
        lines = "".join(traceback.format_exception(error)).splitlines()
        self._console.show_lines([f"a defect, in serving {who}:", *lines])


def _open_standard_descriptors() -> None:
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            # The lowest free number is `fd`, since those below it are open.
            os.open(os.devnull, os.O_RDWR)


def _raise_descriptor_limit() -> int:
    """Allow as many descriptors as the hard limit does; give that number."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):  # not everywhere is "unlimited" accepted
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return soft if soft != resource.RLIM_INFINITY else sys.maxsize
