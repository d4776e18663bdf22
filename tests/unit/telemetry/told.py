"""What an engine told, kept in memory."""

from __future__ import annotations

from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, NumberDataPoint
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from wsengine import Endpoint, Engine, EngineConfig
from wsengine.testing import ScriptedAdapter
from wsengine.testing.script import Dial

from ..tools import STEADY


class Told:
    """Providers for spans and metrics, and what was exported."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = self.tracers.get_tracer("user")
        self.reader = InMemoryMetricReader()
        self.meters = MeterProvider([self.reader])

    def engine(
        self, endpoint: Endpoint, *script: Dial, then: Dial | None = None, **settings: Any
    ) -> tuple[Engine, ScriptedAdapter]:
        """Return an engine on a scripted adapter that tells all here."""
        adapter = ScriptedAdapter(script, then=then)
        settings = {"name": "feed", "ping_interval": None, "reconnect": STEADY, **settings}
        engine = Engine(
            "ws://user:pass@scripted:81/path?token=x",
            endpoint,
            adapter=adapter,
            config=EngineConfig(**settings),
            tracer_provider=self.tracers,
            meter_provider=self.meters,
        )
        return engine, adapter

    # Spans.

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self.exporter.get_finished_spans())

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name.removeprefix("websocket ") == name]

    def one(self, name: str) -> ReadableSpan:
        [span] = self.named(name)
        return span

    def tree(self) -> list[str]:
        """Return a line for each span, indented below its parent, in the order of their begin.

        A root that is linked to a dial says to which.
        """
        spans = sorted(self.spans, key=lambda span: (span.start_time or 0, span.context.span_id))
        order = {span.context.span_id: place for place, span in enumerate(self.spans)}
        dials = [span.context.span_id for span in self.spans if span.name == "websocket dial"]
        lines: list[str] = []

        def show(parent: int | None, indent: str) -> None:
            below = [s for s in spans if (s.parent.span_id if s.parent else None) == parent]
            for span in sorted(below, key=lambda s: (s.start_time or 0, order[s.context.span_id])):
                to = [dials.index(link.context.span_id) + 1 for link in span.links]
                links = "".join(f" -> dial {number}" for number in to)
                lines.append(f"{indent}{span.name.removeprefix('websocket ')}{links}")
                show(span.context.span_id, indent + "  ")

        show(None, "")
        return lines

    # Metrics.

    def points(self, name: str) -> dict[tuple[tuple[str, Any], ...], Any]:
        """Return the data points of a metric by their attributes, the engine's name left out."""
        data = self.reader.get_metrics_data()
        if data is None:
            return {}
        found = {}
        for scope in (s for r in data.resource_metrics for s in r.scope_metrics):
            for metric in (m for m in scope.metrics if m.name == f"websocket.client.{name}"):
                for point in metric.data.data_points:
                    attributes = dict(point.attributes or {})
                    attributes.pop("wsengine.engine.name", None)
                    value: Any = (getattr(point, "count", 0), getattr(point, "sum", 0))
                    if isinstance(point, NumberDataPoint):
                        value = point.value
                    found[tuple(sorted(attributes.items()))] = value
        return found

    def value(self, name: str, **attributes: Any) -> Any:
        """Return one data point; dots of attribute names are written as double underscores."""
        key = tuple(sorted((k.replace("__", "."), v) for k, v in attributes.items()))
        return self.points(name).get(key)
