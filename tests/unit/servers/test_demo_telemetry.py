from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import INVALID_SPAN, SpanKind, StatusCode

from tests.docs.reading import ROOT, table
from wsengine.servers.demo_telemetry import METRICS, ServerTelemetry, note_error, note_status

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Told:
    """A server's telemetry, and what it told."""

    def __init__(self) -> None:
        self._spans = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        tracers = TracerProvider(shutdown_on_exit=False)
        tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        meters = MeterProvider([self._reader], shutdown_on_exit=False)
        self.telemetry = ServerTelemetry(tracers, meters)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self._spans.get_finished_spans()

    def metrics(self) -> dict[str, Any]:
        """Return the one value of each metric, and check its attributes."""
        data = self._reader.get_metrics_data()
        scopes = [s for r in data.resource_metrics for s in r.scope_metrics] if data else []
        found = {}
        for metric in (metric for scope in scopes for metric in scope.metrics):
            (point,) = metric.data.data_points
            assert dict(point.attributes or {}) == {"server.address": "here", "server.port": 80}
            found[metric.name.removeprefix("websocket.server.")] = getattr(point, "value", None)
        return found


def test_metrics_follow_the_server_and_its_clients() -> None:
    told = Told()
    with told.telemetry.listening("here", 80):
        with told.telemetry.connected(), told.telemetry.connected():
            values = told.metrics()
            assert (values["connections"], values["connections.open"]) == (2, 2)
            assert values["running"] == 1
            assert values["start_time"] == pytest.approx(time.time(), abs=60)
        assert told.metrics()["connections.open"] == 0
    with pytest.raises(KeyError), told.telemetry.connected():
        raise KeyError
    values = told.metrics()
    assert (values["connections"], values["connections.open"], values["running"]) == (3, 0, 0)


def test_a_handshake_is_in_the_trace_of_its_client() -> None:
    told = Told()
    with told.telemetry.accepting({"traceparent": TRACEPARENT}, "/") as span:
        note_status(span, 101)
    (span_told,) = told.spans
    assert (span_told.name, span_told.kind) == ("websocket accept", SpanKind.SERVER)
    assert span_told.parent is not None
    assert f"{span_told.parent.span_id:016x}" == TRACEPARENT.split("-")[2]
    assert span_told.status.status_code is StatusCode.UNSET


def test_a_refusal_is_an_error() -> None:
    told = Told()
    with told.telemetry.accepting({}, "/") as span:
        note_status(span, 503)
    (span_told,) = told.spans
    assert span_told.parent is None
    assert (span_told.attributes or {})["error.type"] == "503"
    assert span_told.status.status_code is StatusCode.ERROR


def test_a_request_is_linked_to_its_handshake() -> None:
    told = Told()
    with told.telemetry.accepting({}, "/") as accepted:
        pass
    with told.telemetry.handling("echo_request", "7", accepted, {}) as span:
        note_error(span, "BAD_REQUEST")
    with told.telemetry.handling("", "7", INVALID_SPAN, {"traceparent": TRACEPARENT}):
        pass
    _, linked, carried = told.spans
    assert [link.context for link in linked.links] == [accepted.get_span_context()]
    assert linked.parent is None
    assert dict(linked.attributes or {}) == {
        "websocket.server.client.id": "7",
        "websocket.server.request.type": "echo_request",
        "error.type": "BAD_REQUEST",
    }
    assert carried.links == ()
    assert carried.parent is not None
    assert (carried.attributes or {})["websocket.server.request.type"] == "unknown"


@pytest.mark.parametrize("carrier", [{"traceparent": "nonsense"}, {"traceparent": ""}])
def test_a_garbled_context_is_none(carrier: dict[str, str]) -> None:
    told = Told()
    with told.telemetry.handling("echo_request", "7", INVALID_SPAN, carrier):
        pass
    assert told.spans[0].parent is None


@pytest.mark.parametrize("field", ["traceparent", "tracestate", "baggage"])
def test_what_cannot_be_encoded_is_left_out_of_the_context(field: str) -> None:
    told = Told()
    carrier = {"traceparent": TRACEPARENT, field: "\ud800"}
    with told.telemetry.accepting({**carrier, field: "\udcff"}, "/") as accepted:
        pass
    with told.telemetry.handling("echo_request", "7", accepted, carrier):
        pass
    parents = [span.parent is not None for span in told.spans]
    assert parents == [field != "traceparent"] * 2


def test_where_nobody_listens_there_is_no_span() -> None:
    telemetry = ServerTelemetry(None, None)
    with telemetry.accepting({"traceparent": TRACEPARENT}, "/") as span:
        assert span is INVALID_SPAN
        note_status(span, 503)


def test_the_metrics_are_those_of_the_documentation() -> None:
    page: Path = ROOT / "docs/demo-server.md"
    listed = [(row[0], row[1], row[2], row[3]) for row in table(page, "metric")]
    kinds = {"updowncounter": "up-down counter"}
    assert listed == [
        (each.name, kinds.get(each.kind, each.kind), each.unit, each.meaning) for each in METRICS
    ]
