"""The command line: `python -m reactor_chat server|client|log|lesson …`; installed, `reactor-chat`.

Invariants:
- Whatever is wrong with the call or with its circumstances costs one line on standard error and a
  status other than 0, never a traceback.

Not here: what the options do, and which ones the server has (`server.settings`).
"""

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Any, NoReturn

try:
    from reactor_chat import __version__
    from reactor_chat.client.destination import PORT, parse_destination
    from reactor_chat.client.entry import ClientOptions, run
    from reactor_chat.lesson.book import CHAPTERS
    from reactor_chat.lesson.tour import run_lesson
    from reactor_chat.server.configuration import OptionError, add_options, read_options
    from reactor_chat.server.entry import run_server
    from reactor_chat.server.values import parse_port
    from reactor_chat.store.log_command import LogOptions, parse_since
    from reactor_chat.store.log_command import run as print_log
except KeyboardInterrupt:  # a slow machine takes a second for these, and Ctrl-C is no defect
    sys.exit(130)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (--help shows the options)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; return the exit status."""
    given = vars(_parser().parse_args(arguments))
    parser: _Parser = given.pop("parser")
    command = given.pop("command")
    run_command = {"server": _serve, "client": _talk, "log": _print_log, "lesson": _teach}[command]
    try:
        return run_command(given)
    except OptionError as error:
        parser.error(str(error))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="reactor-chat", description="A chat over plain TCP.")
    _add_version(parser)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    for name, purpose, add in (
        ("server", "serve", add_options),
        ("client", "talk", _add_client),
        ("log", "print what a server has kept", _add_log),
        ("lesson", "see the loop turn", _add_lesson),
    ):
        command = commands.add_parser(name, help=purpose, allow_abbrev=False)
        command.set_defaults(parser=command)
        _add_version(command)
        add(command)
    return parser


def _add_version(parser: argparse.ArgumentParser) -> None:
    version = f"reactor-chat {__version__}"
    parser.add_argument("--version", action="version", version=version, help="show it, and end")


def _add_client(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "host",
        nargs="?",
        metavar="HOST",
        help="the server, as HOST, HOST:PORT or chats://HOST:PORT (default: asks)",
    )
    parser.add_argument("--port", type=parse_port, help=f"(default: {PORT})")
    parser.add_argument("--tls", action="store_true", help="encrypted, as with chats://")
    parser.add_argument(
        "--trust", metavar="SHA256:…", help="take a certificate with this fingerprint, and no other"
    )
    parser.add_argument("--name", help="take this name on connecting")
    parser.add_argument(
        "--password-file",
        metavar="FILE",
        help="whose first line is the name's password (default: $REACTOR_CHAT_PASSWORD)",
    )
    parser.add_argument("--room", help="enter this room on connecting")
    parser.add_argument("--no-color", action="store_true", help="as if NO_COLOR was set")
    parser.add_argument("--no-bell", action="store_true", help="private messages are silent")
    parser.add_argument("--no-reconnect", action="store_true", help="end with the connection")
    parser.add_argument("--no-history", action="store_true", help="do not keep what is typed")


def _add_log(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("file", metavar="FILE", help="what --data names")
    add("room", nargs="?", metavar="ROOM", help="this room alone")
    add("--since", type=_since, default=0, metavar="TIME", help="2026-11-27, 2026-11-27T20:47, 2h")
    add("--json", action="store_true", help="an object a line")


def _add_lesson(parser: argparse.ArgumentParser) -> None:
    titles = [f"  {number:2}  {one.title}" for number, one in enumerate(CHAPTERS, 1)]
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = "The real server, its loop turned by hand, a step at each Enter."
    parser.epilog = "\n".join(["chapters:", *titles])
    numbers = range(1, len(CHAPTERS) + 1)
    parser.add_argument(
        "chapter", type=int, choices=numbers, nargs="?", metavar="CHAPTER", help="this one alone"
    )


def _since(text: str) -> int:
    try:
        return parse_since(text, time.time())
    except (ValueError, OverflowError) as error:
        form = "2026-11-27, 2026-11-27T20:47 (UTC), 30m, 2h and 7d"
        raise argparse.ArgumentTypeError(f"{text} is not a time, as {form} are") from error


def _serve(given: dict[str, Any]) -> int:
    return run_server(lambda: read_options(given))


def _talk(given: dict[str, Any]) -> int:
    options = argparse.Namespace(**given)
    if options.host is not None:
        try:
            parse_destination(options.host, options.port, options.tls)
        except ValueError as error:
            raise OptionError(str(error)) from None
    return run(
        ClientOptions(
            host=options.host,
            port=options.port,
            tls=options.tls,
            trust=options.trust,
            name=options.name,
            password_file=options.password_file,
            room=options.room,
            color=not options.no_color,
            bell=not options.no_bell,
            reconnect=not options.no_reconnect,
            history=not options.no_history,
        )
    )


def _teach(given: dict[str, Any]) -> int:
    return run_lesson(CHAPTERS, **given)


def _print_log(given: dict[str, Any]) -> int:
    return print_log(LogOptions(**given))


if __name__ == "__main__":
    sys.exit(main())
