"""A picture of a session, and a transcript: `python -m tests.picture OUT.svg [README.md]`.

A real server and two real clients run on pseudo-terminals, and act out a short scene; a third
caller has only a socket. The picture plays what was on the three screens. Ports and the time of day
are replaced, so that two runs give the same picture, byte for byte.

Invariants:
- Each act waits until every screen shows what came of it, so the order of lines is always the same.
- The pace of the picture is the script's; how fast the machine was does not show.

Not here: what it looks like (`drawing`), and what the lesson writes (`lesson.transcript`).
"""

import argparse
import contextlib
import re
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from tests.client.peer import environment
from tests.drawing import GAP, Look, Scene, draw
from tests.lesson import transcript
from tests.processes import HOST, PATIENCE, Client, Sources
from tests.screen import Cell, Screen
from tests.window import Window

TITLE: Final = "A chat in three terminals: the operator, alice and bob"

# Seconds of the picture.
KEY: Final = 0.05  # a fast typist
READING: Final = 0.9  # a line that is new
CURTAIN: Final = 5.0  # the last look, before it all begins again

BEGIN: Final = 18 * 3600 + 20 * 60 + 11  # the time of day, in seconds
PORTS: Final = ("56040", "52114", "52120", "52136")  # the server's, and the callers'

_PROMPT: Final = re.compile(r"\w*>")  # the operator's, or that of somebody in a room
_PORT: Final = re.compile(r"(?<=\d:)\d{5}$")
_STAMP: Final = re.compile(r"\A\d\d:\d\d(:\d\d)?(?= )")


class Actor:
    """A window on the stage, and what plays in it."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.window = Window(scene.columns, scene.lines)
        self.process: subprocess.Popen[bytes] | None = None
        self._seen: dict[int, float] = {}  # the row, and when it was first seen

    def close(self) -> None:
        """End what plays, and close the window."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE)
        self.window.close()

    def look(self, now: float, ports: dict[str, str]) -> Look:
        """Give what is to be seen, with another time of day and other ports."""
        screen = self.window.screen
        if screen.scrolled_off:
            raise ValueError(f"the scene is too long for the window of {self.scene.title}")
        rows = []
        for index, row in enumerate(screen.cells):
            if _STAMP.match(_plain(row)):
                self._seen.setdefault(index, now)
            rows.append(mask(row, self._seen.get(index, now), ports))
        return Look(tuple(rows), (screen.row, screen.column))


class Stage:
    """Three windows, and the time of the picture."""

    def __init__(self) -> None:
        self.now = 0.0  # seconds
        self.ports: dict[str, str] = {}
        operator = Scene("operator", 0, 0, 58, 26)
        alice = Scene("alice", operator.width + GAP, 0, 54, 12)
        bob = Scene("bob", alice.x, alice.height + GAP, 54, 10)
        self.operator, self.alice, self.bob = self.cast = [
            Actor(scene) for scene in (operator, alice, bob)
        ]

    def close(self) -> None:
        """Clear the stage."""
        for actor in self.cast:
            actor.close()

    def shoot(self, seconds: float) -> None:
        """Take a picture of everything, which stays for so long."""
        for actor in self.cast:
            actor.scene.show(self.now, actor.look(self.now, self.ports))
        self.now = round(self.now + seconds, 3)

    def start(self, actor: Actor, command: str, arguments: Sequence[str], until: str) -> None:
        """Show the command, and run what it stands for."""
        actor.window.write(b"$ " + command.encode())
        self.shoot(READING)
        actor.window.write(b"\n")
        argv = [sys.executable, "-m", "reactor_chat", *arguments]
        actor.process = actor.window.run(argv, env=environment())
        actor.window.until_shows(until)
        actor.window.until(lambda screen: _PROMPT.fullmatch(screen.last))

    def type(self, actor: Actor, text: str) -> None:
        """Press keys one after the other."""
        for char in text:
            column = actor.window.screen.column + 1
            actor.window.type(char)
            actor.window.until(partial(_is_at, column))
            self.shoot(KEY)

    def complete(self, actor: Actor, draft: str) -> None:
        """Press Tab, and see that it makes this draft."""
        actor.window.type("\t")
        actor.window.until(lambda screen: _PROMPT.sub("", screen.last, count=1) == f" {draft}")
        self.shoot(4 * KEY)

    def enter(self, actor: Actor, *expected: tuple[Actor, str]) -> None:
        """Press Enter, and see who reads what."""
        actor.window.type("\r")
        actor.window.until(lambda screen: _PROMPT.fullmatch(screen.last))
        self.wait(*expected)

    def wait(self, *expected: tuple[Actor, str]) -> None:
        """See who reads what."""
        for reader, text in expected:
            reader.window.until_shows(text)
            reader.window.until(lambda screen: _PROMPT.match(screen.last))
        self.shoot(READING)

    def all_read(self, text: str) -> list[tuple[Actor, str]]:
        """Everybody reads the same."""
        return [(actor, text) for actor in self.cast]

    def port(self) -> int:
        """Give the port that the server listens on."""
        [listening] = [row for row in self.operator.window.screen.rows if "listening" in row]
        return int(listening.rpartition(":")[2])


