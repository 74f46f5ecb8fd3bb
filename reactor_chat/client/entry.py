"""The client: what it is asked to do, the first connection, and who takes over then.

At a terminal that is `interactive`, elsewhere `pipe`. Both are small loops around one `select`.

Invariants:
- What goes wrong before the conversation is one line on standard error, and status 1.
- A standard stream that was closed is not touched: a socket may have its number by now.

Not here: the server's side, and what arguments there are.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TextIO

from reactor_chat.client.asking import ask_for_server
from reactor_chat.client.interactive import Interactive
from reactor_chat.client.link import Address, Link, connect, reason, resolve
from reactor_chat.client.pipe import Pipe
from reactor_chat.client.session import Session
from reactor_chat.tty.style import Style, colours_welcome
from reactor_chat.tty.terminal import is_terminal
from reactor_chat.wire.addresses import format_address


@dataclass(frozen=True)
class ClientOptions:
    """What the command line says. Without a `host`, the client asks for it."""

    host: str | None
    port: int
    name: str | None = None
    room: str | None = None
    color: bool = True
    bell: bool = True
    reconnect: bool = True


def run(options: ClientOptions) -> int:
    """Be a client until the conversation ends; give the exit status.

    0 after leaving or the end of the input; 1 if there is no connection, or it was lost or refused;
    128 and the signal's number after a signal.
    """
    try:
        return _run(options)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _run(options: ClientOptions) -> int:
    in_fd, out_fd = _descriptor(sys.stdin), _descriptor(sys.stdout)
    terminal = in_fd is not None and out_fd is not None and is_terminal(in_fd, out_fd)
    host = options.host
    if host is None and in_fd is not None:
        host = ask_for_server(in_fd, _ask_on(sys.stdout if terminal else sys.stderr))
    if host is None:
        _complain("No server was chosen.")
        return 1
    try:
        addresses = resolve(host, options.port)
        sock, address = connect(addresses)
    except OSError as error:
        _complain(f"Cannot connect to {format_address(host, options.port)}: {reason(error)}.")
        return 1
    with closing(Link(sock, time.monotonic)) as link:
        if terminal:
            # The address that answered is the first to be tried again.
            others = [other for other in addresses if other != address]
            return _talk(options, link, [address, *others])
        pipe = Pipe(link, in_fd, out_fd, _complain, time.monotonic)
        return pipe.run(Session(options.name, options.room).introduction())


def _talk(options: ClientOptions, link: Link, addresses: list[Address]) -> int:
    client = Interactive(
        sys.stdin.fileno(),
        sys.stdout.fileno(),
        link,
        addresses,
        Session(options.name, options.room),
        Style(options.color and colours_welcome(os.environ)),
        bell=options.bell,
        reconnect=options.reconnect,
    )
    status = client.run()
    if client.last_words is not None:
        _complain(client.last_words)
    return status


def _descriptor(stream: TextIO | None) -> int | None:
    return None if stream is None else stream.fileno()


def _ask_on(stream: TextIO | None) -> Callable[[str], None]:
    def ask(text: str) -> None:
        if stream is not None:
            stream.write(text)
            stream.flush()

    return ask


def _complain(text: str) -> None:
    if sys.stderr is not None:
        print(text, file=sys.stderr)
