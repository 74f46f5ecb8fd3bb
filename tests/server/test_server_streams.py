"""The server's standard streams, in every form that a shell can give them.

Not here: what is typed at a terminal and how it looks there (`test_console`).
"""

import os
import re
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from tests.processes import HOST, LISTENING, PATIENCE, ServerCase, server_argv
from tests.procfs import listening_port
from tests.window import Window

CONSOLE_READ = 4096  # what the console reads at a time


class StandardInput(ServerCase):
    def assert_serves(self) -> None:
        self.assertEqual(self.connect().ask("hello"), "HELLO")

    def test_a_pipe_goes_on_being_read_line_by_line(self) -> None:
        self.start(stdin=subprocess.PIPE)
        client = self.connect()
        client.ask("hello")
        self.server.type("one\ntw")
        self.assertEqual(client.read_line(), "Server: one")
        self.server.type("o\n")
        self.assertEqual(client.read_line(), "Server: two")

    def test_the_end_of_a_pipe_ends_nothing_but_its_last_line(self) -> None:
        self.start(stdin=subprocess.PIPE)
        client = self.connect()
        client.ask("hello")
        self.server.type("the last")
        assert self.server.popen.stdin is not None
        self.server.popen.stdin.close()
        self.assertEqual(client.read_line(), "Server: the last")
        self.assert_serves()

    def test_dev_null(self) -> None:
        self.start(stdin=subprocess.DEVNULL)
        self.assert_serves()

    def test_a_regular_file_is_obeyed_to_its_end(self) -> None:
        with tempfile.TemporaryFile() as file:
            file.write(b"/who\n" + b"\n" * (3 * CONSOLE_READ) + b"/rooms")
            file.seek(0)
            self.start(stdin=file)
            self.server.wait_for_log("There are no rooms.")
        self.assertEqual(self.server.output.lines[1:], ["Nobody is here.", "There are no rooms."])
        self.assert_serves()

    def test_closed(self) -> None:
        self.start(through='exec "$@" <&-')
        self.assert_serves()

    def test_open_for_writing_only(self) -> None:
        self.start(through='exec "$@" 0>/dev/null')
        self.assert_serves()

    def test_a_socket(self) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self.start(stdin=theirs)
            client = self.connect()
            client.ask("hello")
            ours.sendall(b"good evening\n")
            self.assertEqual(client.read_line(), "Server: good evening")

    def test_a_line_that_is_too_long_is_refused_and_the_next_is_said(self) -> None:
        self.start(stdin=subprocess.PIPE)
        client = self.connect()
        client.ask("hello")
        self.server.type("x" * 5000 + "\nshort\n")
        self.assertEqual(client.read_line(), "Server: short")
        self.server.wait_for_log("too long")

    def test_a_terminal(self) -> None:
        window = Window(60, 10)
        self.addCleanup(window.close)
        process = window.run(server_argv(), env={**os.environ, "TERM": "xterm"})
        self.addCleanup(process.wait, PATIENCE)
        self.addCleanup(process.kill)
        window.until_shows(LISTENING)
        port = re.search(LISTENING + r"\S+:(\d+)", "\n".join(window.screen.rows))
        assert port is not None
        with socket.create_connection((HOST, int(port[1])), PATIENCE) as client:
            client.sendall(b"hello\n")
            self.assertEqual(client.recv(1024), b"HELLO\n")
            window.until_shows("Client 1: hello")
            window.type("good evening\r")
            self.assertEqual(client.recv(1024), b"Server: good evening\n")
        window.type("/quit\r")
        self.assertEqual(process.wait(PATIENCE), 0)
        self.assertTrue(window.is_restored())


