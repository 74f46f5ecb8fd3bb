"""The loop: who is ready, what is due, and what is left to do before it sleeps again.

One turn is, in this order:

    select  ->  dispatch what is ready  ->  due timers  ->  end of turn  ->  dispose

A handler that has work for the *end of the turn* asks for it: a room sends its news to everybody at
once, early; then each connection sends, in one system call, all else that the turn produced for it.
Within both steps, handlers are called in the order in which they asked. *Disposing* is the one
place where a handler's descriptor is closed: `dispose` only marks. The descriptor stays open until
then, so that within a turn its number cannot be reused and meet the wrong handler.

Invariants:
- Only `watch` touches the selector. A handler without interest is not registered at all: epoll and
  poll report a hang-up even to those who asked for nothing, and the loop would spin.
- An exception out of a handler goes to that handler's `on_crash`, and to nobody else. That includes
  what the selector raises: epoll_ctl(2) can fail with ENOSPC or ENOMEM at any change of interest.
- Nothing here blocks but `select`, and that sleeps until something is ready or due: an idle loop
  does not wake up.
- Handlers ask `now`, never the clock: it is the same for all in one turn.

Not here: who is ready (`readiness`), sockets, bytes, chat, signals (a signal arrives as a readable
descriptor).
"""

import contextlib
import selectors
import time
from collections.abc import Callable, Sequence
from typing import Final

from reactor_chat.loop.readiness import Readiness, Ready, fastest_readiness
from reactor_chat.loop.timers import Callback, Timer, Timers
from reactor_chat.loop.turn_length import TurnLength

READ: Final = selectors.EVENT_READ
WRITE: Final = selectors.EVENT_WRITE
NOTHING: Final = 0

# Seconds. epoll counts milliseconds in an int; a loop that wakes once an hour is still idle.
_LONGEST_SLEEP: Final = 3600.0


class Handler:
    """One descriptor on the reactor, and what happens when it is ready. Meant to be inherited.

    With -1 for the descriptor, it is only for timers and the end of the turn.
    """

    __slots__ = ("fd", "interest")

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.interest = NOTHING  # written by `Reactor.watch` alone

    def on_readable(self) -> None:
        """Called when reading would not block (there are bytes, an end, or an error)."""

    def on_writable(self) -> None:
        """Called when writing would not block."""

    def on_early_end_of_turn(self) -> None:
        """Called at the end of the turn, before all `on_end_of_turn`, if it asked for that."""

    def on_end_of_turn(self) -> None:
        """Called at the end of a turn in which this handler asked for it."""

    def on_dispose(self) -> None:
        """Called at the end of the turn in which this handler was disposed of; closes `fd`."""

    def on_crash(self, error: Exception) -> None:
        """Called with what a method above, or a timer of this handler, has raised."""
        raise error


