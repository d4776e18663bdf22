"""What tests measure: time, and what a process holds."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .loops import pending_timers
from .servers import PATIENCE

_DESCRIPTORS = Path("/proc/self/fd")
_UNIX_SOCKETS = Path("/proc/self/net/unix")


async def until(condition: Callable[[], object], *, timeout: float = PATIENCE) -> None:
    """Wait until a condition holds.

    Raises:
        TimeoutError: It never did.
    """
    async with asyncio.timeout(timeout):
        while not condition():  # noqa: ASYNC110 - what is looked at tells nobody of its change
            await asyncio.sleep(0.002)


@dataclass
class Stopwatch:
    """Holds the seconds that a block took, when it is over."""

    seconds: float = float("nan")


@contextlib.contextmanager
def stopwatch() -> Iterator[Stopwatch]:
    """Measure the seconds that a block takes."""
    watch = Stopwatch()
    began = time.perf_counter()
    try:
        yield watch
    finally:
        watch.seconds = time.perf_counter() - began


def open_sockets() -> set[str]:
    """Return the sockets that this process holds, each by a name of its own.

    Without unix sockets: uvloop wakes itself by a pair of them, a fresh one for each run. Linux
    only: elsewhere it sees none, and what compares two answers checks nothing.
    """
    if not _DESCRIPTORS.exists():
        return set()
    sockets = set()
    for descriptor in os.listdir(_DESCRIPTORS):
        with contextlib.suppress(FileNotFoundError):  # the one that lists them is gone already
            sockets.add(os.readlink(_DESCRIPTORS / descriptor))
    unix = {f"socket:[{line.split()[6]}]" for line in _UNIX_SOCKETS.read_text().splitlines()}
    return {name for name in sockets if name.startswith("socket:")} - unix


def other_tasks() -> set[asyncio.Task[Any]]:
    """Return the tasks of the running event loop, except the one that asks."""
    return asyncio.all_tasks() - {asyncio.current_task()}


_OF_LOOPS = ("asyncio_", "uvloop_", "ThreadPoolExecutor-")  # of asyncio, and of uvloop


def _threads() -> list[threading.Thread]:
    """Return the threads, without those of event loops' executors, which stay for the next."""
    return [thread for thread in threading.enumerate() if not thread.name.startswith(_OF_LOOPS)]


@dataclass(frozen=True)
class Held:
    """What a process and its event loop hold at one moment."""

    sockets: frozenset[str]
    tasks: frozenset[asyncio.Task[Any]]
    timers: frozenset[asyncio.TimerHandle]
    threads: frozenset[threading.Thread]

    @classmethod
    def now(cls) -> Held:
        """Look."""
        return cls(
            frozenset(open_sockets()),
            frozenset(other_tasks()),
            frozenset(pending_timers()),
            frozenset(_threads()),
        )

    def added_since(self) -> dict[str, list[object]]:
        """Return what came after this moment and is still there, by its kind."""
        now = Held.now()
        added: dict[str, list[object]] = {
            "sockets": list(now.sockets - self.sockets),
            "tasks": list(now.tasks - self.tasks),
            "timers": list(now.timers - self.timers),
            "threads": list(now.threads - self.threads),
        }
        return {kind: things for kind, things in added.items() if things}

    async def check_nothing_added(self) -> None:
        """Fail, after a moment, if anything is held that was not held before."""
        for _ in range(200):  # no time-out here: it would be a timer that was not there before
            if not self.added_since():
                return
            await asyncio.sleep(0.01)  # the server's side closes a moment later
        added = self.added_since()
        assert not added, added
