"""What the server reports: who comes, who goes, what is said; and no more of it than is healthy.

                   +-- share of Client 1 --+
    event, said  --+-- share of Client 2 --+--> format --> console --> standard output
                   +-- refused callers   --+

Each client has a share of the log: `rate` lines a second, and `BURST` times that at once. Once its
share is used up, everything of it is left out and counted, until the count is told, a second later
at most: so the count stands at the very place where lines are missing.

Invariants:
- Nobody fills the disk. One caller that says nothing but short lines wrote 150 MB a second of log;
  one that connects again and again did it without a word. So whoever leaves a used-up share behind
  and comes back from the same source goes on with that one.
- The end of a client is told if its beginning was: a log in which people never leave is of no use.
- What nobody is charged for (the operator, the server itself) is never left out.
- What is not to be logged costs no formatting: this is on the path of every message.

Not here: the form of lines (`log_formats`), and how they leave (`console`, `sink`).
"""

import time
import traceback
from collections.abc import Callable, Sequence
from itertools import chain, islice
from typing import Final, Protocol

from reactor_chat.loop.reactor import Handler, Reactor
from reactor_chat.server.log_formats import make_format

REFUSED: Final = "refused"  # the kind of event for a caller who is turned away
CONNECTED: Final = "connected"
DISCONNECTED: Final = "disconnected"

BURST: Final = 10  # seconds' worth at once: a page that is pasted, somebody who tidies up
_TELL_AFTER: Final = 1.0  # seconds until what was left out is told
_FAILURES: Final = 1.0  # a second: a traceback is long, and one tells as much as a thousand
_UNLIMITED: Final = 1e12  # lines a second; not infinity, of which no share is a number


class Output(Protocol):
    """Where finished lines go."""

    def show_lines(self, texts: Sequence[str]) -> None:
        """Show lines."""

    def show_run(self, run: bytes) -> None:
        """Show lines that end with LF."""


