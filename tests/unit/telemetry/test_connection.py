"""Sends and pings are told below the span that is current, and only there."""

from __future__ import annotations

import pytest
from opentelemetry import metrics

from wsengine import ConnectionClosed, ConnectOptions
from wsengine.adapter import NativeReceive
from wsengine.telemetry.connection import ObservedConnection
from wsengine.testing import Accept, ScriptedAdapter, ScriptedConnection

from .told import Told

HISTOGRAM = metrics.get_meter("test").create_histogram("test.ping")


async def observed(
    told: Told, *, traced: bool = True
) -> tuple[ObservedConnection, ScriptedConnection]:
    adapter = ScriptedAdapter([Accept("hello")])
    connection = await adapter.connect("ws://x", ConnectOptions())
    histogram = told.meters.get_meter("test").create_histogram("websocket.client.ping.duration")
    attributes = {"wsengine.engine.name": "x"}
    tracer = told.tracer if traced else None
    return ObservedConnection(connection, tracer, histogram, attributes), adapter.connection


async def test_a_send_is_a_child(told: Told) -> None:
    connection, scripted = await observed(told)
    with told.tracer.start_as_current_span("handler"):
        await connection.send("ä")
        await connection.send(bytearray(b"xyz"))
    assert told.tree() == ["handler", "  send", "  send"]
    first, second = (dict(span.attributes or {}) for span in told.named("send"))
    assert (first["websocket.message.type"], first["websocket.message.size"]) == ("text", 2)
    assert (second["websocket.message.type"], second["websocket.message.size"]) == ("binary", 3)
    assert scripted.sent == ["ä", bytearray(b"xyz")]


async def test_without_a_current_span_nothing_is_told(told: Told) -> None:
    connection, scripted = await observed(told)
    await connection.send("x")
    await connection.ping()
    assert told.spans == []
    assert scripted.sent == ["x"]


async def test_a_ping_is_a_child_and_its_round_trip_is_measured(told: Told) -> None:
    connection, scripted = await observed(told)
    scripted.ping_delay = 2.0
    with told.tracer.start_as_current_span("handler"):
        assert await connection.ping() == 2.0
    assert told.tree() == ["handler", "  ping"]
    assert told.value("ping.duration") == (1, 2.0)


async def test_without_a_tracer_a_send_is_the_connections_own(told: Told) -> None:
    connection, scripted = await observed(told, traced=False)
    assert connection.send == scripted.send
    assert connection.receive == scripted.receive
    assert await connection.ping() == 0.0
    assert told.value("ping.duration")[0] == 1


async def test_a_send_that_fails_is_recorded(told: Told) -> None:
    connection, scripted = await observed(told)
    scripted.lose()
    with told.tracer.start_as_current_span("handler"), pytest.raises(ConnectionClosed):
        await connection.send("x")
    assert "ConnectionClosed" in str(dict(told.one("send").attributes or {})["error.type"])


async def test_a_native_receive_is_handed_on(told: Told) -> None:
    connection, scripted = await observed(told)
    assert not isinstance(connection, NativeReceive)
    scripted.native_receive = scripted.receive
    scripted.translate = lambda error: error
    again = ObservedConnection(scripted, None, HISTOGRAM, {"wsengine.engine.name": "x"})
    assert isinstance(again, NativeReceive)
    assert (again.native, again.handshake) == (scripted, scripted.handshake)
    assert await again.native_receive() == "hello"
