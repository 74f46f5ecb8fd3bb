"""The client's start: questions, the first connection, and what goes wrong with it."""

import socket
import subprocess
import unittest
from typing import Any

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
