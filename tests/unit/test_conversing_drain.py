"""Waiting until all that waits to be sent has been sent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from wsengine import ConfigError, Engine, EngineState, EngineStateError, Session
from wsengine.errors import ConnectError
from wsengine.testing import Accept, Hang, Refuse, ScriptedAdapter, ScriptedConnection

from .tools import Notes, conversing, make, now, settle


class Stuffed:
    """Holds up what a connection sends, as a full transport does."""

    def __init__(self, connection: ScriptedConnection) -> None:
        self.free = asyncio.Event()
        self._send = connection.send
        connection.send = self.send  # type: ignore[method-assign]

    async def send(self, message: Any) -> None:
        await self.free.wait()
        await self._send(message)


@contextlib.asynccontextmanager
async def lost(*script: Any, **settings: Any) -> AsyncIterator[tuple[Engine, ScriptedAdapter]]:
    """Give an engine that has lost its connection, and dials again in a second."""
    engine, adapter = make(Notes(), Accept(), *script, **settings)
    async with engine:
        adapter.connection.lose()
        await settle()
        yield engine, adapter


async def test_what_is_queued_before_the_end_is_sent() -> None:
    async with lost() as (engine, adapter):
        for text in "ab":
            await engine.send(text, when_closed="queue")
        await engine.drain(timeout=60)
    assert now() == pytest.approx(1)
    assert adapter.connection.sent == ["a", "b"]
    assert engine.outbox.dropped == 0


async def test_where_nothing_waits_neither_does_it() -> None:
    engine, _ = make(Notes())
    async with engine:
        await engine.drain(timeout=1)
        engine.subscriptions.add("a", subscribe="+a")
        await settle()
        await engine.drain(timeout=1)
    async with lost() as (engine, _):
        engine.subscriptions.add("a", subscribe="+a")
        engine.subscriptions.remove("a")  # so there is nothing to be sent
        await engine.drain(timeout=0.5)
    assert now() == 0


async def test_it_lasts_over_reconnects() -> None:
    async with lost(Refuse(ConnectError("no"))) as (engine, adapter):
        await engine.send("a", when_closed="queue")
        await engine.drain(timeout=10)
        assert now() == pytest.approx(3)
        assert adapter.connection.sent == ["a"]


async def test_what_is_being_sent_is_not_sent_yet() -> None:
    async with lost() as (engine, adapter):
        await engine.send("a", when_closed="queue")
        engine.watch(
            lambda change: Stuffed(adapter.connection) if change.state is EngineState.OPEN else None
        )
        with pytest.raises(TimeoutError, match=r"within 5 s: 1 messages are left in the outbox"):
            await engine.drain(timeout=5)
        assert now() == pytest.approx(5)
        assert len(engine.outbox) == 1


async def test_changes_of_subscriptions_are_sent_too() -> None:
    engine, adapter = make(Notes(), subscription_max_rate=1)
    for key in "ab":
        engine.subscriptions.add(key, subscribe=f"+{key}", unsubscribe=f"-{key}")
    async with engine:
        await engine.drain(timeout=10)
        assert now() == pytest.approx(1)
        engine.subscriptions.remove("a")
        await engine.drain(timeout=10)
        assert adapter.connection.sent == ["+a", "+b", "-a"]
        stuffed = Stuffed(adapter.connection)
        engine.subscriptions.remove("b")
        with pytest.raises(TimeoutError):
            await engine.drain(timeout=10)
        stuffed.free.set()
        await engine.drain(timeout=1)
        assert adapter.connection.sent[-1] == "-b"


async def test_acknowledgements_are_not_waited_for() -> None:
    engine, adapter = conversing(Notes())
    async with engine:
        engine.subscriptions.add("a", subscribe={"op": "sub"}, acknowledged=True)
        await engine.drain(timeout=1)
        assert now() == 0
        assert adapter.connection.sent == ['{"op":"sub","id":1}']


async def test_a_stop_ends_it_with_an_error() -> None:
    async with lost(Hang()) as (engine, _):
        await engine.send("a", when_closed="queue")
        draining = asyncio.create_task(engine.drain())
        await settle()
        engine.exit()
        with pytest.raises(EngineStateError, match=r"drain\(\) needs a running engine.*stopping"):
            await draining


async def test_what_was_dropped_at_the_end_of_the_engine_was_not_sent() -> None:
    refused = Refuse(ConnectError("gone for good", status=404))
    async with lost(refused) as (engine, _):
        await engine.send("a", when_closed="queue")
        with pytest.raises(EngineStateError, match="is stopped: gone for good"):
            await engine.drain(timeout=60)
        assert (len(engine.outbox), engine.outbox.dropped) == (0, 1)


async def test_it_needs_a_running_engine_and_a_time() -> None:
    engine, _ = make(Notes())
    with pytest.raises(EngineStateError, match=r"needs a running engine; this one is idle"):
        await engine.drain(timeout=60)
    with pytest.raises(ConfigError, match="timeout=0: must be a number above 0"):
        await engine.drain(timeout=0)


async def test_a_callback_does_not_wait_for_itself() -> None:
    async def opened(session: Session) -> None:
        await session.engine.drain()

    engine, _ = make(Notes(on_open=opened))
    engine.subscriptions.add("a", subscribe="+a")  # sent after `on_open`
    with pytest.raises(Exception, match=r"drain\(\) inside a callback cannot wait for the next"):
        await engine.start()
    assert now() == 0


async def test_a_handler_may_wait_for_it() -> None:
    async def came(session: Session, message: str) -> None:
        engine.subscriptions.add("a", subscribe="+a")
        await engine.send("last words", when_closed="queue")
        await engine.drain(timeout=60)
        session.exit()

    engine, adapter = make(Notes(on_message=came), Accept("go"))
    await engine.start()
    await engine.wait_stopped()
    assert adapter.connection.sent == ["+a", "last words"]


async def test_what_is_removed_unsent_is_not_waited_for() -> None:
    async with lost() as (engine, _):
        engine.subscriptions.add("a", subscribe="+a")
        engine.subscriptions.add("b", subscribe="+b")
        draining = asyncio.create_task(engine.drain(timeout=0.5))
        await settle()
        engine.subscriptions.remove("a")
        await settle()
        assert not draining.done()
        engine.subscriptions.remove("b")
        await settle()
        assert draining.done()
        await draining
