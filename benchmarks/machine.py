"""The machine: on which cores the two processes run, and what a report must say about it."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import sys
from pathlib import Path
from typing import Final

ANY: Final = -1
"""Stands for a core that the system chooses."""

LIBRARIES: Final = ("wsengine", "websockets", "opentelemetry-api", "opentelemetry-sdk", "uvloop")


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
        "Server runs on": _core(server_core),
        "Client runs on": _core(client_core),
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
