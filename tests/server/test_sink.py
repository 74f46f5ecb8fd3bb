"""The log leaves as fast as it is taken, and whoever does not take it stops nobody."""

import errno
import fcntl
import os
import select
import socket
import tempfile
import termios
import unittest
from pathlib import Path
from unittest import mock

from reactor_chat.loop.reactor import NOTHING, WRITE, Reactor
from reactor_chat.server.sink import BACKLOG, Sink

LINE = b"%06d a line of the log, long enough for the purpose\n"
MORE_THAN_FITS = BACKLOG // 32  # lines: twice the backlog


def line(number: int) -> bytes:
    return LINE % number


def as_lines(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


class SinkCase(unittest.TestCase):
    def setUp(self) -> None:
        self.reactor = Reactor()
        self.addCleanup(self.reactor.close)

    def sink_on(self, fd: int) -> Sink:
        sink = Sink(self.reactor, fd)
        self.addCleanup(sink.close)
        return sink

    def pipe(self) -> tuple[int, int]:
        ends = os.pipe()
        os.set_blocking(ends[0], False)
        for end in ends:
            self.addCleanup(os.close, end)
        return ends

    def read_all(self, fd: int) -> bytes:
        """Read, and let the sink write, until there is no more."""
        data = b""
        while True:
            self.reactor.turn(0)
            try:
                piece = os.read(fd, 65536)
            except BlockingIOError:
                return data.replace(b"\r\n", b"\n")  # a terminal adds the CRs
            data += piece

    def assert_asks_for_nothing(self, sink: Sink) -> None:
        """Check that another line costs the end of the turn nothing."""
        with mock.patch.object(self.reactor, "at_end_of_turn") as asked:
            sink.write(b"one more\n", 1)
        asked.assert_not_called()

    def assert_contiguous_but_for_the_count(self, data: bytes, said: int) -> None:
        """Check that the first lines are there, and that the note counts all the others."""
        *seen, note = as_lines(data)
        self.assertEqual(seen, [line(n) for n in range(len(seen))])
        self.assertEqual(note, b"(%d log lines were left out)\n" % (said - len(seen)))
        self.assertLess(len(seen), said)


class PipeTest(SinkCase):
    def test_what_is_written_leaves_at_the_end_of_the_turn(self) -> None:
        reader, writer = self.pipe()
        sink = self.sink_on(writer)
        sink.write(b"one\n", 1)
        sink.write(b"two\n", 1)
        self.assertRaises(BlockingIOError, os.read, reader, 1)
        self.reactor.turn(0)
        self.assertEqual(os.read(reader, 100), b"one\ntwo\n")

    def test_the_selector_is_asked_only_while_something_waits(self) -> None:
        reader, writer = self.pipe()
        sink = self.sink_on(writer)
        sink.write(bytes(BACKLOG))
        self.reactor.turn(0)
        self.assertEqual(sink.interest, WRITE)
        self.assertEqual(len(self.read_all(reader)), BACKLOG)
        self.assertEqual(sink.interest, NOTHING)

    def test_a_full_pipe_leaves_lines_out_and_counts_them_exactly(self) -> None:
        reader, writer = self.pipe()
        sink = self.sink_on(writer)
        for number in range(MORE_THAN_FITS):
            sink.write(line(number), 1)
            if number % 100 == 0:
                self.reactor.turn(0)
        self.assert_contiguous_but_for_the_count(self.read_all(reader), MORE_THAN_FITS)

    def test_once_a_line_was_left_out_those_after_it_are_until_all_has_left(self) -> None:
        reader, writer = self.pipe()
        sink = self.sink_on(writer)
        for number in range(MORE_THAN_FITS):
            sink.write(line(number), 1)
        self.reactor.turn(0)
        os.read(reader, 65536)
        self.reactor.turn(0)  # now there is room, but this is not the time
        sink.write(b"out of place\n", 1)
        *seen, note = as_lines(self.read_all(reader))
        left_out = MORE_THAN_FITS - BACKLOG // len(line(0)) + 1
        self.assertEqual(note, b"(%d log lines were left out)\n" % left_out)
        self.assertNotIn(b"out of place\n", seen)

    def test_after_the_count_the_log_goes_on(self) -> None:
        reader, writer = self.pipe()
        sink = self.sink_on(writer)
        for number in range(MORE_THAN_FITS):
            sink.write(line(number), 1)
        self.read_all(reader)
        sink.write(b"on it goes\n", 1)
        self.assertEqual(self.read_all(reader), b"on it goes\n")

    def test_a_block_larger_than_the_whole_backlog_is_counted_too(self) -> None:
        reader, writer = self.pipe()
        sink = self.sink_on(writer)
        sink.write(b"a\n" * BACKLOG, BACKLOG)
        self.assertEqual(self.read_all(reader), b"(%d log lines were left out)\n" % BACKLOG)
        sink.write(b"on it goes\n", 1)
        self.assertEqual(self.read_all(reader), b"on it goes\n")

    def test_a_backlog_is_taken_to_the_last_byte(self) -> None:
        reader, writer = self.pipe()
        sink = self.sink_on(writer)
        sink.write(bytes(BACKLOG - 1))
        sink.write(b"\n", 1)
        self.assertEqual(len(self.read_all(reader)), BACKLOG)

    def test_somebody_else_may_tell_what_was_left_out(self) -> None:
        reader, writer = self.pipe()
        sink = self.sink_on(writer)
        left_out: list[int] = []
        sink.on_relief = left_out.append
        for _ in range(3):
            sink.write(bytes(BACKLOG - 1), 7)
        self.read_all(reader)
        self.assertEqual(left_out, [14])

    def test_a_reader_that_has_gone_is_given_up_silently(self) -> None:
        reader, writer = os.pipe()
        self.addCleanup(os.close, writer)
        sink = self.sink_on(writer)
        sink.write(bytes(BACKLOG))
        self.reactor.turn(0)
        os.close(reader)
        self.reactor.turn(0)
        sink.write(b"to nobody\n", 1)
        self.reactor.turn(0)
        self.assertEqual(sink.interest, NOTHING)
        self.assert_asks_for_nothing(sink)

    def test_the_descriptor_stays_as_it_was_given(self) -> None:
        _, writer = self.pipe()
        before = fcntl.fcntl(writer, fcntl.F_GETFL)
        sink = self.sink_on(writer)
        sink.write(b"x\n", 1)
        self.reactor.turn(0)
        sink.close()
        self.assertEqual(fcntl.fcntl(writer, fcntl.F_GETFL), before)

    def test_a_socket_serves_as_well(self) -> None:
        here, there = socket.socketpair()
        self.addCleanup(here.close)
        self.addCleanup(there.close)
        there.setblocking(False)
        sink = self.sink_on(here.fileno())
        for number in range(MORE_THAN_FITS):
            sink.write(line(number), 1)
        self.assert_contiguous_but_for_the_count(self.read_all(there.fileno()), MORE_THAN_FITS)


class SlowReader:
    """Stands for a sink's poll; its reader takes a page whenever the sink is willing to wait."""

    def __init__(self, reader: int, writer: int) -> None:
        self.taken = b""
        self._reader = reader
        self._poll = select.poll()
        self._poll.register(writer, select.POLLOUT)

    def poll(self, timeout: float) -> list[tuple[int, int]]:
        if timeout:
            self.taken += os.read(self._reader, select.PIPE_BUF)
        return self._poll.poll(0)


class FlushTest(SinkCase):
    def test_at_the_end_what_waits_is_written_without_the_loop(self) -> None:
        reader, writer = self.pipe()
        sink = self.sink_on(writer)
        sink.write(b"the end\n", 1)
        sink.flush(0)
        self.assertEqual(os.read(reader, 100), b"the end\n")

    def test_a_reader_that_has_stopped_holds_the_end_up_for_so_long_only(self) -> None:
        _, writer = self.pipe()
        sink = self.sink_on(writer)
        sink.write(bytes(BACKLOG))
        sink.flush(0)
        sink.flush(0.001)

    def test_a_slow_reader_gets_all_that_waits(self) -> None:
        reader, writer = self.pipe()
        sink = self.sink_on(writer)
        sink.write(bytes(BACKLOG))
        self.reactor.turn(0)  # now the pipe is full
        sink._poll = slow = SlowReader(reader, writer)  # type: ignore[assignment]
        sink.flush(10)
        self.assertEqual(len(slow.taken + self.read_all(reader)), BACKLOG)

    def test_what_was_left_out_is_told_at_the_end(self) -> None:
        reader, writer = self.pipe()
        sink = self.sink_on(writer)
        sink.write(b"one\n", 1)
        sink.write(bytes(BACKLOG), 1)
        sink.flush(10)
        self.assertEqual(os.read(reader, 100), b"one\n(1 log lines were left out)\n")

    def test_a_reader_that_has_gone_is_not_waited_for(self) -> None:
        reader, writer = os.pipe()
        self.addCleanup(os.close, writer)
        sink = self.sink_on(writer)
        sink.write(bytes(BACKLOG))
        self.reactor.turn(0)
        os.close(reader)
        sink.flush(1000)


class FileTest(SinkCase):
    def setUp(self) -> None:
        super().setUp()
        file = tempfile.NamedTemporaryFile()  # noqa: SIM115  (closed by the clean-up)
        self.addCleanup(file.close)
        self.path = Path(file.name)
        self.fd = file.fileno()

    def test_a_whole_backlog_goes_to_a_file_in_one_turn(self) -> None:
        sink = self.sink_on(self.fd)
        sink.write(bytes(BACKLOG))
        self.reactor.turn(0)
        self.assertEqual(self.path.stat().st_size, BACKLOG)
        sink.write(b"more\n", 1)
        self.reactor.turn(0)
        self.assertTrue(self.path.read_bytes().endswith(b"more\n"))

    def test_more_than_a_backlog_in_one_turn_is_left_out_and_counted(self) -> None:
        sink = self.sink_on(self.fd)
        for number in range(MORE_THAN_FITS):
            sink.write(line(number), 1)
        self.reactor.turn(0)
        self.assert_contiguous_but_for_the_count(self.path.read_bytes(), MORE_THAN_FITS)

    def test_dev_null_takes_everything(self) -> None:
        fd = os.open(os.devnull, os.O_WRONLY)
        self.addCleanup(os.close, fd)
        sink = self.sink_on(fd)
        left_out: list[int] = []
        sink.on_relief = left_out.append
        for _ in range(20):
            sink.write(bytes(BACKLOG), 1)
            self.reactor.turn(0)
        sink.write(bytes(BACKLOG), 1)
        sink.write(bytes(BACKLOG), 1)
        self.reactor.turn(0)
        self.assertEqual(left_out, [1])

    @unittest.skipUnless(os.path.exists("/dev/full"), "this system has no /dev/full")
    def test_a_full_disk_ends_the_log_and_nothing_else(self) -> None:
        fd = os.open("/dev/full", os.O_WRONLY)
        self.addCleanup(os.close, fd)
        sink = self.sink_on(fd)
        for _ in range(2):
            sink.write(b"lost\n", 1)
            self.reactor.turn(0)
        self.assert_asks_for_nothing(sink)


class TerminalTest(SinkCase):
    def setUp(self) -> None:
        super().setUp()
        self.screen, self.tty = os.openpty()
        for fd in (self.screen, self.tty):
            self.addCleanup(os.close, fd)
        os.set_blocking(self.screen, False)

    def test_a_terminal_shows_what_is_written(self) -> None:
        self.sink_on(self.tty).write(b"hello\n", 1)
        self.assertEqual(self.read_all(self.screen), b"hello\n")

    def test_the_terminals_own_description_stays_blocking(self) -> None:
        self.sink_on(self.tty)
        self.assertTrue(os.get_blocking(self.tty))

    def test_stopped_output_stops_nobody_and_goes_on_where_it_was(self) -> None:
        sink = self.sink_on(self.tty)
        termios.tcflow(self.tty, termios.TCOOFF)
        for number in range(MORE_THAN_FITS):
            sink.write(line(number), 1)
            if number % 100 == 0:
                self.reactor.turn(0)
        self.assertEqual(self.read_all(self.screen), b"")
        termios.tcflow(self.tty, termios.TCOON)
        self.assert_contiguous_but_for_the_count(self.read_all(self.screen), MORE_THAN_FITS)

    def test_a_terminal_that_takes_nothing_is_not_asked_again_and_again(self) -> None:
        sink = self.sink_on(self.tty)
        for number in range(MORE_THAN_FITS // 4):
            sink.write(line(number), 1)
        for _ in range(100):
            self.reactor.turn(0)
        self.assertEqual(sink.interest, WRITE)
        self.assertEqual(select.select([], [sink.fd], [], 0), ([], [], []))

    def test_a_terminal_that_has_hung_up_is_given_up(self) -> None:
        screen, tty = os.openpty()
        self.addCleanup(os.close, tty)
        sink = self.sink_on(tty)
        os.close(screen)
        for _ in range(2):
            sink.write(b"to nobody\n", 1)
            self.reactor.turn(0)
        self.assert_asks_for_nothing(sink)

    def test_closing_twice_closes_once(self) -> None:
        sink = self.sink_on(self.tty)
        sink.close()
        sink.close()


class FullDiskTest(SinkCase):
    def test_a_disk_that_is_full_for_a_while_loses_nothing_that_fits_the_backlog(self) -> None:
        with tempfile.TemporaryFile() as file:
            sink = self.sink_on(file.fileno())
            full = OSError(errno.ENOSPC, "no space left")
            with mock.patch("reactor_chat.server.sink.os.write", side_effect=full):
                sink.write(line(1), 1)
                self.reactor.end_turn()
            sink.write(line(2), 1)
            sink.on_end_of_turn()  # as the timer does
            file.seek(0)
            self.assertEqual(file.read(), line(1) + line(2))


if __name__ == "__main__":
    unittest.main()
