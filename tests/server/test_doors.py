"""All doors are open, or there is one line that says why not."""

import socket
import unittest

from reactor_chat.server.doors import CannotListen, OpenDoor, open_doors
from reactor_chat.server.values import Door

HOST = "127.0.0.1"


class DoorsTest(unittest.TestCase):
    def open(self, *doors: Door) -> list[OpenDoor]:
        opened = open_doors(doors, {})
        for one in opened:
            self.addCleanup(one.sock.close)
        return opened

    def test_each_door_is_opened_and_knows_whether_it_speaks_tls(self) -> None:
        plain, secure = self.open(Door(HOST, 0), Door(HOST, 0, tls=True))
        self.assertEqual((plain.tls, secure.tls), (False, True))
        self.assertNotEqual(plain.sock.getsockname(), secure.sock.getsockname())

    def test_if_one_cannot_be_opened_none_is(self) -> None:
        with socket.create_server((HOST, 0)) as taken, socket.create_server((HOST, 0)) as probe:
            free, busy = probe.getsockname()[1], taken.getsockname()[1]
            probe.close()
            with self.assertRaisesRegex(CannotListen, f"{HOST}:{busy}: the port is in use"):
                open_doors([Door(HOST, free), Door(HOST, busy)], {})
        socket.create_server((HOST, free)).close()

    def test_a_port_in_use_says_what_to_do(self) -> None:
        with socket.create_server((HOST, 0)) as taken:
            port = taken.getsockname()[1]
            # The last is for --listen and for HOST:PORT, beside which there is no --port.
            what_to_do = rf"--port \d+, with make PORT=…, or {HOST}:\d+ where"
            with self.assertRaisesRegex(CannotListen, what_to_do):
                self.open(Door(HOST, port))


if __name__ == "__main__":
    unittest.main()
