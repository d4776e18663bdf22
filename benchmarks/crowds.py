"""Contestants that hold a crowd of connections in one process: idle, and when all are lost."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import logging
import time
from collections import Counter as Tally
from collections.abc import Awaitable, Callable
from typing import Final

from wsengine import ConnectOptions, Endpoint, Engine, EngineConfig, Session

from .amount import Amount, Measure, Sample
from .engines import session_of
from .libraries import DIALS, Dial
from .machine import resident

AT_A_TIME: Final = 100
"""Dials under way at once."""
WARM_UP: Final = 20
"""Sessions opened and closed first: what every process has once is no session's."""
PING_INTERVAL: Final = 5.0
"""Seconds; an idle crowd is watched for so long, so that each session pings once."""
AWAY: Final = 5.0
"""Seconds that the server is gone."""

_OPTIONS: Final = ConnectOptions(compression=None, proxy=None)
_IDLE: Final = EngineConfig(ping_interval=PING_INTERVAL)


async def open_all(count: int, open_one: Callable[[int], Awaitable[object]]) -> None:
    """Open so many, some at a time."""
    free = asyncio.Semaphore(AT_A_TIME)

    async def open_in_turn(number: int) -> None:
        async with free:
            await open_one(number)

    async with asyncio.TaskGroup() as group:
        for number in range(count):
            group.create_task(open_in_turn(number))


async def weigh(
    count: int, open_one: Callable[[int], Awaitable[object]], watch: float = PING_INTERVAL
) -> Sample:
    """Open so many, and return what each weighs, how long it took, and what it costs to idle."""
    gc.collect()
    before, began = resident(), time.perf_counter()
    await open_all(count, open_one)
    started = time.perf_counter() - began
    gc.collect()
    weight = resident() - before
    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.sleep(watch)
    busy = (time.process_time() - cpu) / (time.perf_counter() - wall)
    return {
        "count": count,
        "start_s": started,
        "kib": weight / count / 1024,
        "cpu_percent": 100 * busy,
    }


def idle_bare(library: str) -> Measure:
    """Return the measurement of connections alone: nothing pings, and nobody waits to read."""
    return functools.partial(_idle_bare, DIALS[library])


async def _idle_bare(dial: Dial, url: str, amount: Amount) -> Sample:
    held: list[object] = []

    async def open_one(_: int) -> None:
        line = dial(url)
        await line.__aenter__()
        held.append(line)

    await _warm_up(dial, url)
    return await weigh(amount.count, open_one, watch=1.0)  # nothing happens there


def idle_by_hand(library: str) -> Measure:
    """Return the measurement of what a program needs: the library pings, and a task reads."""
    return functools.partial(_idle_by_hand, DIALS[library])


async def _idle_by_hand(dial: Dial, url: str, amount: Amount) -> Sample:
    async def read(opened: asyncio.Future[None]) -> None:
        async with dial(url, PING_INTERVAL) as line:
            opened.set_result(None)
            await line.receive()

    held: list[object] = []

    async def open_one(_: int) -> None:
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        held.append(asyncio.create_task(read(opened)))
        await opened

    await _warm_up(dial, url)
    return await weigh(amount.count, open_one)


async def _warm_up(dial: Dial, url: str) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(WARM_UP):
            await stack.enter_async_context(dial(url))


def idle(adapter: str) -> Measure:
    """Return the measurement of engines with nothing to do but pings."""
    return functools.partial(_idle, adapter)


async def _idle(adapter: str, url: str, amount: Amount) -> Sample:
    held: list[Engine] = []

    async def open_one(_: int) -> None:
        engine = Engine(url, Endpoint(), adapter=adapter, options=_OPTIONS, config=_IDLE)
        await engine.start()
        held.append(engine)

    await open_all(WARM_UP, open_one)
    for engine in held:
        await engine.stop()
    held.clear()
    return await weigh(amount.count, open_one)


class Survivor(Endpoint):
    """Notes when its session is lost, and when the next one is open."""

    def __init__(self, storm: Storm) -> None:
        self._storm = storm

    def on_open(self, session: Session, *, restarting: bool) -> None:
        if restarting:
            self._storm.came_back()


class Storm:
    """A crowd that loses its server.

    Args:
        url: Of the server.
        adapter: The name of the adapter.
        count: How many sessions.
    """

    def __init__(self, url: str, adapter: str, count: int) -> None:
        self._url = url
        self._count = count
        self._dials: list[float] = []
        self._back: list[float] = []
        self._all_back: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._engines = [
            Engine(self.dial, Survivor(self), adapter=adapter, options=_OPTIONS)
            for _ in range(count)
        ]

    def dial(self) -> str:
        """Return the URL, and note the dial."""
        self._dials.append(time.perf_counter())
        return self._url

    def came_back(self) -> None:
        """Note that a session is back."""
        self._back.append(time.perf_counter())
        if len(self._back) == self._count:
            self._all_back.set_result(None)

    async def stop(self) -> None:
        """Stop all engines."""
        await asyncio.gather(*(engine.stop() for engine in self._engines))

    async def run(self) -> Sample:
        """Open all, have the server vanish, and wait until all are back."""
        await open_all(self._count, lambda number: self._engines[number].start())
        self._dials.clear()
        await session_of(self._engines[0]).send(f'{{"vanish": {AWAY}}}')
        returns = time.perf_counter() + AWAY
        await self._all_back
        return {
            "count": self._count,
            "back_s": self._back[-1] - returns,
            "half_back_s": self._back[self._count // 2] - returns,
            "dials": len(self._dials) / self._count,
            "peak": busiest_second(self._dials),
            "peak_back": (peak := busiest_second([at for at in self._dials if at >= returns])),
            "peak_share": peak / self._count,
        }


def busiest_second(moments: list[float]) -> int:
    """Return the most moments that lie within one second, by tenths of seconds."""
    tenths = Tally(int(moment * 10) for moment in moments)
    return max((sum(tenths[start + i] for i in range(10)) for start in tenths), default=0)


def storm(adapter: str) -> Measure:
    """Return the measurement of a crowd that loses its server."""
    return functools.partial(_storm, adapter)


async def _storm(adapter: str, url: str, amount: Amount) -> Sample:
    logging.getLogger("wsengine").setLevel(logging.CRITICAL)  # thousands of warnings
    return await Storm(url, adapter, amount.count).run()
