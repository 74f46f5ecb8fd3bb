"""What is drawn waits for a terminal that takes nothing, and the client does not."""

import os
import select
import unittest

from reactor_chat.client.terminal_output import TerminalOutput
from tests.window import Window

# Bytes that no terminal holds: the kernel keeps some 64 KB of output.
_MORE_THAN_FITS = 1024 * 1024


class CanvasTest(unittest.TestCase):
    def setUp(self) -> None:
        self.window = Window()
        self.addCleanup(self.window.close)
        self.output = TerminalOutput(self.window.slave)
        self.addCleanup(self.output.close)

    def read_all(self) -> bytes:
        """Look at the window until nothing waits any more."""
        seen = b""
        while self.output.waits or select.select([self.window.master], [], [], 0)[0]:
            self.output.on_writable()
            if select.select([self.window.master], [], [], 0.01)[0]:
                seen += os.read(self.window.master, 65_536)
        return seen

    def test_what_is_drawn_is_there_at_once(self) -> None:
        self.output.write(b"hello")
        self.assertFalse(self.output.waits)
        self.assertEqual(self.read_all(), b"hello")

    def test_a_terminal_that_takes_nothing_is_not_waited_for(self) -> None:
        self.output.write(bytes(_MORE_THAN_FITS))
        self.assertTrue(self.output.waits)
        self.assertTrue(self.output.full)

    def test_all_is_drawn_in_order_once_it_is_taken(self) -> None:
        first = b"a" * _MORE_THAN_FITS
        self.output.write(first)
        self.output.write(b"b")
        self.assertEqual(self.read_all(), first + b"b")
        self.assertFalse(self.output.full)

    def test_the_last_of_it_is_waited_for_no_longer_than_asked(self) -> None:
        self.output.write(bytes(_MORE_THAN_FITS))
        self.output.flush(0.01)
        self.assertTrue(self.output.waits)

    def test_a_terminal_that_has_hung_up_is_left_alone(self) -> None:
        self.window.hang_up()
        self.output.write(b"hello")
        self.assertTrue(self.output.gone)
        self.output.write(b"hello")
        self.assertFalse(self.output.waits)

    def test_the_terminal_itself_stays_blocking(self) -> None:
        self.assertTrue(os.get_blocking(self.window.slave))

    def test_what_cannot_be_opened_anew_is_written_to_as_it_is(self) -> None:
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        output = TerminalOutput(writer)
        output.write(b"hello")
        output.close()
        self.assertEqual(os.read(reader, 100), b"hello")
