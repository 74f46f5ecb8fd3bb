"""What the server can be told: the one table that the command line and the file are read by.

`OPTIONS` is the table. What was read by it is `Options`; the part of it that a running server goes
by, and that a reload replaces, is `Settings`.

Invariant: an option is described here and nowhere else. Two descriptions drift apart, and the one
in the manual is the one that nobody runs; a test holds the README's table to this one.

Not here: reading the command line and the file (`configuration`), and what the limits do.
"""

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from reactor_chat.net.shared import Limits
from reactor_chat.server.values import (
    COUNT,
    COUNT_OR_0,
    FILE,
    FLAG,
    FORMAT,
    HOST,
    PORT,
    PORT_NUMBER,
    RATE,
    SIZE,
    URLS,
    Door,
    Kind,
)

# What decides where to listen; together these are the doors.
PLACE: Final = ("host", "port", "listen")


class Option(NamedTuple):
    """One thing that the server can be told."""

    name: str
    kind: Kind
    metavar: str
    default: str  # as it would be typed; "": the text says what happens without it
    text: str
    reloads: bool = False  # whether a running server takes a new value
    in_file: bool = True

    @property
    def value(self) -> Any:
        """The value of the default."""
        if not self.default:
            return False if self.kind is FLAG else None
        return self.kind.parse(self.default)


OPTIONS: Final = (
    Option(
        "host",
        HOST,
        "HOST",
        "localhost",
        "where to listen: every address that the name resolves to; *: every address of this "
        "machine. HOST:PORT names the port, too",
    ),
    Option("port", PORT_NUMBER, "PORT", str(PORT), "0 takes a free one"),
    Option(
        "listen",
        URLS,
        "URL",
        "",
        "in place of --host and --port, any number of times: chat://HOST:PORT, or "
        "chats://HOST:PORT for TLS",
    ),
    Option("cert", FILE, "FILE", "", "the certificate for TLS, with its chain (PEM)", True),
    Option("key", FILE, "FILE", "", "the certificate's private key (PEM)", True),
    Option(
        "config",
        FILE,
        "FILE",
        "",
        "read options from this file (TOML, the keys are the names of long options); what the "
        "command line says wins",
        in_file=False,
    ),
    Option(
        "check",
        FLAG,
        "",
        "",
        "read all of it, certificates included, say ok, and end",
        False,
        False,
    ),
    Option(
        "data",
        FILE,
        "FILE",
        "",
        "where lines, registered names and bans are kept; none: nowhere. Without it: PORT.db in "
        "$STATE_DIRECTORY, else in reactor-chat under $XDG_STATE_HOME (~/.local/state); nowhere "
        "with port 0",
    ),
    Option("keep-days", COUNT_OR_0, "N", "30", "delete what is older; 0: keep it for ever"),
    Option(
        "memory",
        SIZE,
        "BYTES",
        "256M",
        "what all rooms' lines and all backlogs may take together",
        True,
    ),
    Option(
        "log-format",
        FORMAT,
        "FORMAT",
        "plain",
        "plain; dated: a date and time (UTC) before each line; json: one object a line",
        True,
    ),
    Option(
        "log-rate",
        RATE,
        "LINES",
        "100",
        "what the log takes of one client a second, ten times that at once; what is left out is "
        "counted there; 0: everything",
        True,
    ),
    Option("quiet", FLAG, "", "", "leave what people say out of the log", True),
    Option(
        "max-clients",
        COUNT,
        "N",
        "",
        "how many at a time; without it, what the descriptor limit allows, less 32",
        True,
    ),
    Option(
        "max-per-host",
        COUNT_OR_0,
        "N",
        "",
        "how many from one address (IPv6: one /64), but for this machine's own; 0: no limit; "
        "without it, half of --max-clients",
        True,
    ),
    Option(
        "rate",
        RATE,
        "N",
        "50",
        "messages a second that one client may relay, four times that at once; 0: no limit",
        True,
    ),
    Option("max-backlog", SIZE, "BYTES", "1M", "what may wait for a slow reader", True),
    Option(
        "plain-passwords",
        FLAG,
        "",
        "",
        "let passwords come over connections without TLS, from other machines too",
        True,
    ),
    Option(
        "trace",
        FILE,
        "FILE",
        "",
        "at the end, write there what the loop did (Trace Event Format): the last 100,000 steps, "
        "and the 20 longest turns",
    ),
)


@dataclass(frozen=True)
class Settings:
    """What the running server goes by; a reload replaces it."""

    max_clients: int = 1000
    max_per_host: int | None = None  # None: half of `max_clients`; 0: no limit
    rate: float = 50.0  # lines a second that one client may relay; 0: no limit
    limits: Limits = field(default_factory=Limits)
    memory: int = 256 * 1024**2  # bytes, for all rooms' lines and all backlogs
    plain_passwords: bool = False  # whether passwords may come over a plain connection

    @property
    def host_share(self) -> int:
        """How many may come from one address (0: any number), this machine's own aside."""
        if self.max_per_host is None:
            return max(1, self.max_clients // 2)
        return self.max_per_host


@dataclass(frozen=True)
class Options:
    """All that the command line, the file and the defaults decide."""

    doors: tuple[Door, ...]
    cert: str | None
    key: str | None
    config: str | None
    check: bool
    data: str | None  # None: the default place
    keep_days: int
    memory: int
    log_format: str
    log_rate: float
    quiet: bool
    max_clients: int | None
    max_per_host: int | None
    rate: float
    max_backlog: int
    plain_passwords: bool
    trace: str | None

    def settings(self, capacity: int) -> Settings:
        """Return what the running server goes by; descriptors allow `capacity` clients."""
        return Settings(
            max_clients=self.max_clients or capacity,
            max_per_host=self.max_per_host,
            rate=self.rate,
            limits=Limits(backlog=self.max_backlog),
            memory=self.memory,
            plain_passwords=self.plain_passwords,
        )

    def changes(self, new: "Options", at_once: bool) -> list[str]:
        """Return what `new` has otherwise, and a reload changes, or only a restart does."""
        changed = []
        for option in OPTIONS:
            place = option.name in PLACE
            field = "doors" if place else field_of(option.name)
            name = "listen" if place else option.name
            counts = option.in_file and option.reloads == at_once and name not in changed
            if counts and getattr(self, field) != getattr(new, field):
                changed.append(name)
        return changed


def field_of(name: str) -> str:
    """Return the name that an option has in a namespace and in `Options`."""
    return name.replace("-", "_")
