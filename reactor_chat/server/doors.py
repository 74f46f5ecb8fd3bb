"""Opening the doors: the sockets on which a server listens.

Invariants:
- All of them are open, or none is: a server that is reachable under half of its addresses looks as
  if it ran.
- What stands in the way is one line, with what to do about it where that is known.

Not here: who comes in by them (`server`), and how a socket accepts (`net.listener`).
"""

import errno
import socket
from collections.abc import Sequence
from typing import Final, NamedTuple

from reactor_chat.net.listener import bind_all, prepare
from reactor_chat.server.systemd import Environment, Unusable, take_sockets
from reactor_chat.server.values import Door
from reactor_chat.wire.addresses import format_address

TLS_NAME: Final = "chats"  # the `FileDescriptorName=` of a socket unit that means TLS


class CannotListen(Exception):
    """A door cannot be opened; the message is one line that says why."""


class OpenDoor(NamedTuple):
    """A listening socket."""

    sock: socket.socket
    tls: bool  # whether those who come in by it speak TLS
    port: int  # as it was asked for; 0: any


def open_doors(doors: Sequence[Door], environ: Environment) -> list[OpenDoor]:
    """Return the sockets that systemd has opened for this process, else open the doors.

    Raises CannotListen.
    """
    try:
        inherited = take_sockets(environ)
    except Unusable as error:
        raise CannotListen(f"Cannot listen on what systemd hands over: {error}.") from error
    for sock, _ in inherited:
        prepare(sock)
    opened = [OpenDoor(sock, name == TLS_NAME, sock.getsockname()[1]) for sock, name in inherited]
    return opened or _open_all(doors)


def _open_all(doors: Sequence[Door]) -> list[OpenDoor]:
    opened: list[OpenDoor] = []
    for door in doors:
        try:
            sockets = bind_all(door.host, door.port)
        except OSError as error:
            for one in opened:
                one.sock.close()
            raise CannotListen(_explain(door, error)) from error
        opened += [OpenDoor(sock, door.tls, door.port) for sock in sockets]
    return opened


def _explain(door: Door, error: OSError) -> str:
    where = format_address(door.host, door.port)
    if error.errno == errno.EADDRINUSE:
        another = door.port + 1 if door.port < 65535 else 0
        return (
            f"Cannot listen on {where}: the port is in use, perhaps by another server like this. "
            f"Another port: --port {another}, with make PORT=…, or "
            f"{format_address(door.host, another)} where the address has the port."
        )
    return f"Cannot listen on {where}: {error.strerror or error}."
