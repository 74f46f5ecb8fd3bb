"""What the server reports: who comes, who goes, what is said; and no more of it than is healthy.

                   +-- share of Client 1 --+
    event, said  --+-- share of Client 2 --+--> format --> console --> standard output
                   +-- refused callers   --+

Each client has a share of the log: `rate` lines a second, and ten times that at once; all from
one source have a volume together. Once that is used up, everything of the client is left out and
counted, until the count is told, as soon as there is room for it, looked at every second: so the
count stands at the very place where lines are missing.

Invariants:
- Nobody fills the disk. One caller that says nothing but short lines wrote 150 MB a second of log;
  one that connects again and again did it without a word. So whoever leaves a used-up share behind
  and comes back from the same source goes on with that one.
- The end of a client is told if its beginning was: a log in which people never leave is of no use.
- What nobody is charged for (the operator, the server itself) is never left out.
- What is not to be logged costs no formatting: this is on the path of every message.

Not here: how much a share is (`log_shares`), the form of lines (`log_formats`), and how they leave
(`console`, `sink`).
"""

import time
import traceback
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Final, Protocol
from weakref import WeakValueDictionary

from reactor_chat.loop.reactor import Handler, Reactor
from reactor_chat.server.log_formats import make_format
from reactor_chat.server.log_shares import LeftBehind, Share, Volume

REFUSED: Final = "refused"  # the kind of event for a caller who is turned away
CONNECTED: Final = "connected"
DISCONNECTED: Final = "disconnected"

_TELL_AFTER: Final = 1.0  # seconds until what was left out is told
_REFUSALS: Final = 1.0  # a second: of all refused callers together
_FAILURES: Final = 1.0  # a second: a traceback is long, and one tells as much as a thousand
_UNLIMITED: Final = 1e12  # lines a second; not infinity, of which no share is a number


class Output(Protocol):
    """Where finished lines go."""

    def show_lines(self, texts: Sequence[str]) -> None:
        """Show lines."""

    def show_run(self, run: bytes) -> None:
        """Show lines that end with LF."""


