"""What one engine tells: the whole tree of spans, and all of its metrics."""

from __future__ import annotations

import asyncio
import gc
import logging
import tracemalloc
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import StatusCode

from wsengine import Close, ConnectError, ConnectOptions, Engine, EngineConfig, Session
from wsengine.telemetry import Telemetry
from wsengine.testing import Accept, CloseWith, Delay, Lose, ReadFails, Refuse, ScriptedAdapter

from ..tools import Notes, settle
from .told import Told


async def test_the_tree_of_a_session_with_one_reconnect(told: Told) -> None:
    async def subscribe(session: Session) -> None:
        await session.send("subscribe")

    async def answer(session: Session, message: str) -> None:
        await asyncio.sleep(0.1)
        await session.ping()
        await session.send(b"answer")

    endpoint = Notes(on_open=subscribe, on_message=answer)
    engine, _ = told.engine(
        endpoint,
        Accept("one", Delay(1), "two", Delay(1), CloseWith(1001, "bye")),
        Refuse(ConnectError("no", status=503)),
        Accept(Delay(1), ReadFails(ValueError("odd")), Delay(1), "three"),
    )
    with told.tracer.start_as_current_span("program"):
        await engine.start()
    await asyncio.sleep(20)
    await engine.stop()
    assert told.tree() == [
        "program",
        "  start",
        "    dial",
        "    on_open",
        "      send",
        "on_message -> dial 1",
        "  ping",
        "  send",
        "on_message -> dial 1",
        "  ping",
        "  send",
        "restart -> dial 1",
        "  on_close",
        "  dial",
        "  on_restart_error",
        "  dial",
        "  on_open",
        "    send",
        "on_read_error -> dial 3",
        "on_message -> dial 3",
        "  ping",
        "  send",
        "stop -> dial 3",
        "  on_close",
    ]
    own = [span for span in told.spans if span.name.startswith("websocket ")]
    assert {dict(span.attributes or {})["wsengine.engine.name"] for span in own} == {"feed"}


async def test_what_the_spans_say(told: Told) -> None:
    endpoint = Notes()
    engine, adapter = told.engine(
        endpoint, Accept(Delay(1), CloseWith(1012, "soon")), Refuse(ConnectError("no", status=503))
    )
    await engine.start()
    first = endpoint.sessions[0].id
    await asyncio.sleep(20)
    adapter.connection.feed("täxt", b"data!")
    await settle()
    await engine.stop()
    attributes = [dict(span.attributes or {}) for span in told.named("dial")]
    assert attributes[0] == {
        "wsengine.engine.name": "feed",
        "wsengine.session.id": first,
        "wsengine.attempt": 1,
        "wsengine.dial.outcome": "open",
        "url.scheme": "ws",
        "server.address": "scripted",
        "server.port": 81,
        "url.path": "/path",
        "http.response.status_code": 101,
    }
    assert attributes[1]["http.response.status_code"] == 503
    assert attributes[1]["error.type"] == "503"
    assert [dial["wsengine.attempt"] for dial in attributes] == [1, 1, 2]
    failed = told.named("dial")[1]
    assert (failed.status.status_code, failed.status.description) == (StatusCode.ERROR, "no")
    assert dict(told.one("restart").attributes or {}) == {
        "wsengine.engine.name": "feed",
        "wsengine.reconnect.cause": "closed",
        "websocket.close.code": 1012,
        "websocket.close.reason": "soon",
        "websocket.close.initiator": "server",
    }
    waits = [(event.name, dict(event.attributes or {})) for event in told.one("restart").events]
    assert [(name, wait["wsengine.delay"]) for name, wait in waits] == [
        ("waiting", 3.0),
        ("waiting", 2.0),
    ]
    closes = [dict(span.attributes or {}) for span in told.named("on_close")]
    assert closes[0]["wsengine.session.id"] == first
    assert closes[1]["websocket.close.initiator"] == "client"
    messages = [dict(span.attributes or {}) for span in told.named("on_message")]
    sizes = [(m["websocket.message.type"], m["websocket.message.size"]) for m in messages]
    assert sizes == [("text", 5), ("binary", 5)]
    told.one("on_restart_error")


async def test_a_start_that_fails(told: Told) -> None:
    engine, _ = told.engine(Notes(), Refuse(ConnectError("refused", status=404)))
    with pytest.raises(Exception, match="refused"):
        await engine.start()
    assert told.tree() == ["start", "  dial"]
    start = told.one("start")
    assert start.status.status_code is StatusCode.ERROR
    assert "refused" in str(start.status.description)


async def test_a_fatal_end_is_an_error_of_the_restart(told: Told) -> None:
    engine, _ = told.engine(Notes(), Accept(Delay(1), CloseWith(1008, "policy")))
    await engine.start()
    with pytest.raises(Exception, match="policy"):
        await engine.wait_stopped()
    assert told.tree() == ["start", "  dial", "  on_open", "restart -> dial 1", "  on_close"]
    assert told.one("restart").status.status_code is StatusCode.ERROR


