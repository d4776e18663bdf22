"""Contestants with the engine: endpoints that do nothing but count."""

from __future__ import annotations

import asyncio
import functools
import time

from wsengine import ConnectOptions, Endpoint, Engine, EngineConfig, Session
from wsengine.message import Message

from .amount import Amount, Clock, Measure, Sample, percentiles, whole


class Counter(Endpoint):
    """Counts the messages of a burst down; one of its kinds has the handler."""

    left = 0

    async def burst(self, session: Session, amount: Amount, count: int) -> Sample:
        """Order a burst, and wait for its last message."""
        self.left, self._count = count, count
        self._done: asyncio.Future[Sample] = asyncio.get_running_loop().create_future()
        self._clock = Clock()
        await self.order(session, amount, count)
        return await self._done

    async def order(self, session: Session, amount: Amount, count: int) -> None:
        """Ask the server for the burst."""
        await session.send(amount.order(count))

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
    """Its handler suspends once, for as long as `pause` says."""

    pause = 0.0

    async def on_message(self, session: Session, message: Message) -> None:
        await asyncio.sleep(self.pause)
        self.left -= 1
        if not self.left:
            self.finish()


class Sleeping(Suspending):
    pause = 0.001


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


class Sender(Endpoint):
    """Sends from many tasks at once, and waits for the server to say that it has it all."""

    async def send(self, session: Session, amount: Amount, each: int, senders: int) -> Sample:
        """Send so many messages from each of so many tasks."""
        payload = bytes(amount.size)
        self._taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def send_some() -> None:
            for _ in range(each):
                await session.send(payload)

        clock = Clock()
        await session.send(amount.order_take(each * senders))
        async with asyncio.TaskGroup() as group:
            for _ in range(senders):
                group.create_task(send_some())
        await self._taken
        return clock.stop(each * senders)

    def on_message(self, session: Session, message: Message) -> None:
        self._taken.set_result(None)


def make_engine(url: str, endpoint: Endpoint, adapter: str, workers: int) -> Engine:
    """Make an engine that does what the bare contestants do: no pings, no compression."""
    return Engine(
        url,
        endpoint,
        adapter=adapter,
        options=ConnectOptions(compression=None, proxy=None),
        config=EngineConfig(workers=workers, ping_interval=None, reconnect=None),
    )


def session_of(engine: Engine) -> Session:
    """Return the session of an engine that is open."""
    if engine.session is None:
        raise RuntimeError(f"{engine}: the server has closed the connection")
    return engine.session


def burst(kind: type[Counter], adapter: str, workers: int) -> Measure:
    """Return the measurement of bursts with one kind of handler."""
    return functools.partial(_burst, kind, adapter, workers)


def round_trips(adapter: str, workers: int) -> Measure:
    """Return the measurement of round trips."""
    return functools.partial(_round_trips, adapter, workers)


def send(adapter: str, senders: int) -> Measure:
    """Return the measurement of sending from so many tasks."""
    return functools.partial(_send, adapter, senders)


async def _burst(
    kind: type[Counter], adapter: str, workers: int, url: str, amount: Amount
) -> Sample:
    counter = kind()
    async with make_engine(url, counter, adapter, workers) as engine:
        session = session_of(engine)
        return whole([await counter.burst(session, amount, part) for part in amount.parts()])


async def _round_trips(adapter: str, workers: int, url: str, amount: Amount) -> Sample:
    endpoint = PingPong()
    async with make_engine(url, endpoint, adapter, workers) as engine:
        session = session_of(engine)
        return whole([await endpoint.trips(session, amount, part) for part in amount.parts()])


async def _send(adapter: str, senders: int, url: str, amount: Amount) -> Sample:
    endpoint = Sender()
    async with make_engine(url, endpoint, adapter, 1) as engine:
        session, samples = session_of(engine), []
        for part in amount.parts():
            each = max(part // senders, 1)
            samples.append(await endpoint.send(session, amount, each, senders))
    return whole(samples)
