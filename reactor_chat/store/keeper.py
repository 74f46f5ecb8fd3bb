"""The keeper: a process that takes what has come, writes it in one transaction, and answers.

    receive  ->  write all of it, once  ->  answer one reading and one password
             ->  say what is written  ->  delete some of what is old  ->  let more gather

It blocks, on purpose: whatever may take time happens here, and the server never waits for it. The
server is at the other end of standard input, a socket. What the kernel has taken for it is safe
from the server's end: the keeper reads on to the end of its input, commits, and marks the file.

Invariants:
- It ends at the end of its input and for no signal that it can ignore: Ctrl-C at a terminal, and
  a service manager's SIGTERM to all processes of a service, are meant for the server.
- What it has read it holds until it is committed, however long the disk is full. That is little: a
  server that is told of a failure sends no more until it is over.
- Lines go first. Between two transactions at most one password is worked out, and one slice read.
- The file is marked as whole only if all that was read is in it, and nothing was delivered that
  was not handed over: the server says so (HANDED_OVER) for each failure that it was told of.

Not here: SQL, and how a question is answered.
"""

import contextlib
import os
import select
import signal
import socket
import sqlite3
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from reactor_chat.store.answers import check_password, list_contents, read_slice
from reactor_chat.store.claim import Claim, inode_of
from reactor_chat.store.database import Database, Origin
from reactor_chat.store.records import DURABLE, Decoder, Frame, Kind, encode
from reactor_chat.store.schema import Unusable, explain, is_passing

# One transaction's worth: what comes while the last one is written is far less.
_BATCH: Final = 1024 * 1024
_READ_SIZE: Final = 256 * 1024

# Seconds to let lines gather after some were written. Nobody waits for them to be on disk, but each
# transaction costs a millisecond, and to wake a process that sleeps for them costs the server as
# much as five deliveries. A question waits, too, but for less than anybody notices, and only the
# first of several.
_GATHER: Final = 0.02

# COMMITTED is sent after so many bytes or seconds. Until then the server keeps a copy of what is
# written, but each COMMITTED wakes it. It gives up a silent keeper only after ten times as long
# (`supervisor._STALL`).
_TELL_SIZE: Final = 64 * 1024
_TELL_WITHIN: Final = 1.0

# Seconds. A file is retried so often; it also tells the server that the keeper is alive.
_RETRY: Final = 1.0
# How long a keeper whose server is gone tries to write the rest. Its file stays locked meanwhile.
_LAST_TRIES: Final = 10.0
# How long a new server waits for the keeper of the one before it.
_CLAIM_PATIENCE: Final = 2.0
# Between two looks for lines that are too old, and between two passes if there are many.
_DELETE_EVERY: Final = 60.0
_DELETE_PAUSE: Final = 0.05

_DAY: Final = 24 * 60 * 60 * 1000  # milliseconds

_IGNORED: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)

_FAILURES: Final = (sqlite3.Error, OSError, Unusable)


