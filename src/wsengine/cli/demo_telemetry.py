"""What the demo's engine tells by OpenTelemetry, as tables; it needs the SDK."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    HistogramDataPoint,
    InMemoryMetricReader,
    Metric,
    MetricsData,
)
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from rich.box import ROUNDED
from rich.table import Table

from ..telemetry.names import ENGINE

PREFIX = "websocket.client."
"""How the names of all metrics begin: it is left out, as a terminal is not wide."""


class DemoTelemetry:
    """Providers that keep in memory what they are told."""

    def __init__(self) -> None:
        self._spans = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self._metrics: MetricsData | None = None
        self.tracer_provider = TracerProvider(shutdown_on_exit=False)
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self._spans))
        self.meter_provider = MeterProvider([self._reader], shutdown_on_exit=False)

    def collect(self) -> None:
        """Read the metrics, while the engine is still there."""
        self._metrics = self._reader.get_metrics_data()

    def tables(self) -> Sequence[Table]:
        """Return the tables of the spans and of the metrics."""
        spans = _table("span", "count", "errors", "median", "max")
        for span_row in _span_rows(self._spans.get_finished_spans()):
            spans.add_row(*span_row)
        metrics = _table(f"{PREFIX}*", "value", also="attributes")
        metrics.caption = "of a histogram: how many samples, and their mean"
        for metric in _metrics_of(self._metrics):
            for row in _metric_rows(metric):
                metrics.add_row(*row)
        return spans, metrics


def _table(name: str, *figures: str, also: str | None = None) -> Table:
    table = Table(box=ROUNDED, border_style="cyan")
    for column in (name,) if also is None else (name, also):
        table.add_column(column, overflow="fold")
    for column in figures:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _span_rows(spans: Sequence[ReadableSpan]) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield a row for each name, in the order in which they began."""
    by_name: dict[str, list[ReadableSpan]] = defaultdict(list)
    for span in sorted(spans, key=lambda span: span.start_time or 0):
        by_name[span.name].append(span)
    for name, group in by_name.items():
        errors = sum(span.status.status_code is StatusCode.ERROR for span in group)
        seconds = [((span.end_time or 0) - (span.start_time or 0)) / 1e9 for span in group]
        median, longest = statistics.median(seconds), max(seconds)
        yield name, str(len(group)), str(errors), _duration(median), _duration(longest)


def _metrics_of(data: MetricsData | None) -> list[Metric]:
    resources = [] if data is None else data.resource_metrics
    scopes = [scope for resource in resources for scope in resource.scope_metrics]
    metrics = [metric for scope in scopes for metric in scope.metrics]
    return sorted(metrics, key=lambda metric: metric.name)


def _metric_rows(metric: Metric) -> Iterator[tuple[str, str, str]]:
    for point in metric.data.data_points:
        attributes = {k: v for k, v in (point.attributes or {}).items() if k != ENGINE}
        if isinstance(point, HistogramDataPoint):
            value = f"{point.count} x {_duration(point.sum / max(point.count, 1))}"
        else:
            value = f"{getattr(point, 'value', 0)}{' B' if metric.unit == 'By' else ''}"
        name = metric.name.removeprefix(PREFIX)
        yield name, ", ".join(map(str, attributes.values())), value


def _duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.2f} ms"