class Reactor:
    """The loop. `selector` and `clock` (seconds, monotonic) can be replaced, for a simulation."""

    def __init__(
        self,
        selector: selectors.BaseSelector | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._selector = selector or selectors.DefaultSelector()
        self._clock = clock
        self._readiness: Readiness = fastest_readiness(self._selector)
        self._handlers: dict[int, Handler] = {}
        self._timers = Timers()
        self._running = False
        self._early: list[Handler] = []
        self._pending: list[Handler] = []
        self._closing: list[Handler] = []
        # Bound methods of the lists, which are therefore emptied in place: these are called once
        # for each peer and turn, and a method around `append` would double what that costs.
        self.early_at_end_of_turn: Callable[[Handler], None] = self._early.append
        self.at_end_of_turn: Callable[[Handler], None] = self._pending.append
        self.dispose: Callable[[Handler], None] = self._closing.append
        self.now = clock()
        self.started = self.now
        self.turns = 0
        self.longest_turn = TurnLength(0.0, 0.0, 0)
        self._longest = 0.0  # seconds in all

    def watch(self, handler: Handler, interest: int) -> None:
        """Make `interest` (READ, WRITE, both or NOTHING) what `handler` waits for.

        Raises PermissionError for a descriptor that cannot be waited for, as a regular file.
        """
        if interest == handler.interest:
            return
        if interest == NOTHING:
            self._unwatch(handler)
        elif handler.interest == NOTHING:
            self._selector.register(handler.fd, interest)
            self._handlers[handler.fd] = handler
        else:
            self._modify(handler, interest)
        handler.interest = interest

    def _unwatch(self, handler: Handler) -> None:
        # First here, so that whatever the selector raises, the handler is called no more.
        handler.interest = NOTHING
        del self._handlers[handler.fd]
        self._selector.unregister(handler.fd)

    def _modify(self, handler: Handler, interest: int) -> None:
        try:
            self._selector.modify(handler.fd, interest)
        except OSError:
            # The selectors module has forgotten the descriptor by now, or not: it depends on the
            # kind of selector. Make both cases one, so that the handler can be watched anew.
            with contextlib.suppress(OSError, KeyError):
                self._unwatch(handler)
            raise

    def call_later(self, delay: float, handler: Handler, callback: Callback) -> Timer:
        """Call `callback` in `delay` seconds; `handler` answers for its exceptions."""
        return self._timers.add(self.now + delay, callback, handler)

    def call_soon(self, handler: Handler, callback: Callback) -> Timer:
        """Call `callback` once what is ready now is served: after dispatch, or a turn later."""
        return self._timers.add(self.now, callback, handler)

    def run(self) -> None:
        """Turn until `stop` is called."""
        self._running = True
        self.end_turn()  # what was said before the loop began must not wait for the first event
        while self._running:
            self.turn()

    def stop(self) -> None:
        """Let `run` return at the end of the current turn."""
        self._running = False

    def turn(self, patience: float | None = None) -> None:
        """Do one turn; sleep for at most `patience` seconds (None: until there is work)."""
        deadline = self._timers.next_deadline()
        if deadline is not None:
            remaining = deadline - self._clock()
            if patience is None or patience > remaining:
                patience = remaining
            if not 0.0 <= patience <= _LONGEST_SLEEP:  # in one, as each turn comes by
                patience = 0.0 if patience < 0.0 else _LONGEST_SLEEP
        ready = self._readiness.poll(patience)
        self.now = now = self._clock()
        self._dispatch(ready)
        if deadline is not None and deadline <= now:
            self._fire(now)
        served = self._clock()
        self.end_turn()
        self.turns += 1
        end = self._clock()
        if end - now > self._longest:
            self._longest = end - now
            self.longest_turn = TurnLength(served - now, end - served, len(ready))

    def end_turn(self) -> None:
        """Call the pending, then dispose, until neither leaves work: a death is news for others."""
        while self._early or self._pending or self._closing:
            if self._early:
                self._end_early(self._early)  # with those that ask for it meanwhile
                self._early.clear()
            if self._pending:
                pending = self._pending[:]
                self._pending.clear()
                self._end(pending)
            if self._closing:
                closing = self._closing[:]
                self._closing.clear()
                for handler in closing:
                    self._dispose_of(handler)

    def _end_early(self, handlers: Sequence[Handler]) -> None:
        for handler in handlers:
            try:
                handler.on_early_end_of_turn()
            except Exception as error:
                self._blame(handler, error)

    def _end(self, handlers: Sequence[Handler]) -> None:
        for handler in handlers:
            try:
                handler.on_end_of_turn()
            except Exception as error:
                self._blame(handler, error)

    def _dispose_of(self, handler: Handler) -> None:
        try:
            try:
                self.watch(handler, NOTHING)
            finally:
                handler.on_dispose()
        except Exception as error:
            self._blame(handler, error)

    def close(self) -> None:
        """Close the selector's own descriptor."""
        self._readiness.close()
        self._selector.close()

    def _dispatch(self, ready: Ready) -> None:
        handlers = self._handlers
        for fd, mask in ready:
            try:
                handler = handlers[fd]
            except KeyError:
                continue  # another handler of this turn has ended its interest
            try:
                if mask == READ:
                    handler.on_readable()
                else:
                    self._dispatch_mixed(handler, mask)
            except Exception as error:
                self._blame(handler, error)

    def _fire(self, now: float) -> None:
        for callback, handler in self._timers.due(now):
            try:
                callback()
            except Exception as error:
                self._blame(handler, error)

    def _dispatch_mixed(self, handler: Handler, mask: int) -> None:
        """Serve anything but the everyday case, and only what the handler asked for."""
        mask = self._readiness.meaning(mask)
        if mask & handler.interest & WRITE:
            handler.on_writable()
        if mask & handler.interest & READ:
            handler.on_readable()

    def _blame(self, handler: object, error: Exception) -> None:
        assert isinstance(handler, Handler)
        handler.on_crash(error)
