"""The command line: `python -m reactor_chat server|client …`, or `reactor-chat` once installed.

Invariants:
- Whatever is wrong with the call or with its circumstances costs one line on standard error and a
  status other than 0, never a traceback.

Not here: what the options do.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from reactor_chat.client.entry import ClientOptions, run
from reactor_chat.net.send_queue import Limits
from reactor_chat.server.service import ServerOptions, run_server
from reactor_chat.wire.addresses import strip_brackets

PORT = 56040


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (--help shows the options)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; give the exit status."""
    options = _parser().parse_args(arguments)
    return _serve(options) if options.command == "server" else _talk(options)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="reactor-chat", description="A chat over plain TCP.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    _add_server(commands.add_parser("server", help="serve", allow_abbrev=False))
    _add_client(commands.add_parser("client", help="talk", allow_abbrev=False))
    return parser


def _add_server(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--host", type=_host, default="localhost", help="where to listen (localhost; *: everywhere)"
    )
    parser.add_argument("--port", type=_port, default=PORT, help="0 takes a free one")
    parser.add_argument("--quiet", action="store_true", help="leave messages out of the log")
    parser.add_argument(
        "--max-clients",
        type=_number(int, 1),
        metavar="N",
        help="how many at a time (default: what the descriptor limit allows, less 32)",
    )
    parser.add_argument(
        "--max-per-host", type=_number(int, 0), default=0, metavar="N", help="0: no limit (default)"
    )
    parser.add_argument(
        "--rate",
        type=_number(float, 0),
        default=50.0,
        metavar="N",
        help="messages a second that one client may relay (default: 50; 0: no limit)",
    )
    parser.add_argument(
        "--max-backlog",
        type=_number(int, 1),
        default=Limits.backlog,
        metavar="BYTES",
        help="what may wait for a slow reader (default: 1 MiB)",
    )


def _add_client(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "host", type=_host, nargs="?", metavar="HOST", help="the server (default: asks)"
    )
    parser.add_argument("--port", type=_port, default=PORT)
    parser.add_argument("--name", help="take this name on connecting")
    parser.add_argument("--room", help="enter this room on connecting")
    parser.add_argument("--no-color", action="store_true", help="as if NO_COLOR was set")
    parser.add_argument("--no-bell", action="store_true", help="private messages are silent")
    parser.add_argument("--no-reconnect", action="store_true", help="end with the connection")


def _serve(options: argparse.Namespace) -> int:
    return run_server(
        ServerOptions(
            host=options.host,
            port=options.port,
            quiet=options.quiet,
            max_clients=options.max_clients,
            max_per_host=options.max_per_host,
            rate=options.rate,
            max_backlog=options.max_backlog,
        )
    )


def _talk(options: argparse.Namespace) -> int:
    return run(
        ClientOptions(
            host=options.host,
            port=options.port,
            name=options.name,
            room=options.room,
            color=not options.no_color,
            bell=not options.no_bell,
            reconnect=not options.no_reconnect,
        )
    )


def _host(text: str) -> str:
    # Nothing stands for all addresses to getaddrinfo(3); here it is a variable that was not set.
    if not text:
        raise argparse.ArgumentTypeError("no host is named")
    return strip_brackets(text)


def _port(text: str) -> int:
    port = _number(int, 0)(text)
    if port > 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port")
    return int(port)


def _number(kind: type[int] | type[float], least: int) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = least - 1
        if not least <= value < float("inf"):
            raise argparse.ArgumentTypeError(f"{text} is not a number from {least} up")
        return value

    return parse


if __name__ == "__main__":
    sys.exit(main())
