"""What a run's figures depend on: the processor, the versions, and the limits of one process.

Asks the system and changes one thing: the soft limit of descriptors is raised to the hard one,
which the servers and the load inherit. What the limits mean for a run is decided in `plan.py`.
"""

import importlib.metadata
import os
import platform
import resource
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.plan import Limits

# Of the ports that the kernel hands out some are in use by others.
SPARE_PORTS = 1_000

# Where the kernel does not tell its range: the one that IANA sets aside (RFC 6335, section 6).
DYNAMIC_PORTS = 65_535 - 49_152


# Loopback addresses to call from: 127.0.0.2 and on.
ADDRESSES = 200


def limits() -> Limits:
    """What one process may open, once its soft limit of descriptors is raised to the hard one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):
        # macOS names no hard limit, and refuses what the kernel's own setting does not allow.
        hard = soft
    return Limits(hard, _ports() - SPARE_PORTS, ADDRESSES if sys.platform == "linux" else 1)


def _ports() -> int:
    """How many ports the kernel chooses from for one destination."""
    try:
        text = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii")
    except OSError:
        return DYNAMIC_PORTS
    first, last = map(int, text.split())
    return last - first


def facts() -> dict[str, Any]:
    """What the figures depend on: processor, kernel, versions, and what else was running."""
    return {
        "time": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        "processor": _processor(),
        "processors": os.cpu_count(),
        "system": platform.platform(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "uvloop": _version("uvloop"),
        "load_average": os.getloadavg()[0],
    }


def described(facts: dict[str, Any]) -> str:
    uvloop = f", uvloop {facts['uvloop']}" if facts["uvloop"] else ""
    return (
        f"{facts['processors']} x {facts['processor']}, {facts['system']}\n"
        f"{facts['python']}{uvloop}, load average {facts['load_average']:.2f} at the start, "
        f"{facts['time']}"
    )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
            return _model(cpuinfo) or platform.machine()
    except OSError:
        return platform.processor() or platform.machine()


def _model(lines: Iterable[str]) -> str:
    fields = (line.partition(":") for line in lines)
    return next((value.strip() for key, _, value in fields if key.strip() == "model name"), "")


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