class Keeper:
    """Serves one server, which is at the other end of `sock`. The clock is the calendar's."""

    def __init__(self, sock: socket.socket, clock: Callable[[], float] = time.time) -> None:
        self._sock = sock
        self._clock = clock
        self._decoder = Decoder()
        self._ended = False  # the input
        self._batch: list[Frame] = []  # read, and not yet committed
        self._committed = 0  # bytes of durable frames
        self._told = 0  # of these, the server was
        self._tell_at = 0.0  # by the steady clock, if there is something to tell
        self._reads: deque[Frame] = deque()
        self._passwords: deque[Frame] = deque()
        self._claim: Claim | None = None
        self._database: Database | None = None
        self._origin: Origin | None = None
        self._path = ""
        self._inode = 0  # of the open file
        self._keep = 0  # milliseconds; 0: for ever
        self._failures = 0
        self._handed_over = -1  # the failure up to which the server has left nothing out
        self._is_failing = False
        self._retry_at = 0.0  # by the steady clock
        self._may_rest = False
        self._delete_at = 0.0
        self._delete_place = 0

    def serve(self) -> None:
        """Keep until the end of the input, and all that came before it is written."""
        try:
            if self._open():
                while not self._ended:
                    self._receive(self._patience())
                    self._write()
                    self._answer()
                    self._tell()
                    self._delete_old()
                    self._let_gather()
                self._finish()
        finally:
            self._close_database()
            if self._claim:
                self._claim.release()

    # What comes in

    def _open(self) -> bool:
        """Wait for OPEN, and open the file; a server that starts is told if it cannot be had."""
        while not self._batch and not self._ended:
            self._receive(None)
        if not self._batch:
            return False
        order = self._batch.pop(0).value()
        self._path = order["path"]
        self._keep = order["keep_days"] * _DAY
        self._origin = Origin(*order["origin"]) if order["origin"] else None
        starting = self._origin is None
        self._handed_over = 0 if starting else -1
        self._try_to_write()
        return not (starting and self._is_failing)

    def _patience(self) -> float | None:
        """For how long to wait for input; None: until there is some."""
        if self._reads or self._passwords:
            return 0.0
        due = []
        if self._is_failing:
            due.append(self._retry_at)
        elif self._keep:
            due.append(self._delete_at)
        if self._told != self._committed:
            due.append(self._tell_at)
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _receive(self, patience: float | None) -> None:
        """Read what has come."""
        ready = select.select([self._sock], [], [], patience)[0]
        size = 0
        while ready and size < _BATCH:
            try:
                data = self._sock.recv(_READ_SIZE, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            except ConnectionError:
                data = b""
            if not data:
                self._ended = True
                return
            size += len(data)
            for frame in self._decoder.feed(data):
                self._sort(frame)

    def _sort(self, frame: Frame) -> None:
        if frame.kind in DURABLE or frame.kind in (Kind.OPEN, Kind.HANDED_OVER):
            self._batch.append(frame)
        elif frame.kind in (Kind.READ_LAST, Kind.READ_AFTER):
            self._reads.append(frame)
        else:
            self._passwords.append(frame)

    # What is written

    def _write(self) -> None:
        """Write what was read, if there is anything, or if it is time to try again."""
        if time.monotonic() >= self._retry_at if self._is_failing else self._batch:
            self._try_to_write()

    def _try_to_write(self) -> None:
        try:
            self._write_batch()
        except _FAILURES as error:
            self._fail(error)

    def _write_batch(self) -> None:
        durable = [frame for frame in self._batch if frame.kind in DURABLE]
        database = self._database or self._open_database()
        if durable:
            database.write(durable, self._now())
        if inode_of(self._path) != self._inode:
            raise Unusable("it has vanished")
        for frame in self._batch:
            if frame.kind == Kind.HANDED_OVER:
                self._handed_over = frame.value()
        self._batch.clear()
        if self._is_failing:
            self._is_failing = False
            self._send([encode(Kind.WORKING, self._failures)])
        if durable:
            if self._told == self._committed:
                self._tell_at = time.monotonic() + _TELL_WITHIN
            size = sum(frame.size for frame in durable)
            self._committed += size
            self._may_rest = size < _READ_SIZE  # else more is there already

    def _open_database(self) -> Database:
        """Open the file, and tell the server what is in it."""
        if self._claim and not self._claim.is_in_place():
            self._claim.release()
            self._claim = None
        if self._claim is None:
            self._claim = Claim(self._path, _CLAIM_PATIENCE)
        whole = self._claim.mark_fits()
        database = Database(self._path)
        try:
            self._claim.remove_mark()
            database.begin(whole, self._origin)
            self._send(list_contents(database, everything=self._origin is None))
            self._origin = database.origin
        except BaseException:
            database.close()
            raise
        self._database = database
        self._inode = inode_of(self._path)
        return database

    def _fail(self, error: Exception) -> None:
        """Note a failure, tell the server, and try again later."""
        self._failures += not self._is_failing
        self._is_failing = True
        self._retry_at = time.monotonic() + _RETRY
        if not is_passing(error):
            self._close_database()
        self._send([encode(Kind.FAILING, [self._failures, explain(error)])])

    def _close_database(self) -> None:
        if self._database:
            self._database.close()
            self._database = None

    # What is answered

    def _answer(self) -> None:
        """Answer one reading, and one question about a password."""
        if self._reads:
            self._serve_one(self._reads.popleft(), read_slice)
        if self._passwords:
            self._serve_one(self._passwords.popleft(), check_password)

    def _serve_one(self, frame: Frame, serve: Callable[[Database, Frame], bytes]) -> None:
        """Answer; that it cannot be done now is an answer, too."""
        self._may_rest = False  # whoever reads will ask for more
        answer = encode(Kind.ANSWER, "busy", frame.request)
        if self._database:
            try:
                answer = serve(self._database, frame)
            except _FAILURES as error:
                self._fail(error)
        self._send([answer])

    def _tell(self) -> None:
        """Tell the server how much is written, if that is much or was not told for long."""
        waits = self._committed - self._told
        if waits >= _TELL_SIZE or (waits and time.monotonic() >= self._tell_at):
            self._tell_now()

    def _tell_now(self) -> None:
        self._told = self._committed
        self._send([encode(Kind.COMMITTED, self._committed)])

    # What is deleted

    def _delete_old(self) -> None:
        """Delete some of what is too old, if it is time to look."""
        if not (self._keep and self._database) or time.monotonic() < self._delete_at:
            return
        try:
            place = self._database.delete_before(self._now() - self._keep, self._delete_place)
        except _FAILURES as error:
            self._fail(error)
            place = None
        self._delete_place = place or 0
        pause = _DELETE_EVERY if place is None else _DELETE_PAUSE
        self._delete_at = time.monotonic() + pause

    def _let_gather(self) -> None:
        if self._may_rest:
            time.sleep(_GATHER)
        self._may_rest = False

    # The end

    def _finish(self) -> None:
        """Write the rest, for as long as there is hope, and mark the file."""
        deadline = time.monotonic() + _LAST_TRIES
        while (self._batch or self._is_failing) and time.monotonic() < deadline:
            time.sleep(max(0.0, self._retry_at - time.monotonic()))
            self._write()
        self._tell_now()
        if self._batch or not self._database or not self._claim:
            return
        self._database.close_whole()
        self._database = None
        if self._handed_over == self._failures:
            self._claim.leave_mark()

    def _now(self) -> int:
        return int(self._clock() * 1000)

    def _send(self, frames: Iterable[bytes]) -> None:
        """Tell the server, if it is still there."""
        with contextlib.suppress(OSError):
            self._sock.sendall(b"".join(frames))


def main() -> None:
    """Be the keeper of the server at the other end of standard input."""
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    os.umask(0o077)  # what was said is nobody else's to read
    sock = socket.socket(fileno=sys.stdin.fileno())
    try:
        Keeper(sock).serve()
    except Exception as error:
        report = "".join(traceback.format_exception(error))
        with contextlib.suppress(OSError):
            sock.sendall(encode(Kind.DEFECT, report))
        sys.exit(1)


if __name__ == "__main__":
    main()