class EventLog(Handler):
    """The log of one server. `by` is the handle of the client whom a line is charged to."""

    def __init__(
        self,
        reactor: Reactor,
        output: Output,
        rate: float = 0.0,  # lines a second of each client; 0: all
        quiet: bool = False,
        form: str = "plain",
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(-1)  # only for its timer
        self._reactor = reactor
        self._output = output
        self._clock = clock
        self._shares: dict[str, Share] = {}
        self._sources: dict[str, str] = {}  # where clients come from
        # By source; each lives as long as a share that draws from it.
        self._volumes: WeakValueDictionary[str, Volume] = WeakValueDictionary()
        self._left_behind = LeftBehind()
        self._short: dict[Share, None] = {}  # those with a count that is to be told
        self._waits = False  # for the time to tell
        self._refusals = Share("refused callers", _REFUSALS, reactor.now, seconds=1)
        self._failures = Share("defects", _FAILURES, reactor.now)
        self.configure(rate, quiet, form)

    def configure(self, rate: float, quiet: bool, form: str) -> None:
        """Go by these settings from now on."""
        self._rate = rate or _UNLIMITED
        self.quiet = quiet
        self.form = form
        self._format = make_format(form, self._clock)
        for share in chain(self._shares.values(), self._left_behind):
            share.resize(self._rate)

    @property
    def shows_speech(self) -> bool:
        """Whether what people say is in the log."""
        return not self.quiet

    # -- who is charged ---------------------------------------------------------------------------

    def enter(self, by: str, source: str) -> None:
        """A client is here, from a source: an address, or what else counts as one."""
        share = self._left_behind.pick_up(source)
        if share is None:
            share = self._new_share(by, self._volumes.get(source))
            self._volumes[source] = share.volume
        else:
            share.hand_over(f"lines by {by}", f"lines by clients from {source}")
        share.begun = False
        self._shares[by] = share
        self._sources[by] = source

    def forget(self, by: str) -> None:
        """A client is gone."""
        share = self._shares.pop(by, None)
        source = self._sources.pop(by, None)
        if share is not None and source is not None:
            self._left_behind.keep(source, share, self._reactor.now)

    def _new_share(self, by: str, volume: Volume | None = None) -> Share:
        share = Share(f"lines by {by}", self._rate, self._reactor.now, volume)
        self._shares[by] = share
        return share

    # -- what is reported -------------------------------------------------------------------------

    def event(self, kind: str, text: str, by: str = "", **fields: str) -> None:
        """Report what happened; `text` is the plain line, `fields` what JSON has beside it."""
        share = None
        if kind == REFUSED:
            if not self._takes(self._refusals):
                self._refusals.told = text
                return
        elif by:
            share = self._shares.get(by) or self._new_share(by)
            if not self._takes_event(kind, share):
                return
        self._show(self._format.event(kind, [text], {"client": by, **fields}), share)

    def said(self, by: str, name: str, room: str, block: bytes) -> None:
        """Report what somebody said: whole lines, in a room as others read them."""
        if self.quiet:
            return
        if not by:
            self._output.show_run(self._format.said(by, name, room, block))
            return
        share = self._shares.get(by) or self._new_share(by)
        lines = block.count(b"\n")
        if share.left_out:
            share.left_out += lines
            return
        now = self._reactor.now
        taken = share.take(lines, now)
        if taken < lines:
            self._tell_later(share)
            if not taken:
                return
            block = b"\n".join(block.split(b"\n", taken)[:taken]) + b"\n"
        run = self._format.said(by, name, room, block)
        share.volume.charge(len(run), now)
        self._output.show_run(run)

    def failure(self, who: str, error: Exception) -> None:
        """Report a defect, with its traceback."""
        if self._takes(self._failures):
            lines = "".join(traceback.format_exception(error)).splitlines()
            self.lines("failure", [f"a defect, in serving {who}:", *lines])

    def lines(self, kind: str, texts: Sequence[str]) -> None:
        """Report lines that belong together, such as an answer to the operator."""
        if texts:
            self._output.show_lines(self._format.event(kind, texts, {}))

    def note(self, texts: Sequence[str]) -> None:
        """Report words of the console's own, or its answers to the operator."""
        self.lines("console", texts)

    def on_crash(self, error: Exception) -> None:
        """Report a defect of the log's own."""
        self.failure("the log", error)

    # -- what is left out -------------------------------------------------------------------------

    def _show(self, texts: list[str], share: Share | None) -> None:
        if share is not None:
            size = sum(len(text.encode(errors="replace")) + 1 for text in texts)
            share.volume.charge(size, self._reactor.now)
        self._output.show_lines(texts)

    def _takes(self, share: Share) -> bool:
        if share.left_out:
            share.left_out += 1
            return False
        if share.take(1, self._reactor.now):
            return True
        self._tell_later(share)
        return False

    def _takes_event(self, kind: str, share: Share) -> bool:
        if kind == DISCONNECTED and share.begun:
            self._tell(share, share.overdraw(self._reactor.now))
            return True
        taken = self._takes(share)
        if kind == CONNECTED:
            share.begun = taken
        return taken

    def _tell_later(self, share: Share) -> None:
        self._short[share] = None
        if not self._waits:
            self._waits = True
            self._reactor.call_later(_TELL_AFTER, self, self._tell_all)

    def _tell_all(self) -> None:
        self._waits = False
        now = self._reactor.now
        short, self._short = self._short, {}
        for share in short:
            self._tell(share, share.settle(now))
            if share.left_out:
                self._tell_later(share)

    def _tell(self, share: Share, count: int) -> None:
        if not count:
            return
        text = f"({count} {share.of} were left out)"
        if share.told:
            text = share.told if count == 1 else f"{share.told} ({count - 1} more were refused)"
        fields = {"of": share.of, "count": str(count)}
        share.of = share.own
        self._show(self._format.event("left out", [text], fields), share)
