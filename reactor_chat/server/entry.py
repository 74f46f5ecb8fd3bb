"""What is done before there is a server: descriptors, certificate, doors; and the exit status.

Invariants:
- Descriptors 0 to 2 are open before anything else is: a socket that got the number of a closed
  standard output would receive the log.
- What is in the way is one line on standard error, and status 1.

Not here: the command line's syntax (`__main__`), and the server's life (`service`).
"""

import contextlib
import os
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from reactor_chat.loop.reactor import Reactor
from reactor_chat.net.certificate import Certificate, CertificateError
from reactor_chat.server.configuration import NO_CERTIFICATE, OptionError
from reactor_chat.server.doors import CannotListen, OpenDoor, open_doors
from reactor_chat.server.keeping import CannotKeep, find_data
from reactor_chat.server.service import ReadOptions, Service, Start
from reactor_chat.server.settings import Options
from reactor_chat.server.trace import CannotTrace, open_trace

# Descriptors that are not clients': standard streams, epoll, signals, listeners, the keeper, and
# callers who are being turned away.
_RESERVED: Final = 32

_INTERRUPTED: Final = 130  # the shell's status for a program ended by SIGINT


def run_server(read_options: ReadOptions) -> int:
    """Serve until told to stop; return the exit status.

    `read_options` returns what the server is told, at the start and at each reload; it raises
    OptionError.
    """
    _open_standard_descriptors()
    options = read_options()
    try:
        certificate = _load_certificate(options)
        if options.check:
            sys.stdout.write("ok\n")
            return 0
        trace = open_trace(options.trace)
        doors = open_doors(options.doors, os.environ)
    except CannotTrace as error:
        return _give_up(str(error))
    except CertificateError as error:
        return _give_up(f"Cannot serve over TLS: {error}.")
    except CannotListen as error:
        return _give_up(str(error))
    with contextlib.ExitStack() as held:
        if trace is not None:
            held.callback(trace.write)
        for door in doors:
            held.callback(door.sock.close)  # in case that nobody comes to listen on it
        if certificate is None and any(door.tls for door in doors):
            raise OptionError(NO_CERTIFICATE)
        capacity = max(1, _raise_descriptor_limit() - _RESERVED)
        data = find_data(options.data, doors[0].port, os.environ)
        start = Start(options, read_options, capacity, certificate, data, trace)
        return _serve(start, doors)


def _serve(start: Start, doors: Sequence[OpenDoor]) -> int:
    try:
        service = Service(start.trace.new_reactor() if start.trace else Reactor(), start)
    except CannotKeep as error:
        return _give_up(str(error))
    except KeyboardInterrupt:  # a keeper may take its time to read the file
        return _INTERRUPTED
    try:
        service.run(doors)
    except KeyboardInterrupt:
        return _INTERRUPTED
    finally:
        service.close()
    return 0


def _give_up(why: str) -> int:
    sys.stderr.write(f"{why}\n")
    return 1


def _load_certificate(options: Options) -> Certificate | None:
    if options.cert is None or options.key is None:
        return None
    return Certificate(Path(options.cert), Path(options.key))


def _open_standard_descriptors() -> None:
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            # The lowest free number is `fd`, since those below it are open.
            os.open(os.devnull, os.O_RDWR)


def _raise_descriptor_limit() -> int:
    """Allow as many descriptors as the hard limit does; return that number."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):  # not everywhere is "unlimited" accepted
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return soft if soft != resource.RLIM_INFINITY else sys.maxsize
