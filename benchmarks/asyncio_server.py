"""The usual way to write it: an `asyncio.Protocol`, one `transport.write` a line.

It serves the same subset as the other designs: uppercase outside a room, `/nick NAME`,
`/join ROOM`, and text to the other members. `--loop uvloop` runs the same class on uvloop; with
`--cert` and `--key` it speaks TLS.
"""

import argparse
import asyncio
import itertools
import ssl
from collections.abc import Coroutine
from typing import Any, cast

# As high as the kernel usually allows; asyncio's own default is 100.
BACKLOG = 4096

rooms: dict[str, set["Client"]] = {}
numbers = itertools.count(1)


class Client(asyncio.Protocol):
    """One connection."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.name = f"Client {next(numbers)}"
        self.room = ""
        self.rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            self.handle(line.decode())

    def connection_lost(self, exc: Exception | None) -> None:
        self.leave()

    def handle(self, text: str) -> None:
        command, _, argument = text.partition(" ")
        if command == "/nick":
            self.name = argument
            self.say(f"-> You are now {argument}.\n")
        elif command == "/join":
            self.join(argument)
        elif self.room:
            self.relay(f"{self.name}: {text}\n".encode())
        else:
            self.say(f"{text.upper()}\n")

    def say(self, text: str) -> None:
        self.transport.write(text.encode())

    def relay(self, line: bytes) -> None:
        for member in rooms[self.room]:
            if member is not self:
                member.transport.write(line)

    def join(self, room: str) -> None:
        self.leave()
        rooms.setdefault(room, set()).add(self)
        self.room = room
        self.say(f"-> You joined {room}.\n")

    def leave(self) -> None:
        rooms.get(self.room, set()).discard(self)


async def serve(cert: str | None, key: str | None) -> None:
    """Listen, with TLS if there is a certificate, and then on a second port without it, too."""
    loop = asyncio.get_running_loop()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) if cert else None
    if tls and cert:
        tls.load_cert_chain(cert, key)
    for context in (tls, None) if tls else (None,):
        server = await loop.create_server(Client, "127.0.0.1", 0, backlog=BACKLOG, ssl=context)
        port = server.sockets[0].getsockname()[1]
        print(f"listening on 127.0.0.1:{port}{' (TLS)' if context else ''}", flush=True)
    await server.serve_forever()


def run(loop: str, main: Coroutine[Any, Any, None]) -> None:
    if loop == "asyncio":
        asyncio.run(main)
        return
    import uvloop  # type: ignore[import-not-found, unused-ignore]

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--loop", choices=("asyncio", "uvloop"), default="asyncio")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    options = parser.parse_args()
    run(options.loop, serve(options.cert, options.key))
