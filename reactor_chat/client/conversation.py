"""What a client knows of the conversation, and what follows from each line, in both directions.

All of it is learnt from the lines that pass. After a lost connection it says what to send so that
one is again who and where one was, and tells what did not arrive.

    lines from the server ->  hear(line)  -> Reaction: what to show, send, and put back
    lines of the person   ->  sent(line)  -> how it is shown now: quoted, as said, or not yet

Invariants:
- The answers to the client's own questions are swallowed, once each; the person's own are not.
- With tags, a line of one's own in a room is shown when it comes back: what was not accepted never
  looks as if it was said.
- Nothing is said to others under a name, or from outside a room, that was not wished for
  (`may_speak`).

Not here: sockets, the screen, how lines look.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from reactor_chat.client.acquaintances import Acquaintances
from reactor_chat.client.introduction import (
    Introduction,
    Kind,
    Outcome,
    Step,
    name_step,
    room_step,
)
from reactor_chat.client.login import Login
from reactor_chat.client.membership import Membership
from reactor_chat.client.receipts import Receipts
from reactor_chat.client.tags import TaggedLine, untag
from reactor_chat.client.words import done_by, is_refusal, said_by
from reactor_chat.wire.protocol import ACTION, NAME, SPEECH, is_blank, split_command

_WHO_AM_I: Final = re.compile(
    rf"-> You are (?P<name>{NAME}?)(?:, in (?P<room>[^\s;]+?)(?:; also in (?P<others>.*))?)?\."
)
_JOINED: Final = re.compile(r"-> You joined (?P<room>\S+)\. Here: .*")
_MOVED: Final = re.compile(r"-> You are in (?P<room>\S+) now\.")
_LEFT: Final = re.compile(r"-> You left (?P<room>\S+)\.(?: You are in (?P<now>\S+) now\.)?")
_TAGS: Final = "-> Lines carry tags now."
_NO_TAGS: Final = "-> Lines carry no tags now."

_TAGS_STEP: Final = Step(Kind.TAGS, "/tags on")
_WHO_STEP: Final = Step(Kind.WHO, "/whoami")


class Shown(Enum):
    """How a line that was just sent is shown."""

    QUOTED = auto()
    SAID = auto()
    DONE = auto()  # `/me`
    LATER = auto()  # when it comes back


@dataclass
class Reaction:
    """What a line of the server's leads to."""

    line: TaggedLine | None  # to show, if anything
    refusal: str | None = None  # the line, if it says that this client is not wanted
    is_own: bool = False  # one's own line that came back
    quoted: list[str] = field(default_factory=list)  # typed lines to show before it
    notes: list[str] = field(default_factory=list)  # the client's own words, to show after it
    send: list[str] = field(default_factory=list)
    put_back: list[str] = field(default_factory=list)  # lines that did not arrive
    password_for: str | None = None  # a name whose password the person is to be asked for
    is_welcome: bool = False  # one is connected as before


