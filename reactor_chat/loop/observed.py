"""A reactor that tells an observer what it does, for the lesson and for `--trace`.

A reactor that nobody observes pays nothing for this: there is no hook in it. `ObservedReactor` is
the same reactor, whose steps are taken one handler at a time, with a word before and after each.

Invariant: what is told is what happens. Each step is the plain reactor's own code, called for one
handler; nothing of it is written a second time here, where it could come to differ.

Not here: what is made of it (`lesson`, `server.trace`), and bytes (`net.observed`).
"""

import selectors
import time
from collections.abc import Callable, Sequence
from functools import partial

from reactor_chat.loop.reactor import Handler, Reactor
from reactor_chat.loop.readiness import Readiness, Ready
from reactor_chat.loop.timers import Callback, Timer


class Observer:
    """Who is told what a loop does. As it stands here, it does not listen."""

    def on_sleep(self, patience: float | None) -> None:
        """The loop asks the kernel who is ready, and sleeps for at most so many seconds."""

    def on_wake(self, ready: Ready) -> None:
        """These are ready, for READ, WRITE or both."""

    def on_call(self, what: str, subject: object) -> None:
        """A step begins: `subject` (a handler, or a socket) is called for a reason."""

    def on_return(self) -> None:
        """The step that began last is over."""

    def on_watch(self, handler: Handler, interest: int) -> None:
        """A handler waits for something else than before."""

    def on_timer(self, delay: float, handler: Handler, callback: Callback) -> None:
        """A timer is set."""

    def on_turn(self, ready: int) -> None:
        """A turn is over, in which so many were ready."""


class ObservedReactor(Reactor):
    """A reactor with an observer."""

    def __init__(
        self,
        observer: Observer,
        selector: selectors.BaseSelector | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(selector, clock)
        self._observer = observer
        self._poll = _ObservedReadiness(self._readiness, observer)
        self._readiness = self._poll

    def watch(self, handler: Handler, interest: int) -> None:
        """Make `interest` what `handler` waits for."""
        if interest != handler.interest:
            self._observer.on_watch(handler, interest)
        super().watch(handler, interest)

    def call_later(self, delay: float, handler: Handler, callback: Callback) -> Timer:
        """Call `callback` in `delay` seconds."""
        self._observer.on_timer(delay, handler, callback)
        return super().call_later(delay, handler, partial(self._fire_one, handler, callback))

    def call_soon(self, handler: Handler, callback: Callback) -> Timer:
        """Call `callback` once what is ready now is served."""
        self._observer.on_timer(0.0, handler, callback)
        return super().call_soon(handler, partial(self._fire_one, handler, callback))

    def turn(self, patience: float | None = None) -> None:
        """Do one turn."""
        super().turn(patience)
        self._observer.on_turn(self._poll.ready)

    def _fire_one(self, handler: Handler, callback: Callback) -> None:
        self._step("timer", handler, callback)

    def _dispatch(self, ready: Ready) -> None:
        for event in ready:
            handler = self._handlers.get(event[0])
            self._step("ready", handler, partial(super()._dispatch, (event,)))

    def _end_early(self, handlers: Sequence[Handler]) -> None:
        for handler in handlers:
            self._step("early", handler, partial(super()._end_early, (handler,)))

    def _end(self, handlers: Sequence[Handler]) -> None:
        for handler in handlers:
            self._step("end", handler, partial(super()._end, (handler,)))

    def _dispose_of(self, handler: Handler) -> None:
        self._step("dispose", handler, partial(super()._dispose_of, handler))

    def _step(self, what: str, subject: object, act: Callable[[], object]) -> None:
        self._observer.on_call(what, subject)
        try:
            act()
        finally:
            self._observer.on_return()


class _ObservedReadiness:
    """Tells how long the loop slept, and why it woke."""

    def __init__(self, inner: Readiness, observer: Observer) -> None:
        self._observer = observer
        self._inner = inner
        self.meaning = inner.meaning
        self.close = inner.close
        self.ready = 0  # how many were ready last

    def poll(self, limit: float | None) -> Ready:
        self._observer.on_sleep(limit)
        ready = self._inner.poll(limit)
        self.ready = len(ready)
        self._observer.on_wake([(fd, self.meaning(mask)) for fd, mask in ready])
        return ready
