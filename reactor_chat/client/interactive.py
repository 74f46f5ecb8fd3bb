"""The client at a terminal: one `select` over the keys, one socket, and signals.

The loop is here, and what happens when. What a line means is in `session`, how it looks in `style`,
editing and drawing in `terminal`, and the stream with its lines in `link`.

Invariants:
- The terminal is restored on every way out: leaving, a lost server, signals, an exception.
- A signal that ends the client is obeyed before anything else of its turn.
- While the terminal takes nothing, the server is not read, and its half lines are not judged.
- What is typed while there is no connection is not lost: every line is in the history, and the
  first is the draft again unless another was begun or it is one of several that were pasted.
- Every wait has its deadline in `_timeout`; without one the loop sleeps until something happens.

Not here: the first connection, and what to do where there is no terminal.
"""

import random
import select
import signal
import time
from collections.abc import Callable, Sequence
from typing import Final

from reactor_chat.client.job_control import JobControl
from reactor_chat.client.link import Address, Link, reason
from reactor_chat.client.reconnect import Reconnection
from reactor_chat.client.session import COMMANDS, Session, is_farewell, is_refusal, lacks_room
from reactor_chat.client.terminal_output import TerminalOutput
from reactor_chat.loop.wakeup import Wakeup
from reactor_chat.tty.completion import complete
from reactor_chat.tty.style import Style
from reactor_chat.tty.terminal import End, Event, HungUp, Interrupt, Submit, Suspend
from reactor_chat.wire.protocol import spoken

_ASK_AGAIN: Final = 10.0  # seconds: a server takes up to two minutes to notice a lost connection
_GOODBYE: Final = 2.0  # seconds for the server to close after a farewell: a slow link's round trips

_LEAVING_SIGNALS: Final = frozenset(
    {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT}
)
_SIGNALS: Final = (*_LEAVING_SIGNALS, signal.SIGWINCH, signal.SIGCONT)

_PROMPT: Final = "> "
_PROMPT_OFFLINE: Final = "(offline) > "


