"""The client as a program in a pipe: lines in, lines out, and an exit status."""

import os
import select
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any

from reactor_chat.client.introduction import Introduction
from reactor_chat.client.pipe import Pipe
from reactor_chat.client.server_link import ServerLink
from tests.client.peer import Peer, client_argv, environment, read_to_end
from tests.window import PATIENCE


class PipeCase(unittest.TestCase):
    def setUp(self) -> None:
        self.peer = Peer()
        self.addCleanup(self.peer.close)

    def start(self, stdin: Any = subprocess.PIPE, **options: Any) -> None:
        """Run a client that calls the peer, and answer the call."""
        self.client = subprocess.Popen(
            client_argv(host="127.0.0.1", port=self.peer.port, **options),
            stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
        )  # fmt: skip
        self.addCleanup(self.finish)
        self.peer.accept()

    def finish(self) -> None:
        self.client.kill()
        self.client.communicate()

    def type(self, text: str) -> None:
        assert self.client.stdin is not None
        self.client.stdin.write(text.encode())
        self.client.stdin.flush()

    def end_input(self) -> None:
        assert self.client.stdin is not None
        self.client.stdin.close()
        self.client.stdin = None

    def read(self, size: int) -> bytes:
        """Wait for so many bytes of output."""
        assert self.client.stdout is not None
        found = b""
        while len(found) < size:
            fd = self.client.stdout.fileno()
            self.assertTrue(select.select([fd], [], [], PATIENCE)[0], f"only {found!r} came")
            data = os.read(fd, size - len(found))
            if not data:
                break
            found += data
        return found

    def expect_exit(self, status: int, output: str = "", error: str = "") -> None:
        """Wait for the program's end, with nothing more than this having been written."""
        assert self.client.stdout is not None
        assert self.client.stderr is not None
        self.assertEqual(read_to_end(self.client.stdout.fileno()).decode(), output)
        self.assertEqual(read_to_end(self.client.stderr.fileno()).decode(), error)
        self.assertEqual(self.client.wait(PATIENCE), status)


class ConversationTest(PipeCase):
    def test_lines_go_out_and_the_servers_lines_come_in(self) -> None:
        self.start()
        self.type("hello\nworld\n")
        self.peer.expect("hello", "world")
        self.peer.say("HELLO", "WORLD")
        self.assertEqual(self.read(12), b"HELLO\nWORLD\n")

    def test_after_the_inputs_end_what_is_to_come_is_printed(self) -> None:
        self.start()
        self.type("hello\n")
        self.end_input()
        self.peer.expect("hello")
        self.peer.expect_end()
        self.peer.say("HELLO", "and more")
        self.peer.hang_up()
        self.expect_exit(0, "HELLO\nand more\n")

    def test_name_and_room_come_before_the_input_one_after_the_other(self) -> None:
        self.start(name="alice", room="tea")
        self.type("hello\n")
        self.peer.expect("/nick alice")
        self.peer.say("-> You are now alice.")
        self.peer.expect("/join tea")
        self.peer.say("-> You joined tea. Here: alice.", "-> Topic: leaves")
        self.peer.expect("hello")
        self.end_input()
        self.peer.expect_end()
        self.peer.hang_up()
        self.expect_exit(
            0, "-> You are now alice.\n-> You joined tea. Here: alice.\n-> Topic: leaves\n"
        )

    def test_a_mark_of_the_byte_order_before_the_input_is_dropped(self) -> None:
        self.start()
        self.type("\ufeff/msg bob the code is 4711\n\ufeffnext\n")
        self.peer.expect("/msg bob the code is 4711", "\ufeffnext")

    def test_half_a_mark_is_waited_for(self) -> None:
        self.start()
        assert self.client.stdin is not None
        for piece in (b"\xef", b"\xbb", b"\xbfone\n", b"\xef\xbb"):
            self.client.stdin.write(piece)
            self.client.stdin.flush()
        self.peer.expect("one")

    def test_what_only_begins_like_a_mark_is_text(self) -> None:
        self.start()
        self.type("ﬀ one\n")  # U+FB00, whose first byte is that of a mark
        self.peer.expect("ﬀ one")

    def test_nothing_is_asked_or_said_unasked(self) -> None:
        self.start()
        self.end_input()
        self.peer.expect_end()
        self.peer.hang_up()
        self.expect_exit(0)

    def test_a_text_without_an_end_is_shown_once_it_is_still(self) -> None:
        self.start()
        self.peer.sock.sendall(b"HELLO")
        self.assertEqual(self.read(6), b"HELLO\n")

    def test_what_a_server_sends_cannot_drive_a_terminal(self) -> None:
        self.start()
        self.peer.say("a\x1b[2Jb", "[PM from x] \x07")
        expected = "a\ufffd[2Jb\n[PM from x] \ufffd\n".encode()
        self.assertEqual(self.read(len(expected)), expected)

    def test_input_that_was_closed_is_at_its_end(self) -> None:
        argv = client_argv(host="127.0.0.1", port=self.peer.port)
        self.client = subprocess.Popen(
            ["sh", "-c", 'exec "$@" <&-', "sh", *argv],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
        )  # fmt: skip
        self.addCleanup(self.finish)
        self.peer.accept()
        self.peer.expect_end()
        self.peer.say("still here")
        self.peer.hang_up()
        self.expect_exit(0, "still here\n")

    def test_a_file_is_input_like_any_other(self) -> None:
        with open(__file__, "rb") as file:
            self.start(stdin=file)
        self.peer.expect(*Path(__file__).read_text(encoding="utf-8").splitlines())
        self.peer.expect_end()


