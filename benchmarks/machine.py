"""The machine: on which cores the two processes run, and what a report must say about it."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import resource
import sys
from pathlib import Path
from typing import Final

ANY: Final = -1
"""Stands for a core that the system chooses."""

LIBRARIES: Final = (
    *("wsengine", "websockets", "aiohttp", "picows", "websocket-client"),
    *("opentelemetry-api", "opentelemetry-sdk", "uvloop"),
)


def choose_cores() -> tuple[int, int]:
    """Return the cores of the server and of the client: two, where this process has two."""
    if sys.platform != "linux":
        return ANY, ANY
    cores = sorted(os.sched_getaffinity(0))
    return (cores[0], cores[1]) if len(cores) > 1 else (ANY, ANY)


def pin(core: int) -> None:
    """Keep the calling process on a core."""
    if sys.platform == "linux" and core != ANY:
        os.sched_setaffinity(0, {core})


def allow_files() -> int:
    """Allow this process as many open files as the system lets it; return how many."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # macOS names no bound, and still has one
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def resident() -> int:
    """Return the bytes of memory that this process has, as the system counts them."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:  # not Linux: the most that it ever had, in bytes on macOS
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return pages * resource.getpagesize()


def describe(server_core: int, client_core: int) -> dict[str, str]:
    """Return what figures are worth nothing without."""
    versions = []
    for library in LIBRARIES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions.append(f"{library} {importlib.metadata.version(library)}")
    return {
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "Libraries": ", ".join(versions),
        "System": f"{platform.system()} {platform.release()} {platform.machine()}",
        "Processor": f"{_processor()}, {os.cpu_count()} cores",
        "Servers run on": _core(server_core),
        "Clients run on": _core(client_core),
        "Load before": " ".join(f"{load:.2f}" for load in _load()),
    }


def _core(core: int) -> str:
    return "any core" if core == ANY else f"core {core}"


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _load() -> tuple[float, ...]:
    return os.getloadavg() if hasattr(os, "getloadavg") else ()
