"""Contestants without an engine: what a program does by hand with a library alone."""

from __future__ import annotations

import asyncio
import functools
import time

from picows import WSMsgType

from .amount import Amount, Clock, Measure, Sample, percentiles, whole
from .libraries import DIALS, Dial, Line, dial_listener


def loop(library: str) -> Measure:
    """Receive, and do nothing with it: nothing on this library can be faster."""
    return functools.partial(_loop, DIALS[library])


def loop_with_handler(library: str) -> Measure:
    """Receive, and await an `async def` handler that counts."""
    return functools.partial(_loop_with_handler, DIALS[library])


def task_per_message(library: str, pause: float) -> Measure:
    """Receive, and start a task for each message, however many run already."""
    return functools.partial(_task_per_message, DIALS[library], pause)


def some_tasks(library: str, pause: float, most: int) -> Measure:
    """Receive, and start a task for each message, so many at a time: what workers promise."""
    return functools.partial(_some_tasks, DIALS[library], pause, most)


def round_trips(library: str) -> Measure:
    """Send, and wait for the answer."""
    return functools.partial(_round_trips, DIALS[library])


def send(library: str, senders: int) -> Measure:
    """Send from so many tasks at once, until the server has it all."""
    return functools.partial(_send, DIALS[library], senders)


async def listener(url: str, amount: Amount) -> Sample:
    """Have picows call a function for each frame: the fastest that there is in Python."""
    transport, listening = await dial_listener(url)
    for count in amount.parts():
        clock, done = Clock(), listening.expect(count)
        transport.send(WSMsgType.TEXT, amount.order(count).encode())
        await done
        sample = clock.stop(count)
    transport.disconnect()
    return sample


async def _loop(dial: Dial, url: str, amount: Amount) -> Sample:
    async with dial(url) as line:
        for count in amount.parts():
            clock, receive = Clock(), line.receive
            await line.order(amount.order(count))
            for _ in range(count):
                await receive()
            sample = clock.stop(count)
    return sample


async def _loop_with_handler(dial: Dial, url: str, amount: Amount) -> Sample:
    seen = 0

    async def handle(message: object) -> None:
        nonlocal seen
        seen += 1

    async with dial(url) as line:
        for count in amount.parts():
            clock, receive, seen = Clock(), line.receive, 0
            await line.order(amount.order(count))
            while seen < count:
                await handle(await receive())
            sample = clock.stop(count)
    return sample


async def _task_per_message(dial: Dial, pause: float, url: str, amount: Amount) -> Sample:
    async def handle(message: object) -> None:
        await asyncio.sleep(pause)

    async with dial(url) as line:
        for count in amount.parts():
            clock = Clock()
            await line.order(amount.order(count))
            async with asyncio.TaskGroup() as group:
                for _ in range(count):
                    group.create_task(handle(await line.receive()))
            sample = clock.stop(count)
    return sample


async def _some_tasks(dial: Dial, pause: float, most: int, url: str, amount: Amount) -> Sample:
    free = asyncio.Semaphore(most)

    async def handle(message: object) -> None:
        try:
            await asyncio.sleep(pause)
        finally:
            free.release()

    async with dial(url) as line:
        for count in amount.parts():
            clock = Clock()
            await line.order(amount.order(count))
            async with asyncio.TaskGroup() as group:
                for _ in range(count):
                    await free.acquire()
                    group.create_task(handle(await line.receive()))
            sample = clock.stop(count)
    return sample


async def _round_trips(dial: Dial, url: str, amount: Amount) -> Sample:
    payload, samples = bytes(amount.size), []
    async with dial(url) as line:
        send, receive = line.send, line.receive
        for count in amount.parts():
            clock, times = Clock(), []
            for _ in range(count):
                sent = time.perf_counter()
                await send(payload)
                await receive()
                times.append(time.perf_counter() - sent)
            samples.append({**clock.stop(count), **percentiles(times)})
    return whole(samples)


async def _send(dial: Dial, senders: int, url: str, amount: Amount) -> Sample:
    async def send_some(line: Line, count: int) -> None:
        send, payload = line.send, bytes(amount.size)
        for _ in range(count):
            await send(payload)

    async with dial(url) as line:
        for part in amount.parts():
            each = max(part // senders, 1)
            clock = Clock()
            await line.order(amount.order_take(each * senders))
            async with asyncio.TaskGroup() as group:
                for _ in range(senders):
                    group.create_task(send_some(line, each))
            await line.receive()
            sample = clock.stop(each * senders)
    return sample
