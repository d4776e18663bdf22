"""What the process holds: tasks, timers, descriptors, threads, memory."""

from __future__ import annotations

import asyncio
import ctypes
import ctypes.util
import gc
import math
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

MEMORY_SLACK: Final = 4 << 20
"""Bytes that a run may need more at its end than when it was warm, however long it is."""

WARM_UP: Final = 1 / 3
"""The share of the samples that is left out: caches fill, the history fills, code is loaded."""

FEWEST: Final = 6
"""Samples that are needed, warm ones, to tell a trend from chance."""

ENOUGH: Final = 9
"""Samples that are needed in all, so that so many are warm."""


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


def memory_growth(held: Sequence[Held]) -> float | None:
    """Return the bytes by which memory has grown since the process was warm; `None`: too early.

    It is the trend through all samples that counts, not the last of them.
    """
    warm = held[math.ceil(WARM_UP * len(held)) :]
    if len(warm) < FEWEST:
        return None
    trend = statistics.linear_regression(
        [one.seconds for one in warm], [one.memory for one in warm]
    )
    return trend.slope * (warm[-1].seconds - warm[0].seconds)


def memory_grows(held: Sequence[Held]) -> str | None:
    """Say how much memory has grown over a run, if that is too much."""
    growth = memory_growth(held)
    if growth is None or growth <= MEMORY_SLACK:
        return None
    return f"memory grew by {growth / 2**20:.1f} MiB, at most {MEMORY_SLACK / 2**20:g} are right"
