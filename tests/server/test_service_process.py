"""A server that an administrator runs: configured by a file, reloaded, watched by systemd."""

import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from reactor_chat.wire.fingerprints import fingerprint
from tests.certificates import certificate
from tests.processes import HOST, PATIENCE, ServerCase, server_argv

# What systemd does between `fork` and `exec`: the descriptor gets number 3, and the process learns
# that it is meant.
HAND_OVER = """\
import os, sys
os.dup2({fd}, 3)
os.environ |= {{"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "{name}"}}
os.execv(sys.argv[1], sys.argv[1:])
"""


def hand_over(sock: socket.socket, name: str) -> str:
    """Return what `sh` is to do so that a server starts as if by systemd."""
    code = HAND_OVER.format(fd=sock.fileno(), name=name)
    return f"exec {sys.executable} -c '{code}' \"$@\""


class ServiceCase(ServerCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(self.enterContext(TemporaryDirectory()))
        self.file = self.folder / "chat.toml"

    def configure(self, *lines: str) -> None:
        """Write the file that the server is started with."""
        self.file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def start_configured(self, *flags: str, **options: object) -> None:
        self.start("--config", str(self.file), *flags, stdin=subprocess.PIPE, **options)

    def run_server(self, *flags: str) -> "subprocess.CompletedProcess[str]":
        """Run a server that ends at once."""
        argv = server_argv(*flags)
        return subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE
        )


class CommandLineTest(ServiceCase):
    def test_each_listen_is_a_door(self) -> None:
        self.start("--listen", f"chat://{HOST}:0", "--listen", f"chat://{HOST}:0")
        self.server.wait(lambda: len(self.server.output.lines) == 2, "a line a door")
        for line in self.server.output.lines:
            port = int(line.rpartition(":")[2])
            with socket.create_connection((HOST, port), PATIENCE) as client:
                client.sendall(b"hello\n")
                self.assertEqual(client.recv(100), b"HELLO\n")

    def test_the_host_may_name_the_port(self) -> None:
        argv = [part for part in server_argv("--host", f"{HOST}:0") if part != "--port"]
        argv.remove("0")
        server = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        with server:
            assert server.stdout is not None
            self.assertTrue(server.stdout.readline().startswith(f"listening on {HOST}:"))
            server.terminate()

    def test_check_says_ok_and_ends(self) -> None:
        self.configure("rate = 5")
        done = self.run_server("--config", str(self.file), "--check")
        self.assertEqual((done.stdout, done.stderr, done.returncode), ("ok\n", "", 0))

    def test_a_mistake_in_the_file_is_one_line(self) -> None:
        for mistake in ("rat = 5", "rate = true", "rate"):
            self.configure(mistake)
            done = self.run_server("--config", str(self.file), "--check")
            [line] = done.stderr.splitlines()
            self.assertIn(str(self.file), line)
            self.assertEqual((done.stdout, done.returncode), ("", 2))

    def test_check_reads_the_certificate_too(self) -> None:
        good = certificate()
        flags = ("--listen", f"chats://{HOST}:0", "--check", "--cert", str(good.cert), "--key")
        self.assertEqual(self.run_server(*flags, str(good.key)).stdout, "ok\n")
        done = self.run_server(*flags, str(good.cert))
        why = f"{good.cert} holds no private key (PEM)."
        self.assertEqual(done.stderr, f"Cannot serve over TLS: {why}\n")
        self.assertEqual((done.stdout, done.returncode), ("", 1))


