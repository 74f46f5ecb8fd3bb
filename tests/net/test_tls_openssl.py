"""A TLS stream against a client that is not ours: `openssl s_client`, over a real socket."""

import selectors
import socket
import subprocess
import unittest
from unittest import mock

from reactor_chat.net.tls_stream import TlsError, TlsStream
from tests.certificates import certificate

PATIENCE = 20  # seconds, for a process that does not answer


class ForeignClientTest(unittest.TestCase):
    def call(self, *options: str) -> tuple[TlsStream, socket.socket, subprocess.Popen[bytes]]:
        """Let it call, and shake hands."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(PATIENCE)
            command = ["openssl", "s_client", "-connect", f"127.0.0.1:{listener.getsockname()[1]}"]
            client = subprocess.Popen(
                [*command, *options],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            self.addCleanup(self.end, client)
            sock, _ = listener.accept()
        self.addCleanup(sock.close)
        sock.setblocking(False)
        stream = TlsStream(sock, certificate().server_context(), server_side=True)
        while not stream.handshake():
            self.wait(sock)
        return stream, sock, client

    def end(self, client: subprocess.Popen[bytes]) -> None:
        client.kill()
        client.communicate()

    def wait(self, sock: socket.socket) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_READ)
            self.assertTrue(selector.select(PATIENCE), "no word from openssl")

    def read(self, stream: TlsStream, sock: socket.socket) -> bytes:
        while True:
            try:
                return stream.recv(1000)
            except BlockingIOError:
                self.wait(sock)

    def say(self, client: subprocess.Popen[bytes], text: bytes) -> None:
        assert client.stdin is not None
        client.stdin.write(text)
        client.stdin.flush()

    def test_it_is_understood_in_both_versions(self) -> None:
        for version in ("-tls1_2", "-tls1_3"):
            stream, sock, client = self.call(version, "-quiet")
            self.say(client, b"hello\n")
            self.assertEqual(self.read(stream, sock), b"hello\n")
            stream.send(b"HELLO\n")
            stream.shutdown(socket.SHUT_WR)
            output, _ = client.communicate(timeout=PATIENCE)
            self.assertTrue(output.endswith(b"HELLO\n"), output)

    def test_its_end_of_input_is_a_close_notify(self) -> None:
        stream, sock, client = self.call()
        client.communicate(b"", timeout=PATIENCE)
        self.assertEqual(self.read(stream, sock), b"")

    def test_renegotiation_is_refused(self) -> None:
        stream, sock, client = self.call("-tls1_2")
        self.say(client, b"R\n")  # s_client's own command
        with self.assertRaises(TlsError):
            while True:
                self.assertEqual(self.read(stream, sock), b"")
        output, _ = client.communicate(timeout=PATIENCE)
        self.assertIn(b"no renegotiation", output)

    def test_a_key_update_is_answered_and_changes_nothing_else(self) -> None:
        stream, sock, client = self.call("-tls1_3")
        self.say(client, b"K\n")  # s_client's own command: update, and ask for the same
        self.wait(sock)
        with self.assertRaises(BlockingIOError):
            stream.recv(1000)
        self.say(client, b"hello\n")
        self.assertEqual(self.read(stream, sock), b"hello\n")
        self.assertEqual(stream.waiting, 0)
        stream.send(b"goodbye\n")
        stream.shutdown(socket.SHUT_WR)
        output, _ = client.communicate(timeout=PATIENCE)
        self.assertIn(b"goodbye\n", output)

    def test_an_older_version_is_refused(self) -> None:
        with self.assertRaisesRegex(TlsError, "unsupported protocol|ended during"):
            self.call("-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")

    def test_one_that_asks_for_key_updates_and_reads_none_is_given_up(self) -> None:
        stream, sock, client = self.call("-tls1_3")
        with (
            mock.patch.object(socket.socket, "send", side_effect=BlockingIOError),
            mock.patch("reactor_chat.net.tls_stream._MAX_ANSWERS", 50),
            self.assertRaisesRegex(TlsError, "asks and does not read"),
        ):
            for _ in range(5):
                self.say(client, b"K\n")
                self.wait(sock)
                with self.assertRaises(BlockingIOError):
                    stream.recv(1000)
