"""One wait for several descriptors, whatever their numbers."""

import fcntl
import os
import resource
import socket
import unittest

from reactor_chat.client.waiting import wait


class WaitTest(unittest.TestCase):
    def setUp(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.addCleanup(self.ours.close)
        self.addCleanup(self.theirs.close)

    def test_what_is_ready_is_told_as_it_was_asked(self) -> None:
        ready = wait([self.ours], [self.ours], 0)
        self.assertFalse(ready.can_read(self.ours))
        self.assertTrue(ready.can_write(self.ours))
        self.theirs.send(b"x")
        ready = wait([self.ours], [], None)
        self.assertTrue(ready.can_read(self.ours))
        self.assertFalse(ready.can_write(self.ours))

    def test_an_end_is_something_to_read(self) -> None:
        self.theirs.close()
        self.assertTrue(wait([self.ours], [], None).can_read(self.ours))

    def test_what_nobody_waited_for_is_not_ready(self) -> None:
        self.assertFalse(wait([], [], 0).can_write(self.ours))

    def test_a_descriptor_may_have_a_large_number(self) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < 2048:
            self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(2048, hard), hard))
        large = fcntl.fcntl(self.ours, fcntl.F_DUPFD_CLOEXEC, 1500)
        self.addCleanup(os.close, large)
        self.assertTrue(wait([], [large], None).can_write(large))
