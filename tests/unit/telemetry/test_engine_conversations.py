"""What an engine tells of conversations: spans of messages, not of replies; and four counts."""

from __future__ import annotations

import asyncio
from typing import Any

from opentelemetry.trace import StatusCode

from wsengine import Engine, EngineConfig, JsonCodec, JsonCorrelator, Session
from wsengine.telemetry import names
from wsengine.testing import Accept, ScriptedAdapter

from ..tools import STEADY, Notes, settle
from .told import Told


def conversing(told: Told, endpoint: Notes, **settings: Any) -> tuple[Engine, ScriptedAdapter]:
    """Return an engine that speaks JSON with ids, and tells all."""
    adapter = ScriptedAdapter([Accept()])
    engine = Engine(
        "ws://scripted",
        endpoint,
        adapter=adapter,
        config=EngineConfig(name="feed", ping_interval=None, reconnect=STEADY, **settings),
        codec=JsonCodec(),
        correlator=JsonCorrelator(),
        tracer_provider=told.tracers,
        meter_provider=told.meters,
    )
    return engine, adapter


async def test_a_message_is_told_of_as_it_came_and_a_reply_not_at_all(told: Told) -> None:
    async def ask(session: Session, message: Any) -> None:
        await session.request({"op": "x"})

    seen: list[Any] = []
    engine, adapter = conversing(told, Notes(on_message=ask), extract=seen.append)
    async with engine:
        adapter.connection.feed(b'{"a":  1}')
        await settle()
        adapter.connection.feed('{"id": 1}')
        await settle()
    span = told.one("on_message")
    assert span.attributes is not None
    assert span.attributes[names.MESSAGE_TYPE] == "binary"
    assert span.attributes[names.MESSAGE_SIZE] == 9
    assert seen == [{"a": 1}]  # extract sees what on_message sees
    assert [line.strip() for line in told.tree() if "send" in line] == ["send"]


async def test_what_cannot_be_decoded_is_a_span_of_on_read_error(told: Told) -> None:
    def fail(session: Session, error: Exception) -> None:
        raise error

    engine, adapter = conversing(told, Notes(on_read_error=fail))
    async with engine:
        adapter.connection.feed("{")
        await settle()
    assert told.named("on_message") == []
    assert told.one("on_read_error").status.status_code is StatusCode.ERROR


async def test_the_metrics(told: Told) -> None:
    endpoint = Notes()
    engine, adapter = conversing(told, endpoint, outbox_messages=1)
    async with engine:
        asked = [asyncio.create_task(engine.request({}, timeout=60)) for _ in range(2)]
        await settle()
        assert told.value("requests.pending") == 2
        adapter.connection.feed('{"id": 1}', '{"id": 1}')
        await settle()
        assert told.value("requests.pending") == 1
        assert told.value("replies.unmatched") == 1
        engine.subscriptions.add("x", subscribe=["no place for an id"], acknowledged=True)
        await settle()
        assert told.value("subscriptions.failures") == 1
        adapter.connection.lose()
        await settle()
        for number in range(4):
            await engine.send(number, when_closed="queue")
        assert told.value("outbox.dropped") == 3
        assert told.value("requests.pending") == 0
        await asyncio.gather(*asked, return_exceptions=True)
    assert told.value("replies.unmatched") == 1
