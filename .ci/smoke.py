"""What a newcomer does first, with real processes: start the server, talk to it, stop it.

Exits with 0 if every expectation holds, and with the first that does not otherwise.
"""

import os
import socket
import subprocess
import sys
from typing import IO

DEADLINE = 20  # seconds for each step; a step takes a fraction of one

# Variables that shells and other programs set for purposes of their own.
STRAY = os.environ | {"HOST": "0.0.0.0", "PORT": "1", "NAME": "conda", "ROOM": "hall"}


def expect(what: str, got: object, wanted: object) -> None:
    """Fail with an explanation unless `got` is `wanted`."""
    if got != wanted:
        sys.exit(f"smoke: {what}: got {got!r}, wanted {wanted!r}")
    print(f"smoke: {what}: ok")


def start_server() -> tuple["subprocess.Popen[str]", int]:
    """Start it by its make target, on a free port; return the process and the port."""
    server = subprocess.Popen(
        make("run-server", "PORT=0", "HOST=127.0.0.1"),
        env=STRAY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    first = output_of(server).readline()
    expect("the first line of output", first.startswith("listening on 127.0.0.1:"), True)
    return server, int(first.rpartition(":")[2])


def make(*arguments: str) -> list[str]:
    """Return a call of make."""
    return ["make", "--no-print-directory", f"PYTHON={sys.executable}", *arguments]


def output_of(process: "subprocess.Popen[str]") -> IO[str]:
    """Return what the process writes."""
    assert process.stdout is not None
    return process.stdout


def talk(port: int, said: str) -> tuple[str, int]:
    """Let the client say something from a pipe; return what it printed, and its status."""
    done = subprocess.run(
        make("run-client", f"HOST=127.0.0.1:{port}"),
        env=STRAY,
        input=said,
        stdout=subprocess.PIPE,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    return done.stdout, done.returncode


def main() -> None:
    """Go through it."""
    server, port = start_server()
    try:
        expect("a client in a pipe", talk(port, "hello\nworld\n"), ("HELLO\nWORLD\n", 0))
        with socket.create_connection(("127.0.0.1", port), DEADLINE) as raw:
            raw.sendall(b"hello")
            expect("a bare client", raw.recv(100), b"HELLO")
            assert server.stdin is not None
            server.stdin.write("good evening\n")
            server.stdin.flush()
            expect("the console's word", raw.recv(100), b"Server: good evening")
            raw.sendall(b"CLOSE SOCKET")
            expect("the end after CLOSE SOCKET", raw.recv(100), b"")
        server.stdin.write("/reload\n/quit\n")
        server.stdin.flush()
        expect("the server's status", server.wait(DEADLINE), 0)
        log = output_of(server).read()
        expect("the log", all(f"Client 1: {word}\n" in log for word in ("hello", "world")), True)
        expect("the operator in the log", "Server: good evening\n" in log, True)
        expect("a reload", "Reloaded; nothing has changed.\n" in log, True)
    finally:
        server.kill()
        server.communicate()


if __name__ == "__main__":
    main()
