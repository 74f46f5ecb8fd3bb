"""The client at a terminal: one wait for the keys, the server, and signals.

The loop is here, and what happens when. What a line means is in `conversation`, what is seen of it
in `view`, what is on its way out in `outbox`, editing and drawing in `tty`, and the way to the
server in `uplink`.

    signals -> keys -> server -> lines -> prompt -> one drawing of all of it

Invariants:
- The terminal is restored on every way out: leaving, a lost server, signals, an exception.
- A signal that ends the client is obeyed before anything else of its turn.
- Keys go first, and a turn takes a bounded piece of what the server sends: under a flood a key
  shows at once. While the terminal takes nothing, the server is not read.
- What is typed and not said is not lost: every line is in the history, and the first is the draft
  again unless another was begun.
- Every wait has its deadline in `_timeout`; without one the loop sleeps until something happens.

Not here: the first connection, and what to do where there is no terminal.
"""

import signal
import time
from collections.abc import Callable, Sequence
from typing import Final

from reactor_chat.client.conversation import Conversation, Reaction
from reactor_chat.client.job_control import JobControl
from reactor_chat.client.outbox import Outbox
from reactor_chat.client.resolving import reason
from reactor_chat.client.server_link import ServerLink
from reactor_chat.client.uplink import Uplink
from reactor_chat.client.view import View
from reactor_chat.client.waiting import Waitable, wait
from reactor_chat.client.words import is_farewell, lacks_room
from reactor_chat.loop.wakeup import Wakeup
from reactor_chat.tty.style import Style
from reactor_chat.tty.terminal import (
    Answered,
    End,
    Event,
    HungUp,
    Interrupt,
    Submit,
    Suspend,
    Switch,
)

_ASK_AGAIN: Final = 10.0  # seconds: a server takes up to two minutes to notice a lost connection

# What a turn takes of what the server sent: some 10 ms, so that keys are not kept waiting.
_LINES_A_TURN: Final = 64
_CHARACTERS_A_TURN: Final = 8192

_LEAVING_SIGNALS: Final = frozenset(
    {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT}
)
_SIGNALS: Final = (*_LEAVING_SIGNALS, signal.SIGWINCH, signal.SIGCONT)


