"""The client's start: questions, the first connection, and what goes wrong with it."""

import socket
import ssl
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

from reactor_chat.client.entry import warnings
from reactor_chat.wire.fingerprints import fingerprint
from tests.certificates import certificate
from tests.client.client_terminal import NO_TAGS, ClientTerminal
from tests.client.peer import Peer, client_argv, environment
from tests.window import PATIENCE


def run_client(typed: str = "", **options: Any) -> tuple[int, str, str]:
    """Run a client to its end; give its status, output and errors."""
    done = subprocess.run(
        client_argv(**options), input=typed.encode(), capture_output=True,
        env=environment(), timeout=PATIENCE, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def unused_port() -> int:
    """Give a port at which nobody listens, as far as one can tell."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def program_argv(*arguments: str) -> list[str]:
    """Return the command that runs a client as a person does."""
    return [sys.executable, "-X", "dev", "-W", "error", "-m", "reactor_chat", "client", *arguments]


def silent_port(test: unittest.TestCase) -> int:
    """Return a port that does not answer: its queue is full, so the kernel is silent."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    test.addCleanup(listener.close)
    for _ in range(2):
        caller = socket.socket()
        test.addCleanup(caller.close)
        caller.setblocking(False)
        caller.connect_ex(listener.getsockname())
    return int(listener.getsockname()[1])


class WarningTest(unittest.TestCase):
    def test_a_terminal_whose_encoding_is_not_utf8_is_warned_once(self) -> None:
        for encoding, count in (("UTF-8", 0), ("ANSI_X3.4-1968", 0), ("ISO-8859-1", 1)):
            with mock.patch("locale.getencoding", return_value=encoding):
                self.assertEqual(len(warnings()), count, encoding)


class LocaleTest(unittest.TestCase):
    def test_a_name_may_be_given_in_a_locale_that_cannot_spell_it(self) -> None:
        peer = Peer()
        self.addCleanup(peer.close)
        argv = program_argv("127.0.0.1", "--port", str(peer.port), "--name", "é")
        for locale in ("C", "C.UTF-8"):
            for mode in ("0", "1"):
                variables = environment(LC_ALL=locale, PYTHONUTF8=mode, PYTHONCOERCECLOCALE="0")
                with self.subTest(locale=locale, mode=mode), subprocess.Popen(
                    argv, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=variables
                ) as client:
                    peer.accept()
                    peer.expect("/nick é")
                    peer.hang_up()
                    client.communicate(timeout=PATIENCE)


class FirstConnectionTest(unittest.TestCase):
    def test_a_refusal_is_one_line_and_a_status(self) -> None:
        port = unused_port()
        self.assertEqual(
            run_client(host="127.0.0.1", port=port),
            (1, "", f"Cannot connect to 127.0.0.1:{port}: Connection refused.\n"),
        )

    def test_an_unknown_host_is_one_line_and_a_status(self) -> None:
        for host in ("host.invalid", "a..b"):
            with self.subTest(host=host):
                status, output, error = run_client(host=host, port=1)
                self.assertEqual((status, output), (1, ""))
                self.assertTrue(error.startswith(f"Cannot connect to {host}:1: "))
                self.assertEqual(error.count("\n"), 1)


class TlsTest(unittest.TestCase):
    def setUp(self) -> None:
        self.peer = Peer(certificate().server_context())
        self.addCleanup(self.peer.close)
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.state = place.name

    def start(self, **options: Any) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            client_argv(host=f"chats://127.0.0.1:{self.peer.port}", **options),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment(XDG_STATE_HOME=self.state),
        )  # fmt: skip

    def test_a_server_with_the_right_fingerprint_is_spoken_to(self) -> None:
        with self.start(trust=fingerprint(certificate().der)) as client:
            self.peer.accept()
            assert client.stdin is not None
            client.stdin.write(b"hello\n")
            client.stdin.flush()
            self.peer.expect("hello")
            self.peer.say("HELLO", *(f"{number} {'x' * 1000}" for number in range(30)))
            self.peer.hang_up()
            output, error = client.communicate(timeout=PATIENCE)
        self.assertEqual((error, client.returncode), (b"The server closed the connection.\n", 1))
        self.assertEqual(output.count(b"\n"), 31)

    def test_in_a_pipe_nobody_can_be_asked(self) -> None:
        with self.start() as client:
            with self.assertRaises(ssl.SSLError):
                self.peer.accept()  # no authority vouches for it: the client hangs up
            self.peer.accept()
            output, error = client.communicate(timeout=PATIENCE)
        self.assertEqual((client.returncode, output), (1, b""))
        self.assertIn(f"--trust {fingerprint(certificate().der)}".encode(), error)
        self.assertEqual(error.count(b"\n"), 1)

    def test_a_fingerprint_without_tls_is_a_mistake(self) -> None:
        status, _, error = run_client(host="127.0.0.1", port=1, trust="SHA256:00")
        self.assertEqual((status, error), (1, "--trust is for TLS: chats://HOST, or --tls.\n"))


