"""Sending while there is no connection: what waits, what is kept, and what is dropped."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from wsengine import Engine, EngineState, EngineStateError

from .conftest import NEVER
from .measuring import until
from .recorder import Recorder
from .servers import PATIENCE, PoliteServer
from .test_conversations import conversing

pytestmark = pytest.mark.usefixtures("nothing_held")


class Noting:
    """A server that notes what comes on each connection."""

    def __init__(self) -> None:
        self.came: list[list[Any]] = []

    async def __call__(self, connection: ServerConnection) -> None:
        self.came.append([])
        note = self.came[-1].append
        async for text in connection:
            note(json.loads(text))


@asynccontextmanager
async def disconnected(adapter: str, **settings: Any) -> AsyncIterator[tuple[Engine, Noting]]:
    """Give an engine that has lost its connection, and dials when `restart` is called."""
    noting = Noting()
    async with (
        PoliteServer(noting) as server,
        conversing(server.url, Recorder(), adapter, reconnect=NEVER, **settings) as engine,
    ):
        server.drop_all()
        await until(lambda: engine.state is EngineState.WAITING)
        yield engine, noting


async def queue(engine: Engine, *numbers: int) -> None:
    for number in numbers:
        await engine.send({"n": number}, when_closed="queue")


async def test_what_is_queued_before_the_end_of_a_program_is_sent(adapter: str) -> None:
    async with disconnected(adapter) as (engine, noting):
        await queue(engine, *range(100))
        engine.restart()
        await engine.drain(timeout=PATIENCE)
        assert len(engine.outbox) == 0
    await until(lambda: noting.came[1:] == [[{"n": number} for number in range(100)]])
    assert engine.outbox.dropped == 0


@pytest.mark.parametrize(
    ("policy", "kept"), [("drop_oldest", [3, 4, 5]), ("drop_newest", [1, 2, 3])]
)
async def test_one_message_more_than_the_outbox_holds(
    adapter: str, policy: str, kept: list[int]
) -> None:
    async with disconnected(adapter, outbox_messages=3, outbox_policy=policy) as (engine, noting):
        await queue(engine, 1, 2, 3, 4, 5)
        assert (len(engine.outbox), engine.outbox.dropped) == (3, 2)
        engine.restart()
        await until(lambda: len(noting.came) == 2 and len(noting.came[1]) == 3)
        await queue(engine, 6)
        await until(lambda: [each["n"] for each in noting.came[1]] == [*kept, 6])
        assert (len(engine.outbox), engine.outbox.dropped) == (0, 2)


async def test_a_full_outbox_may_refuse(adapter: str) -> None:
    settings = {"outbox_messages": 3, "outbox_policy": "raise"}
    async with disconnected(adapter, **settings) as (engine, noting):
        await queue(engine, 1, 2, 3)
        for number in (4, 5):
            with pytest.raises(EngineStateError, match=r"the outbox is full \(outbox_messages=3\)"):
                await queue(engine, number)
        engine.restart()
        await until(lambda: len(noting.came) == 2 and len(noting.came[1]) == 3)
        await queue(engine, 6)
        await until(lambda: [each["n"] for each in noting.came[1]] == [1, 2, 3, 6])
        assert engine.outbox.dropped == 0


async def test_the_outbox_is_emptied_in_order_after_the_subscriptions(adapter: str) -> None:
    async with disconnected(adapter) as (engine, noting):
        await queue(engine, *range(50))
        for key in "abc":
            engine.subscriptions.add(key, subscribe={"subscribe": key})
        await queue(engine, *range(50, 100))
        engine.restart()
        await until(lambda: len(noting.came) == 2 and len(noting.came[1]) == 103)
        subscribed = [{"subscribe": key} for key in "abc"]
        assert noting.came[1] == [*subscribed, *[{"n": number} for number in range(100)]]


async def test_sending_waits_for_the_next_session(adapter: str) -> None:
    async with disconnected(adapter) as (engine, noting):
        with pytest.raises(EngineStateError, match="this engine is waiting: when_closed='wait'"):
            await engine.send({"n": 0})
        waiting = [
            asyncio.create_task(engine.send({"n": number}, when_closed="wait"))
            for number in range(3)
        ]
        await asyncio.sleep(0.02)
        assert not any(task.done() for task in waiting)
        engine.restart()
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*waiting)
        await until(lambda: len(noting.came[1]) == 3)
        assert sorted(each["n"] for each in noting.came[1]) == [0, 1, 2]


@pytest.mark.one_adapter
async def test_those_who_wait_for_the_next_session_send_in_their_order(adapter: str) -> None:
    async with disconnected(adapter) as (engine, noting):
        sending = [engine.send({"n": number}, when_closed="wait") for number in range(30)]
        waiting = asyncio.gather(*sending)
        await asyncio.sleep(0.02)
        engine.restart()
        async with asyncio.timeout(PATIENCE):
            await waiting
        await until(lambda: len(noting.came[1]) == 30)
        assert [each["n"] for each in noting.came[1]] == list(range(30))


async def test_what_waits_for_a_session_that_never_comes(adapter: str) -> None:
    """The end of the engine ends the wait, and clears the outbox."""
    async with disconnected(adapter) as (engine, _):
        waiting = asyncio.create_task(engine.send({"n": 0}, when_closed="wait"))
        await queue(engine, 1, 2)
        await engine.stop()
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(EngineStateError, match="needs a running engine"):
                await waiting
        assert (len(engine.outbox), engine.outbox.dropped) == (0, 2)
        with pytest.raises(EngineStateError, match="this one is stopped"):
            await queue(engine, 3)


@pytest.mark.parametrize("how", ["send", "drain", "ready"])
async def test_a_pause_does_not_wait_for_the_end_that_only_it_would_read(
    adapter: str, how: str
) -> None:
    async def wait(engine: Engine) -> None:
        if how == "ready":
            await engine.subscriptions.add("a", subscribe={"n": 1}).ready()
        else:
            await engine.send({"n": 1}, when_closed="wait" if how == "send" else "queue")
            await engine.drain()

    noting = Noting()
    async with (
        PoliteServer(noting) as server,
        conversing(server.url, Recorder(), adapter) as engine,
    ):
        session = engine.session
        assert session is not None
        async with asyncio.timeout(PATIENCE):
            async with session.paused():
                server.drop_all()
                await asyncio.sleep(0.05)
                with pytest.raises(EngineStateError, match="inside a pause cannot wait for the"):
                    await wait(engine)
            await wait(engine)
        await until(lambda: len(noting.came) == 2 and {"n": 1} in noting.came[1])
