"""What a person says on its way out: held, sent, put back, or waited for when one leaves.

    typed -> held until the introduction is over -> sent -> receipt, or back to the draft
          -> back to the draft, where it cannot be sent, or would not say what was typed

Invariants:
- Lines leave in the order in which they were typed. None leaves before the introduction is over, if
  the server answers it at all: it would be said under another name, or elsewhere, than was wished.
- A line is sent, or it is said that it was not, and it can be recalled.
- Nothing is sent that the terminal did not deliver as UTF-8: it would be something else.

Not here: keys, what the server says, the deadlines' waiting (`interactive`).
"""

from collections.abc import Callable, Sequence
from typing import Final

from reactor_chat.client.conversation import Conversation, Shown
from reactor_chat.client.leaving import Leaving
from reactor_chat.client.server_link import ServerLink
from reactor_chat.client.uplink import Uplink
from reactor_chat.client.view import View
from reactor_chat.client.words import done_by, is_farewell, said_by, speaks
from reactor_chat.tty.terminal import Terminal

_HELD: Final = 3.0  # seconds for a server to answer the introduction: some never answer a command
_UNDER_WAY: Final = 1.0  # seconds after which a line without a receipt is mentioned
_MAX_NAMED: Final = 3  # unsent lines that are shown; of more, the number
_UNREADABLE: Final = "\ufffd"  # what a key becomes whose bytes are not UTF-8
_OFFLINE: Final = "Not sent: there is no connection."


class Outbox:
    """The lines of one person that the server has not taken yet."""

    def __init__(
        self,
        uplink: Uplink,
        conversation: Conversation,
        terminal: Terminal,
        view: View,
        clock: Callable[[], float],
    ) -> None:
        self.leaving = Leaving(clock)
        self._uplink = uplink
        self._conversation = conversation
        self._terminal = terminal
        self._view = view
        self._clock = clock
        self._held: list[str] = []
        self._holds = False  # what is typed, until the introduction is over
        self._held_until = 0.0  # by the clock, unless the server has answered by then
        self._is_mentioned = False  # in the prompt, that lines are on their way

    @property
    def left(self) -> int:
        """How many lines the server has not taken, as far as one can tell."""
        backlog = self._uplink.link.backlog_lines if self._uplink.link else 0
        return max(backlog, len(self._conversation.receipts)) + len(self._held)

    @property
    def due(self) -> float | None:
        """When to call `on_due`, by the clock."""
        dues = [self._release_at, self.leaving.due, self._mention_at]
        return min((due for due in dues if due is not None), default=None)

    @property
    def _release_at(self) -> float | None:
        return self._held_until if self._holds and not self._conversation.is_heard else None

    @property
    def _mention_at(self) -> float | None:
        oldest = self._conversation.receipts.oldest
        return None if oldest is None or self._is_mentioned else oldest + _UNDER_WAY

    def on_due(self) -> None:
        """Hold nothing back any longer, if it is time."""
        if self._release_at is not None and self._clock() >= self._release_at:
            self.release()

    def describe(self) -> str:
        """Return what the prompt is to say about lines on their way, if anything."""
        if self.leaving.has_begun:
            return f"leaving, {self.left} to go" if self.left else "leaving"
        oldest = self._conversation.receipts.oldest
        self._is_mentioned = oldest is not None and self._clock() >= oldest + _UNDER_WAY
        return f"{self.left} on the way" if self._is_mentioned else ""

    # -- sending ---------------------------------------------------------------------------------

    def introduce(self, link: ServerLink) -> None:
        """Say who one is on a new connection, and hold back what is typed until that is known."""
        self._holds = True
        self._held_until = self._clock() + _HELD
        for line in self._conversation.connected():
            link.send_line(line)

    def say(self, lines: Sequence[str]) -> None:
        """Send what was typed, now or after the introduction."""
        if self._uplink.link is None:
            self.put_back(lines, _OFFLINE)
        elif self._holds or self._uplink.is_new:
            self._held += lines
        else:
            self._send(self._uplink.link, lines)

    def release(self) -> None:
        """Send what was held back, and nothing after it if one is leaving."""
        self._holds = False
        held, self._held = self._held, []
        if held:
            self.say(held)
        if self.leaving.has_begun and self._uplink.link:
            self._uplink.link.end_input()

    def lose_link(self) -> None:
        """Put back what was held for a connection that is lost."""
        self._holds = False
        held, self._held = self._held, []
        if held:
            self.put_back(held, _OFFLINE)

    def command(self, line: str) -> None:
        """Send a command that a key stands for."""
        if self._uplink.link and not self._holds:
            self._uplink.link.send_line(line)
            self._conversation.sent(line)

    def put_back(self, lines: Sequence[str], why: str) -> None:
        """Make the first of some lines the draft again, unless another was begun."""
        for line in lines:
            self._terminal.put_back(line)
        self._view.note(why)

    def put_back_unsaid(self, lines: Sequence[str]) -> None:
        """Put lines back that were sent, and did not arrive."""
        few = len(lines) <= _MAX_NAMED
        self.put_back(lines, f"Not said: {' / '.join(lines) if few else f'{len(lines)} lines'}")

    def _send(self, link: ServerLink, lines: Sequence[str]) -> None:
        kept = [line for line in lines if not self._may_send(line)]
        for line in lines:
            if self._may_send(line):
                link.send_line(line)
                self._show(line)
        if kept:
            self.put_back(kept, self._why_kept(kept))
        if any(map(is_farewell, lines)):
            self.leaving.begin()

    def _may_send(self, line: str) -> bool:
        return _UNREADABLE not in line and (self._conversation.may_speak or not speaks(line))

    def _why_kept(self, lines: Sequence[str]) -> str:
        if any(_UNREADABLE in line for line in lines):
            return f"Not sent because of {_UNREADABLE}: your terminal's encoding is not UTF-8."
        return f"Not sent. {self._conversation.advice}"

    def _show(self, line: str) -> None:
        match self._conversation.sent(line):
            case Shown.QUOTED:
                self._view.quote(line)
            case Shown.SAID:
                self._view.say(said_by(line) or "", self._conversation.login.me)
            case Shown.DONE:
                self._view.do(done_by(line) or "", self._conversation.login.me)

    # -- leaving ---------------------------------------------------------------------------------

    def leave(self) -> bool:
        """Begin to leave; return whether there is nothing to wait for, or no will to."""
        link = self._uplink.link
        if link is None or self.leaving.has_begun:
            return True
        self.leaving.begin()
        if not self._held:
            link.end_input()
        if left := self.left:
            self._view.note(f"{_count(left)} on the way. Ctrl-C leaves at once.")
        return False

    def observe(self, link: ServerLink) -> None:
        """Note whether the server makes progress with what is left."""
        progress = (link.backlog, link.received, len(self._conversation.receipts))
        self.leaving.observe(self.left, progress)

    @property
    def last_words(self) -> str | None:
        """What to say at the end of lines that were not taken, if there are any."""
        return f"{_count(self.left)} not taken." if self.left else None


def _count(lines: int) -> str:
    return "1 line is" if lines == 1 else f"{lines} lines are"
