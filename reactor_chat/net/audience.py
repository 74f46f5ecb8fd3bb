"""Everybody in a room, as streams: what is said goes to all of them at the end of the turn.

Nothing is done for a member while a turn lasts, however much is said: it is appended to the room's
log. At the end of the turn the news is rendered once for each dialect, and sent to each member that
is *live* in one system call. Who is *behind* reads the log through its own queue:

    log      ... | a | b | c | d | e |        live      { bob, carol }  all of them at `turn`
                       ^       ^     ^        behind    { dave: at b }
                     dave     turn  tip

Invariants:
- `turn` is the mark up to which all may read. A log that is kept on disk gets there only once the
  keeper has it: nobody reads what a crash could take back.
- A member is in `live` under its dialect, or in `behind`, never in both, never twice.
- The news is sent before the queues are flushed, and trimmed after it: otherwise members would miss
  lines who had only been told something else in this turn.
- A defect that one member meets costs that one alone, as it does on the reactor.

Not here: who is in which room and who ignores whom (`chat`), what waits for one (`send_queue`).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from reactor_chat.loop.reactor import Handler
from reactor_chat.net.gathering import CHUNK
from reactor_chat.net.place import Place, RoomLog
from reactor_chat.net.room_size import KEPT_STEP, RoomSize
from reactor_chat.net.send_queue import SendQueue
from reactor_chat.net.shared import Shared
from reactor_chat.net.slices import SLICE, Slices
from reactor_chat.wire.dialects import Dialect, Entry, Mark, gap

# Entries are trimmed in steps of this many bytes, so that trimming costs nothing a line.
_TRIM_STEP: Final = 64 * 1024


class Audience(Handler):
    """The streams of one room's members.

    `report` is given a defect that is no member's.
    """

    __slots__ = (
        "_alone",
        "_continues",
        "_leaving",
        "_live",
        "_live_at",
        "_report",
        "_shared",
        "_skips",
        "_slices",
        "behind",
        "log",
        "size",
        "turn",
    )

    def __init__(
        self,
        shared: Shared,
        log: RoomLog,
        report: Callable[[Exception], None],
    ) -> None:
        super().__init__(-1)  # only for the end of the turn
        self._shared = shared
        self._report = report
        self.log = log
        self.turn = log.tip
        self._live: dict[Dialect, dict[SendQueue, None]] = {}
        # In a large room the live are sent the news in several turns. Who still waits for it stands
        # at `_live_at`, the others at `turn`.
        self._slices = Slices()
        self._live_at = self.turn
        self._continues = False  # in the next turn
        self.behind: dict[SendQueue, Place] = {}
        # What of the news a live member does not read, as it has said that, or ignores who did:
        # the marks before and after each part. So nobody is taken out of the live for speaking.
        self._skips: dict[SendQueue, list[Mark]] = {}
        # Who has said all the news and is live, as in most turns of most rooms. It is not in there.
        self._alone: SendQueue | None = None
        self._leaving: list[SendQueue] = []  # with news to read that they may not read yet
        self.size = RoomSize(shared, log)

    # -- for the chat -----------------------------------------------------------------------------

    def add(self, queue: SendQueue, dialect: Dialect) -> None:
        """Let one more read what is said from now on."""
        if queue.live:
            queue.fall_behind()
        place = queue.places[self] = self.behind[queue] = Place(self, dialect)
        assert place.cursor is self.log.tip
        if not self.size.counted:
            self.size.count()
        queue.wait_for_news(self, place)  # an answer follows that speaks of it
        self._shared.reactor.at_end_of_turn(queue)

    def remove(self, queue: SendQueue) -> None:
        """Let one of them read what was said so far, and no more."""
        place = queue.places[self]
        if queue.closed:
            self._live.get(place.dialect, {}).pop(queue, None)
            self._slices.drop(queue)
        else:
            queue.cut(place, self.log.tip)
            if self.has_news:
                self._leaving.append(queue)
        self.behind.pop(queue, None)
        del queue.places[self]

    def set_dialect(self, queue: SendQueue, dialect: Dialect) -> None:
        """Let one of them read what follows in another dialect."""
        place = queue.places[self]
        if place.dialect is not dialect:
            if queue.live:
                queue.fall_behind()
            queue.cut(place, self.log.tip)
            place.dialect = dialect

    def say(
        self, block: bytes, lines: int, time: float, keep: bool, skip: Sequence[SendQueue]
    ) -> Entry:
        """Append whole lines to the log, which all members read but those to skip."""
        before = self.log.tip
        entry = self.log.append(block, lines, time, keep)
        if before is self.turn:
            self._shared.reactor.early_at_end_of_turn(self)
            if len(skip) == 1 and skip[0].live and not self._slices.blocks:
                self._alone = skip[0]
                return entry
        elif self._alone is not None:
            self._skips[self._alone] = [self.turn, before]
            self._alone = None
        for queue in skip:
            if not queue.live:
                _skip(queue, queue.places[self], before, entry.end)
            elif queue in self._skips:
                self._skips[queue] += (before, entry.end)
            else:
                self._skips[queue] = [before, entry.end]
        return entry

    # -- for the queues ---------------------------------------------------------------------------

    @property
    def has_news(self) -> bool:
        """Whether something was said that is not sent yet."""
        return self.turn is not self.log.tip

    @property
    def is_publishing(self) -> bool:
        """Whether there is news that was not sent to all who are live."""
        return self.has_news or bool(self._slices.blocks)

    def release(self) -> None:
        """The room is forgotten, though its last news may still have to leave."""
        self.size.release()

    def shrink(self) -> bool:
        """Let go of the older half of the log; return whether any of it went."""
        shrunk = self.log.shrink(delivered=not self.is_publishing)
        self.size.count()
        return shrunk

    def note_behind(self, queue: SendQueue, place: Place) -> None:
        """A live member is to have a cursor of its own."""
        del self._live[place.dialect][queue]
        place.cursor = self._live_at if self._slices.drop(queue) else self.turn
        self.behind[queue] = place
        if queue is self._alone:
            self._alone = None
            place.cursor = self.log.tip
        skips = iter(self._skips.pop(queue, ()))
        for before, after in zip(skips, skips, strict=True):
            _skip(queue, place, before, after)

    def note_live(self, queue: SendQueue, place: Place) -> None:
        """A member has read everything, and nothing else waits for it."""
        del self.behind[queue]
        self._live.setdefault(place.dialect, {})[queue] = None

    def read(self, start: Mark, stop: Mark, dialect: Dialect, budget: int) -> tuple[bytes, Mark]:
        """Return what stands between two marks, or what fits, and where that ends.

        If the start is trimmed, return the count of all that is missed up to `stop`.
        """
        if start.entries >= stop.entries:
            return b"", start
        if start.entries < self.log.base.entries:
            return self.render_missed(stop.lines - start.lines, dialect), stop
        return self.log.take(start, stop, dialect, budget)

    def render_missed(self, lines: int, dialect: Dialect) -> bytes:
        """Return the notice that so many lines were left out."""
        self._shared.missed += lines
        return gap(lines, self.log.origin.room, dialect, self._shared.clock())

    # -- for the reactor --------------------------------------------------------------------------

    def publish_later(self) -> None:
        """Try again at the end of this turn."""
        self._shared.reactor.early_at_end_of_turn(self)

    def on_early_end_of_turn(self) -> None:
        """Send the news to all who are live, and let the others read on."""
        if self._continues:
            return  # with the next slice, in the next turn
        if self._slices.blocks:  # though nobody may be left to be served: the others fell behind
            self._serve_more()
            return
        log = self.log
        may_publish = self._shared.may_publish
        if self.turn is log.tip or (may_publish is not None and not may_publish(self)):
            return
        if self._skips and log.tip.size - self.turn.size > CHUNK:
            for queue in list(self._skips):
                queue.fall_behind()  # or it would keep for itself what its kernel refuses
        self._live_at, self.turn, skips = self.turn, log.tip, self._skips
        for dialect, queues in self._live.items():
            readers = [one for one in queues if one not in skips] if skips else queues
            if readers:
                block = log.render(self._live_at, dialect)
                if len(readers) > SLICE:
                    others = [one for one in readers if one is not self._alone]
                    self._slices.add(dialect, block, others)
                else:
                    self._send(block, dialect, readers)
        self._alone = None
        if skips:
            self._skips = {}
            for queue, marks in skips.items():
                self._send_parts(queue, marks)
        if self._slices.blocks:
            self._serve_more()
        if self.behind or log.pins or self._leaving or self._slices.blocks:
            self._let_read_on()
        else:
            log.forget()
            if log.kept_size - self.size.counted > KEPT_STEP:
                self.size.count()

    def _let_read_on(self) -> None:
        """See to it that who is not live reads the news by itself, and is live again after that."""
        for queue in self._leaving:
            queue.wake()
        self._leaving.clear()
        for queue, place in list(self.behind.items()):
            if place.cursor is self.turn and not queue.pieces:
                queue.go_live()  # nothing waits for it after all
            elif not queue.blocked:
                queue.wake()
        self._shared.reactor.at_end_of_turn(self)

    def _serve_more(self) -> None:
        for block, dialect, queues in self._slices.take():
            self._send(block, dialect, queues)
        if not self._slices.waiting:
            self._slices.clear()
            self._shared.reactor.at_end_of_turn(self)
        if self.is_publishing:
            self._continues = True
            self._shared.reactor.call_soon(self, self._continue)

    def _continue(self) -> None:
        self._continues = False
        self.publish_later()

    def on_end_of_turn(self) -> None:
        """Forget what everybody has read, and what nobody reads in time."""
        log, limit = self.log, self._shared.limits.backlog
        if self.is_publishing:
            return  # the live have not read it, and have no cursor that could tell them
        if not self.behind and not log.pins:
            log.forget()
        else:
            log.end_turn()
            # Who kept up until this turn gets all of it, however much it is.
            limit = max(limit, log.tip.size - self._live_at.size)
            if log.tip.size - log.base.size > limit + _TRIM_STEP and log.trim(limit):
                self._note_overrun()
        self.size.count_if_changed()

    def _note_overrun(self) -> None:
        base = self.log.base.entries
        for queue, place in self.behind.items():
            if place.cursor.entries < base:
                queue.expect_progress()

    def on_crash(self, error: Exception) -> None:
        """Report it, and give up this turn's news: what follows must be sent."""
        self.turn, self._alone = self.log.tip, None
        self._skips.clear()
        self._slices.clear()
        self._report(error)

    def _send(self, block: bytes, dialect: Dialect, queues: Iterable[SendQueue]) -> None:
        """This is the innermost loop of a chat: each recipient costs one turn of it."""
        size, alone = len(block), self._alone
        refused: list[tuple[SendQueue, int | Exception]] = []  # kept later: it leaves `queues`
        for queue in queues:
            if queue is alone:
                continue
            try:
                sent = queue.socket.send(block)
            except Exception as error:
                refused.append((queue, error))
            else:
                if sent != size:
                    refused.append((queue, sent))
        for queue, result in refused:
            self._keep(queue, dialect, result)

    def _send_parts(self, queue: SendQueue, skips: Sequence[Mark]) -> None:
        """Send the news to a live member but for what it is not to read."""
        try:
            block = self.log.omit(self._live_at, queue.places[self].dialect, skips)
            try:
                sent = queue.socket.send(block) if block else 0
            except Exception as error:
                sent = queue.on_send_error(error)
            if sent != len(block) and not queue.closed:
                queue.fall_behind()
                queue.keep(block[sent:])
        except Exception as error:
            queue.on_crash(error)

    def _keep(self, queue: SendQueue, dialect: Dialect, sent: int | Exception) -> None:
        """Let a member that was not sent everything read the rest of it by itself."""
        if not isinstance(sent, int):
            sent = queue.on_send_error(sent)
        if queue.closed:
            return
        try:
            queue.fall_behind()
            place = queue.places[self]
            place.cursor = self._live_at
            rest, begun = b"", sent + queue.owed
            if begun:
                rest, place.cursor = self.log.split(self._live_at, dialect, sent, begun)
            queue.keep(rest)
        except Exception as error:
            queue.on_crash(error)


def _skip(queue: SendQueue, place: Place, before: Mark, after: Mark) -> None:
    """Let a member read what comes before a part of the log, and go on after it."""
    queue.cut(place, before)
    place.cursor = after
