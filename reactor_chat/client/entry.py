"""The client: what it is asked to do, the first connection, and who takes over then.

At a terminal that is `interactive`, elsewhere `pipe`. Both are small loops around one `poll`.

Invariants:
- What goes wrong before the conversation is one line on standard error, and status 1.
- A standard stream that was closed is not touched: a socket may have its number by now.
- A password comes from a file, the environment or a person, never from the command line, which
  every process on the machine can read.

Not here: the server's side, and what arguments there are.
"""

import codecs
import locale
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from reactor_chat.client.asking import ask_for_server, confirm
from reactor_chat.client.attempt import Attempt
from reactor_chat.client.conversation import Conversation
from reactor_chat.client.destination import Destination, parse_destination
from reactor_chat.client.interactive import Interactive
from reactor_chat.client.introduction import Introduction, name_step, room_step
from reactor_chat.client.job_control import JobControl
from reactor_chat.client.known_servers import KnownServers, known_servers_path
from reactor_chat.client.pipe import Pipe
from reactor_chat.client.reconnect import Reconnection
from reactor_chat.client.resolving import reason
from reactor_chat.client.trust import Decision, Trust, Verdict
from reactor_chat.client.uplink import Uplink
from reactor_chat.client.waiting import wait
from reactor_chat.tty.history_file import open_history
from reactor_chat.tty.style import Style, colours_welcome, links_welcome
from reactor_chat.tty.terminal import is_terminal
from reactor_chat.wire.addresses import format_address
from reactor_chat.wire.fingerprints import parse_fingerprint

_PASSWORD_VARIABLE: Final = "REACTOR_CHAT_PASSWORD"
_MAX_PASSWORD: Final = 4096  # bytes of a file: the longest line that could carry it

_QUIETLY: Final = 0.3  # seconds of trying before it is mentioned


@dataclass(frozen=True)
class ClientOptions:
    """What the command line says. Without a `host`, the client asks for it."""

    host: str | None
    port: int | None = None  # unless it stands in `host`
    name: str | None = None
    room: str | None = None
    color: bool = True
    bell: bool = True
    reconnect: bool = True
    history: bool = True  # remember what was typed across runs
    password_file: str | None = None
    tls: bool = False
    trust: str | None = None  # the fingerprint of a certificate


class _CannotStart(Exception):
    """The conversation cannot begin; its words are for the person."""


def run(options: ClientOptions) -> int:
    """Be a client until the conversation ends; return the exit status.

    0 after leaving or the end of the input; 1 if there is no connection, or it was lost or refused;
    128 and the signal's number after a signal.
    """
    try:
        return _run(options)
    except _CannotStart as error:
        _complain(str(error))
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _run(options: ClientOptions) -> int:
    in_fd, out_fd = _descriptor(sys.stdin), _descriptor(sys.stdout)
    terminal = in_fd is not None and out_fd is not None and is_terminal(in_fd, out_fd)
    # Whoever sits at a terminal that cannot be drawn on is to know what goes on all the same.
    dumb = not terminal and _is_person(in_fd) and _is_person(out_fd)
    password = _password(options.password_file)
    name, room = _as_utf8(options.name), _as_utf8(options.room)
    server = _destination(options, in_fd, terminal)
    trust = _trust(options, server)
    tell = _ask_on(sys.stdout) if terminal or dumb else _say_nothing
    attempt = _reach(server, trust, tell)
    assert attempt.link is not None
    with closing(attempt.link) as link:
        if attempt.verdict and trust:
            _vouch(attempt.verdict, trust, in_fd if terminal or dumb else None, tell)
        if terminal:
            reconnection = Reconnection(server, time.monotonic, random.Random(), trust)
            reconnection.on_reached(attempt.addresses)
            uplink = Uplink(link, reconnection, time.monotonic)
            return _talk(options, uplink, Conversation(name, room, password))
        if dumb:
            tell(f"Connected to {format_address(server.host, server.port)}.\n")
        pipe = Pipe(link, in_fd, out_fd, _complain, time.monotonic)
        steps = [name_step(name, password)] if name else []
        steps += [room_step(room)] if room else []
        return pipe.run(Introduction(steps, at_once=False))


def _destination(options: ClientOptions, in_fd: int | None, terminal: bool) -> Destination:
    host = options.host
    if host is None and in_fd is not None:
        host = ask_for_server(in_fd, _ask_on(sys.stdout if terminal else sys.stderr))
    if host is None:
        raise _CannotStart("No server was chosen.")
    try:
        return parse_destination(host, options.port, options.tls)
    except ValueError as error:
        raise _CannotStart(f"Cannot connect to {host}: {error}") from None


