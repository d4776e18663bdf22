"""Contestants without an engine: what a program does by hand with the library alone."""

from __future__ import annotations

import asyncio
import time

from websockets.asyncio.client import connect

from .workloads import Amount, Clock, Sample, percentiles


def dial(url: str) -> connect:
    """Connect as the engine's adapter does with `ConnectOptions(compression=None, proxy=None)`."""
    return connect(
        url,
        compression=None,
        proxy=None,
        ping_interval=None,
        max_size=16 * 1024 * 1024,
        open_timeout=None,
    )


async def loop(url: str, amount: Amount) -> Sample:
    """Receive, and do nothing with it: nothing on this library can be faster."""
    async with dial(url) as connection:
        for count in amount.bursts():
            clock = Clock()
            await connection.send(amount.order(count))
            for _ in range(count):
                await connection.recv()
            sample = clock.stop(count)
    return sample


async def loop_with_handler(url: str, amount: Amount) -> Sample:
    """Receive, and await an `async def` handler that counts."""
    seen = 0

    async def handle(message: str | bytes) -> None:
        nonlocal seen
        seen += 1

    async with dial(url) as connection:
        for count in amount.bursts():
            clock, seen = Clock(), 0
            await connection.send(amount.order(count))
            while seen < count:
                await handle(await connection.recv())
            sample = clock.stop(count)
    return sample


async def task_per_message(url: str, amount: Amount) -> Sample:
    """Receive, and start a task for each message, however many run already."""

    async def handle(message: str | bytes) -> None:
        await asyncio.sleep(0)

    async with dial(url) as connection:
        for count in amount.bursts():
            clock = Clock()
            await connection.send(amount.order(count))
            async with asyncio.TaskGroup() as group:
                for _ in range(count):
                    group.create_task(handle(await connection.recv()))
            sample = clock.stop(count)
    return sample


async def four_tasks(url: str, amount: Amount) -> Sample:
    """Receive, and start a task for each message, four at a time: what four workers promise."""
    free = asyncio.Semaphore(4)

    async def handle(message: str | bytes) -> None:
        try:
            await asyncio.sleep(0)
        finally:
            free.release()

    async with dial(url) as connection:
        for count in amount.bursts():
            clock = Clock()
            await connection.send(amount.order(count))
            async with asyncio.TaskGroup() as group:
                for _ in range(count):
                    await free.acquire()
                    group.create_task(handle(await connection.recv()))
            sample = clock.stop(count)
    return sample


async def round_trips(url: str, amount: Amount) -> Sample:
    """Send, and wait for the answer."""
    payload = bytes(amount.size)
    async with dial(url) as connection:
        for count in amount.trips():
            clock, times = Clock(), []
            for _ in range(count):
                sent = time.perf_counter()
                await connection.send(payload)
                await connection.recv()
                times.append(time.perf_counter() - sent)
            sample = {**clock.stop(count), **percentiles(times)}
    return sample