class _Share:
    """What the log takes of somebody: a token bucket, and the count of what it refused."""

    __slots__ = ("_burst", "_level", "_now", "_rate", "begun", "left_out", "of", "told")

    def __init__(self, of: str, rate: float, burst: float, now: float) -> None:
        self.of = of  # what the count calls that which was left out: "lines by Client 2"
        self.left_out = 0
        self.begun = True  # whether it was told that the client came
        self.told = ""  # the text of the last event that was left out, where that is to be told
        self._rate = rate
        self._burst = burst
        self._level = burst
        self._now = now

    def take(self, lines: int, now: float) -> int:
        """Return how many of so many lines the log takes now, and count the others.

        Not to be asked while a count waits: the count is to stand where lines are missing.
        """
        self._refill(now)
        taken = lines if self._level >= lines else max(0, int(self._level))
        self._level -= taken
        self.left_out += lines - taken
        return taken

    def settle(self, now: float) -> int:
        """Return the count, to be told now and not again; 0 if there is no room even for it."""
        self._refill(now)
        if self._level < 1:
            return 0
        self._level -= 1
        counted, self.left_out = self.left_out, 0
        return counted

    def overdraw(self) -> int:
        """Return the count, to be told now and not again, and make up for it later."""
        self._level -= 2  # the count, and what follows it
        counted, self.left_out = self.left_out, 0
        return counted

    def is_whole(self, now: float) -> bool:
        """Return whether there is nothing to remember about it."""
        self._refill(now)
        return self._level >= self._burst and not self.left_out

    def resize(self, rate: float, burst: float) -> None:
        """Go by another rate from now on."""
        self._rate = rate
        self._burst = burst
        self._level = min(self._level, burst)

    def _refill(self, now: float) -> None:
        self._level = min(self._burst, self._level + self._rate * (now - self._now))
        self._now = now


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
        self._shares: dict[str, _Share] = {}
        self._sources: dict[str, str] = {}  # where clients come from
        # Shares that clients left behind, by source; those that were left last stand last.
        self._left_behind: dict[str, list[_Share]] = {}
        self._short: dict[_Share, None] = {}  # those with a count that is to be told
        self._waits = False  # for the time to tell
        self._refusals = _Share("refused callers", 1.0, 1.0, reactor.now)
        self._failures = _Share("defects", _FAILURES, BURST * _FAILURES, reactor.now)
        self.configure(rate, quiet, form)

    def configure(self, rate: float, quiet: bool, form: str) -> None:
        """Go by these settings from now on."""
        self._rate = rate or _UNLIMITED
        self.quiet = quiet
        self.form = form
        self._format = make_format(form, self._clock)
        left_behind = chain.from_iterable(self._left_behind.values())
        for share in chain(self._shares.values(), left_behind):
            share.resize(self._rate, self._rate * BURST)

    @property
    def shows_speech(self) -> bool:
        """Whether what people say is in the log."""
        return not self.quiet

    # -- who is charged ---------------------------------------------------------------------------

    def enter(self, by: str, source: str) -> None:
        """A client is here, from a source: an address, or what else counts as one."""
        left = self._left_behind.get(source)
        if not left:
            share = self._new_share(by)
        else:
            share = left.pop()
            if not left:
                del self._left_behind[source]
            share.of = f"lines by clients from {source}" if share.left_out else f"lines by {by}"
        share.begun = False
        self._shares[by] = share
        self._sources[by] = source

    def forget(self, by: str) -> None:
        """A client is gone."""
        share = self._shares.pop(by, None)
        source = self._sources.pop(by, None)
        now = self._reactor.now
        if share is not None and source is not None and not share.is_whole(now):
            kept = self._left_behind.pop(source, [])
            kept.append(share)
            self._left_behind[source] = kept
        for first, shares in list(islice(self._left_behind.items(), 2)):
            if all(one.is_whole(now) for one in shares):
                del self._left_behind[first]

    def _new_share(self, by: str) -> _Share:
        share = _Share(f"lines by {by}", self._rate, self._rate * BURST, self._reactor.now)
        self._shares[by] = share
        return share

    # -- what is reported -------------------------------------------------------------------------

    def event(self, kind: str, text: str, by: str = "", **fields: str) -> None:
        """Report what happened; `text` is the plain line, `fields` what JSON has beside it."""
        if kind == REFUSED:
            if not self._takes(self._refusals):
                self._refusals.told = text
                return
        elif by and not self._takes_event(kind, by):
            return
        self._output.show_lines(self._format.event(kind, [text], {"client": by, **fields}))

    def said(self, by: str, name: str, room: str, block: bytes) -> None:
        """Report what somebody said: whole lines, in a room as others read them."""
        if self.quiet:
            return
        if by:
            share = self._shares.get(by) or self._new_share(by)
            lines = block.count(b"\n")
            if share.left_out:
                share.left_out += lines
                return
            taken = share.take(lines, self._reactor.now)
            if taken < lines:
                self._tell_later(share)
                if not taken:
                    return
                block = b"\n".join(block.split(b"\n", taken)[:taken]) + b"\n"
        self._output.show_run(self._format.said(by, name, room, block))

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

    def _takes(self, share: _Share) -> bool:
        if share.left_out:
            share.left_out += 1
            return False
        if share.take(1, self._reactor.now):
            return True
        self._tell_later(share)
        return False

    def _takes_event(self, kind: str, by: str) -> bool:
        share = self._shares.get(by) or self._new_share(by)
        if kind == DISCONNECTED and share.begun:
            self._tell(share, share.overdraw())
            return True
        taken = self._takes(share)
        if kind == CONNECTED:
            share.begun = taken
        return taken

    def _tell_later(self, share: _Share) -> None:
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

    def _tell(self, share: _Share, count: int) -> None:
        if not count:
            return
        text = f"({count} {share.of} were left out)"
        if share.told:
            text = share.told if count == 1 else f"{share.told} ({count - 1} more were refused)"
        fields = {"of": share.of, "count": str(count)}
        self._output.show_lines(self._format.event("left out", [text], fields))