class Conversation:
    """One person's conversation, over any number of connections."""

    def __init__(
        self,
        name: str | None,
        room: str | None,
        password: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.login = Login(name, password)
        self.membership = Membership()
        self.met = Acquaintances()
        self.receipts = Receipts(clock)
        self.has_tags = False  # on this connection
        self._wished_room = room  # until one is in it
        self._introduction = Introduction((), at_once=True)
        self._was_welcome = False  # on this connection or one before
        self._refused: Step | None = None  # a wish of the command line
        self._asks_tags = False  # the person did, and has no answer yet
        self._entering = False  # a `/join` was sent, and its answer is still to come

    # -- a connection ----------------------------------------------------------------------------

    def connected(self) -> list[str]:
        """Begin a connection; return the lines to send first."""
        self.has_tags = self._entering = False
        self.receipts.lose()
        steps = self._steps_of_return() if self._was_welcome else self._first_steps()
        self.login.connected()
        self._introduction = Introduction(steps, at_once=self._was_welcome)
        return self._introduction.proceed()

    def _first_steps(self) -> list[Step]:
        steps = [_TAGS_STEP]
        if self.login.name is not None:
            steps.append(name_step(self.login.name, self.login.password))
        if self._wished_room is not None:
            steps.append(room_step(self._wished_room))
        return [*steps, _WHO_STEP]

    def _steps_of_return(self) -> list[Step]:
        login, steps = self.login, [_TAGS_STEP]
        steps += [Step(Kind.IGNORE, f"/ignore {name}", name) for name in self.met.ignored]
        if login.name is not None:
            steps.append(name_step(login.name, login.password))
        steps += [Step(Kind.ROOM, line) for line in self.membership.returning()]
        return [*steps, _WHO_STEP]

    @property
    def is_introduced(self) -> bool:
        """Whether one is again who and where one was, as far as that could be had."""
        return self._introduction.is_over

    @property
    def is_heard(self) -> bool:
        """Whether the server is known to answer, so that the introduction will be over."""
        return self._introduction.is_heard

    @property
    def may_speak(self) -> bool:
        """Whether name and room are such as were wished for."""
        return self._refused is None

    # -- what is sent ----------------------------------------------------------------------------

    def sent(self, line: str) -> Shown:
        """Learn from a line that was sent; return how it is shown."""
        self.login.sent(line)
        word, _ = split_command(line) or ("", "")
        self._entering = self._entering or word.lower() in ("join", "resume")
        self._asks_tags = self._asks_tags or word.lower() == "tags"
        in_room = self.membership.current is not None or self._entering
        is_command = said_by(line) is None and done_by(line) is None
        if self.has_tags:
            shown = Shown.LATER if in_room and not is_command else Shown.QUOTED
            if not is_blank(line):  # nothing comes of such a one
                self.receipts.add(line, self.membership.current, shown is Shown.QUOTED)
            return shown
        if not in_room or is_command:
            return Shown.QUOTED
        return Shown.SAID if done_by(line) is None else Shown.DONE

    # -- what is heard ---------------------------------------------------------------------------

    def hear(self, raw: str) -> Reaction:
        """Learn from a line of the server's; return what follows."""
        may_have_tags = self.has_tags or self._asks_tags or not self._introduction.is_over
        line = untag(raw) if may_have_tags else TaggedLine(raw)
        reaction = Reaction(line)
        answered = self._introduction.hear(line.text)
        if is_refusal(line.text):
            reaction.refusal = line.text
            return reaction
        if line.text.startswith("-> "):
            self._learn_of_self(line, reaction, answered)
            self.membership.hear(line, own=True)  # it may say where the room's lines stand
        elif not answered:
            self._learn_of_others(line, reaction)
        if answered:
            self._on_answered(answered, line, reaction)
        return reaction

    def _learn_of_self(
        self, line: TaggedLine, reaction: Reaction, answered: Outcome | None
    ) -> None:
        text = line.text
        if self.met.hear_answer(text, self.login.me) or self.login.hear(text):
            reaction.line = None
        self._learn_of_rooms(line)
        if text in (_TAGS, _NO_TAGS):
            self.has_tags = text == _TAGS
            self._asks_tags = False
        if text == _NO_TAGS:
            self.receipts.clear()
        if self.has_tags and self._introduction.is_over and not answered:
            rejected = self.receipts.answer(text)
            if rejected:
                reaction.put_back.append(rejected.line)
        if self._refused and _grants(self._refused, text):
            self._on_wish_granted(reaction)
        if not answered or answered.step.kind is Kind.NAME:
            reaction.password_for = self.login.asks_password_for(text)

    def _learn_of_rooms(self, line: TaggedLine) -> None:
        membership = self.membership
        if match := _JOINED.fullmatch(line.text):
            if not self.has_tags and membership.current is not None and self.is_introduced:
                membership.leave(membership.current)  # such a server knows one room a person
            membership.enter(match["room"], line.time, line.last)
            if self.is_introduced or not self._was_welcome:
                membership.move_to(match["room"])
        elif (match := _MOVED.fullmatch(line.text)) and self.is_introduced:
            membership.move_to(match["room"])
        elif match := _LEFT.fullmatch(line.text):
            membership.leave(match["room"])
            membership.move_to(match["now"] or membership.current)
        elif self.has_tags:
            return
        self._entering = False  # where there are no tags, on any answer: that is seldom wrong

    def _on_wish_granted(self, reaction: Reaction) -> None:
        refused, self._refused = self._refused, None
        if refused and refused.kind is Kind.NAME and self._wished_room is not None:
            self._introduction = Introduction([room_step(self._wished_room)], at_once=False)
            reaction.send += self._introduction.proceed()

    def _learn_of_others(self, line: TaggedLine, reaction: Reaction) -> None:
        me = self.login.me
        match = ACTION.match(line.text) or SPEECH.match(line.text)
        author = match["name"] if match else None
        is_news = self.membership.hear(line, own=author is not None and author == me)
        if match and is_news and line.room is not None:
            text, is_action = line.text[match.end() :], match.re is ACTION
            reaction.is_own = self._take_receipt(author, text, is_action, line.room)
        elif self.has_tags and line.room is None and (echoed := self.receipts.echo(line.text)):
            reaction.quoted += [] if echoed.is_shown else [echoed.line]
        in_room = self.membership.current is not None
        if (ignored := self.met.hear(line, me, in_room)) is not None:
            reaction.send.append(f"/ignore {ignored}")

    def _take_receipt(self, author: str | None, text: str, is_action: bool, room: str) -> bool:
        if author == self.login.me:
            self.receipts.come_back(text, is_action, room)
            return True
        # What was sent before the loss was said under the name that one had then.
        if author == self.login.name and not self.is_introduced:
            return self.receipts.recall(text, is_action) is not None
        return False

    # -- the introduction ------------------------------------------------------------------------

    def _on_answered(self, answered: Outcome, line: TaggedLine, reaction: Reaction) -> None:
        step, granted = answered.step, answered.granted
        if step.kind is Kind.TAGS:
            self.has_tags = granted
            reaction.line = None
        elif step.kind is Kind.IGNORE:
            reaction.line = None
            if not granted:
                self.met.lose(step.wish)
        elif step.kind is Kind.WHO:
            self._on_who(line.text, reaction)
        elif not granted and not self._was_welcome:
            self._refused = step
        reaction.send += self._introduction.proceed()

    def _on_who(self, text: str, reaction: Reaction) -> None:
        reaction.line = None
        reaction.is_welcome = self._was_welcome = True
        match = _WHO_AM_I.fullmatch(text)
        if match is None:
            self._refused = None  # there are no names to be had
            reaction.notes.append("Connected to a server that knows no commands.")
            return
        self.login.me = match["name"]
        others = match["others"].split(", ") if match["others"] else []
        self.membership.keep_only({match["room"], *others} - {None})
        self.membership.move_to(match["room"])
        where = text[text.index(match["name"]) :].removesuffix(".")
        reaction.notes.append(f"You are {where}. {self.advice}")
        unsent, untold = self.receipts.take_lost()
        reaction.put_back += unsent
        if untold:
            reaction.notes.append(f"Perhaps not delivered: {' / '.join(untold)}")

    @property
    def advice(self) -> str:
        """What there is to be done next."""
        if self._refused:
            what = "/nick NAME" if self._refused.kind is Kind.NAME else "/join ROOM"
            return f"Nothing is said before you choose another: {what}."
        if self.login.is_lacking:
            # The server may notice later than the client that a connection was lost.
            name = self.login.name
            return f"Your lost connection, or somebody else, has the name {name}: asking again."
        if self.membership.current:
            return "/help lists the commands."
        return "/join ROOM to talk with others, /help for more."


def _grants(step: Step, text: str) -> bool:
    if step.kind is Kind.NAME:
        return text.startswith("-> You are now ")
    return _JOINED.fullmatch(text) is not None

