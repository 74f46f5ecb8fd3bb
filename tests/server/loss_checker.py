"""Judges what the members of a room have heard: nothing lost, doubled, invented or out of order.

A history is what an observer heard, who was there before everybody, never spoke and always read,
and a `View` for each stay of anybody else. No two stays have the same name, and no two lines of a
history are the same, so that each can be told from all others.

What is promised:
- What one says appears in the observer's account in the order in which it was said, without gaps;
  all of it, unless the connection was cut, and then at least all that was confirmed (a question
  asked later was answered).
- On joining one is shown the last lines that were said. From then to leaving one hears all that the
  observer hears, in the same order, but for one's own lines, and for as many as one is told to have
  missed, at that place.
- What ends is a view's end alone, and only if it was cut.

Not here: sockets, and how a history comes about.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

RECENT = 10  # lines shown on joining


class Ending(Enum):
    """How a stay ended."""

    STAYED = "stayed"  # until after the last line of the history
    LEFT = "left"  # said farewell, and read to the end
    CUT = "cut"  # reset


@dataclass(frozen=True)
class Missed:
    """In the place of so many lines."""

    lines: int


@dataclass
class View:
    """One stay in the room: what was said and what was heard, each in its order."""

    name: str
    ending: Ending = Ending.STAYED
    said: list[str] = field(default_factory=list)
    confirmed: int = 0  # how many of these were served for sure
    heard: list[str | Missed] = field(default_factory=list)  # the last lines from before included


def faults(observed: Sequence[str], views: Sequence[View]) -> list[str]:
    """Tell what is wrong with a history, each fault in a sentence; nothing if it is sound."""
    return [
        *_doubles(observed),
        *_phantoms(observed, views),
        *(fault for view in views for fault in _faults_of_speaker(observed, view)),
        *(fault for view in views for fault in _faults_of_listener(observed, view)),
    ]


def _doubles(observed: Sequence[str]) -> Iterator[str]:
    for line, count in Counter(observed).items():
        if count > 1:
            yield f"the observer heard {count} times {_short(line)}"


def _phantoms(observed: Sequence[str], views: Sequence[View]) -> Iterator[str]:
    possible = {f"{view.name}: {text}" for view in views for text in view.said}
    possible.update(f"* {view.name} {what}" for view in views for what in ("joined", "left"))
    for line in observed:
        if line not in possible:
            yield f"nobody has caused {_short(line)}"


def _faults_of_speaker(observed: Sequence[str], view: View) -> Iterator[str]:
    prefix = f"{view.name}: "
    relayed = [line.removeprefix(prefix) for line in observed if line.startswith(prefix)]
    if relayed != view.said[: len(relayed)]:
        yield f"what {view.name} said was not heard in its order, or not without gaps"
    surely = view.confirmed if view.ending is Ending.CUT else len(view.said)
    if len(relayed) < surely:
        yield f"of the {surely} lines that {view.name} surely said, {len(relayed)} were heard"


def _faults_of_listener(observed: Sequence[str], view: View) -> Iterator[str]:
    joined, left = f"* {view.name} joined", f"* {view.name} left"
    if joined not in observed:
        if view.heard or view.confirmed or view.ending is not Ending.CUT:
            yield f"nobody was told that {view.name} joined"
        return
    start = observed.index(joined)
    if left not in observed and view.ending is not Ending.STAYED:
        yield f"nobody was told that {view.name} left"
    end = observed.index(left) if left in observed else len(observed)
    recent = [line for line in observed[:start] if not line.startswith("* ")][-RECENT:]
    own = f"{view.name}: "
    present = [line for line in observed[start + 1 : end] if not line.startswith(own)]
    yield from _compare([*recent, *present], view)


def _compare(due: Sequence[str], view: View) -> Iterator[str]:
    """Compare what was heard with what was due, line by line, up to the first fault."""
    at = 0
    for event in view.heard:
        if isinstance(event, Missed):
            at += event.lines
        elif at < len(due) and due[at] == event:
            at += 1
        else:
            yield f"{view.name} heard {_short(event)} where {_diagnosis(due, at, event)}"
            return
    if at > len(due):
        yield f"{view.name} was told of {at - len(due)} missed lines too many"
    elif at < len(due) and view.ending is not Ending.CUT:
        yield f"{view.name} never heard the last {len(due) - at} lines"


def _diagnosis(due: Sequence[str], at: int, line: str) -> str:
    if line in due[at:]:
        return f"{due.index(line, at) - at} lines before it are absent, and it was not told so"
    if line in due[:at]:
        return "it had its turn before"
    return "it should not have heard it at all"


def _short(line: str) -> str:
    return repr(line if len(line) <= 40 else f"{line[:40]}…")
