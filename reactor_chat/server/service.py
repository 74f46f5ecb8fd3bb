"""The server with all that is around it: its log, its console, its signals, its reloads, its end.

Invariants:
- `listening on …` is the first thing on standard output: whoever started the server reads there
  which port it got.
- A reload changes all that it can, or, if anything is wrong, nothing: a server that went by half of
  a file could be explained by no file.
- Whatever ends the server, the terminal is given back, but for SIGKILL and what else it leaves to
  the system.

Not here: what is done before there is a server (`entry`), options (`settings`, `configuration`).
"""

import contextlib
import os
import signal
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from reactor_chat.chat.moderation import COMMAND_WORDS
from reactor_chat.loop.reactor import Reactor
from reactor_chat.loop.signals import SignalWatch
from reactor_chat.net.certificate import Certificate
from reactor_chat.net.observed import ObservedSocket
from reactor_chat.server.archive import StoreArchive
from reactor_chat.server.configuration import OptionError
from reactor_chat.server.console import Console
from reactor_chat.server.doors import OpenDoor
from reactor_chat.server.event_log import EventLog
from reactor_chat.server.keeping import DataFile, open_store
from reactor_chat.server.server import Server
from reactor_chat.server.settings import Options
from reactor_chat.server.systemd import Supervisor
from reactor_chat.server.trace import Trace
from reactor_chat.store.client import Store
from reactor_chat.tty.completion import complete
from reactor_chat.tty.style import Style, colours_welcome, links_welcome
from reactor_chat.wire.addresses import format_address
from reactor_chat.wire.protocol import sanitise

# Seconds at the end for what is on its way to the disk. The keeper goes on by itself after that.
_KEEPER_PATIENCE: Final = 5.0

_SIGNALS: Final = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGUSR1,
    signal.SIGCONT,
    signal.SIGWINCH,
)

ReadOptions = Callable[[], Options]


class Start(NamedTuple):
    """What a server is started with."""

    options: Options
    read_options: ReadOptions  # reads them anew
    capacity: int  # as many clients as descriptors allow
    certificate: Certificate | None
    data: DataFile | None
    trace: Trace | None = None


