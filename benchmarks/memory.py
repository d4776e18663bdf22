"""The contestant that runs for long: does memory grow with the messages?"""

from __future__ import annotations

import functools
import gc
import sys
from typing import Final

from .amount import Amount, Measure, Sample
from .engines import Async, make_engine, session_of
from .machine import resident

AT_ONCE: Final = 50_000
"""Messages of one burst. In a longer one buffers grow, those of the system and of the library."""


def bursts(adapter: str, workers: int) -> Measure:
    """Return the measurement of memory over many bursts."""
    return functools.partial(_bursts, adapter, workers)


async def _bursts(adapter: str, workers: int, url: str, amount: Amount) -> Sample:
    counter = Async()

    async def handle(count: int) -> float:
        """Handle so many messages; return the seconds that it took."""
        seconds = 0.0
        for start in range(0, count, AT_ONCE):
            part = min(AT_ONCE, count - start)
            seconds += (await counter.burst(session_of(engine), amount, part))["seconds"]
        gc.collect()
        return seconds

    warm_up, count = amount.parts()
    async with make_engine(url, counter, adapter, workers) as engine:
        await handle(warm_up)
        before, blocks = resident(), sys.getallocatedblocks()
        seconds = await handle(count)
        growth, blocks = resident() - before, sys.getallocatedblocks() - blocks
    return {
        "count": count,
        "growth_mib": growth / 1024**2,
        "blocks": blocks,
        "per_second": count / seconds,
    }
