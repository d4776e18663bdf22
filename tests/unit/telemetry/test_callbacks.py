"""Spans around callbacks: which messages, and with which parents and links."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry import propagate, trace
from opentelemetry.trace import Link

from wsengine import EngineConfig
from wsengine.telemetry.callbacks import CALLBACKS, MessageSpans, TracedEndpoint, traced

from ..tools import Notes
from .told import Told

SESSION = SimpleNamespace(id="abc")


def spans(told: Told, links: tuple[Link, ...] = (), **settings: Any) -> MessageSpans:
    return MessageSpans(told.tracer, EngineConfig(**settings), {}, links)


def carrier(told: Told) -> tuple[dict[str, str], trace.SpanContext]:
    fields: dict[str, str] = {}
    with told.tracer.start_as_current_span("remote") as remote:
        propagate.inject(fields)
    return fields, remote.get_span_context()


def test_a_plain_handler(told: Told) -> None:
    current = []
    handler = spans(told).around(lambda s, m: current.append(trace.get_current_span()))
    assert handler(SESSION, "x") is None
    assert [span.get_span_context() for span in current] == [told.one("on_message").context]
    assert trace.get_current_span() is trace.INVALID_SPAN


async def test_a_handler_that_suspends(told: Told) -> None:
    async def handle(session: Any, message: Any) -> str:
        await asyncio.sleep(1)
        return "result"

    handler = spans(told).around(handle)
    pending = handler(SESSION, b"x")
    assert told.spans == []
    assert await pending == "result"
    told.one("on_message")
    assert trace.get_current_span() is trace.INVALID_SPAN


async def test_a_handler_that_is_left_behind_ends_its_span(
    told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    async def handle(session: Any, message: Any) -> None:
        await asyncio.Event().wait()

    async def leave() -> None:
        pending = spans(told).around(handle)(SESSION, "x")
        pending.__await__().send(None)
        pending.close()

    await asyncio.create_task(leave())
    told.one("on_message")
    assert caplog.records == []


@pytest.mark.parametrize(("ratio", "least", "most"), [(0, 0, 0), (0.5, 380, 620), (1, 1000, 1000)])
def test_a_share_of_the_messages(told: Told, ratio: float, least: int, most: int) -> None:
    handler = spans(told, trace_messages=ratio).around(lambda s, m: None)
    for _ in range(1000):
        handler(SESSION, "x")
    assert least <= len(told.spans) <= most


def test_no_message(told: Told) -> None:
    endpoint = Notes()
    seen = TracedEndpoint(endpoint, told.tracer, EngineConfig(trace_messages="off"), {}, ())
    assert seen.on_message == endpoint.on_message


def test_every_other_callback_has_its_span(told: Told) -> None:
    seen = TracedEndpoint(Notes(), told.tracer, EngineConfig(), {}, ())
    assert all(callable(getattr(seen, name)) for name in CALLBACKS)
    assert {*CALLBACKS, "on_message"} == {name for name in vars(seen) if name.startswith("on_")}


def test_a_context_inside_a_message_becomes_a_link(told: Told) -> None:
    fields, remote = carrier(told)
    dial = Link(remote)
    handler = spans(told, (dial,), extract=lambda message: fields).around(lambda s, m: None)
    handler(SESSION, "x")
    span = told.one("on_message")
    assert span.parent is None
    assert [link.context.span_id for link in span.links] == [remote.span_id] * 2


def test_or_the_parent(told: Told) -> None:
    fields, remote = carrier(told)
    settings: dict[str, Any] = {"extract": lambda message: fields, "extract_as": "parent"}
    spans(told, **settings).around(lambda s, m: None)(SESSION, "x")
    span = told.one("on_message")
    assert span.parent is not None
    assert (span.parent.span_id, span.parent.is_remote) == (remote.span_id, True)
    assert span.context.trace_id == remote.trace_id


@pytest.mark.parametrize("found", [None, {}, {"traceparent": "garbage"}, {"other": "x"}])
def test_a_message_may_carry_no_context(told: Told, found: dict[str, str] | None) -> None:
    spans(told, extract=lambda message: found).around(lambda s, m: None)(SESSION, "x")
    span = told.one("on_message")
    assert (span.parent, list(span.links)) == (None, [])


def test_an_extract_that_raises_fails_no_message(told: Told) -> None:
    handled = []

    def extract(message: Any) -> dict[str, str]:
        raise KeyError("traceparent")

    spans(told, extract=extract).around(lambda s, m: handled.append(m))(SESSION, "x")
    assert handled == ["x"]
    [event] = told.one("on_message").events
    assert (event.name, dict(event.attributes or {})) == (
        "extract failed",
        {"error.type": "KeyError"},
    )


async def test_a_callback_without_a_session_has_the_current_parent(told: Told) -> None:
    callback = traced(lambda engine, failure: "done", "on_restart_error", told.tracer, {})
    with told.tracer.start_as_current_span("restart"):
        failure = SimpleNamespace(attempt=3, next_delay=1.5)
        assert await callback(SimpleNamespace(), failure) == "done"
    assert told.tree() == ["restart", "  on_restart_error"]
    assert dict(told.one("on_restart_error").attributes or {}) == {
        "wsengine.attempt": 3,
        "wsengine.delay": 1.5,
    }