def play(stage: Stage) -> None:
    """Act out the scene."""
    operator, alice, bob = stage.cast
    flags = ["server", "--host", HOST, "--port", "0"]
    stage.start(operator, "make run-server", flags, "listening on")
    enter(stage, alice, operator)
    enter(stage, bob, operator, alice)
    stage.type(alice, "is there any Earl Grey left?")
    stage.enter(alice, *stage.all_read("Earl"))
    stage.type(bob, "al")
    stage.complete(bob, "alice:")
    stage.type(bob, "half a tin")
    stage.enter(bob, *stage.all_read("half a tin"))
    stage.type(alice, "/msg bob hide the bi")
    stage.type(bob, "/me puts the kettle on")
    stage.enter(bob, *stage.all_read("puts the kettle on"))
    stage.type(alice, "scuits")
    stage.enter(alice, (bob, "[PM from alice]"), (alice, "[PM to bob]"))
    interrupt(stage)
    stage.type(operator, "the kitchen closes at six")
    stage.enter(operator, *stage.all_read("closes at six"))
    stage.type(operator, "/who")
    stage.enter(operator, (operator, "(Client 2) from"))
    stage.type(alice, "on my w")
    stage.shoot(CURTAIN)


def enter(stage: Stage, actor: Actor, *witnesses: Actor) -> None:
    """Let one of the two come in."""
    name = actor.scene.title
    command = f"make run-client HOST=localhost NAME={name} ROOM=tea"
    flags = ["client", HOST, "--port", str(stage.port()), "--name", name, "--room", "tea"]
    stage.start(actor, command, flags, f"You are {name}, in tea")
    stage.wait(*((witness, f"{name} joined") for witness in witnesses))


def interrupt(stage: Stage) -> None:
    """Let somebody call who is not wanted."""
    operator = stage.operator
    with contextlib.closing(Client(Sources(), stage.port())) as caller:
        caller.say("cheap tea, best tea, my tea")
        stage.wait((operator, "best tea"))
        stage.type(operator, "/kick Cl")
        stage.complete(operator, "/kick Client 3")
        stage.type(operator, "no adverts")
        operator.window.type("\r")
        caller.read_to_end()
    stage.wait((operator, "Client 3 disconnected"))


def mask(row: Sequence[Cell], now: float, ports: dict[str, str]) -> tuple[Cell, ...]:
    """Give a row with the time of the picture for the time of day, and with ports from `PORTS`."""

    def port(found: re.Match[str]) -> str:
        return ports.setdefault(found[0], PORTS[len(ports) % len(PORTS)])

    minutes, seconds = divmod(BEGIN + int(now), 60)
    stamp = f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    before = _plain(row)
    after = _PORT.sub(port, _STAMP.sub(lambda found: stamp[: len(found[0])], before))
    changes = zip(before, after, row, strict=True)
    return tuple((new, cell[1]) if new != old else cell for old, new, cell in changes)


def _is_at(column: int, screen: Screen) -> bool:
    return screen.column == column


def _plain(row: Sequence[Cell]) -> str:
    """Give a character for each column."""
    return "".join(char[:1] or "\0" for char, _ in row)


def main() -> None:
    """Write the picture, and the transcript, to the files that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tests.picture", description=__doc__)
    parser.add_argument("out", metavar="OUT.svg", type=Path)
    parser.add_argument("readme", metavar="README.md", type=Path, nargs="?")
    options = parser.parse_args()
    out: Path = options.out
    readme: Path | None = options.readme
    with contextlib.closing(Stage()) as stage:
        play(stage)
        scenes = [actor.scene for actor in stage.cast]
        out.write_text(draw(scenes, TITLE, stage.now), encoding="utf-8")
    if readme is not None:
        text = readme.read_text(encoding="utf-8")
        readme.write_text(transcript.put(text, transcript.play()), encoding="utf-8")


if __name__ == "__main__":
    main()
