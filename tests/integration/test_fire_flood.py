"""Messages as fast as they come: each is handled once and in order, and timers stay prompt."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from wsengine import Endpoint, Session
from wsengine.adapters.websockets import WebsocketsAdapter

from .conftest import MakeEngine
from .measuring import until
from .recorder import Recorder
from .rude import CLOSE, RudeServer, close_frame, flood, speak
from .servers import PoliteServer

pytestmark = pytest.mark.usefixtures("nothing_held")

MESSAGES = 50_000


class Counts(Endpoint):
    """Notes which messages were started, and how many were finished."""

    def __init__(self) -> None:
        self.started: list[int] = []
        self.finished = 0
        self.running = self.most_running = 0


class Plain(Counts):
    def on_message(self, session: Session, message: Any) -> None:
        self.started.append(int(message))
        self.finished += 1


class NeverSuspends(Counts):
    async def on_message(self, session: Session, message: Any) -> None:
        self.started.append(int(message))
        self.finished += 1


class SuspendsNowAndThen(Counts):
    async def on_message(self, session: Session, message: Any) -> None:
        number = int(message)
        self.started.append(number)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        if number % 7 == 0:
            await asyncio.sleep(0)
        if number % 1009 == 0:
            await asyncio.sleep(0.001)
        self.running -= 1
        self.finished += 1


class Lateness:
    """How late the timers of the event loop were, at most, in seconds."""

    def __init__(self) -> None:
        self.most = 0.0
        self.timers = 0


@contextlib.asynccontextmanager
async def measured_timers() -> AsyncIterator[Lateness]:
    """Have a timer fire again and again, and measure how late it is."""
    lateness = Lateness()
    loop = asyncio.get_running_loop()

    async def tick() -> None:
        while True:
            due = loop.time() + 0.005
            await asyncio.sleep(0.005)
            lateness.most = max(lateness.most, loop.time() - due)
            lateness.timers += 1

    ticking = asyncio.create_task(tick())
    try:
        yield lateness
    finally:
        ticking.cancel()
        await asyncio.wait({ticking})


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.one_adapter), 4])
@pytest.mark.parametrize("kind", [Plain, NeverSuspends, SuspendsNowAndThen])
async def test_a_burst(make_engine: MakeEngine, kind: type[Counts], workers: int) -> None:
    endpoint = kind()
    async with (
        RudeServer(flood(MESSAGES)) as server,
        measured_timers() as lateness,
        make_engine(server.url, endpoint, workers=workers),
    ):
        await until(lambda: endpoint.finished >= MESSAGES, timeout=30)
        await asyncio.sleep(0.02)
    assert endpoint.started == list(range(MESSAGES))
    assert endpoint.finished == MESSAGES
    assert endpoint.most_running <= workers
    assert lateness.timers >= 1
    assert lateness.most < 1.0, f"a timer was {lateness.most:.2f} s late"


@pytest.mark.one_adapter
async def test_timers_are_prompt_while_everything_is_buffered(make_engine: MakeEngine) -> None:
    """With no bound to its queue the library always has a message, and never suspends."""
    finished: list[int] = []

    class Works(Endpoint):
        def on_message(self, session: Session, message: Any) -> None:
            finished.append(sum(range(500)))  # some microseconds of work

    endless = WebsocketsAdapter(max_queue=None)
    async with (
        RudeServer(flood(MESSAGES)) as server,
        make_engine(server.url, Works(), adapter=endless),
        measured_timers() as lateness,
    ):
        await until(lambda: len(finished) == MESSAGES, timeout=30)
    assert lateness.timers >= 3
    assert lateness.most < 1.0, f"a timer was {lateness.most:.2f} s late"


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.one_adapter), 4])
async def test_stop_in_the_middle_of_a_flood(make_engine: MakeEngine, workers: int) -> None:
    endpoint = SuspendsNowAndThen()
    async with RudeServer(flood(10_000_000)) as server:
        engine = make_engine(server.url, endpoint, workers=workers, stop_timeout=0.6)
        await engine.start()
        await until(lambda: endpoint.finished > 1000)
        async with asyncio.timeout(0.6 + 2):  # a busy machine may take longer
            await engine.stop()
        handled = endpoint.finished
        await asyncio.sleep(0.02)
    assert endpoint.finished == handled, "no handler runs after the stop"
    assert endpoint.started == list(range(handled))


async def test_the_close_frame_comes_behind_what_is_unread(make_engine: MakeEngine) -> None:
    """The server answers the client's close frame in turn: it is found, and not cut off."""

    class Stuck(Recorder):
        async def on_message(self, session: Session, message: Any) -> None:
            super().on_message(session, message)
            await asyncio.sleep(0.1)

    endpoint = Stuck()
    async with RudeServer(speak(*("x" * 50_000 for _ in range(200)))) as server:
        async with make_engine(server.url, endpoint, backlog_messages=1, stop_timeout=5) as engine:
            await until(lambda: endpoint.messages)
            engine.exit()
        assert server.peers[0].frames == [(CLOSE, close_frame(1001))]
    assert endpoint.messages == ["x" * 50_000]
    assert endpoint.sessions[0].stats().messages_dropped == 199
    assert endpoint.close_errors == []


async def test_what_came_before_the_close_frame_is_handled(make_engine: MakeEngine) -> None:
    async def hurry(connection: ServerConnection) -> None:
        for number in range(200):
            await connection.send(str(number))
        await connection.close(1000)

    class Slow(Recorder):
        async def on_message(self, session: Session, message: Any) -> None:
            super().on_message(session, message)
            await asyncio.sleep(0.001)

    endpoint = Slow()
    async with PoliteServer(hurry) as server:
        engine = make_engine(server.url, endpoint, reconnect=None)
        await engine.start()
        await asyncio.wait_for(engine.wait_stopped(), 10)
    assert endpoint.messages == [str(number) for number in range(200)]
    assert endpoint.calls[-1] == "on_close"
