"""What a session sends by itself."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from wsengine import (
    Endpoint,
    Engine,
    EngineState,
    EngineStateError,
    RequestFailed,
    RequestTimeoutError,
    Session,
    SubscriptionState,
)
from wsengine.testing import ScriptedAdapter, ScriptedConnection
from wsengine.testing.script import Accept, Refuse

from .tools import Notes, conversing, make, now, settle


def subscribe(engine: Engine, *keys: str) -> None:
    for key in keys:
        engine.subscriptions.add(key, subscribe=f"+{key}", unsubscribe=f"-{key}")


async def test_subscriptions_come_after_on_open_and_before_the_outbox() -> None:
    async def opened(session: Session) -> None:
        await session.send("login")

    endpoint = Notes(on_open=opened)
    engine, adapter = make(endpoint)
    subscribe(engine, "a")
    async with engine:
        subscribe(engine, "b")
        await settle()
        assert adapter.connection.sent == ["login", "+a", "+b"]
        adapter.connection.lose()
        await settle()
        assert engine.state is EngineState.WAITING
        await engine.send("late", when_closed="queue")
        engine.subscriptions.remove("a")
        subscribe(engine, "c")
        await engine.send("later", when_closed="queue")
        await asyncio.sleep(2)
        assert adapter.connection.sent == ["login", "+b", "+c", "late", "later"]
        assert len(engine.outbox) == 0


async def test_they_are_paced_evenly() -> None:
    sent: list[tuple[float, Any]] = []
    engine, adapter = make(Notes(), subscription_max_rate=2.0)
    subscribe(engine, *"abc")
    async with engine:
        note_sends(adapter.connection, sent)
        await asyncio.sleep(0.75)
        engine.subscriptions.remove("c")  # before its turn: nothing is sent, and no turn is lost
        subscribe(engine, "d")
        await asyncio.sleep(10)
        subscribe(engine, *"ef")
        await asyncio.sleep(10)
    began = sent[0][0]
    assert [(round(at - began, 6), message) for at, message in sent] == [
        *[(0, "+a"), (0.5, "+b"), (1, "+d")],
        *[(10.75, "+e"), (11.25, "+f")],
    ]


def note_sends(connection: ScriptedConnection, sent: list[tuple[float, Any]]) -> None:
    """Note when each message is sent."""
    send = connection.send

    async def noted(message: Any) -> None:
        sent.append((now(), message))
        await send(message)

    connection.send = noted  # type: ignore[method-assign]


async def test_acknowledgements() -> None:
    endpoint = Notes()
    engine, adapter = conversing(endpoint, Accept(), Accept())
    add = engine.subscriptions.add
    good, bad, none = [
        add(key, subscribe={"to": key}, unsubscribe={"off": key}, acknowledged=True)
        for key in ("good", "bad", "none")
    ]
    async with engine:
        await settle()
        asked = [json.loads(str(message)) for message in adapter.connection.sent]
        assert asked == [{"to": key, "id": n} for n, key in enumerate(["good", "bad", "none"], 1)]
        assert good.state is SubscriptionState.SENT
        adapter.connection.feed('{"id": 1}', '{"id": 2, "error": "no such thing"}')
        await good.ready()
        with pytest.raises(RequestFailed, match="no such thing"):
            await bad.ready()
        with pytest.raises(RequestTimeoutError):
            await none.ready()
        assert engine.subscriptions.failures == 2
        assert len(adapter.connection.sent) == 3
        adapter.connection.lose()
        await settle()
        assert [each.state.value for each in (good, bad, none)] == ["waiting", "failed", "failed"]
        await asyncio.sleep(2)
        assert [json.loads(str(message))["id"] for message in adapter.connection.sent] == [4, 5, 6]
        adapter.connection.feed(*[f'{{"id": {number}}}' for number in (4, 5, 6)])
        await asyncio.gather(good.ready(), bad.ready(), none.ready())
        engine.subscriptions.remove("good")
        await settle()
        assert adapter.connection.sent[3:] == ['{"off":"good","id":7}']
        adapter.connection.feed('{"id": 7}')
        await settle()
    assert endpoint.messages == []


async def test_a_message_with_an_id_of_its_own_waits_until_that_is_free() -> None:
    engine, adapter = conversing(Notes(), acknowledge_timeout=2.0)
    engine.subscriptions.add(
        "a", subscribe={"on": 1, "id": "s"}, unsubscribe={"off": 1, "id": "s"}, acknowledged=True
    )
    async with engine:
        await settle()
        engine.subscriptions.remove("a")
        await asyncio.sleep(1)
        assert adapter.connection.sent == ['{"on":1,"id":"s"}']
        adapter.connection.feed('{"id": "s"}')
        await settle()
        assert adapter.connection.sent == ['{"on":1,"id":"s"}', '{"off":1,"id":"s"}']
        adapter.connection.feed('{"id": "s"}')
        await settle()
        assert engine.subscriptions.failures == 0


async def test_it_does_not_wait_for_ever_for_an_id_of_its_own(
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine, adapter = conversing(Notes(), acknowledge_timeout=2.0)
    async with engine:
        asking = asyncio.create_task(engine.request({"id": "s"}, timeout=60))
        await settle()
        handle = engine.subscriptions.add("a", subscribe={"on": 1, "id": "s"}, acknowledged=True)
        await asyncio.sleep(1.9)
        assert handle.state is SubscriptionState.SENT
        await asyncio.sleep(0.2)
        assert handle.state is SubscriptionState.FAILED
        assert "another request with this id waits" in caplog.text
        adapter.connection.feed('{"id": "s"}')
        assert await asking == {"id": "s"}


async def test_the_wait_for_an_acknowledgement_is_as_long_as_the_setting_says() -> None:
    endpoint = Notes()
    engine, adapter = conversing(endpoint, acknowledge_timeout=0.5)
    handle = engine.subscriptions.add("a", subscribe={"to": "a"}, acknowledged=True)
    async with engine:
        await settle()
        began = now()
        with pytest.raises(RequestTimeoutError):
            await handle.ready()
        assert now() - began == pytest.approx(0.5)
        adapter.connection.feed('{"id": 1}')
        await settle()
        assert handle.state is SubscriptionState.FAILED
    assert endpoint.messages == [{"id": 1}]  # too late: a message


async def test_ready_after_a_stop_raises_and_after_the_next_start_it_waits() -> None:
    engine, adapter = make(Notes())
    handle = engine.subscriptions.add("a", subscribe="+a")
    for _ in range(2):
        adapter.expect(Accept())
        async with engine:
            await asyncio.wait_for(handle.ready(), 1)
        with pytest.raises(EngineStateError, match="the engine stopped before"):
            await asyncio.wait_for(handle.ready(), 1)


async def test_one_that_cannot_be_asked_for_is_told_of_and_the_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine, adapter = conversing(Notes())
    add = engine.subscriptions.add
    wrong = add("list", subscribe=["no place for an id"], acknowledged=True)
    odd = add("odd", subscribe={"method": "text", "id": [1]}, acknowledged=True)
    add("fine", subscribe=["+fine"])
    async with engine:
        await settle()
        assert adapter.connection.sent == ['["+fine"]']
        assert wrong.state is odd.state is SubscriptionState.FAILED
        session = engine.session
        assert session is not None
        assert session.stats().requests_in_flight == 0
    assert "subscribing 'list' failed" in caplog.text


class Blocked(ScriptedConnection):
    """A connection whose transport takes nothing."""

    async def send(self, message: Any) -> None:
        await asyncio.get_running_loop().create_future()


class BlockedAdapter(ScriptedAdapter):
    async def connect(self, url: str, options: Any) -> ScriptedConnection:
        await super().connect(url, options)
        self.connections[-1] = Blocked(Accept())
        return self.connections[-1]


@pytest.mark.parametrize("end", ["stop", "lose"])
async def test_a_transport_that_blocks_does_not_hold_up_the_end(end: str) -> None:
    adapter = BlockedAdapter()
    engine = Engine("ws://x", Endpoint(), adapter=adapter)
    subscribe(engine, "a")
    await engine.start()
    await settle()
    if end == "lose":
        adapter.connection.lose()
        await settle()
        assert engine.state is EngineState.WAITING
    began = now()
    await engine.stop()
    assert now() == began


async def test_subscriptions_outlive_a_stop_and_the_outbox_does_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine, adapter = make(Notes(), then=Refuse(OSError("down")), retry_start=True)
    adapter.expect(Accept())
    subscribe(engine, "a")
    async with engine:
        adapter.connection.lose()
        await settle()
        await engine.send("x", when_closed="queue")
        waiting = asyncio.create_task(next(iter(engine.subscriptions)).ready())
        await settle()
    assert "stopped with 1 messages in the outbox" in caplog.text
    assert engine.outbox.dropped == 1
    with pytest.raises(Exception, match="the engine stopped before"):
        await waiting
    adapter.expect(Accept())
    async with engine:
        await settle()
        assert adapter.connection.sent == ["+a"]


async def test_nothing_runs_while_there_is_nothing_to_send() -> None:
    engine, adapter = make(Notes())
    async with engine:
        await settle()
        idle = len(asyncio.all_tasks())
        subscribe(engine, "a")
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == idle + 1
        await settle()
        assert len(asyncio.all_tasks()) == idle
        subscribe(engine, "b")
        await settle()
        assert adapter.connection.sent == ["+a", "+b"]
