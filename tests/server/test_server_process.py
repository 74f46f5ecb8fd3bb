"""The server as a process, seen from its sockets, its log and its command line."""

import re
import socket
import subprocess
import time
from pathlib import Path

from tests.processes import HOST, LISTENING, PATIENCE, ServerCase, server_argv


class TheSeedsBehaviour(ServerCase):
    def setUp(self) -> None:
        super().setUp()
        self.start(stdin=subprocess.PIPE)

    def seed_client(self) -> socket.socket:
        """Connect as the seed does: blocking, without terminators."""
        client = socket.create_connection((HOST, self.server.port), PATIENCE)
        self.addCleanup(client.close)
        return client

    def test_a_raw_message_is_answered_in_uppercase_and_as_raw(self) -> None:
        client = self.seed_client()
        for text in ("hello", "straße", "twice and more"):
            client.sendall(text.encode())
            self.assertEqual(client.recv(1024), text.upper().encode())

    def test_close_socket_closes(self) -> None:
        client = self.seed_client()
        client.sendall(b"CLOSE SOCKET")
        self.assertEqual(client.recv(1024), b"")

    def test_nothing_is_sent_unasked(self) -> None:
        client = self.connect()
        self.assertEqual(client.ask("hello"), "HELLO")

    def test_clients_are_named_in_the_order_of_their_coming_and_names_are_not_reused(self) -> None:
        first = self.connect()
        self.assertEqual(first.ask("/whoami"), "-> You are Client 1.")
        first.close()
        self.server.wait_for_log("Client 1 disconnected")
        self.assertEqual(self.connect().ask("/whoami"), "-> You are Client 2.")

    def test_each_of_many_clients_gets_its_own_answers(self) -> None:
        clients = [self.connect() for _ in range(200)]
        for number, client in enumerate(clients):
            client.say(f"hello from {number}")
        for number, client in enumerate(clients):
            self.assertEqual(client.read_line(), f"HELLO FROM {number}")

    def test_what_the_console_says_reaches_everybody(self) -> None:
        framed, raw = self.connect(), self.seed_client()
        framed.ask("I end my lines")
        raw.sendall(b"I do not")
        self.assertEqual(raw.recv(1024), b"I DO NOT")
        self.server.type("good evening\n")
        self.assertEqual(framed.read_line(), "Server: good evening")
        self.assertEqual(raw.recv(1024), b"Server: good evening")

    def test_the_log_tells_what_happens(self) -> None:
        client = self.connect()
        client.ask("hello")
        client.say("/join tea", "CLOSE SOCKET")
        client.read_to_end()
        client.close()
        self.server.wait_for_log("Client 1 disconnected")
        [_, connected, *rest] = self.server.output.lines
        self.assertRegex(connected, r"^Client 1 connected from 127\.0\.0\.1:\d+$")
        self.assertEqual(
            rest,
            [
                "Client 1: hello",
                "[tea] * Client 1 joined",
                "[tea] * Client 1 left",
                "Client 1 disconnected (quit)",
            ],
        )


class Streams(ServerCase):
    def test_what_is_left_at_the_end_of_a_stream_is_answered(self) -> None:
        self.start()
        for text, answers in ((b"hello", ["HELLO"]), (b"one\ntwo", ["ONE", "TWO"])):
            client = self.connect()
            client.send(text)
            client.end_output()
            self.assertEqual(client.read_to_end(), answers)
            self.assertFalse(client.was_reset)

    def test_a_client_that_half_closes_gets_every_answer(self) -> None:
        self.start()
        client = self.connect()
        client.paused = True
        texts = [f"line {number} {'x' * 1000}" for number in range(2000)]
        data = "\n".join(texts).encode()
        while data := data[client.offer(data) :]:
            client.paused = False  # or the server would read no more: it waits for its reader
            self.sources.take_in(0.01)
        client.end_output()
        client.paused = False
        self.assertEqual(client.read_to_end(), [text.upper() for text in texts])

    def test_a_line_that_arrives_byte_by_byte_is_one_line(self) -> None:
        self.start()
        client = self.connect()
        client.ask("a line client")
        for byte in "grüße\r\n".encode():
            client.send(bytes([byte]))
        self.assertEqual(client.read_line(), "GRÜSSE")


class Failures(ServerCase):
    def assert_one_line(self, status: int, message: str, *flags: str) -> None:
        """Run a server that cannot start."""
        done = subprocess.run(
            server_argv(*flags), stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE
        )
        self.assertEqual(done.stdout, b"")
        [line] = done.stderr.decode().splitlines()
        self.assertIn(message, line)
        self.assertEqual(done.returncode, status)

    def test_a_port_in_use(self) -> None:
        with socket.create_server((HOST, 0)) as other:
            port = other.getsockname()[1]
            self.assert_one_line(1, "in use", "--host", HOST, "--port", str(port))

    def test_a_host_that_is_unknown_or_not_this_one(self) -> None:
        self.assert_one_line(1, "nowhere.invalid", "--host", "nowhere.invalid")
        self.assert_one_line(1, "a..b", "--host", "a..b")
        self.assert_one_line(1, "192.0.2.1", "--host", "192.0.2.1")

    def test_flags_that_make_no_sense(self) -> None:
        for flags in (
            ("--nonsense",),
            ("--host", ""),
            ("--port", "65536"),
            ("--rate", "nan"),
            ("--max-clients", "0"),
            ("--max-backlog", "9" * 5000),
        ):
            with self.subTest(flags):
                self.assert_one_line(2, "reactor-chat", *flags)