def _trust(options: ClientOptions, server: Destination) -> Trust | None:
    if not server.tls:
        if options.trust is not None:
            raise _CannotStart("--trust is for TLS: chats://HOST, or --tls.")
        return None
    try:
        pinned = None if options.trust is None else parse_fingerprint(options.trust)
    except ValueError as error:
        raise _CannotStart(f"--trust: {error}") from None
    return Trust(server.host, server.port, KnownServers(known_servers_path(os.environ)), pinned)


def _reach(server: Destination, trust: Trust | None, tell: Callable[[str], None]) -> Attempt:
    """Connect; say so if that takes time. Ctrl-C ends it."""
    place = format_address(server.host, server.port)
    attempt = Attempt(server, time.monotonic, trust=trust)
    mention_at: float | None = time.monotonic() + _QUIETLY
    try:
        while not attempt.is_over:
            times = [due for due in (attempt.due, mention_at) if due is not None]
            timeout = max(0.0, min(times) - time.monotonic()) if times else None
            attempt.serve(wait(attempt.readers, attempt.writers, timeout))
            if mention_at is not None and time.monotonic() >= mention_at and not attempt.is_over:
                mention_at = None
                tell(f"Connecting to {place} ... (Ctrl-C gives up)\n")
    finally:
        attempt.close()
    if attempt.verdict and attempt.verdict.decision is Decision.REFUSED:
        raise _CannotStart(attempt.verdict.text)
    if attempt.failure is not None:
        raise _CannotStart(f"Cannot connect to {place}: {reason(attempt.failure)}.")
    return attempt


def _vouch(
    verdict: Verdict, trust: Trust, in_fd: int | None, tell: Callable[[str], None]
) -> None:
    """Ask the person whether a server is the one that was meant, if there is a person to ask."""
    if in_fd is None:
        raise _CannotStart(verdict.refusal)
    if not confirm(in_fd, tell, verdict.text):
        raise _CannotStart("The server is not trusted.")
    if (trouble := trust.remember(verdict)) is not None:
        tell(trouble + "\n")


def _talk(options: ClientOptions, uplink: Uplink, conversation: Conversation) -> int:
    color = options.color and colours_welcome(os.environ)
    history = open_history(_history_path() if options.history else None)
    completer = conversation.met.complete
    client = Interactive(
        JobControl(sys.stdin.fileno(), sys.stdout.fileno(), completer, history),
        uplink,
        conversation,
        Style(color, links=links_welcome(os.environ)),
        notes=warnings(),
        bell=options.bell,
        reconnect=options.reconnect,
    )
    status = client.run()
    if client.last_words is not None:
        _complain(client.last_words)
    return status


def warnings() -> list[str]:
    """Return what a person is to know about the terminal beforehand."""
    encoding = locale.getencoding()
    if codecs.lookup(encoding).name in ("utf-8", "ascii"):
        return []
    return [
        f"Your terminal is said to speak {encoding}, and the chat is UTF-8: what is not ASCII "
        "looks wrong, and is not sent. If it can do UTF-8, LC_ALL=C.UTF-8 says so."
    ]


def _history_path() -> Path | None:
    servers = known_servers_path(os.environ)
    return None if servers is None else servers.with_name("history")


def _password(path: str | None) -> str | None:
    if path is None:
        return os.environ.get(_PASSWORD_VARIABLE) or None
    try:
        with open(path, encoding="utf-8") as file:
            password = file.read(_MAX_PASSWORD).partition("\n")[0].removesuffix("\r")
    except OSError as error:
        raise _CannotStart(f"Cannot read the password from {path}: {reason(error)}.") from None
    except ValueError:
        raise _CannotStart(f"Cannot read the password from {path}: it is not UTF-8.") from None
    if not password:
        raise _CannotStart(f"Cannot read the password from {path}: its first line is empty.")
    return password


def _as_utf8(text: str | None) -> str | None:
    """Take an argument for UTF-8, which it is on the wire, whatever the locale says it is."""
    if not text:
        return None
    try:
        return os.fsencode(text).decode()
    except ValueError:  # it is in the locale's encoding indeed
        return text


def _descriptor(stream: TextIO | None) -> int | None:
    return None if stream is None else stream.fileno()


def _is_person(fd: int | None) -> bool:
    return fd is not None and os.isatty(fd)


def _ask_on(stream: TextIO | None) -> Callable[[str], None]:
    def ask(text: str) -> None:
        if stream is not None:
            stream.write(text)
            stream.flush()

    return ask


def _say_nothing(_: str) -> None:
    pass


def _complain(text: str) -> None:
    if sys.stderr is not None:
        print(text, file=sys.stderr)
