"""Contestants that tell: what spans and metrics cost a message."""

from __future__ import annotations

import functools

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.trace import Link, SpanKind

from wsengine import ConnectOptions, Engine, EngineConfig, Session
from wsengine.message import Message

from .amount import Amount, Measure, Sample, whole
from .engines import Async, Counter, session_of


class Forget(SpanProcessor):
    """Takes finished spans and drops them: what exporting costs is not the engine's."""

    ended = 0

    def on_end(self, span: ReadableSpan) -> None:
        self.ended += 1


def recording() -> TracerProvider:
    """Return a provider of the SDK that records every span."""
    provider = TracerProvider()
    provider.add_span_processor(Forget())
    return provider


class ByHand(Counter):
    """What a careful program writes without an engine that does it: one span for each message."""

    def __init__(self) -> None:
        self._tracer = recording().get_tracer("by-hand")
        dial = self._tracer.start_span("websocket dial")
        self._links = (Link(dial.get_span_context()),)
        self._root = Context()

    async def on_message(self, session: Session, message: Message) -> None:
        attributes = {
            "wsengine.engine.name": "bench",
            "wsengine.session.id": session.id,
            "websocket.message.type": "binary" if isinstance(message, bytes) else "text",
            "websocket.message.size": len(message),
        }
        span = self._tracer.start_span(
            "websocket on_message", self._root, SpanKind.CONSUMER, attributes, self._links
        )
        with trace.use_span(span, end_on_exit=True):
            self.left -= 1
            if not self.left:
                self.finish()


def burst(kind: type[Counter], adapter: str, *, traced: bool, metered: bool) -> Measure:
    """Return the measurement of bursts with the telemetry that is asked for."""
    return functools.partial(_burst, kind, adapter, traced, metered)


async def _burst(
    kind: type[Counter], adapter: str, traced: bool, metered: bool, url: str, amount: Amount
) -> Sample:
    counter = kind()
    engine = Engine(
        url,
        counter,
        adapter=adapter,
        options=ConnectOptions(compression=None, proxy=None),
        config=EngineConfig(name="bench", ping_interval=None, reconnect=None),
        tracer_provider=recording() if traced else trace.NoOpTracerProvider(),
        meter_provider=MeterProvider([InMemoryMetricReader()]) if metered else None,
    )
    async with engine:
        session = session_of(engine)
        return whole([await counter.burst(session, amount, part) for part in amount.parts()])


def nothing(adapter: str) -> Measure:
    """Return the measurement without telemetry."""
    return burst(Async, adapter, traced=False, metered=False)


def metrics(adapter: str) -> Measure:
    """Return the measurement with metrics only."""
    return burst(Async, adapter, traced=False, metered=True)


def spans(adapter: str) -> Measure:
    """Return the measurement with a span of the engine for each message."""
    return burst(Async, adapter, traced=True, metered=False)


def by_hand(adapter: str) -> Measure:
    """Return the measurement with a span by hand for each message."""
    return burst(ByHand, adapter, traced=False, metered=False)
