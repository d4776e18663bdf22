from __future__ import annotations

import importlib
import sys

import pytest
from opentelemetry.trace import Status, StatusCode

from wsengine.playground.traces import KEPT, KEPT_SPANS, Traces, provider


def test_a_trace_has_its_spans_in_order() -> None:
    traces = Traces()
    made = provider(traces)
    assert made is not None
    tracer = made.get_tracer("test")
    with (
        tracer.start_as_current_span("websocket restart") as outer,
        tracer.start_as_current_span("websocket dial") as inner,
    ):
        outer.set_attribute("wsengine.reconnect.cause", "lost")
        inner.set_status(Status(StatusCode.ERROR, "refused"))
    (trace,) = traces.told()
    first, second = trace["spans"]
    assert trace["kind"] == "life"
    assert (first["name"], first["parent"], first["about"]) == ("websocket restart", None, "lost")
    assert (second["parent"], second["failed"]) == (first["id"], True)
    assert second["why"] == "refused"
    assert first["began"] <= second["began"] <= second["ended"] <= first["ended"]
    assert made.get_tracer("x") is not None


def test_messages_do_not_push_out_connections() -> None:
    traces = Traces()
    made = provider(traces)
    assert made is not None
    tracer = made.get_tracer("test")
    tracer.start_span("websocket start").end()
    for number in range(50):
        span = tracer.start_span("websocket on_message")
        span.set_attribute("websocket.message.size", number)
        span.end()
    told = traces.told()
    assert [trace["kind"] for trace in told] == ["life", *["message"] * KEPT["message"]]
    assert told[-1]["spans"][0]["about"] == "49 B"
    assert traces.force_flush()
    traces.shutdown()


def test_a_trace_keeps_so_many_spans() -> None:
    traces = Traces()
    made = provider(traces)
    assert made is not None
    tracer = made.get_tracer("test")
    with tracer.start_as_current_span("websocket start"):
        for _ in range(KEPT_SPANS * 2):
            tracer.start_span("websocket dial").end()
    assert len(traces.told()[0]["spans"]) == KEPT_SPANS


def test_without_the_sdk_there_is_no_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(ImportError):
        importlib.import_module("opentelemetry.sdk.trace")
    assert provider(Traces()) is None