class Service:
    """One server with its console and its signals."""

    def __init__(self, reactor: Reactor, start: Start) -> None:
        """Start, but for listening. Raises CannotKeep."""
        options = start.options
        self._reactor = reactor
        self._start = start
        self._options = options  # as it goes by them now
        self._certificate = start.certificate
        self._supervisor = Supervisor(os.environ)
        self._status = ""
        self._style = Style(colours_welcome(os.environ), links=links_welcome(os.environ))
        self._console = Console(reactor, 0, 1, self._dress, self._complete)
        self._log = EventLog(
            reactor, self._console, options.log_rate, options.quiet, options.log_format
        )
        self._early: list[str] | None = []  # what is not to be logged before `listening on`
        with contextlib.ExitStack() as undo:
            undo.callback(self._supervisor.close)
            undo.callback(reactor.close)
            undo.callback(self._console.close)
            self._store = self._open_store(start.data)
            undo.pop_all()
        archive = StoreArchive(self._store) if self._store else None
        settings = options.settings(self._start.capacity)
        self._server = Server(reactor, settings, self._log, archive, self._store)
        if start.trace is not None:
            start.trace.observe(self._server)
        self._server.operator.reload = self._reload
        self._server.on_ending = self._supervisor.stopping
        self._interrupted = False  # by keys
        self._signals = SignalWatch(
            reactor, _SIGNALS, self._on_signal, partial(self._log.failure, "a signal")
        )

    def run(self, doors: Sequence[OpenDoor]) -> None:
        """Listen, say so, open the console, and serve."""
        addresses = [self._listen(door) for door in doors]
        early, self._early = self._early, None
        for text in early or ():
            self._report_data(text)
        self._status = f"listening on {', '.join(addresses)}"
        self._console.open(self._obey, self._on_interrupt, self._log.note)
        self._supervisor.ready(self._status)
        self._reactor.run()

    def close(self) -> None:
        """Cut off whoever is left and give everything back, whichever part of that fails."""
        # This takes a bounded time, and an impatient third interrupt would leave it half done.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with contextlib.ExitStack() as last_first:
            last_first.callback(self._supervisor.close)
            last_first.callback(self._reactor.close)
            last_first.callback(self._signals.close)
            last_first.callback(self._console.close)
            if self._store is not None:
                last_first.callback(self._store.close, _KEEPER_PATIENCE)
            last_first.callback(self._server.close)

    def _open_store(self, data: DataFile | None) -> Store | None:
        if data is None:
            return None
        start = partial(
            Store,
            self._reactor,
            log=self._report_data,
            failure=partial(self._log.failure, "what is kept"),
            keep_days=self._options.keep_days,
        )
        return open_store(data, start, self._report_data)

    def _report_data(self, text: str) -> None:
        if self._early is not None:
            self._early.append(text)
        else:
            self._log.event("data", text)

    def _listen(self, door: OpenDoor) -> str:
        certificate = self._certificate if door.tls else None
        trace = self._start.trace
        sock = door.sock if trace is None else ObservedSocket(door.sock, trace)
        host, port = self._server.listen(sock, certificate).address
        address = format_address(host, port)
        tls = " (TLS)" if door.tls else ""
        self._log.event("listening", f"listening on {address}{tls}", address=address)
        return address + tls

    # -- the operator -----------------------------------------------------------------------------

    def _obey(self, line: str) -> None:
        """Do what the operator typed. It is shown, unless it appears in the log as it was said."""
        said = not line.startswith("/") or line.startswith("//")
        if self._console.echoes and not (said and self._log.shows_speech):
            self._log.note([f"> {line}"])
        self._log.note(self._server.operator.receive(line))

    def _on_interrupt(self) -> None:
        """Do for Ctrl-C what SIGINT does: the second ends the server at once."""
        if self._interrupted:
            raise KeyboardInterrupt
        self._interrupted = True
        self._log.note(["Ending. Ctrl-C once more ends at once."])
        self._server.shut_down()

    def _on_signal(self, number: int) -> None:
        if number == signal.SIGWINCH:
            self._console.resize()
        elif number == signal.SIGCONT:
            self._console.resume()
        elif number == signal.SIGUSR1:
            self._log.lines("stats", self._server.stats())
        elif number == signal.SIGHUP and not self._console.is_terminal:
            # No terminal has hung up, since there is none.
            self._log.lines("reload", self._reload())
        else:
            self._server.shut_down()

    def _complete(self, before: str) -> tuple[int, list[str]]:
        chat = self._server.chat
        people = [member.name for member in chat.people]
        rooms = [room.name for room in chat.rooms]
        return complete(before, COMMAND_WORDS, people, rooms, self._server.operator.bans.texts())

    def _dress(self, line: str) -> str:
        """Show a line of the log on a terminal: with the time, unless it says that itself."""
        return self._style.log(line) if self._log.form == "plain" else sanitise(line).expandtabs()

    # -- reloading --------------------------------------------------------------------------------

    def _reload(self) -> list[str]:
        """Read the configuration anew; return what came of it.

        This reads small files within a turn: there is no way to read a certificate without, and it
        happens at the operator's word alone.
        """
        self._supervisor.reloading()
        try:
            return self._apply(self._start.read_options())
        except OptionError as error:
            return [f"Nothing is reloaded: {error}"]
        finally:
            self._supervisor.ready(self._status)

    def _apply(self, options: Options) -> list[str]:
        if problem := self._renew_certificate(options):
            return [f"Nothing is reloaded: {problem}."]
        self._server.reconfigure(options.settings(self._start.capacity))
        self._log.configure(options.log_rate, options.quiet, options.log_format)
        changed = self._options.changes(options, at_once=True)
        fixed = self._start.options.changes(options, at_once=False)
        self._options = options
        told = f"changed: {', '.join(changed)}" if changed else "nothing has changed"
        lines = [f"Reloaded; {told}."]
        if self._certificate is not None:
            lines.append(f"The certificate is {self._certificate.fingerprint}.")
        if fixed:
            lines.append(f"Only a restart changes: {', '.join(fixed)}.")
        return lines

    def _renew_certificate(self, options: Options) -> str | None:
        """Take what is in its files now; return why that is of no use, if it is not."""
        if self._certificate is None:
            return None
        if options.cert is None:
            return "only a restart can do without a certificate"
        files = (Path(name) if name else None for name in (options.cert, options.key))
        return self._certificate.reload(*files)
