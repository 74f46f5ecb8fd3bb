"""One client: its lines to the chat, and when they are served.

A client waits
- when it does not read the answers that it gets: otherwise they would pile up;
- when it has had its share of the turn, or relays more than `Settings.rate` lines a second:
  otherwise a few who flood would make everybody wait (in the `run_queue`);
- while its password is worked on, or while the archive cannot keep up with the rooms.
In each case its lines stay where they are, unread ones in the kernel, and nothing is dropped.

Invariants:
- The state of a client is looked at after each line: any line may be its last.
- Work is counted in lines, and for some commands in more than one: a slice of 16 KiB can hold
  16,000 blank lines, so bytes do not bound a turn.

Not here: sockets, what a line does (`chat`), and how much a client may relay (`allowance`).
"""

from typing import TYPE_CHECKING, Final

from reactor_chat.chat.commands import receive
from reactor_chat.net.connection import OPEN, Connection
from reactor_chat.net.owner import Owner
from reactor_chat.server.allowance import Allowance
from reactor_chat.wire.framing import OVERLONG, split_batch
from reactor_chat.wire.protocol import drop_blank_lines, is_plain, shouted, wrong_protocol

if TYPE_CHECKING:
    from reactor_chat.server.server import Server

# Lines that one client is served in a turn, unless they are plain and go as one.
WORK_A_TURN: Final = 16

# Bytes of a line that are as much work as a short line is: it is decoded and looked through.
_LONG_LINE: Final = 512

# Plain lines that are said as one in a turn, and bytes of a batch that may hold more of them.
_PLAIN_A_TURN: Final = 512
_LARGE_BATCH: Final = 2048


class Session(Owner):
    """One client: its connection, its member of the chat, and its leave to speak."""

    __slots__ = (
        "_allowance",
        "_chat",
        "_free",
        "_fresh",
        "_server",
        "_sliced",
        "connection",
        "member",
    )

    def __init__(self, server: "Server", connection: Connection, host: str) -> None:
        self._server = server
        self._chat = server.chat
        self.connection = connection
        self.member = self._chat.enter(connection, host)
        self._allowance = Allowance(server, self.member, connection)
        self._free = False  # from asking for leave: a copy, as it is asked for each batch
        self._fresh = True  # no line has ended so far
        self._sliced = False  # lines wait that are not all plain, or wait for a password
        self.reset_rate()

    def reset_rate(self) -> None:
        """Relay as the settings have it, with nothing relayed so far."""
        self._allowance.reset()
        self._free = self._allowance.is_unlimited

    def on_batch(self, batch: bytes) -> None:
        """Serve whole lines: plain ones as one, anything else line by line."""
        if self._fresh:
            self._fresh = False
            if self._is_foreign(batch):
                return
        member = self.member
        if self._sliced:
            self._serve_lines(batch)
        elif len(batch) > _LARGE_BATCH:
            self._on_large_batch(batch)
        elif not member.rooms and (shout := shouted(batch)) is not None:
            self._chat.answer_batch(member, batch, shout)
        elif is_plain(batch, lines := batch.count(b"\n")) and (
            self._free or self._allowance.covers(lines)
        ):
            self._chat.speak(member, batch, lines)
        else:
            self._serve_lines(batch)

    def _on_large_batch(self, batch: bytes) -> None:
        """Say this turn's share of a batch, and wait; 16 KiB may be 8,000 lines."""
        queue, connection = self._server.run_queue, self.connection
        if queue.holds(connection):
            connection.lines.put_back(batch)
            return
        queue.spend(len(batch) // _LONG_LINE // 2)  # it is half the work of a line as long
        head, tail = split_batch(batch, _PLAIN_A_TURN)
        lines = head.count(b"\n")
        if is_plain(head, lines) and (self._free or self._allowance.covers(lines)):
            self._chat.speak(self.member, head, lines)
            connection.lines.put_back(tail)
        else:
            self._serve_lines(batch)
        queue.wait(connection)

    def _serve_lines(self, batch: bytes) -> None:
        lines = batch if self._sliced else drop_blank_lines(batch)
        if lines:
            self.connection.lines.put_back(lines)
            self.on_lines()

    def on_lines(self) -> None:
        """Serve the lines that are there, one by one, up to this turn's share."""
        chat, member, server = self._chat, self.member, self._server
        work = WORK_A_TURN
        while not self._must_wait():
            if work <= 0 and self.connection.lines.ready:
                self._sliced = True
                server.run_queue.wait(self.connection)
                return
            line = self.connection.lines.next_line()
            if line is None:
                self._sliced = False
                return
            relayed = chat.relayed
            cost = len(line) // _LONG_LINE if line is not OVERLONG else 0
            cost += receive(chat, server.accounts, member, line)
            work -= cost
            server.run_queue.spend(cost)
            if chat.relayed != relayed:
                self._allowance.charge(chat.relayed - relayed)

    def on_unfinished(self, begun: bytes) -> None:
        """Answer at once who speaks another protocol: it may wait for that before it goes on."""
        if self._fresh:
            self._is_foreign(begun)

    def on_end(self) -> None:
        """Leave, once everything that was asked is answered."""
        if self.member in self._server.accounts.waiting:
            self.connection.pause_reading()
            return
        self._chat.leave(self.member)
        self.connection.close("end of input")

    def on_closed(self, reason: str) -> None:
        """Leave, if not done before."""
        try:
            self._chat.leave(self.member)
        finally:
            self._server.forget(self, reason)

    def on_error(self, error: Exception) -> None:
        """Report a defect."""
        self._server.log.failure(self.member.name, error)

    def _is_foreign(self, line: bytes) -> bool:
        """Close a connection on which another protocol is spoken, after one clear line."""
        answer = wrong_protocol(line)
        if answer is None:
            return False
        self._chat.leave(self.member)
        self.connection.close("another protocol", answer)
        return True

    def _must_wait(self) -> bool:
        """Return whether the client is not to be served now, and arrange that it will be."""
        connection = self.connection
        if connection.life is not OPEN:
            return True
        if self.member in self._server.accounts.waiting:
            connection.pause_reading()
        elif self._allowance.must_wait(self):
            return True
        elif not self._server.run_queue.holds(connection):
            return False
        self._sliced = True  # whatever resumes it: nothing goes past what waits
        return True