class BackpressureTest(unittest.TestCase):
    def test_input_waits_while_the_server_does_not_read(self) -> None:
        ours, theirs = socket.socketpair()
        link = ServerLink(ours, time.monotonic)
        self.addCleanup(link.close)
        self.addCleanup(theirs.close)
        endless = os.open("/dev/zero", os.O_RDONLY)
        self.addCleanup(os.close, endless)
        pipe = Pipe(link, endless, None, self.fail, time.monotonic)
        while link.backlog < 262_144 or select.select([], [link], [], 0)[1]:
            pipe._turn()
        waiting = link.backlog
        self.assertLess(waiting, 400_000)
        theirs.sendall(b"hello\n")
        pipe._turn()
        self.assertEqual(link.backlog, waiting)


class FaultTest(unittest.TestCase):
    def setUp(self) -> None:
        ours, self.server = socket.socketpair()
        self.addCleanup(self.server.close)
        self.link = ServerLink(ours, time.monotonic)
        self.addCleanup(self.link.close)
        self.errors: list[str] = []

    def open(self, path: str) -> int:
        fd = os.open(path, os.O_RDONLY)
        self.addCleanup(os.close, fd)
        return fd

    def run_pipe(self, in_fd: int | None, out_fd: int | None) -> int:
        pipe = Pipe(self.link, in_fd, out_fd, self.errors.append, time.monotonic)
        return pipe.run(Introduction((), at_once=False))

    def test_an_output_that_cannot_be_written_is_one_line_and_a_status(self) -> None:
        self.server.sendall(b"HELLO\n")
        self.assertEqual(self.run_pipe(None, self.open(os.devnull)), 1)
        self.assertEqual(self.errors, ["Standard input or output failed: Bad file descriptor."])

    def test_an_input_that_cannot_be_read_is_one_line_and_a_status(self) -> None:
        self.assertEqual(self.run_pipe(self.open("/"), None), 1)
        self.assertEqual(self.errors, ["Standard input or output failed: Is a directory."])

    def test_a_loss_without_a_number_has_its_reason(self) -> None:
        self.link.ended, self.link.failure = True, TimeoutError("no answer")
        self.assertEqual(self.run_pipe(None, None), 1)
        self.assertEqual(self.errors, ["Connection lost: no answer."])


class DeniedTest(PipeCase):
    """What was asked for on the command line, and cannot be had."""

    def test_a_name_that_is_taken_ends_it_before_anything_is_said(self) -> None:
        self.start(name="alice", room="tea")
        self.type("hello\n")
        self.peer.expect("/nick alice")
        self.peer.say("-> The name alice is taken.")
        self.peer.expect_end()
        self.expect_exit(1, "", "Cannot take the name alice: The name alice is taken.\n")

    def test_a_room_that_cannot_be_entered_too(self) -> None:
        self.start(room="a b")
        self.peer.expect("/join a b")
        self.peer.say("-> You are muted.")
        self.peer.expect_end()
        self.expect_exit(1, "", "Cannot enter the room a b: You are muted.\n")

    def test_a_server_without_commands_gives_no_names(self) -> None:
        self.start(name="alice")
        self.peer.expect("/nick alice")
        self.peer.sock.sendall(b"/NICK ALICE")
        self.expect_exit(1, "", "Cannot take the name alice: /NICK ALICE\n")

    def test_a_server_that_goes_away_before_it_answers_was_not_reached(self) -> None:
        self.start(name="alice")
        self.end_input()
        self.peer.expect("/nick alice")
        self.peer.hang_up()
        self.expect_exit(1, "", "The server closed the connection.\n")

    def test_a_password_takes_the_name(self) -> None:
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("open sesame\nsecond line\n")
            file.flush()
            self.start(name="alice", password_file=file.name)
            self.peer.expect("/login alice open sesame")
        self.peer.say("-> The password is wrong.")
        self.expect_exit(1, "", "Cannot take the name alice: The password is wrong.\n")


class StatusTest(PipeCase):
    def test_a_server_that_closes_in_the_middle_is_an_error(self) -> None:
        self.start()
        self.peer.say("bye")
        self.peer.hang_up()
        self.expect_exit(1, "bye\n", "The server closed the connection.\n")

    def test_a_server_that_closes_after_a_farewell_is_not(self) -> None:
        self.start()
        self.type("/quit\n")
        self.peer.expect("/quit")
        self.peer.hang_up()
        self.expect_exit(0)

    def test_a_farewell_may_have_as_many_words_as_a_line_has_room_for(self) -> None:
        self.start()
        farewell = "/quit " + "bye " * 1000
        self.type(farewell + "\n")
        self.peer.expect(farewell)
        self.peer.hang_up()
        self.expect_exit(0)

    def test_a_refusal_is_an_error_even_after_the_inputs_end(self) -> None:
        self.start()
        self.end_input()
        self.peer.expect_end()
        self.peer.say("-> Server is full.")
        self.peer.hang_up()
        self.expect_exit(1, "-> Server is full.\n")

    def test_a_reader_that_goes_away_ends_it_quietly(self) -> None:
        self.start()
        self.peer.say("HELLO")
        self.assertEqual(self.read(6), b"HELLO\n")
        assert self.client.stdout is not None
        assert self.client.stderr is not None
        self.client.stdout.close()
        self.peer.say("WORLD")
        self.assertEqual(read_to_end(self.client.stderr.fileno()), b"")
        self.assertEqual(self.client.wait(PATIENCE), 0)
