"""Sending and asking by the engine, whatever its session."""

from __future__ import annotations

import asyncio
import pickle
from typing import Any

import pytest

from wsengine import (
    ConfigError,
    ConnectionClosed,
    Endpoint,
    Engine,
    EngineConfig,
    EngineFailedError,
    EngineState,
    EngineStateError,
    JsonCodec,
    JsonCorrelator,
    RequestTimeoutError,
    Session,
)
from wsengine.testing.script import Accept, Hang

from .tools import Notes, conversing, make, now, settle


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"codec": JsonCodec}, "codec=JsonCodec: is a class"),
        ({"codec": 5}, "codec=5: lacks encode and decode"),
        ({"correlator": 5, "codec": JsonCodec()}, "correlator=5: lacks request_id"),
        ({"correlator": JsonCorrelator()}, "so it needs a codec"),
        (
            {
                "correlator": JsonCorrelator(),
                "codec": JsonCodec(),
                "config": EngineConfig(backlog_messages=0),
            },
            "backlog_messages=0: with a correlator it must be at least 1",
        ),
    ],
)
def test_what_cannot_work_is_refused_at_once(settings: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        Engine("ws://x", Endpoint(), **settings)


async def test_by_default_send_needs_an_open_session() -> None:
    engine, adapter = make(Notes())
    with pytest.raises(EngineStateError, match="this engine is idle: when_closed='wait'"):
        await engine.send("x")
    async with engine:
        await engine.send("x")
        adapter.connection.lose()
        with pytest.raises(ConnectionClosed):
            await engine.send("y")
        await settle()
        with pytest.raises(EngineStateError, match="this engine is waiting"):
            await engine.send("y")
    with pytest.raises(ConfigError, match="when_closed='maybe'"):
        await engine.send("x", when_closed="maybe")  # type: ignore[arg-type]
    assert adapter.connections[0].sent == ["x"]


async def test_send_waits_for_the_next_session() -> None:
    engine, adapter = make(Notes())
    async with engine:
        adapter.connection.lose()  # nobody has noticed yet
        sending = asyncio.create_task(engine.send("x", when_closed="wait"))
        await settle()
        assert not sending.done()
        await sending
        assert now() == pytest.approx(1)
        assert adapter.connection.sent == ["x"]


@pytest.mark.parametrize("when_closed", ["wait", "queue"])
async def test_send_needs_an_engine_that_runs(when_closed: Any) -> None:
    engine, _ = make(Notes())
    with pytest.raises(EngineStateError, match=r"send\(\) needs a running engine.* is idle"):
        await engine.send("x", when_closed=when_closed)
    async with engine:
        await settle()
    with pytest.raises(EngineStateError, match="is stopped"):
        await engine.send("x", when_closed=when_closed)


async def test_waiting_ends_when_the_engine_is_to_stop() -> None:
    engine, adapter = conversing(Notes(), Accept(), then=Hang())
    async with engine:
        adapter.connection.lose()
        await settle()
        waiting = [
            asyncio.create_task(engine.send("x", when_closed="wait")),
            asyncio.create_task(engine.request({}, timeout=60)),
        ]
        await settle()
        engine.exit()
        began = now()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert now() == began
        assert all("is stopp" in str(error) for error in results)
        assert all(isinstance(error, EngineStateError) for error in results)


async def test_queued_messages_keep_their_order() -> None:
    engine, adapter = make(Notes())
    async with engine:
        await engine.send("a", when_closed="queue")
        adapter.connection.lose()
        await engine.send("b", when_closed="queue")  # sent in vain
        await settle()
        assert len(engine.outbox) == 1
        for text in "cd":
            await engine.send(text, when_closed="queue")
        await asyncio.sleep(2)
        await engine.send("e", when_closed="queue")
        assert adapter.connections[0].sent == ["a"]
        assert adapter.connections[1].sent == ["b", "c", "d", "e"]


async def test_queued_messages_go_behind_subscriptions_that_are_paced() -> None:
    engine, adapter = make(Notes(), subscription_max_rate=1)
    for key in "ab":
        engine.subscriptions.add(key, subscribe=f"sub {key}")
    async with engine:
        await settle()
        assert adapter.connection.sent == ["sub a"]
        await engine.send("x", when_closed="queue")
        await engine.send("y")  # at once, as ever
        await asyncio.sleep(2)
        assert adapter.connection.sent == ["sub a", "y", "sub b", "x"]


async def test_a_queued_message_does_not_overtake_a_subscription_that_is_being_sent() -> None:
    engine, adapter = make(Notes())
    async with engine:
        send, free = adapter.connection.send, asyncio.Event()

        async def held_up(message: Any) -> None:
            await free.wait()
            await send(message)

        adapter.connection.send = held_up  # type: ignore[method-assign]
        engine.subscriptions.add("a", subscribe="sub a")
        await settle()
        queueing = asyncio.create_task(engine.send("order 1", when_closed="queue"))
        adapter.connection.send = send  # type: ignore[method-assign]
        await settle()
        free.set()
        await queueing
        await engine.drain(timeout=1)
        assert adapter.connection.sent == ["sub a", "order 1"]


async def test_what_is_queued_is_encoded_at_once() -> None:
    engine, adapter = make(Notes(), codec=JsonCodec())
    async with engine:
        adapter.connection.lose()
        await settle()
        with pytest.raises(TypeError):
            await engine.send(object(), when_closed="queue")
        value = {"a": 1}
        await engine.send(value, when_closed="queue")
        value["a"] = 2
        await asyncio.sleep(2)
        assert adapter.connection.sent == ['{"a":1}']


async def test_request_waits_for_a_session_within_its_timeout() -> None:
    engine, adapter = conversing(Notes())
    async with engine:
        adapter.connection.lose()
        await settle()
        asked = asyncio.create_task(engine.request({"op": "x"}, timeout=3))
        await asyncio.sleep(1.5)
        assert adapter.connection.sent == ['{"op":"x","id":1}']
        adapter.connection.feed('{"id": 1}')
        assert await asked == {"id": 1}
        adapter.connection.lose()
        await settle()
        began = now()
        with pytest.raises(RequestTimeoutError, match=r"request 2 within 1\.5 s"):
            await engine.request({}, timeout=1.5)
        assert now() - began == pytest.approx(1.5)
        await asyncio.sleep(1)
        began = now()
        with pytest.raises(RequestTimeoutError, match="request 3"):
            await engine.request({}, timeout=1.5)
        assert now() - began == pytest.approx(1.5)


async def test_a_request_that_was_never_sent_says_so() -> None:
    engine, adapter = conversing(Notes(), Accept(), then=Hang())
    async with engine:
        adapter.connection.lose()
        await settle()
        with pytest.raises(RequestTimeoutError, match=r"no session .* 1\.5 s: .* not sent") as late:
            await engine.request({}, timeout=1.5)
        assert (late.value.sent, late.value.request_id, late.value.age) == (False, 1, 1.5)
        assert pickle.loads(pickle.dumps(late.value)).sent is False


async def test_request_is_not_repeated() -> None:
    engine, adapter = conversing(Notes())
    async with engine:
        asked = asyncio.create_task(engine.request({}, timeout=60))
        await settle()
        adapter.connection.close_by_server(4001)
        with pytest.raises(ConnectionClosed, match="4001"):
            await asked
        await asyncio.sleep(2)
        assert adapter.connection.sent == []


async def test_request_without_a_correlator() -> None:
    endpoint = Notes()
    engine, _ = make(endpoint)
    async with engine:
        for request in (engine.request, endpoint.sessions[0].request):
            with pytest.raises(ConfigError, match=r"request\(\) needs a correlator"):
                await request("x")


@pytest.mark.parametrize("way", ["send", "request"])
async def test_a_callback_does_not_wait_for_itself(way: str) -> None:
    async def opened(session: Session) -> None:
        if way == "send":
            await session.engine.send({}, when_closed="wait")
        await session.engine.request({})

    engine, _ = conversing(Notes(on_open=opened))
    with pytest.raises(Exception, match="inside a callback cannot wait for the next session"):
        await engine.start()
    assert now() == 0
    assert engine.state is EngineState.STOPPED


async def test_what_an_engine_has_failed_of_is_told() -> None:
    engine, adapter = make(Notes())
    await engine.start()
    adapter.connection.close_by_server(1008, "token expired")
    with pytest.raises(EngineFailedError) as failed:
        await engine.wait_stopped()
    with pytest.raises(EngineStateError, match=r"is stopped: .*1008.*token expired") as refused:
        await engine.send("x", when_closed="queue")
    assert refused.value.__cause__ is failed.value


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("busy", [False, True])
async def test_a_request_in_on_read_error_has_its_reply(workers: int, busy: bool) -> None:
    async def wait(session: Session, message: Any) -> None:
        await asyncio.sleep(5)

    async def ask(session: Session, error: Exception) -> Any:
        replies.append(await session.request({"op": str(error)}, timeout=2))

    replies: list[Any] = []
    engine, adapter = conversing(Notes(on_read_error=ask, on_message=wait), workers=workers)
    async with engine:
        if busy:  # then it is the standby whose read fails
            adapter.connection.feed(*['{"n":1}'] * workers)
            await settle()
        adapter.connection.fail_read(ValueError("odd"))
        await settle()
        adapter.connection.feed('{"n":2}', '{"id":1,"ok":true}')
        await settle()
        assert replies == [{"id": 1, "ok": True}]
        adapter.connection.close_by_server(1000)
        await asyncio.sleep(20)
        assert engine.state is EngineState.OPEN  # the first session has ended, whoever waited
        assert len(adapter.connections) == 2


async def test_an_id_that_is_filled_in_does_not_clash_with_one_of_yours() -> None:
    engine, adapter = conversing(Notes())
    async with engine:
        own = asyncio.create_task(engine.request({"id": 1}))
        filled_in = asyncio.create_task(engine.request({"op": "y"}))
        await settle()
        assert adapter.connection.sent == ['{"id":1}', '{"op":"y","id":2}']
        adapter.connection.feed('{"id":2}', '{"id":1}')
        assert [await own, await filled_in] == [{"id": 1}, {"id": 2}]