class Flags(ServerCase):
    def test_every_address_of_the_host_is_served(self) -> None:
        self.start("--host", "localhost")
        found = socket.getaddrinfo("localhost", 0, type=socket.SOCK_STREAM)
        hosts = sorted({entry[4][0] for entry in found})
        port = self.server.port
        self.server.wait(lambda: len(self.server.output.lines) == len(hosts), "a line an address")
        listening = [f"{LISTENING}{f'[{h}]' if ':' in str(h) else h}:{port}" for h in hosts]
        self.assertEqual(sorted(self.server.output.lines), sorted(listening))
        for host in hosts:
            with socket.create_connection((str(host), port), PATIENCE) as client:
                client.sendall(b"hello\n")
                self.assertEqual(client.recv(1024), b"HELLO\n")

    def test_a_star_is_every_address_of_both_families(self) -> None:
        self.start("--host", "*")
        with socket.create_connection((HOST, self.server.port), PATIENCE) as client:
            client.sendall(b"hello\n")
            self.assertEqual(client.recv(1024), b"HELLO\n")
        if socket.has_ipv6 and Path("/proc/net/if_inet6").exists():
            with socket.create_connection(("::1", self.server.port), PATIENCE) as client:
                client.sendall(b"hello\n")
                self.assertEqual(client.recv(1024), b"HELLO\n")

    def test_quiet_logs_connections_and_no_messages(self) -> None:
        self.start("--quiet")
        client = self.connect()
        client.ask("hello")
        client.say("/quit")
        client.read_to_end()
        client.close()
        self.server.wait_for_log("Client 1 disconnected")
        self.assertNotIn("hello", "\n".join(self.server.output.lines))

    def test_over_max_clients_one_reads_that_the_server_is_full(self) -> None:
        self.start("--max-clients", "2")
        first, second = self.connect(), self.connect()
        self.assertEqual(second.ask("hello"), "HELLO")
        self.assertEqual(self.connect().read_to_end(), ["-> Server is full."])
        first.ask("/whoami")
        first.close()
        self.server.wait_for_log("Client 1 disconnected")
        self.assertEqual(self.connect().ask("hello"), "HELLO")

    def test_over_max_per_host_one_reads_that_it_is_ones_address(self) -> None:
        self.start("--max-per-host", "1")
        self.assertEqual(self.connect().ask("hello"), "HELLO")
        refused = self.connect()
        self.assertEqual(refused.read_to_end(), ["-> Too many connections from your address."])
        self.assertEqual(self.connect(source="127.0.0.2").ask("hello"), "HELLO")

    def test_rate_delays_what_is_relayed_and_drops_nothing(self) -> None:
        self.start("--rate", "100")
        listener, speaker = self.join("listener"), self.join("speaker")
        listener.read_line()
        began = time.monotonic()
        texts = [str(number) for number in range(460)]
        speaker.say(*texts)
        self.assertEqual(listener.wait_for_lines(460), [f"speaker: {text}" for text in texts])
        # 400 pass at once, the rest at 100 a second: it cannot have been faster.
        self.assertGreater(time.monotonic() - began, 0.55)

    def test_rate_does_not_count_what_is_asked_of_the_server_itself(self) -> None:
        self.start("--rate", "0.1")  # a burst of one line, then one in ten seconds
        client = self.connect()
        client.say(*(str(number) for number in range(500)), *["/whoami"] * 500)
        self.assertEqual(len(client.wait_for_lines(1000)), 1000)

    def test_max_backlog_is_how_much_waits_for_a_slow_reader(self) -> None:
        self.start("--max-backlog", "20000", "--rate", "0")
        slow, speaker = self.join("slow", window=8192), self.join("speaker")
        slow.read_line()
        slow.paused = True
        said = 1000  # of which less than 500 KB wait anywhere, in the kernels or here
        for first in range(0, said, 10):
            speaker.say(*(f"{number} {'x' * 1000}" for number in range(first, first + 10)))
            self.assertEqual(speaker.ask("/whoami"), "-> You are speaker, in tea.")
        slow.paused = False
        self.sources.wait(lambda: any("missed" in line for line in slow.lines), "it is told")
        *seen, notice = slow.lines
        missed = re.fullmatch(r"\* You missed (\d+) messages\.", notice)
        assert missed is not None
        self.assertEqual([int(line.split()[1]) for line in seen], list(range(len(seen))))
        self.assertEqual(len(seen) + int(missed[1]), said)

    def test_a_block_longer_than_max_backlog_reaches_those_who_read(self) -> None:
        self.start("--max-backlog", "1000", "--rate", "0")
        listener, speaker = self.join("listener"), self.join("speaker")
        listener.read_line()
        texts = [f"{number} {'x' * 100}" for number in range(100)]
        speaker.say(*texts)
        self.assertEqual(listener.wait_for_lines(100), [f"speaker: {text}" for text in texts])