class Interactive:
    """One person at a terminal, and the connection that comes and goes."""

    def __init__(
        self,
        job: JobControl,
        uplink: Uplink,
        conversation: Conversation,
        style: Style,
        *,
        notes: Sequence[str] = (),
        bell: bool = True,
        reconnect: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._uplink = uplink
        self._conversation = conversation
        self._reconnects = reconnect
        self._clock = clock
        self._job = job
        self._terminal = job.terminal
        self._view = View(self._terminal, style, bell)
        self._outbox = Outbox(uplink, conversation, self._terminal, self._view, clock)
        self._still_at: float | None = None  # when no more keys belong to the last ones
        self._notes = list(notes)  # to be shown once there is a terminal
        self._listens = True  # to the server, in this turn
        self._rename_at: float | None = None  # when to ask for one's name again
        self._asked_for: str | None = None  # the name whose password is being typed
        self._refusal: str | None = None  # the server's last words, if they are one
        self.status: int | None = None  # the exit status, once it is time
        self.last_words: str | None = None  # what to say after the terminal was given back

    def run(self) -> int:
        """Talk until one leaves, or cannot go on; return the exit status."""
        with Wakeup(_SIGNALS) as signals:
            try:
                self._job.take()
                while self.status is None:
                    if self._job.must_stop:
                        self._on_signals(self._job.stop(signals, _LEAVING_SIGNALS))
                    else:
                        self.turn(signals)
                    if self._job.lost and self.status is None:
                        self.status = 1
            finally:
                self._job.close()
                self._uplink.close()
        return self.status

    # -- the loop --------------------------------------------------------------------------------

    def turn(self, signals: Wakeup) -> None:
        """Wait until something happens, and see to it."""
        output, uplink = self._job.output, self._uplink
        self._listens = not output.full
        readers: list[Waitable] = [signals, self._job.in_fd, *uplink.readers(self._listens)]
        writers: list[Waitable] = [*([output] if output.waits else []), *uplink.writers()]
        ready = wait(readers, writers, self._timeout())
        if ready.can_read(signals):
            self._on_signals(signals.take())
        if self.status is not None or self._job.must_stop:
            return
        if ready.can_write(output):
            output.on_writable()
        with self._terminal.batch():
            self._job.refresh()  # before anything is drawn for the new size
            self._show_notes()
            if ready.can_read(self._job.in_fd):
                self._on_keys()
            failure = uplink.serve(ready, self._listens)
            if self._uplink.distrust:
                self.last_words, self.status = self._uplink.distrust, 1
            elif failure is not None:
                self._call_again(f": {failure}")
            self._do_what_is_due()
            self._follow_link()
            self._update_prompt()

    def _timeout(self) -> float | None:
        link = self._uplink.link
        if link and self._listens and (self._uplink.is_new or link.has_lines or link.has_input):
            return 0.0
        if self._job.needs_refresh:
            return 0.0
        dues = (
            self._still_at, self._rename_at, self._outbox.due, self._uplink.due(self._listens)
        )  # fmt: skip
        times = [due for due in dues if due is not None]
        return max(0.0, min(times) - self._clock()) if times else None

    def _do_what_is_due(self) -> None:
        now = self._clock()
        if self._still_at is not None and now >= self._still_at:
            self._still_at = None
            self._on_events(self._terminal.on_still())
        self._outbox.on_due()
        if self._rename_at is not None and now >= self._rename_at:
            self._rename_at = None
            if self._uplink.link and self._conversation.login.is_lacking:
                self._uplink.link.send_line(self._conversation.login.ask_again())
                self._rename_at = now + _ASK_AGAIN

    def _on_signals(self, numbers: set[int]) -> None:
        for number in numbers & _LEAVING_SIGNALS:
            self.status = 128 + number
        if self.status is not None:
            return
        if signal.SIGCONT in numbers:
            self._job.take()
        if signal.SIGWINCH in numbers:
            self._job.resize()

    def _show_notes(self) -> None:
        notes, self._notes = self._notes, []
        for note in notes:
            self._view.note(note)

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
                case Interrupt(times=1) if not self._outbox.leaving.has_begun:
                    self._view.note("Ctrl-C once more leaves.")
                case HungUp():
                    self.status = 1
                case Interrupt() | End():
                    if self._outbox.leave():
                        self._finish(0)
                case Suspend():
                    self._job.must_stop = True
                case Answered(text):
                    self._log_in(text)
                case Switch(step):
                    if (room := self._conversation.membership.neighbour(step)) is not None:
                        self._outbox.command(f"/join {room}")

    def _say(self, lines: Sequence[str]) -> None:
        if self._uplink.link is None and any(map(is_farewell, lines)):
            self._finish(0)
        else:
            self._outbox.say(lines)

    def _log_in(self, password: str | None) -> None:
        name, self._asked_for = self._asked_for, None
        if not password or name is None or self._uplink.link is None:
            self._view.note("/nick NAME takes another name.")
        else:
            self._uplink.link.send_line(self._conversation.login.log_in(name, password))

    def _finish(self, status: int) -> None:
        self.last_words = self._outbox.last_words
        self.status = status

    # -- the connection --------------------------------------------------------------------------

    def _follow_link(self) -> None:
        link = self._uplink.link
        if link is None:
            return
        if self._uplink.is_new:
            self._uplink.is_new = False
            self._outbox.introduce(link)
        self._take_lines(link)
        self._outbox.observe(link)
        if self._outbox.leaving.is_over:
            self._finish(0)

    def _take_lines(self, link: ServerLink) -> None:
        taken = 0
        for _ in range(_LINES_A_TURN):
            if taken > _CHARACTERS_A_TURN or (line := link.next_line()) is None:
                break
            taken += len(line)
            reaction = self._conversation.hear(line)
            self._refusal = reaction.refusal
            if not self._refusal or not self._may_pass(self._refusal):  # else it tells the reason
                self._react(reaction)
        if link.ended and not link.has_lines:
            self._on_end(link)

    def _on_end(self, link: ServerLink) -> None:
        refusal, self._refusal = self._refusal, None
        why = _why(link, refusal)
        if self._outbox.leaving.has_begun:
            self._finish(0)
        self._uplink.close()
        if self._asked_for is not None:
            self._asked_for = None
            self._terminal.cancel_secret()
        if self.status is not None:
            return
        if refusal and not self._may_pass(refusal):
            self._finish(1)
        elif not self._reconnects:
            self._finish(1)
            self.last_words = " ".join(filter(None, [f"Connection lost{why}.", self.last_words]))
        else:
            self._call_again(why)
            self._outbox.lose_link()

    def _may_pass(self, refusal: str) -> bool:
        """Whether a refusal is to be outwaited: one who was in before meets a lack of room."""
        is_under_way = self._uplink.reconnection.is_under_way
        return self._reconnects and is_under_way and lacks_room(refusal)

    def _call_again(self, why: str) -> None:
        if news := self._uplink.reconnection.schedule(why):
            self._view.note(news)

    # -- what is heard ---------------------------------------------------------------------------

    def _react(self, reaction: Reaction) -> None:
        conversation, view = self._conversation, self._view
        for line in reaction.quoted:
            view.quote(line)
        if reaction.line is not None:
            me, room = conversation.login.me, conversation.membership.current
            view.show(reaction.line, me, room, reaction.is_own)
        for note in reaction.notes:
            view.note(note)
        if reaction.put_back:
            self._outbox.put_back_unsaid(reaction.put_back)
        if self._uplink.link:
            for line in reaction.send:
                self._uplink.link.send_line(line)
        if reaction.password_for is not None:
            self._asked_for = reaction.password_for
            self._terminal.ask_secret(f"Password for {reaction.password_for}: ")
        if reaction.is_welcome:
            self._uplink.reconnection.on_welcome()
            self._outbox.release()
        if conversation.login.is_lacking and conversation.is_introduced and not self._rename_at:
            self._rename_at = self._clock() + _ASK_AGAIN

    def _update_prompt(self) -> None:
        state = self._outbox.describe()
        if self._uplink.link is None:
            state = "connecting" if self._uplink.is_trying else "offline"
        self._view.prompt(self._conversation.membership.label, state)


def _why(link: ServerLink, refusal: str | None) -> str:
    if refusal:
        words = refusal.removeprefix("-> ").rstrip(".")
        return f": {words[0].lower()}{words[1:]}"
    return f": {reason(link.failure)}" if link.failure else ""
