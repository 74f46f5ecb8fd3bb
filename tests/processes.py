"""Servers as processes, and clients on real sockets, for one thread that waits on descriptors.

Invariants:
- Nothing sleeps. What waits, waits in `Sources.wait` until what it waits for has come true, and
  fails after `PATIENCE` seconds, which only a broken server takes.
- While it waits, everything that arrives anywhere is taken in, so that nobody is stalled by a test
  that looks elsewhere; but for clients that are `paused`.
- Every process ends with its test. What it wrote to standard error fails the test.

Not here: what is to come true.
"""

import contextlib
import functools
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
import unittest
from collections.abc import Callable
from typing import IO, Any, Protocol

PATIENCE = 10.0

HOST = "127.0.0.1"
LISTENING = "listening on "

_READ_SIZE = 256 * 1024

# Closing with this (on, 0 s) sends a reset instead of an end: socket(7).
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Source(Protocol):
    """What data may come from."""

    @property
    def wanted(self) -> bool:
        """Whether to take in what arrives."""

    def fileno(self) -> int:
        """The descriptor to wait for."""

    def take_in(self) -> None:
        """Read once; called when that does not block."""


class Sources:
    """All that a test listens to."""

    def __init__(self) -> None:
        self._all: list[Source] = []

    def add(self, source: Source) -> None:
        """Listen to this, too."""
        self._all.append(source)

    def remove(self, source: Source) -> None:
        """Listen to it no more."""
        with contextlib.suppress(ValueError):
            self._all.remove(source)

    def wait(self, done: Callable[[], object], what: str) -> None:
        """Take in what arrives until `done()` is true; fail if that takes too long."""
        deadline = time.monotonic() + PATIENCE
        while not done():
            if not self.take_in(deadline - time.monotonic()):
                raise AssertionError(f"this never came true: {what}")

    def take_in(self, seconds: float = 0.0) -> bool:
        """Wait up to so long for anything to arrive, and read it; tell whether there was any."""
        live = {source.fileno(): source for source in self._all if source.wanted}
        poll = select.poll()
        for fd in live:
            poll.register(fd, select.POLLIN)
        ready = poll.poll(max(0.0, seconds) * 1000) if live else []
        for fd, _ in ready:
            live[fd].take_in()
        return bool(ready)


