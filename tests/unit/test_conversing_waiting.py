"""Waiting for the next session where that would be waiting for oneself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from wsengine import Engine, EngineState, EngineStateError, Session

from .tools import Notes, conversing, make, now, settle

Wait = Callable[[Engine], Awaitable[object]]


async def send(engine: Engine) -> None:
    await engine.send("x", when_closed="wait")


async def drain(engine: Engine) -> None:
    await engine.send("x", when_closed="queue")
    await engine.drain()


async def ready(engine: Engine) -> None:
    await engine.subscriptions.add("a", subscribe="+a").ready()


WAYS = [send, drain, ready]


@pytest.mark.parametrize("wait", WAYS)
async def test_a_pilot_does_not_wait_for_the_end_that_only_it_would_read(wait: Wait) -> None:
    engine, adapter = make(Notes())
    async with engine:
        async with asyncio.timeout(60), engine.session.paused():  # type: ignore[union-attr]
            adapter.connection.lose()
            with pytest.raises(EngineStateError, match="inside a pause cannot wait for the next"):
                await wait(engine)
            assert now() == 0
        async with asyncio.timeout(60):
            await wait(engine)
        assert len(adapter.connections) == 2


@pytest.mark.parametrize("wait", WAYS)
async def test_nor_does_a_handler_when_the_backlog_is_full(wait: Wait) -> None:
    caught: list[EngineStateError] = []

    async def came(session: Session, message: str) -> None:
        if message != "1":
            return
        await asyncio.sleep(5)
        try:
            await wait(session.engine)
        except EngineStateError as error:
            caught.append(error)

    engine, adapter = make(Notes(on_message=came), backlog_messages=1)
    async with engine:
        adapter.connection.feed(*"1234")
        await settle()
        adapter.connection.lose()
        await asyncio.sleep(60)
        assert len(adapter.connections) == 2
    assert "inside a callback cannot wait for the next session" in str(caught[0])


@pytest.mark.parametrize("acknowledged", [False, True])
async def test_ready_in_a_handler_does_not_hold_the_next_session_up(acknowledged: bool) -> None:
    caught: list[EngineStateError] = []

    async def came(session: Session, message: Any) -> None:
        # The second one's turn is later than the loss: it is not even sent.
        for key in "ab":
            last = engine.subscriptions.add(key, subscribe={"op": key}, acknowledged=acknowledged)
        try:
            await last.ready()
        except EngineStateError as error:
            caught.append(error)

    engine, adapter = conversing(Notes(on_message=came), subscription_max_rate=0.1)
    async with engine:
        adapter.connection.feed("{}")
        await asyncio.sleep(1)
        assert not caught
        adapter.connection.lose()
        await asyncio.sleep(2)
        assert engine.state is EngineState.OPEN
        assert len(adapter.connections) == 2
    assert "ready() of subscription 'b' inside a callback cannot wait" in str(caught[0])


async def test_ready_in_a_handler_waits_while_there_is_a_session() -> None:
    done: list[float] = []

    async def came(session: Session, message: Any) -> None:
        handle = engine.subscriptions.add("a", subscribe={"op": "sub"}, acknowledged=True)
        await handle.ready()
        done.append(now())

    engine, adapter = conversing(Notes(on_message=came))
    async with engine:
        adapter.connection.feed("{}")
        await asyncio.sleep(3)
        adapter.connection.feed('{"id": 1}')
        await settle()
    assert done == [3]


async def test_ready_in_on_open_is_refused_at_once() -> None:
    async def opened(session: Session) -> None:
        await session.engine.subscriptions.add("a", subscribe="+a").ready()

    engine, _ = make(Notes(on_open=opened))
    with pytest.raises(Exception, match=r"ready\(\) of subscription 'a' inside a callback cannot"):
        await engine.start()
    assert now() == 0


async def test_ready_outside_of_callbacks_lasts_over_reconnects() -> None:
    engine, adapter = conversing(Notes())
    handle = engine.subscriptions.add("a", subscribe={"op": "sub"}, acknowledged=True)
    waiting = asyncio.create_task(handle.ready())
    async with engine:
        for _ in range(2):
            await settle()
            adapter.connection.lose()
            await asyncio.sleep(4)
        assert not waiting.done()
        adapter.connection.feed('{"id": 3}')
        await waiting


async def test_who_reads_may_come_late_to_the_end_that_a_send_has_found() -> None:
    """Until then there is no session to send or ask on: what is asked waits for the next one."""

    async def hold(session: Session) -> None:
        async with session.paused():
            await asyncio.sleep(5)

    engine, adapter = conversing(Notes())
    async with engine:
        session = engine.session
        assert session is not None
        holding = asyncio.create_task(hold(session))
        await settle()
        adapter.connection.lose()
        sending = asyncio.create_task(engine.send({}, when_closed="wait"))
        await settle()
        asking = asyncio.create_task(engine.request({"op": "x"}, timeout=60))
        await asyncio.sleep(7)
        assert adapter.connection.sent == ["{}", '{"op":"x","id":1}']
        adapter.connection.feed('{"id":1}')
        await asyncio.gather(holding, sending, asking)
