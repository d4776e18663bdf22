"""Contestants with the engine: endpoints that do nothing but count."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable

from wsengine import ConnectOptions, Endpoint, Engine, EngineConfig, Session
from wsengine.message import Message

from .workloads import Amount, Clock, Sample, percentiles

Measure = Callable[[str, Amount], Awaitable[Sample]]


class Counter(Endpoint):
    """Counts the messages of a burst down; one of its kinds has the handler."""

    left = 0

    async def burst(self, session: Session, amount: Amount, count: int) -> Sample:
        """Order a burst, and wait for its last message."""
        self.left, self._count = count, count
        self._done: asyncio.Future[Sample] = asyncio.get_running_loop().create_future()
        self._clock = Clock()
        await session.send(amount.order(count))
        return await self._done

    def finish(self) -> None:
        """Stop the clock: the last message has been handled."""
        self._done.set_result(self._clock.stop(self._count))


class Plain(Counter):
    def on_message(self, session: Session, message: Message) -> None:
        self.left -= 1
        if not self.left:
            self.finish()


class Async(Counter):
    async def on_message(self, session: Session, message: Message) -> None:
        self.left -= 1
        if not self.left:
            self.finish()


class Suspending(Counter):
    async def on_message(self, session: Session, message: Message) -> None:
        await asyncio.sleep(0)
        self.left -= 1
        if not self.left:
            self.finish()


class PingPong(Endpoint):
    """Answers each message with the next one, and notes the time between."""

    async def trips(self, session: Session, amount: Amount, count: int) -> Sample:
        """Send the first message, and wait for the last answer."""
        self._payload, self._count = bytes(amount.size), count
        self._times: list[float] = []
        self._done: asyncio.Future[Sample] = asyncio.get_running_loop().create_future()
        self._clock = Clock()
        await self._send(session)
        return await self._done

    async def on_message(self, session: Session, message: Message) -> None:
        self._times.append(time.perf_counter() - self._sent)
        if len(self._times) < self._count:
            await self._send(session)
        else:
            self._done.set_result({**self._clock.stop(self._count), **percentiles(self._times)})

    async def _send(self, session: Session) -> None:
        self._sent = time.perf_counter()
        await session.send(self._payload)


def make_engine(url: str, endpoint: Endpoint, workers: int) -> Engine:
    """Make an engine that does what the bare contestants do: no pings, no compression."""
    return Engine(
        url,
        endpoint,
        adapter="websockets",
        options=ConnectOptions(compression=None, proxy=None),
        config=EngineConfig(workers=workers, ping_interval=None, reconnect=None),
    )


def session_of(engine: Engine) -> Session:
    """Return the session of an engine that is open."""
    if engine.session is None:
        raise RuntimeError(f"{engine}: the server has closed the connection")
    return engine.session


def burst(kind: type[Counter], workers: int) -> Measure:
    """Return the measurement of bursts with one kind of handler."""
    return functools.partial(_burst, kind, workers)


def round_trips(workers: int) -> Measure:
    """Return the measurement of round trips."""
    return functools.partial(_round_trips, workers)


async def _burst(kind: type[Counter], workers: int, url: str, amount: Amount) -> Sample:
    counter = kind()
    async with make_engine(url, counter, workers) as engine:
        for count in amount.bursts():
            sample = await counter.burst(session_of(engine), amount, count)
    return sample


async def _round_trips(workers: int, url: str, amount: Amount) -> Sample:
    endpoint = PingPong()
    async with make_engine(url, endpoint, workers) as engine:
        for count in amount.trips():
            sample = await endpoint.trips(session_of(engine), amount, count)
    return sample