class Interactive:
    """One person at a terminal, and the connection that comes and goes."""

    def __init__(
        self,
        in_fd: int,
        out_fd: int,
        link: Link,
        addresses: Sequence[Address],
        session: Session,
        style: Style,
        *,
        bell: bool = True,
        reconnect: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._in_fd = in_fd
        self._session = session
        self._style = style
        self._bell = bell
        self._reconnects = reconnect
        self._clock = clock
        self._job = JobControl(in_fd, out_fd, self._complete, _PROMPT)
        self._terminal = self._job.terminal
        self._output = self._job.output
        self._reconnection = Reconnection(addresses, clock, random.Random())
        self._link: Link | None = link
        self._still_at: float | None = None  # when no more keys belong to the last ones
        self._listens = True  # to the server, in this turn
        self._goodbye_at: float | None = None  # when to stop waiting for the server to close
        self._rename_at: float | None = None  # when to ask for one's name again
        self._refusal: str | None = None  # the server's last words, if they are one
        self._status: int | None = None  # the exit status, once it is time
        self.last_words: str | None = None  # what to say after the terminal was given back

    def run(self) -> int:
        """Talk until one leaves, or cannot go on; give the exit status."""
        with Wakeup(_SIGNALS) as signals:
            try:
                self._job.take()
                self._introduce()
                while self._status is None:
                    if self._job.must_stop:
                        self._on_signals(self._job.stop(signals, _LEAVING_SIGNALS))
                    else:
                        self._turn(signals)
                    self._look_for_the_terminal()
            finally:
                self._job.close()
                if self._link is not None:
                    self._link.close()
        return self._status

    # -- the loop --------------------------------------------------------------------------------

    def _turn(self, signals: Wakeup) -> None:
        link, output = self._link, self._output
        self._listens = not output.full
        readers: list[Wakeup | Link | int] = [signals, self._in_fd]
        if link and not link.connecting and self._listens:
            readers.append(link)
        writers: list[TerminalOutput | Link] = [output] if output.waits else []
        if link and link.wants_write:
            writers.append(link)
        readable, writable, _ = select.select(readers, writers, [], self._timeout())
        if signals in readable:
            self._on_signals(signals.take())
        if self._status is not None or self._job.must_stop:
            return
        if output in writable:
            output.on_writable()
        if self._in_fd in readable:
            self._on_keys()
        if link and link in writable:
            self._on_writable(link)
        if link and link in readable:
            link.on_readable()
        self._do_what_is_due()
        if self._link:
            self._take_lines(self._link)
        self._job.refresh()

    def _timeout(self) -> float | None:
        dues = (
            self._reconnection.due,
            self._still_at,
            self._goodbye_at,
            self._rename_at,
            self._link_due,
        )
        times = [due for due in dues if due is not None]
        return max(0.0, min(times) - self._clock()) if times else None

    @property
    def _link_due(self) -> float | None:
        # The other half of a line may wait in a socket that is not read.
        if self._link and (self._listens or self._link.connecting):
            return self._link.due
        return None

    def _do_what_is_due(self) -> None:
        now = self._clock()
        if self._still_at is not None and now >= self._still_at:
            self._still_at = None
            self._on_events(self._terminal.on_still())
        if self._goodbye_at is not None and now >= self._goodbye_at:
            self._status = 0
        if self._link and self._link_due is not None and now >= self._link_due:
            self._link.on_due()
        if self._reconnection.due is not None and now >= self._reconnection.due:
            self._retry()
        if self._rename_at is not None and now >= self._rename_at:
            self._rename_at = None
            if self._link and self._session.lacks_name:
                self._link.send_line(self._session.ask_again())
                self._rename_at = now + _ASK_AGAIN

    def _on_signals(self, numbers: set[int]) -> None:
        for number in numbers & _LEAVING_SIGNALS:
            self._status = 128 + number
        if self._status is not None:
            return
        if signal.SIGCONT in numbers:
            self._job.take()
        if signal.SIGWINCH in numbers:
            self._job.resize()

    def _look_for_the_terminal(self) -> None:
        if self._job.lost and self._status is None:
            self._status = 1

    # -- what is typed ---------------------------------------------------------------------------

    def _on_keys(self) -> None:
        self._on_events(self._terminal.on_input())
        patience = self._terminal.patience
        self._still_at = None if patience is None else self._clock() + patience

    def _on_events(self, events: Sequence[Event]) -> None:
        for event in events:
            match event:
                case Submit(lines):
                    self._say(lines)
                case Interrupt(times=1):
                    self._show_own("Ctrl-C once more leaves.")
                case HungUp():
                    self._status = 1
                case Interrupt() | End():
                    self._leave()
                case Suspend():
                    self._job.must_stop = True

    def _say(self, lines: Sequence[str]) -> None:
        farewell = any(map(is_farewell, lines))
        if self._link is None or self._link.connecting:
            if farewell:
                self._status = 0
            else:
                self._keep(lines)
            return
        for line in lines:
            self._link.send_line(line)
        self._terminal.show([self._sent(line) for line in lines])
        if farewell:
            self._goodbye_at = self._clock() + _GOODBYE

    def _keep(self, lines: Sequence[str]) -> None:
        if len(lines) == 1:
            self._terminal.put_back(lines[0])
        self._show_own("Not sent: there is no connection.")

    def _sent(self, line: str) -> str:
        # The server sends a room's lines to the others only, so one's own are shown from here.
        is_speech = not line.startswith("/") or line.startswith("//")
        if self._session.room and is_speech:
            return self._style.sent(spoken(line), self._session.me)
        return self._style.sent(line, None)

    def _leave(self) -> None:
        """Say goodbye, and wait a moment for the server to close; at once if asked again."""
        if self._link is None or self._link.connecting or self._goodbye_at is not None:
            self._status = 0
            return
        self._link.end_input()
        self._goodbye_at = self._clock() + _GOODBYE

    # -- the connection --------------------------------------------------------------------------

    def _introduce(self) -> None:
        assert self._link is not None
        for line in self._session.connected():
            self._link.send_line(line)

    def _on_writable(self, link: Link) -> None:
        was_connecting = link.connecting
        link.on_writable()
        if was_connecting and not link.connecting and not link.ended:
            self._terminal.set_prompt(_PROMPT)
            self._introduce()

    def _take_lines(self, link: Link) -> None:
        lines = list(link.lines())
        if lines:
            self._refusal = lines[-1] if is_refusal(lines[-1]) else None
            if self._refusal and self._may_pass(self._refusal):
                lines.pop()  # it is told as the reason for another attempt
            self._show(lines)
        if link.ended:
            self._on_end(link)

    def _on_end(self, link: Link) -> None:
        link.close()
        self._link = None
        refusal, self._refusal = self._refusal, None
        why = self._reason(link, refusal)
        if self._goodbye_at is not None:
            self._status = 0
        elif refusal and not self._may_pass(refusal):
            self._status = 1
        elif self._reconnects:
            self._call_again(why)
        else:
            self.last_words = f"Connection lost{why}."
            self._status = 1

    def _reason(self, link: Link, refusal: str | None) -> str:
        if refusal:
            words = refusal.removeprefix("-> ").rstrip(".")
            return f": {words[0].lower()}{words[1:]}"
        return f": {reason(link.failure)}" if link.failure else ""

    def _may_pass(self, refusal: str) -> bool:
        """Whether a refusal is to be outwaited: one who was in before meets a lack of room."""
        return self._reconnects and self._reconnection.is_under_way and lacks_room(refusal)

    def _call_again(self, why: str) -> None:
        self._terminal.set_prompt(_PROMPT_OFFLINE)
        if news := self._reconnection.schedule(why):
            self._show_own(news)

    def _retry(self) -> None:
        try:
            self._link = self._reconnection.call()
        except OSError as failure:
            self._call_again(f": {reason(failure)}")

    # -- what is shown ---------------------------------------------------------------------------

    def _show(self, lines: Sequence[str]) -> None:
        texts, ring = [], False
        for line in lines:
            own = self._session.heard(line)
            if own:
                self._reconnection.on_welcome()
                texts.append(self._style.own(own))
            elif own is None:
                shown = self._style.incoming(line, self._session.me)
                texts.append(shown.text)
                ring = ring or shown.ring
        if self._session.lacks_name and self._rename_at is None:
            self._rename_at = self._clock() + _ASK_AGAIN
        if texts:
            self._terminal.show(texts, ring=ring and self._bell)

    def _show_own(self, text: str) -> None:
        self._terminal.show([self._style.own(text)])

    def _complete(self, before: str) -> tuple[int, Sequence[str]]:
        people, rooms = self._session.people, self._session.rooms
        return complete(before, COMMANDS, people.latest_first(), rooms.latest_first())