class LogTest(ServiceCase):
    def test_a_json_log_has_an_object_a_line_whatever_happens(self) -> None:
        self.start("--log-format", "json", stdin=subprocess.PIPE)
        self.server.wait(lambda: self.server.output.lines, "it listens")
        first = json.loads(self.server.output.lines[0])
        with socket.create_connection((HOST, int(first["address"].rpartition(":")[2]))) as client:
            client.sendall(b"hello\n/nick alice\n")
            self.server.wait_for_log("alice")
            self.server.type("/who\ngood evening\n" + "x" * 5000 + "\n/quit\n")
        self.assertEqual(self.server.exit_status(), 0)
        lines = [json.loads(line) for line in self.server.output.lines]
        self.assertEqual(first["event"], "listening")
        texts = [line["text"] for line in lines]
        for text in ("Server: good evening", "That line is too long: the limit is 4096 bytes."):
            self.assertTrue(any(text.endswith(one) for one in texts), texts)
        for line in lines:
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")

    def test_a_dated_log_has_the_date_before_each_line(self) -> None:
        self.start("--log-format", "dated", stdin=subprocess.PIPE)
        self.server.type("/stats\n/quit\n")
        self.assertEqual(self.server.exit_status(), 0)
        for line in self.server.output.lines:
            self.assertRegex(line, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \S")

    def test_what_the_operator_says_is_in_the_log(self) -> None:
        self.start(stdin=subprocess.PIPE)
        self.server.type("good evening\n")
        self.server.wait_for_log("Server: good evening\n")


class ReloadTest(ServiceCase):
    def test_what_can_change_at_once_does_and_what_cannot_is_named(self) -> None:
        self.configure("max-clients = 1")
        self.start_configured()
        first = self.connect()
        first.ask("hello")
        self.assertEqual(self.connect().read_to_end(), ["-> Server is full."])
        self.configure("max-clients = 2", "quiet = true", 'data = "none"')
        self.server.type("/reload\n")
        self.server.wait_for_log("Only a restart changes: data.")
        self.server.wait_for_log("Reloaded; changed: quiet, max-clients.")
        self.assertEqual(self.connect().ask("one more"), "ONE MORE")
        self.assertEqual(first.ask("as before"), "AS BEFORE")
        self.assertNotIn(b"one more", self.server.output.text)

    def test_a_mistake_changes_nothing_and_is_told(self) -> None:
        self.configure("max-clients = 1")
        self.start_configured()
        first = self.connect()
        first.ask("hello")
        self.configure("max-clients = 2", "nonsense = 1")
        self.server.kill(signal.SIGHUP)
        self.server.wait_for_log("Nothing is reloaded: ")
        self.server.wait_for_log("there is no option nonsense.")
        self.assertEqual(self.connect().read_to_end(), ["-> Server is full."])
        self.assertEqual(first.ask("as before"), "AS BEFORE")

    def test_the_command_line_still_wins(self) -> None:
        self.configure("quiet = false")
        self.start_configured("--quiet")
        self.connect()
        self.server.kill(signal.SIGHUP)
        self.server.wait_for_log("Reloaded; nothing has changed.")
        self.connect().ask("hello")
        self.assertNotIn(b"hello", self.server.output.text)


class DataTest(ServiceCase):
    def test_the_log_says_where_lines_are_kept_after_where_it_listens(self) -> None:
        self.start("--data", str(self.folder / "chat.db"))
        self.server.wait_for_log(f"keeping lines in {self.folder / 'chat.db'}\n")
        self.assertTrue(self.server.output.text.startswith(b"listening on "))

    def test_a_port_that_is_any_keeps_nothing(self) -> None:
        self.start(env=os.environ | {"XDG_STATE_HOME": str(self.folder)})
        self.connect().ask("hello")
        self.assertNotIn(b"keeping", self.server.output.text)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_the_default_place_is_named_after_the_port(self) -> None:
        with socket.create_server((HOST, 0)) as probe:
            port = probe.getsockname()[1]
        self.start("--host", HOST, "--port", str(port), env=self.environment())
        self.server.wait_for_log(f"keeping lines in {self.folder}/reactor-chat/{port}.db\n")

    def test_a_default_place_that_cannot_be_used_is_told(self) -> None:
        (self.folder / "reactor-chat").touch()
        with socket.create_server((HOST, 0)) as probe:
            port = probe.getsockname()[1]
        self.start("--host", HOST, "--port", str(port), env=self.environment())
        self.server.wait_for_log("keeping lines in memory alone: ")
        self.assertEqual(self.connect().ask("hello"), "HELLO")

    def test_a_file_that_was_asked_for_and_cannot_be_used_ends_the_server(self) -> None:
        done = self.run_server("--data", str(self.folder / "typo" / "chat.db"))
        [line] = done.stderr.splitlines()
        self.assertTrue(line.startswith(f"Cannot keep lines in {self.folder}/typo/chat.db: "), line)
        self.assertEqual((done.stdout, done.returncode), ("", 1))

    def environment(self) -> dict[str, str]:
        home = {"XDG_STATE_HOME": str(self.folder), "STATE_DIRECTORY": ""}
        return os.environ | home


class DoorsOfTheFileTest(ServiceCase):
    def test_a_certificate_is_not_taken_from_doors_that_stay(self) -> None:
        files = certificate("localhost")
        door = f'listen = ["chats://{HOST}:0"]'
        self.configure(f'cert = "{files.cert}"', f'key = "{files.key}"', door)
        self.start_configured("--port-by-file", "--data", "none")
        self.server.wait_for_log("(TLS)")
        self.configure()
        self.server.type("/reload\n")
        self.server.wait_for_log("Nothing is reloaded: only a restart can do without a certif")


class TlsTest(ServiceCase):
    def setUp(self) -> None:
        super().setUp()
        self.cert, self.key = self.folder / "cert.pem", self.folder / "key.pem"
        self.install("localhost")
        self.configure_tls()
        self.start_configured("--listen", f"chats://{HOST}:0", "--listen", f"chat://{HOST}:0")
        self.trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        for name in ("localhost", "renewed"):
            self.trusted.load_verify_locations(certificate(name).cert)

    def install(self, name: str) -> None:
        """Put a certificate and its key in the place that the configuration names."""
        shutil.copy(certificate(name).cert, self.cert)
        shutil.copy(certificate(name).key, self.key)

    def configure_tls(self, *more: str) -> None:
        self.configure(f'cert = "{self.cert}"', f'key = "{self.key}"', *more)

    def call(self, name: str) -> ssl.SSLSocket:
        """Connect, and expect the certificate that was made for a name."""
        sock = socket.create_connection((HOST, self.server.port), PATIENCE)
        client = self.trusted.wrap_socket(sock, server_hostname=name)
        self.addCleanup(client.close)
        return client

    def assert_served(self, client: socket.socket) -> None:
        client.sendall(b"hello\n")
        self.assertEqual(client.recv(100), b"HELLO\n")

    def test_doors_with_and_without_tls_stand_side_by_side(self) -> None:
        self.assert_served(self.call("localhost"))
        self.server.wait(lambda: len(self.server.output.lines) > 1, "both doors are told")
        secure, plain = self.server.output.lines[:2]
        self.assertRegex(secure, rf"^listening on {HOST}:\d+ \(TLS\)$")
        with socket.create_connection((HOST, int(plain.rpartition(":")[2])), PATIENCE) as client:
            self.assert_served(client)

    def test_a_renewed_certificate_is_for_those_who_come_and_disturbs_nobody(self) -> None:
        clients = [self.call("localhost") for _ in range(20)]
        self.install("renewed")
        self.server.type("/reload\n")
        self.server.wait_for_log(f"The certificate is {fingerprint(certificate('renewed').der)}.")
        for client in clients:
            self.assert_served(client)
        self.assert_served(self.call("renewed"))

    def test_a_bad_certificate_changes_nothing_and_says_why(self) -> None:
        self.assert_served(self.call("localhost"))
        shutil.copy(certificate("renewed").cert, self.cert)
        self.configure_tls("quiet = true")
        self.server.type("/reload\n")
        self.server.wait_for_log("Nothing is reloaded: the key in ")
        self.assert_served(self.call("localhost"))
        self.server.wait_for_log("Client 2: hello")

    def test_a_socket_of_systemd_speaks_tls_if_it_is_called_so(self) -> None:
        with socket.create_server((HOST, 0)) as sock:
            through = hand_over(sock, "chats")
            self.start_configured("--data", "none", through=through, pass_fds=(sock.fileno(),))
        self.server.wait_for_log("(TLS)")
        self.assert_served(self.call("localhost"))


class SystemdTest(ServiceCase):
    def setUp(self) -> None:
        super().setUp()
        self.notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.notices.close)
        self.notices.bind(str(self.folder / "notify"))
        self.notices.settimeout(PATIENCE)

    def environment(self) -> dict[str, str]:
        return os.environ | {"NOTIFY_SOCKET": str(self.folder / "notify")}

    def notice(self) -> str:
        return self.notices.recv(1000).decode()

    def test_it_is_told_of_the_beginning_a_reload_and_the_end(self) -> None:
        self.start(env=self.environment())
        port = self.server.port
        self.assertEqual(self.notice(), f"READY=1\nSTATUS=listening on {HOST}:{port}")
        self.server.kill(signal.SIGHUP)
        self.assertTrue(re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+", self.notice()))
        self.assertTrue(self.notice().startswith("READY=1\n"))
        self.server.kill(signal.SIGTERM)
        self.assertEqual(self.notice(), "STOPPING=1")
        self.assertEqual(self.server.exit_status(), 0)

    def test_a_reload_that_fails_is_over_too(self) -> None:
        self.configure()
        self.start_configured(env=self.environment())
        self.notice()
        self.configure("nonsense = 1")
        self.server.kill(signal.SIGHUP)
        self.assertTrue(self.notice().startswith("RELOADING=1\n"))
        self.assertTrue(self.notice().startswith("READY=1\n"))

    def test_the_socket_of_a_unit_is_used_in_place_of_doors(self) -> None:
        with socket.create_server((HOST, 0)) as sock:
            port = sock.getsockname()[1]
            through = hand_over(sock, "chat")
            self.start("--data", "none", through=through, pass_fds=(sock.fileno(),))
            self.assertEqual(self.server.port, port)
        self.assertEqual(self.connect().ask("hello"), "HELLO")
        self.assertEqual(self.server.output.text.count(b"listening on"), 1)

    def test_what_is_no_listening_socket_costs_one_line(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            code = HAND_OVER.format(fd=sock.fileno(), name="chat")
            done = subprocess.run(
                [sys.executable, "-c", code, *server_argv()],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                pass_fds=(sock.fileno(),),
            )
        [line] = done.stderr.splitlines()
        self.assertIn("systemd", line)
        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main()