async def test_an_engine_without_reconnection_stops(told: Told) -> None:
    engine, _ = told.engine(Notes(), Accept(Delay(1), CloseWith(1000)), reconnect=None)
    await engine.start()
    await engine.wait_stopped()
    assert told.tree()[-2:] == ["stop -> dial 1", "  on_close"]
    assert told.one("stop").status.status_code is StatusCode.UNSET


async def test_an_exit_while_waiting_ends_the_restart(told: Told) -> None:
    engine, _ = told.engine(Notes(), Accept(Delay(1), Lose()), then=Refuse(ConnectError("no")))
    await engine.start()
    await asyncio.sleep(2.5)
    with told.tracer.start_as_current_span("shutdown"):
        await engine.stop()
    tree = told.tree()
    assert tree[-2:] == ["shutdown", "  stop -> dial 1"]
    assert [event.name for event in told.one("restart").events][-1] == "stop"
    assert told.one("restart").status.status_code is StatusCode.UNSET


async def test_a_stop_from_a_callback_is_its_child(told: Told) -> None:
    endpoint = Notes(on_message=lambda session, message: session.exit())
    engine, _ = told.engine(endpoint, Accept("bye"))
    await engine.start()
    await engine.wait_stopped()
    assert told.tree()[-3:] == ["on_message -> dial 1", "  stop -> dial 1", "    on_close"]


async def test_a_callback_that_raises_is_recorded(told: Told) -> None:
    def fail(session: Session, message: str) -> None:
        raise ValueError(f"cannot do {message}")

    async def fail_late(session: Session, error: Exception) -> None:
        await asyncio.sleep(0.1)
        raise KeyError("late")

    endpoint = Notes(on_message=fail, on_read_error=fail_late)
    engine, _ = told.engine(endpoint, Accept("this", ReadFails(OSError("odd"))))
    await engine.start()
    await asyncio.sleep(1)
    await engine.stop()
    message, read_error = told.one("on_message"), told.one("on_read_error")
    assert message.status.description == "ValueError: cannot do this"
    assert [event.name for event in message.events] == ["exception"]
    assert dict(message.attributes or {})["error.type"] == "ValueError"
    assert read_error.status.description == "KeyError: 'late'"
    assert told.value("callback.errors", wsengine__callback="on_message") == 1
    assert told.value("callback.errors", wsengine__callback="on_read_error") == 1


async def test_no_span_gets_a_wrong_parent_with_eight_workers(told: Told) -> None:
    async def work(session: Session, message: str) -> None:
        number = int(message)
        with told.tracer.start_as_current_span("mine", attributes={"number": number}):
            await asyncio.sleep((number * 7919) % 13 / 10)
            await session.send(message)
            await asyncio.sleep(0)
            await asyncio.gather(child(number), child(number))
        await session.send(message)

    async def child(number: int) -> None:
        await asyncio.sleep(number % 3 / 10)
        with told.tracer.start_as_current_span("grandchild", attributes={"number": number}):
            await asyncio.sleep(0.01)

    count = 200
    messages = [str(number).rjust(4, "0") for number in range(count)]
    engine, _ = told.engine(Notes(on_message=work), Accept(*messages), workers=8)
    await engine.start()
    await asyncio.sleep(200)
    await engine.stop()
    spans = {span.context.span_id: span for span in told.spans}
    handled = told.named("on_message")
    assert len(handled) == count
    assert all(span.parent is None for span in handled)
    assert len({span.context.trace_id for span in handled}) == count
    mine = [span for span in told.spans if span.name == "mine"]
    for span in mine:
        assert span.parent is not None
        assert spans[span.parent.span_id].name == "websocket on_message"
    for span in (span for span in told.spans if span.name == "grandchild"):
        assert span.parent is not None
        parent = spans[span.parent.span_id]
        assert parent.name == "mine"
        assert dict(parent.attributes or {}) == dict(span.attributes or {})
    sends = told.named("send")
    above = [spans[span.parent.span_id].name for span in sends if span.parent is not None]
    assert sorted(above) == ["mine"] * count + ["websocket on_message"] * count
    assert len({span.parent.span_id for span in mine if span.parent}) == count


