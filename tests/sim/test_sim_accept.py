"""One contract for a listening socket, kept by the simulated one and by the real one.

The sequel to `test_sim_contract`, and run likewise: every statement in both worlds.
"""

import errno
from selectors import EVENT_READ

from tests.sim.contract import CHUNK, EVENT_BOTH, ContractCase, run_in_both_worlds


class Contract:
    class Accepting(ContractCase):
        def test_accept_would_block_while_nobody_calls(self) -> None:
            self.assertEqual(self.ready(self.world.listener, EVENT_BOTH), 0)
            with self.assertRaises(BlockingIOError):
                self.world.accept()

        def test_callers_are_accepted_in_the_order_in_which_they_called(self) -> None:
            callers = [self.world.connect() for _ in range(3)]
            for number, caller in enumerate(callers):
                caller.send(bytes([number]))
            self.wait(self.world.listener, EVENT_READ)
            accepted = [self.world.accept()[0] for _ in callers]
            self.assertEqual([self.read(sock, 1) for sock in accepted], [b"\0", b"\1", b"\2"])

        def test_callers_are_told_apart_by_their_addresses(self) -> None:
            for _ in range(2):
                self.world.connect()
            self.wait(self.world.listener, EVENT_READ)
            (_, one), (_, two) = self.world.accept(), self.world.accept()
            self.assertEqual([one[0], two[0]], ["127.0.0.1", "127.0.0.1"])
            self.assertNotEqual(one[1], two[1])

        def test_a_caller_who_spoke_and_left_before_being_accepted_is_still_heard(self) -> None:
            caller = self.world.connect()
            caller.send(b"hello")
            caller.close()
            self.wait(self.world.listener, EVENT_READ)
            near, _ = self.world.accept()
            self.assertEqual(self.read(near, 5), b"hello")
            self.wait(near, EVENT_READ)
            self.assertEqual(near.recv(CHUNK), b"")

        def test_a_caller_who_reset_before_being_accepted_is_accepted_and_raises(self) -> None:
            self.world.reset(self.world.connect())
            self.wait(self.world.listener, EVENT_READ)
            near, _ = self.world.accept()
            self.wait(near, EVENT_READ)
            with self.assertRaises(ConnectionResetError):
                near.recv(CHUNK)

        def test_without_descriptors_accept_fails_and_the_caller_goes_on_waiting(self) -> None:
            caller = self.world.connect()
            caller.send(b"patient")
            self.wait(self.world.listener, EVENT_READ)
            with self.world.without_descriptors(), self.assertRaises(OSError) as caught:
                self.world.accept()
            self.assertEqual(caught.exception.errno, errno.EMFILE)
            self.wait(self.world.listener, EVENT_READ)
            self.assertEqual(self.read(self.world.accept()[0], 7), b"patient")

        def test_without_descriptors_accept_fails_even_if_nobody_calls(self) -> None:
            with self.world.without_descriptors(), self.assertRaises(OSError) as caught:
                self.world.accept()
            self.assertEqual(caught.exception.errno, errno.EMFILE)

        def test_closing_the_listener_resets_those_who_were_not_accepted(self) -> None:
            caller = self.world.connect()
            self.wait(self.world.listener, EVENT_READ)
            self.world.listener.close()
            self.wait(caller, EVENT_READ)
            with self.assertRaises(ConnectionResetError):
                caller.recv(CHUNK)

    class Descriptors(ContractCase):
        def test_a_closed_socket_has_no_descriptor_and_can_be_closed_again(self) -> None:
            near, _ = self.pair()
            near.close()
            near.close()
            self.assertEqual(near.fileno(), -1)

        def test_a_with_block_closes_the_socket(self) -> None:
            with self.world.connect() as caller:
                self.assertGreaterEqual(caller.fileno(), 0)
            self.assertEqual(caller.fileno(), -1)

        def test_the_lowest_free_descriptor_is_given_out_first(self) -> None:
            socks = [self.world.connect() for _ in range(4)]
            numbers = [sock.fileno() for sock in socks]
            self.assertEqual(numbers, sorted(numbers))
            socks[2].close()
            socks[1].close()
            again = [self.world.connect().fileno() for _ in range(2)]
            self.assertEqual(again, numbers[1:3])


run_in_both_worlds(Contract, globals())