class Output:
    """The reading end of what a process writes."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.text = bytearray()
        self.paused = False
        self.ended = False

    @property
    def wanted(self) -> bool:
        return not (self.paused or self.ended)

    def fileno(self) -> int:
        return self._fd

    def take_in(self) -> None:
        try:
            data = os.read(self._fd, _READ_SIZE)
        except OSError:  # EIO: nobody has the other side of this pseudo-terminal
            data = b""
        self.text += data
        self.ended = not data

    @property
    def lines(self) -> list[str]:
        """The whole lines so far."""
        return self.text.decode().split("\n")[:-1]


class Process:
    """A server as a process of its own. `through` is what `sh` does with it, as `"$@"`."""

    def __init__(
        self, sources: Sources, *flags: str, through: str = 'exec "$@"', **options: Any
    ) -> None:
        self._sources = sources
        self.popen = subprocess.Popen(
            ["sh", "-c", through, "sh", *server_argv(*flags)],
            **{
                "stdin": subprocess.DEVNULL,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                "bufsize": 0,
                **options,
            },
        )
        self.pid = self.popen.pid
        self.output = self._listen_to(self.popen.stdout)
        self.errors = self._listen_to(self.popen.stderr)

    @functools.cached_property
    def port(self) -> int:
        """The port of the first line of the log, once it is there."""
        self.wait(lambda: self.output.lines, "the server says where it listens")
        first = self.output.lines[0]
        assert first.startswith(LISTENING), first
        return int(first.removesuffix(" (TLS)").rpartition(":")[2])

    def wait(self, done: Callable[[], object], what: str) -> None:
        """Wait until something is true of it."""
        try:
            self._sources.wait(done, what)
        except AssertionError as error:
            tail = "\n".join(self.output.lines[-10:] + self.errors.lines)
            raise AssertionError(f"{error}; its log ends with\n{tail}") from None

    def wait_for_log(self, text: str) -> None:
        """Wait until a line of the log holds `text`."""
        self.wait(lambda: text.encode() in self.output.text, f"{text!r} is logged")

    def type(self, text: str) -> None:
        """Write to its standard input, a pipe."""
        assert self.popen.stdin is not None
        self.popen.stdin.write(text.encode())

    def kill(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def suspend(self) -> None:
        """Stop it, and see that it stands still."""
        self.kill(signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED)

    def resume(self) -> None:
        """Let it go on."""
        self.kill(signal.SIGCONT)

    def exit_status(self) -> int:
        """Wait for its end, and for the end of its log."""
        if self.popen.stdout is not None and not self.popen.stdout.closed:
            self.wait(lambda: self.output.ended, "the log ends")
        return self.popen.wait(PATIENCE)

    def close(self) -> None:
        """End it, however it is."""
        self._sources.remove(self.output)
        self._sources.remove(self.errors)
        with self.popen:
            self.popen.kill()
            self.popen.wait(PATIENCE)
            while not self.errors.ended:
                self.errors.take_in()
        if self.errors.text:
            raise AssertionError(f"it wrote to standard error:\n{self.errors.text.decode()}")

    def _listen_to(self, stream: IO[bytes] | None) -> Output:
        if stream is None:
            return Output(-1)
        output = Output(stream.fileno())
        self._sources.add(output)
        return output


def server_argv(*flags: str) -> list[str]:
    """Return the command that starts a strict server, on a free port unless flags say where.

    `--port-by-file` stands for no flag: the configuration says it.
    """
    strict = [sys.executable, "-X", "dev", "-W", "error"]
    port = () if "--listen" in flags or "--port-by-file" in flags else ("--port", "0")
    flags = tuple(flag for flag in flags if flag != "--port-by-file")
    return [*strict, "-m", "reactor_chat", "server", *port, *flags]


class Client:
    """A client on a real socket, made of as little as there can be."""

    def __init__(
        self,
        sources: Sources,
        port: int,
        source: str = HOST,
        window: int | None = None,
        stays: bool = False,
    ) -> None:
        """Connect from the address `source`; `window` bytes make a small receive buffer.

        Who `stays` does not answer the server's end with its own, so that the server waits for it.
        """
        self._sources = sources
        self._stays = stays
        self.socket = socket.socket()
        try:
            if window is not None:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.socket.settimeout(PATIENCE)
            self.socket.bind((source, 0))
            self.socket.connect((HOST, port))
            self.socket.setblocking(False)
        except OSError:
            self.socket.close()
            raise
        self.lines: list[str] = []  # received, and not yet taken
        self.tail = b""  # what has come after the last of them
        self.paused = False
        self.ended = False
        self.was_reset = False
        sources.add(self)

    @property
    def wanted(self) -> bool:
        return not (self.paused or self.ended)

    def fileno(self) -> int:
        return self.socket.fileno()

    def take_in(self, size: int = _READ_SIZE) -> None:
        try:
            data = self.socket.recv(size)
        except BlockingIOError:
            return
        except ConnectionError:
            self.was_reset = True
            data = b""
        if not data:
            self._note_end()
        *lines, self.tail = (self.tail + data).split(b"\n")
        self.lines += [line.decode() for line in lines]

    def _note_end(self) -> None:
        self.ended = True
        if not self._stays:
            with contextlib.suppress(OSError):  # a reset has ended both sides
                self.end_output()

    def offer(self, data: bytes) -> int:
        """Send what the kernel takes now; give its size."""
        try:
            return self.socket.send(data)
        except BlockingIOError:
            return 0

    def send(self, data: bytes) -> None:
        """Send all of it, taking in what arrives meanwhile."""
        deadline = time.monotonic() + PATIENCE
        while data := data[self.offer(data) :]:
            assert time.monotonic() < deadline, "the server never read what was sent"
            self._sources.take_in(0.01)

    def say(self, *texts: str) -> None:
        """Send lines, all at once."""
        self.send("".join(f"{text}\n" for text in texts).encode())

    def wait_for_lines(self, count: int) -> list[str]:
        """Wait until so many lines were received, and take them."""
        self._sources.wait(
            lambda: len(self.lines) >= count or self.ended,
            f"{count} lines arrive, where there are {len(self.lines)}",
        )
        taken, self.lines[:count] = self.lines[:count], []
        return taken

    def read_line(self) -> str | None:
        """Wait for the next line, and take it; None at the end."""
        taken = self.wait_for_lines(1)
        return taken[0] if taken else None

    def ask(self, text: str) -> str | None:
        """Say something and give the next line that is received."""
        self.say(text)
        return self.read_line()

    def read_to_end(self) -> list[str]:
        """Wait for the end, and take everything up to it; a rest without LF counts as a line."""
        self._sources.wait(lambda: self.ended, "the connection ends")
        taken, self.lines = self.lines, []
        return [*taken, self.tail.decode()] if self.tail else taken

    def end_output(self) -> None:
        """Say no more, but go on listening."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Go without a word, and let the server have a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._sources.remove(self)
        self.socket.close()


class ServerCase(unittest.TestCase):
    """Tests of a server that runs as a process."""

    def setUp(self) -> None:
        self.sources = Sources()

    def start(self, *flags: str, **options: Any) -> Process:
        """Start a server."""
        self.server = Process(self.sources, *flags, **options)
        self.addCleanup(self.server.close)
        return self.server

    def connect(self, **options: Any) -> Client:
        """Connect to it."""
        client = Client(self.sources, self.server.port, **options)
        self.addCleanup(client.close)
        return client

    def join(self, name: str, room: str = "tea", **options: Any) -> Client:
        """Connect, take a name, and enter a room."""
        client = self.connect(**options)
        client.say(f"/nick {name}", f"/join {room}")
        self.assertEqual(client.read_line(), f"-> You are now {name}.")
        self.assertIn("-> You joined", client.read_line() or "")
        return client