class StandardOutput(ServerCase):
    def test_closed(self) -> None:
        self.start(through='exec "$@" >&-', stdin=subprocess.PIPE)
        clients = [self.knock(), self.knock()]
        for client in clients:
            client.sendall(b"hello\n")
            self.assertEqual(client.recv(1024), b"HELLO\n")
        self.server.type("/quit\n")
        # Nothing of the log went to a client, in whose descriptor it might have ended.
        for client in clients:
            self.assert_ends(client)
        self.assertEqual(self.server.popen.wait(PATIENCE), 0)

    def test_all_three_closed(self) -> None:
        self.start(through='exec "$@" <&- >&- 2>&-')
        client = self.knock()
        client.sendall(b"hello\n")
        self.assertEqual(client.recv(1024), b"HELLO\n")

    def test_a_full_device(self) -> None:
        self.start(through='exec "$@" >/dev/full')
        client = self.knock()
        client.sendall(b"hello\n")
        self.assertEqual(client.recv(1024), b"HELLO\n")

    def test_a_reader_that_is_gone_does_not_end_the_chat(self) -> None:
        self.start()
        client = self.connect()
        client.ask("hello")
        assert self.server.popen.stdout is not None
        self.sources.remove(self.server.output)
        self.server.popen.stdout.close()
        for number in range(100):
            self.assertEqual(client.ask(f"line {number}"), f"LINE {number}")

    def test_a_reader_that_stopped_is_told_how_much_it_missed(self) -> None:
        self.start("--rate", "0", "--log-rate", "0")
        client = self.connect()
        client.ask("first")
        self.server.output.paused = True
        for start in range(0, 3000, 100):
            client.say(*(f"{number} {'x' * 300}" for number in range(start, start + 100)))
            client.wait_for_lines(100)
        self.server.output.paused = False
        self.server.wait_for_log("log lines were left out)")
        client.ask("afterwards")
        self.server.wait_for_log("Client 1: afterwards")
        log = self.server.output.lines
        note = next(line for line in log if "left out" in line)
        left_out = int(note.removeprefix("(").split()[0])
        before, after = log[: log.index(note)], log[log.index(note) + 1 :]
        spoken = [int(line.split()[2]) for line in before[3:]]
        self.assertEqual(spoken, list(range(3000 - left_out)))
        self.assertEqual(after, ["Client 1: afterwards"])

    def test_a_file_takes_all_that_one_turn_has_to_log(self) -> None:
        with tempfile.NamedTemporaryFile() as log:
            self.start("--log-rate", "0", stdout=log)
            clients = [self.knock(), self.knock()]
            text = b"a\n" * 8000
            self.server.suspend()  # so that one turn sees all of it
            for client in clients:
                client.sendall(text)
            self.server.resume()
            for client in clients:
                self.read_exactly(client, len(text))
            self.server.popen.terminate()
            for client in clients:
                self.assert_ends(client)
            self.assertEqual(self.server.popen.wait(PATIENCE), 0)
            logged = Path(log.name).read_bytes()
        self.assertEqual(logged.count(b": a\n"), 2 * 8000)
        self.assertEqual(logged.count(b"disconnected"), 2)

    def test_what_was_logged_reaches_a_slow_reader_at_the_end(self) -> None:
        self.start("--rate", "0", "--log-rate", "0")
        client = self.connect()
        client.ask("first")
        self.server.output.paused = True
        client.say(*("x" * 300 for _ in range(500)))
        client.wait_for_lines(500)
        client.say("/quit")
        client.read_to_end()
        client.close()
        self.server.popen.terminate()
        self.server.output.paused = False
        self.assertEqual(self.server.exit_status(), 0)
        self.assertEqual(self.server.output.lines[-1], "Client 1 disconnected (quit)")

    def knock(self) -> socket.socket:
        """Connect to a server that does not say where it listens."""
        deadline = time.monotonic() + PATIENCE
        while (port := listening_port(self.server.pid)) is None:
            self.assertLess(time.monotonic(), deadline, "the server never listens")
            self.assertIsNone(self.server.popen.poll())
        client = socket.create_connection((HOST, port), PATIENCE)
        self.addCleanup(client.close)
        return client

    def assert_ends(self, client: socket.socket) -> None:
        """See that there is nothing but the end any more."""
        with client, client.makefile() as stream:
            self.assertEqual(stream.read(), "* The server is shutting down.\n")

    def read_exactly(self, client: socket.socket, size: int) -> None:
        while size:
            data = client.recv(min(size, 65536))
            self.assertTrue(data)
            size -= len(data)
