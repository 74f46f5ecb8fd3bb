"""What a room's members receive over real TCP connections, some of whom read slowly or late.

Nothing here depends on how fast the kernel is: what each has to receive is known beforehand, but
for how much of it is left out, which the counts have to tell exactly.
"""

import random
import re
import select
import socket
import unittest

from reactor_chat.chat.log import Log
from reactor_chat.loop.reactor import Reactor
from reactor_chat.net.audience import Audience
from reactor_chat.net.connection import Connection
from reactor_chat.net.owner import Owner
from reactor_chat.net.shared import Limits, Shared
from reactor_chat.wire.dialects import Dialect, Origin, current, other, tagged

MEMBERS = 12
TURNS = 400
PATIENCE = 10.0  # seconds; only a failing test waits that long
BUFFER = 16 * 1024
_GAP = re.compile(rb".*\* You missed (\d+) messages\.")


class Peer:
    """One end of a connection, of which the room has the other."""

    def __init__(self, shared: Shared, room: Audience, dialect: Dialect) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
            self.socket = socket.socket()
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
            self.socket.connect(server.getsockname())
            ours, _ = server.accept()
        ours.setblocking(False)
        self.socket.setblocking(False)
        self.connection = Connection(shared, ours)
        self.connection.open(Owner())
        self.expected: list[bytes] = []
        self.received = b""
        room.add(self.connection, dialect)

    def read(self, size: int) -> None:
        if select.select([self.socket], [], [], 0)[0]:
            self.received += self.socket.recv(size)


class SocketsTest(unittest.TestCase):
    def setUp(self) -> None:
        self.reactor = Reactor()
        self.addCleanup(self.reactor.close)
        shared = Shared(self.reactor, Limits(backlog=32 * 1024), lambda: 0.0)
        self.room = Audience(shared, Log(Origin("tea", "0" * 8)), self.fail)
        dialects = (current, other, tagged)
        self.peers = [Peer(shared, self.room, dialects[n % 3]) for n in range(MEMBERS)]
        self.words = 0

    def tearDown(self) -> None:
        for peer in self.peers:
            peer.connection.abort("done")
            self.room.remove(peer.connection)
            peer.socket.close()
        self.reactor.end_turn()

    def word(self, size: int) -> bytes:
        self.words += 1
        return b"word %d%b" % (self.words, b"." * size)

    def say(self, speaker: Peer, size: int) -> None:
        word = self.word(size)
        self.room.say(word + b"\n", 1, 0.0, True, [speaker.connection])
        for peer in self.peers:
            if peer is not speaker:
                peer.expected.append(word)

    def answer(self, peer: Peer) -> None:
        word = b"-> " + self.word(0)
        peer.connection.write(word + b"\n")
        peer.expected.append(word)

    def read_all(self) -> None:
        last = b"the end"
        for peer in self.peers:
            peer.connection.write(last + b"\n")
        open_ = list(self.peers)
        while open_:
            self.reactor.turn(0)
            ready = select.select([peer.socket for peer in open_], [], [], PATIENCE)[0]
            self.assertTrue(ready, "something never comes")
            for peer in open_:
                peer.read(1 << 20)
            open_ = [peer for peer in open_ if not peer.received.endswith(last + b"\n")]

    def test_each_reads_all_in_order_or_how_much_was_left_out(self) -> None:
        rng = random.Random(5)
        for _ in range(TURNS):
            for _ in range(rng.randrange(4)):
                self.say(rng.choice(self.peers), rng.choice([0, 50, 3000]))
            if rng.randrange(3) == 0:
                self.answer(rng.choice(self.peers))
            self.reactor.end_turn()
            self.reactor.turn(0)
            for peer in self.peers[: MEMBERS // 2]:  # the others read nothing until the end
                peer.read(rng.choice([100, 1 << 20]))
        self.read_all()
        self.assertLess(0, sum(self.check(peer) for peer in self.peers))

    def check(self, peer: Peer) -> int:
        """Hold what a peer has received to what it must; return how many lines were left out."""
        expected, missed = iter([*peer.expected, b"the end"]), 0
        for line in peer.received.split(b"\n")[:-1]:
            if gap := _GAP.fullmatch(line):
                missed += int(gap[1])
                for _ in range(int(gap[1])):
                    self.assertFalse(next(expected).startswith(b"-> "), "an answer was left out")
                continue
            self.assertTrue(line.endswith(next(expected)), line[:60])
        self.assertEqual(list(expected), [])
        return missed


if __name__ == "__main__":
    unittest.main()