async def test_metrics_of_a_life(told: Told) -> None:
    gate = asyncio.Event()
    endpoint = Notes(on_message=lambda session, message: gate.wait())
    engine, adapter = told.engine(
        endpoint, Accept("12", b"345", "6"), Refuse(ConnectError("no", status=503)), workers=1
    )
    assert told.value("engines", wsengine__engine__state="idle") == 1
    await engine.start()
    await asyncio.sleep(1)
    await endpoint.sessions[0].send("out")
    assert told.value("sessions.open") == 1
    assert told.value("workers.busy") == 1
    assert told.value("backlog.messages") == 2
    assert told.value("backlog.size") == 4
    assert told.value("engines", wsengine__engine__state="open") == 1
    gate.set()
    await asyncio.sleep(1)
    adapter.connection.lose()
    await asyncio.sleep(20)
    text = {"network__io__direction": "receive", "websocket__message__type": "text"}
    assert told.value("messages", **text) == 2
    assert told.value("io", **text) == 3
    text["network__io__direction"] = "transmit"
    assert told.value("messages", **text) == 1
    assert told.value("reconnects", wsengine__reconnect__cause="lost") == 1
    assert told.value("dials", wsengine__dial__outcome="open") == 2
    assert told.value("dials", wsengine__dial__outcome="refused", error__type="503") == 1
    closed = {"websocket__close__code": 1006, "websocket__close__initiator": "network"}
    assert told.value("session.duration", **closed)[0] == 1
    gate.clear()
    adapter.connection.feed("7", "8", "9")
    await asyncio.sleep(1)
    engine.restart()
    gate.set()
    await asyncio.sleep(20)
    assert told.value("messages.dropped") == 2
    assert told.value("reconnects", wsengine__reconnect__cause="restart") == 1
    await engine.stop()
    assert told.value("sessions.open") == 0
    assert told.value("engines", wsengine__engine__state="stopped") == 1
    assert told.value("handler.duration")[0] >= 1


async def test_without_an_sdk_the_engine_calls_the_ports_themselves() -> None:
    adapter = ScriptedAdapter([Accept("x")])
    endpoint = Notes()
    engine = Engine("ws://scripted", endpoint, adapter=adapter)
    for provider in (None, trace.NoOpTracerProvider()):
        telemetry = Telemetry("x", EngineConfig(), provider, None)
        session = telemetry.session(endpoint)
        connection = await session.connect(adapter, "ws://scripted", engine.options)  # type: ignore[arg-type]
        assert connection is adapter.connection
        assert session.endpoint is endpoint
        assert session.sampling(endpoint.on_message) is None


async def test_an_sdk_that_is_switched_off_is_none(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    endpoint = Notes()
    engine, adapter = Told().engine(endpoint)
    session = engine.telemetry.session(endpoint)
    connection = await session.connect(adapter, "ws://scripted", ConnectOptions())
    assert connection is adapter.connection
    assert session.endpoint is endpoint
    assert session.sampling(endpoint.on_message) is None
    assert engine.telemetry.tracer() is None


async def test_what_the_sampler_drops_costs_no_span(told: Told) -> None:
    told.tracers.sampler = ALWAYS_OFF
    endpoint = Notes(on_message=lambda session, message: session.send("x"))
    engine, adapter = told.engine(endpoint, Accept("a", "b"))
    await engine.start()
    await settle()
    await engine.stop()
    assert told.spans == []
    assert adapter.connection.sent == ["x", "x"]


async def test_nothing_leaks_on_any_way_out(told: Told, caplog: pytest.LogCaptureFixture) -> None:
    """Contexts are given back, whatever way a handler ends."""
    caplog.set_level(logging.CRITICAL)  # the records of what was raised would be kept
    current: set[int] = set()

    async def suspend(session: Session) -> None:
        await asyncio.sleep(0.001)

    async def cancel(session: Session) -> None:
        raise asyncio.CancelledError

    async def fail(session: Session) -> None:
        await asyncio.sleep(0)
        raise ValueError

    def fail_at_once(session: Session) -> None:
        raise ValueError

    def at_rest(session: Session) -> None:
        current.add(trace.get_current_span().get_span_context().span_id)

    ways: dict[str, Any] = {"s": suspend, "c": cancel, "f": fail, "a": fail_at_once, "n": at_rest}
    endpoint = Notes(on_message=lambda session, message: ways[message](session))
    engine, adapter = told.engine(endpoint, workers=3)
    await engine.start()
    session = engine.session
    assert session is not None

    async def batch(count: int) -> None:
        adapter.connection.feed(*"scfan" * count)
        await asyncio.sleep(count)
        endpoint.notes.clear()
        assert len(told.named("on_message")) == 5 * count
        told.exporter.clear()
        gc.collect()

    await batch(50)
    tracemalloc.start()
    await batch(50)
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(4):
        await batch(50)
    growth = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    await engine.stop()
    assert growth < 50_000, f"{growth} bytes are left after 1000 messages"
    assert len(current) == 300


async def test_a_close_by_violation_is_told_apart(told: Told) -> None:
    engine, adapter = told.engine(Notes())
    await engine.start()
    engine.telemetry.reconnecting(Close(1002, client_initiated=True), wanted=False)
    assert told.value("reconnects", wsengine__reconnect__cause="violation") == 1
    await engine.stop()
    assert adapter.connection.closed is not None