class TerminalTest(ClientTerminal):
    def test_while_it_tries_it_says_so_and_ctrl_c_ends_it(self) -> None:
        self.run_in_window(self.argv(port=silent_port(self)))
        self.window.until_shows("Connecting to 127.0.0.1:")
        self.window.type("\x03")
        self.assertEqual(self.client.wait(PATIENCE), 130)

    def test_a_name_or_port_may_stand_with_the_host(self) -> None:
        self.run_in_window(self.argv(host=f"127.0.0.1:{self.peer.port}", port=None))
        self.welcome()

    def test_a_terminal_that_cannot_be_drawn_on_is_told_that_it_is_connected(self) -> None:
        self.run_in_window(self.argv(), TERM="dumb")
        self.window.until_shows(f"Connected to 127.0.0.1:{self.peer.port}.")
        self.peer.accept()
        self.window.type("hello\n")
        self.peer.expect("hello")

    def test_a_server_that_nobody_knows_is_asked_about_once(self) -> None:
        peer = Peer(certificate().server_context())
        self.addCleanup(peer.close)
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.run_in_window(self.argv(port=peer.port, tls=True), XDG_STATE_HOME=place.name)
        with self.assertRaises(ssl.SSLError):
            peer.accept()
        peer.accept()
        self.window.until_shows("Trust it from now on? (yes/no)")
        self.window.type("maybe\nyes\n")
        peer.expect("/tags on", "/whoami")
        peer.say(NO_TAGS, "-> You are Client 1.")
        self.window.until_shows("You are Client 1.")
        peer.hang_up()
        peer.accept()
        peer.expect("/tags on", "/whoami")


class HistoryTest(ClientTerminal):
    def setUp(self) -> None:
        super().setUp()
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.state = Path(place.name)

    def talk(self, **options: Any) -> None:
        self.run_in_window(self.argv(**options), XDG_STATE_HOME=str(self.state))
        self.welcome()

    def test_what_was_typed_is_remembered_in_the_next_run_but_for_passwords(self) -> None:
        self.talk()
        self.window.type("hello\r/register opensesame\r\x04")
        self.peer.expect("hello", "/register opensesame")
        self.peer.hang_up()
        self.expect_exit(0)
        file = self.state / "reactor-chat" / "history"
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        self.assertNotIn("opensesame", file.read_text())
        self.talk()
        self.window.type("\x1b[A\x1b[A")
        self.until_draft("> hello")

    def test_it_is_not_where_that_is_not_wanted(self) -> None:
        self.talk(history=False)
        self.window.type("hello\r")
        self.peer.expect("hello")
        self.assertEqual(list(self.state.iterdir()), [])


class QuestionsTest(unittest.TestCase):
    def setUp(self) -> None:
        self.peer = Peer()
        self.addCleanup(self.peer.close)

    def test_without_a_host_it_asks_beside_the_output(self) -> None:
        client = subprocess.Popen(
            client_argv(host=None, port=self.peer.port),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment(),
        )  # fmt: skip
        with client:
            assert client.stdin is not None
            client.stdin.write(b"127.0.0.1\nmaybe\nconnect\nhello\n")
            client.stdin.close()
            client.stdin = None
            self.peer.accept()
            self.peer.expect("hello")
            self.peer.say("HELLO")
            self.peer.hang_up()
            output, error = client.communicate(timeout=PATIENCE)
        self.assertEqual((client.returncode, output), (0, b"HELLO\n"))
        self.assertIn(b"Server address", error)
        self.assertEqual(error.count(b"CONNECT"), 2)

    def test_an_input_that_ends_before_connect_chose_no_server(self) -> None:
        status, output, error = run_client("localhost\n", host=None, port=self.peer.port)
        self.assertEqual((status, output), (1, ""))
        self.assertTrue(error.endswith("No server was chosen.\n"))
