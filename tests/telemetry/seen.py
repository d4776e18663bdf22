"""What an SDK in this process sees of engines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, Metric, MetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from wsengine.telemetry import names


class Seen:
    """Providers to give to engines, and what came of it.

    Args:
        *readers: Readers of the metrics, besides that of the test.
    """

    def __init__(self, *readers: MetricReader) -> None:
        self._spans = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self.tracer_provider = TracerProvider(shutdown_on_exit=False)
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self._spans))
        self.meter_provider = MeterProvider([self._reader, *readers], shutdown_on_exit=False)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        """All spans that have ended, in the order of their ends."""
        return self._spans.get_finished_spans()

    def named(self, name: str) -> list[ReadableSpan]:
        """Return the spans of one name, without its "websocket "."""
        return [span for span in self.spans if span.name == f"websocket {name}"]

    def metrics(self) -> dict[str, Metric]:
        """Collect the metrics now, and return them by name."""
        data = self._reader.get_metrics_data()
        scopes = [s for r in data.resource_metrics for s in r.scope_metrics] if data else []
        return {metric.name: metric for scope in scopes for metric in scope.metrics}

    def values(self, name: str) -> dict[tuple[Any, ...], Any]:
        """Return the data points of a metric: by the values of all attributes, the engine's first.

        A point of a histogram counts as its number of samples.
        """
        metric = self.metrics().get(name)
        points = [] if metric is None else metric.data.data_points
        return {
            tuple(dict(point.attributes or {}).values()): getattr(
                point, "count", getattr(point, "value", None)
            )
            for point in points
        }

    def points_of(self, engine: str, name: str) -> dict[tuple[Any, ...], Any]:
        """Return the data points of one engine, without its name."""
        return {key[1:]: value for key, value in self.values(name).items() if key[0] == engine}


def attributes_of(span: ReadableSpan) -> dict[str, Any]:
    """Return the attributes of a span, without the engine's name."""
    return {name: value for name, value in (span.attributes or {}).items() if name != names.ENGINE}


def find(spans: list[ReadableSpan], test: Callable[[ReadableSpan], bool]) -> ReadableSpan:
    """Return the one span that fits."""
    (found,) = [span for span in spans if test(span)]
    return found
