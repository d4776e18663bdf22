"""What the process holds: tasks, timers, descriptors, threads, memory."""

from __future__ import annotations

import asyncio
import ctypes
import ctypes.util
import gc
import os
import resource
import statistics
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

_DESCRIPTORS: Final = Path("/proc/self/fd")

MEMORY_SHARE: Final = 0.15
"""How much more memory the end of a run may need than its beginning."""

MEMORY_SLACK: Final = 12 << 20
"""Bytes that come on top: allocators keep what they had once."""

WARM_UP: Final = 0.25
"""The share of the samples that is left out: caches fill, code is loaded."""

FEWEST: Final = 8
"""Samples without which nothing can be said about memory."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is held at one moment."""

    seconds: float
    tasks: int
    timers: int
    descriptors: int
    threads: int
    memory: int

    @classmethod
    def now(cls, seconds: float) -> Held:
        """Look; garbage does not count, nor what was freed."""
        gc.collect()
        give_back()
        # Nowhere public: asyncio does not show its timers.
        timers: list[Any] = getattr(asyncio.get_running_loop(), "_scheduled", [])
        return cls(
            seconds,
            len(asyncio.all_tasks()),
            sum(not timer.cancelled() for timer in timers),
            len(os.listdir(_DESCRIPTORS)) if _DESCRIPTORS.exists() else 0,
            threading.active_count(),
            resident(),
        )

    def above(self, bound: Held) -> list[str]:
        """Return what is held more than a bound allows, in words; memory is judged elsewhere."""
        mine, allowed = asdict(self), asdict(bound)
        return [
            f"{mine[kind]} {kind}, at most {allowed[kind]} are right"
            for kind in ("tasks", "timers", "descriptors", "threads")
            if mine[kind] > allowed[kind]
        ]


def give_back() -> None:
    """Have the C library give freed memory back to the system, where it has a function for that.

    Otherwise what is free, but lies between what is not, counts: a few MiB more every minute.
    """
    trim = getattr(ctypes.CDLL(ctypes.util.find_library("c")), "malloc_trim", None)
    if trim is not None:
        trim(0)


def resident() -> int:
    """Return the bytes of memory that this process has, as the system counts them."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:  # not Linux: the most that it ever had, in bytes on macOS
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return pages * resource.getpagesize()


def memory_grows(samples: Sequence[int]) -> str | None:
    """Say how much memory has grown over a run, if that is too much.

    The median of the last third is compared with that of the first third after the warm-up.
    """
    if len(samples) < FEWEST:
        return None
    warm = samples[int(WARM_UP * len(samples)) :]
    third = max(1, len(warm) // 3)
    before, after = statistics.median(warm[:third]), statistics.median(warm[-third:])
    if after <= before * (1 + MEMORY_SHARE) + MEMORY_SLACK:
        return None
    return f"memory grew from {before / 2**20:.1f} to {after / 2**20:.1f} MiB"
