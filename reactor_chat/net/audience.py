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
from itertools import islice
from typing import Final

from reactor_chat.loop.reactor import Handler
from reactor_chat.net.place import Place, RoomLog
from reactor_chat.net.send_queue import SendQueue
from reactor_chat.net.shared import Shared
from reactor_chat.wire.dialects import Dialect, Entry, Mark, gap

# Entries are trimmed in steps of this many bytes, so that trimming costs nothing a line.
_TRIM_STEP: Final = 64 * 1024

# Members of a room who are sent its news in one turn: some milliseconds. Everybody else waits so
# long at the most, however many are in the room.
SLICE: Final = 500

ROOM_SIZE: Final = 3000  # bytes beside its log, about: opening rooms must not fill the memory

# A room is counted when somebody enters it, and when its log has changed by so many bytes.
_COUNT_STEP: Final = 4096
_KEPT_STEP: Final = _COUNT_STEP - ROOM_SIZE


class Audience(Handler):
    """The streams of one room's members.

    `report` is given a defect that is no member's.
    """

    __slots__ = (
        "_alone",
        "_blocks",
        "_continues",
        "_counted",
        "_leaving",
        "_live",
        "_live_at",
        "_released",
        "_report",
        "_shared",
        "_unserved",
        "behind",
        "log",
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
        # In a large room the live are sent the news in several turns. Who is still unserved stands
        # at `_live_at`, the others at `turn`.
        self._unserved: dict[SendQueue, Dialect] = {}
        self._live_at = self.turn
        self._blocks: dict[Dialect, bytes] = {}
        self._continues = False  # in the next turn
        self.behind: dict[SendQueue, Place] = {}
        # The member who has said all the news, and is live: in most turns of most rooms there is
        # one who speaks, and need not be taken out of the live for that.
        self._alone: SendQueue | None = None
        self._leaving: list[SendQueue] = []  # with news to read that they may not read yet
        self._counted = 0  # bytes of the room, as counted among all
        self._released = False  # nobody enters any more

    # -- for the chat -----------------------------------------------------------------------------

    def add(self, queue: SendQueue, dialect: Dialect) -> None:
        """Let one more read what is said from now on."""
        if queue.live:
            queue.fall_behind()
        place = queue.places[self] = self.behind[queue] = Place(self, dialect)
        assert place.cursor is self.log.tip
        if not self._counted:
            self.count()
        queue.wait_for_news(self, place)  # an answer follows that speaks of it
        self._shared.reactor.at_end_of_turn(queue)

    def remove(self, queue: SendQueue) -> None:
        """Let one of them read what was said so far, and no more."""
        place = queue.places[self]
        if queue.closed:
            self._live.get(place.dialect, {}).pop(queue, None)
            self._unserved.pop(queue, None)
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
        if self._alone is not None:
            self._alone.fall_behind()  # before there is more than it has said
        entry = self.log.append(block, lines, time, keep)
        if before is self.turn:
            self._shared.reactor.early_at_end_of_turn(self)
            if len(skip) == 1 and skip[0].live and not self._blocks:
                self._alone = skip[0]
                return entry
        for queue in skip:
            place = queue.places[self]
            queue.cut(place, before)
            place.cursor = entry.end
        return entry

    # -- for the queues ---------------------------------------------------------------------------

    @property
    def has_news(self) -> bool:
        """Whether something was said that is not sent yet."""
        return self.turn is not self.log.tip

    @property
    def is_publishing(self) -> bool:
        """Whether there is news that was not sent to all who are live."""
        return self.has_news or bool(self._blocks)

    def shrink(self) -> bool:
        """Let go of the older half of the log; return whether any of it went."""
        shrunk = self.log.shrink(delivered=not self.is_publishing)
        self.count()
        return shrunk

    def note_behind(self, queue: SendQueue, place: Place) -> None:
        """A live member is to have a cursor of its own."""
        del self._live[place.dialect][queue]
        place.cursor = self.turn
        if queue is self._alone:
            self._alone = None
            place.cursor = self.log.tip
        elif self._unserved.pop(queue, None) is not None:
            place.cursor = self._live_at
        self.behind[queue] = place

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
        if self._blocks:  # though nobody may be left to be served: the others fell behind
            self._serve_more()
            return
        log = self.log
        may_publish = self._shared.may_publish
        if self.turn is log.tip or (may_publish is not None and not may_publish(self)):
            return
        self._live_at, self.turn = self.turn, log.tip
        for dialect, queues in self._live.items():
            if queues:
                block = log.render(self._live_at, dialect)
                if len(queues) > SLICE:
                    self._slice(dialect, block, queues)
                else:
                    self._send(block, dialect, queues)
        self._alone = None
        if self._blocks:
            self._serve_more()
        if self.behind or log.pins or self._leaving:
            self._let_read_on()
        else:
            log.forget()
            if log.kept_size - self._counted > _KEPT_STEP:
                self.count()

    def _let_read_on(self) -> None:
        """See to it that who is not live reads the news by itself, and is live again after that."""
        for queue in self._leaving:
            queue.wake()
        self._leaving.clear()
        for queue, place in list(self.behind.items()):
            if place.cursor is self.turn and not queue.pieces:
                queue.go_live()  # it has only spoken
            elif not queue.blocked:
                queue.wake()
        self._shared.reactor.at_end_of_turn(self)

    def _slice(self, dialect: Dialect, block: bytes, queues: Iterable[SendQueue]) -> None:
        """Let so many readers wait to be sent the news in slices, one of them a turn."""
        if not self._blocks:
            self.log.pins += 1
        self._blocks[dialect] = block
        self._unserved.update(dict.fromkeys(queues, dialect))
        if self._alone is not None:
            self._unserved.pop(self._alone, None)

    def _serve_more(self) -> None:
        for dialect, block in self._blocks.items():
            slice_ = list(islice((q for q, d in self._unserved.items() if d is dialect), SLICE))
            for queue in slice_:
                del self._unserved[queue]
            self._send(block, dialect, slice_)
        if not self._unserved:
            self._end_slices()
            self._shared.reactor.at_end_of_turn(self)
        if self._unserved or self.has_news:
            self._continues = True
            self._shared.reactor.call_soon(self, self._continue)

    def _continue(self) -> None:
        self._continues = False
        self.publish_later()

    def _end_slices(self) -> None:
        self._unserved.clear()
        self._blocks.clear()
        self.log.pins -= 1

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
        if abs(log.size + ROOM_SIZE - self._counted) > _COUNT_STEP:
            self.count()

    def _note_overrun(self) -> None:
        base = self.log.base.entries
        for queue, place in self.behind.items():
            if place.cursor.entries < base:
                queue.expect_progress()

    def count(self) -> None:
        """Count among all rooms what this one has come to take."""
        size = 0 if self._released else ROOM_SIZE + self.log.size
        self._shared.count_log(size - self._counted)
        self._counted = size

    def release(self) -> None:
        """The room is forgotten: count it no more, though its last news is still to leave."""
        self._released = True
        self.count()

    def on_crash(self, error: Exception) -> None:
        """Report it, and give up this turn's news: what follows must be sent."""
        self.turn = self.log.tip
        if self._blocks:
            self._end_slices()
        self._report(error)

    def _send(self, block: bytes, dialect: Dialect, queues: Iterable[SendQueue]) -> None:
        """This is the innermost loop of a chat: each recipient costs one turn of it."""
        size = len(block)
        refused: list[tuple[SendQueue, int | Exception]] = []  # kept later: it leaves `queues`
        alone = self._alone
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
