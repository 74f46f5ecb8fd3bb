"""Reading what the server is told: the command line, the file of `--config`, and the defaults.

    command line --+
                   +--> read_options --> Options
    --config FILE -+

Invariants:
- What the command line says wins over the file, and the file over the defaults. So a file can be
  tried with one value changed.
- Whatever is wrong is an `OptionError` of one line, raised before anything is changed: a mistake in
  the file must not leave a running server half reloaded.

Not here: which options there are (`settings`), opening doors and reading certificates (`service`).
"""

import argparse
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from reactor_chat.server.settings import OPTIONS, PLACE, Options, field_of
from reactor_chat.server.values import FLAG, URLS, Door

_BY_NAME: Final = {option.name: option for option in OPTIONS}

NO_CERTIFICATE: Final = "chats:// needs a certificate: --cert FILE and --key FILE."


class OptionError(Exception):
    """What was asked for makes no sense; the message is one line that says why."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Let a parser read every option; what is not given leaves no trace in its namespace."""
    for option in OPTIONS:
        text = option.text + (f" ({option.default})" if option.default else "")
        keys: dict[str, Any] = {"help": text.replace("%", "%%"), "default": argparse.SUPPRESS}
        if option.kind is FLAG:
            # A flag that the file sets can be taken back, too.
            keys["action"] = argparse.BooleanOptionalAction if option.in_file else "store_true"
        else:
            keys |= {"type": option.kind.parse, "metavar": option.metavar}
            keys["action"] = "append" if option.kind is URLS else "store"
        parser.add_argument(f"--{option.name}", **keys)


def read_options(given: Mapping[str, Any]) -> Options:
    """Put together what the command line gave (as a namespace has it), the file, the defaults."""
    said = {name: given[field_of(name)] for name in _BY_NAME if field_of(name) in given}
    stored = _read_file(said["config"]) if "config" in said else {}
    values = {option.name: option.value for option in OPTIONS} | stored | said
    doors = _doors(said, stored, values["host"], values["port"])
    if (values["cert"] is None) != (values["key"] is None):
        raise OptionError("--cert FILE and --key FILE go together.")
    if values["cert"] is None and any(door.tls for door in doors):
        raise OptionError(NO_CERTIFICATE)
    rest = {field_of(name): value for name, value in values.items() if name not in PLACE}
    return Options(doors=doors, **rest)


def _doors(
    said: Mapping[str, Any], stored: Mapping[str, Any], host: tuple[str, int | None], port: int
) -> tuple[Door, ...]:
    """Return where to listen: the command line's doors, if it names any, else the file's."""
    for source in (said, stored):
        _check_place(source)
    if "listen" in said:
        return tuple(said["listen"])
    if "listen" in stored and not ("host" in said or "port" in said):
        return tuple(stored["listen"])
    own_port = None if "port" in said and "host" not in said else host[1]
    return (Door(host[0], port if own_port is None else own_port),)


def _check_place(source: Mapping[str, Any]) -> None:
    host, port = source.get("host"), source.get("port")
    if "listen" in source and (host is not None or port is not None):
        raise OptionError("--listen stands in place of --host and --port.")
    if host is not None and port is not None and host[1] not in (None, port):
        raise OptionError("--host and --port name different ports.")


def _read_file(path: str) -> dict[str, Any]:
    try:
        content = Path(path).read_bytes()
        table = tomllib.loads(content.decode())
    except OSError as error:
        raise OptionError(f"{path}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise OptionError(f"{path}: line {line} is not UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise OptionError(f"{path}: {error}.") from error
    return {name: _from_file(path, name, value) for name, value in table.items()}


def _from_file(path: str, name: str, value: object) -> Any:
    option = _BY_NAME.get(name)
    if option is None or not option.in_file:
        raise OptionError(f"{path}: there is no option {name}.")
    kind = option.kind
    items = value if isinstance(value, list) and kind is URLS else [value]
    urls = bool(items) and all(type(item) is str for item in items)
    # Not `isinstance`: true is an int, too.
    if type(value) not in kind.in_file or (kind is URLS and not urls):
        raise OptionError(f"{path}: {name} has to be {kind.called}.")
    if isinstance(value, bool):
        return value
    try:
        parsed = [kind.parse(str(item)) for item in items]
    except argparse.ArgumentTypeError as error:
        raise OptionError(f"{path}: {name}: {error}.") from error
    return parsed if kind is URLS else parsed[0]
