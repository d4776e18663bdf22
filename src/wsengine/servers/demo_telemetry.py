"""What the demo server tells by OpenTelemetry: spans and four metrics."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from typing import Final

from opentelemetry import metrics, propagate, trace
from opentelemetry.context import Context
from opentelemetry.metrics import MeterProvider
from opentelemetry.propagators.textmap import CarrierValT, DefaultGetter
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode, TracerProvider

from .. import __version__
from ..telemetry import names
from ..telemetry.names import Metric
from ..telemetry.spans import ROOT, Attributes, current_span, recording_tracer

CLIENT: Final = "websocket.server.client.id"
REQUEST_TYPE: Final = "websocket.server.request.type"

CONNECTIONS: Final = Metric(
    *("websocket.server.connections", "counter", "{connection}"),
    "Connections that were accepted.",
)
OPEN_CONNECTIONS: Final = Metric(
    *("websocket.server.connections.open", "updowncounter", "{connection}"),
    "Connections that are open.",
)
RUNNING: Final = Metric(
    *("websocket.server.running", "updowncounter", "{server}"), "Servers that listen: 1 or 0."
)
START_TIME: Final = Metric(
    *("websocket.server.start_time", "gauge", "s"),
    "When the server was last started, in seconds since 1970 (UTC).",
)
METRICS: Final = (CONNECTIONS, OPEN_CONNECTIONS, RUNNING, START_TIME)


class ServerTelemetry:
    """Spans and metrics of one server.

    Connections come seldom, so that metrics are told as things happen, unlike those of engines.

    Args:
        tracer_provider: Where to make spans; `None` is the global provider.
        meter_provider: Where to tell metrics; `None` is the global provider.
    """

    def __init__(
        self, tracer_provider: TracerProvider | None, meter_provider: MeterProvider | None
    ) -> None:
        self._tracer_provider = tracer_provider
        provider = meter_provider or metrics.get_meter_provider()
        meter = provider.get_meter(names.SCOPE, __version__)
        self._connections = meter.create_counter(*_described(CONNECTIONS))
        self._open = meter.create_up_down_counter(*_described(OPEN_CONNECTIONS))
        self._running = meter.create_up_down_counter(*_described(RUNNING))
        # Asked for at each export: an old SDK tells what was set once only once.
        name, unit, description = _described(START_TIME)
        meter.create_observable_gauge(name, [self._observe_start], unit, description)
        self._started_at: float | None = None
        self._server: dict[str, str | int] = {}

    def _observe_start(self, _: metrics.CallbackOptions) -> Iterator[metrics.Observation]:
        if self._started_at is not None:
            yield metrics.Observation(self._started_at, self._server)

    @contextlib.contextmanager
    def listening(self, host: str, port: int) -> Iterator[None]:
        """Tell that the server listens, as long as the block lasts."""
        self._server = {names.SERVER_ADDRESS: host, names.SERVER_PORT: port}
        self._started_at = time.time()
        self._running.add(1, self._server)
        try:
            yield
        finally:
            self._running.add(-1, self._server)

    @contextlib.contextmanager
    def connected(self) -> Iterator[None]:
        """Tell that a client is connected, as long as the block lasts."""
        self._connections.add(1, self._server)
        self._open.add(1, self._server)
        try:
            yield
        finally:
            self._open.add(-1, self._server)

    @contextlib.contextmanager
    def accepting(self, headers: Mapping[str, str], path: str) -> Iterator[Span]:
        """Make the span of a handshake, in the trace that the client's headers tell of.

        A connection may last for days, so the span ends with the handshake, and the requests
        on the connection are linked to it.
        """
        attributes = {**self._server, names.URL_SCHEME: "ws", names.URL_PATH: path}
        context = propagate.extract(headers, ROOT, _ENCODABLE)
        with self._span("websocket accept", context, attributes) as span:
            yield span

    @contextlib.contextmanager
    def handling(
        self, kind: str, client: str, accepted: Span, carrier: Mapping[str, str]
    ) -> Iterator[Span]:
        """Make the span of a request: a trace of its own, or in that which the request tells of.

        Args:
            kind: The type of the request.
            client: The id of the client.
            accepted: The span of its handshake, to be linked to.
            carrier: Fields of the request; `traceparent` may be one.
        """
        context = propagate.extract(carrier, ROOT, _ENCODABLE)
        its_handshake = accepted.get_span_context()
        links = (Link(its_handshake),) if its_handshake.is_valid else ()
        attributes = {CLIENT: client, REQUEST_TYPE: kind or "unknown"}
        with self._span("websocket request", context, attributes, links) as span:
            yield span

    @contextlib.contextmanager
    def _span(
        self, name: str, context: Context, attributes: Attributes, links: tuple[Link, ...] = ()
    ) -> Iterator[Span]:
        tracer = recording_tracer(self._tracer_provider, __version__)
        if tracer is None:
            yield trace.INVALID_SPAN
            return
        kind = SpanKind.SERVER
        with current_span(
            tracer, name, kind, context=context, attributes=attributes, links=links
        ) as span:
            yield span


class _Encodable(DefaultGetter):
    """Leaves out what UTF-8 cannot hold: propagators fail at it, and clients may send anything."""

    def get(self, carrier: Mapping[str, CarrierValT], key: str) -> list[str] | None:
        values = super().get(carrier, key) or ()
        return [value for value in values if _can_be_encoded(value)] or None


_ENCODABLE: Final = _Encodable()


def _can_be_encoded(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def note_status(span: Span, status: int) -> None:
    """Note on the span of a handshake how it was answered."""
    span.set_attribute(names.STATUS, status)
    if status >= 400:
        span.set_attribute(names.ERROR_TYPE, str(status))
        span.set_status(Status(StatusCode.ERROR))


def note_error(span: Span, code: str) -> None:
    """Note on the span of a request that it was answered with an error."""
    span.set_attribute(names.ERROR_TYPE, code)
    span.set_status(Status(StatusCode.ERROR, code))


def _described(metric: Metric) -> tuple[str, str, str]:
    return metric.name, metric.unit, metric.meaning
