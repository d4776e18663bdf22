"""A dial under a span, with the trace's context in its handshake."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Iterator
from time import perf_counter

from opentelemetry import propagate, trace
from opentelemetry.metrics import Histogram
from opentelemetry.trace import Span, SpanContext, SpanKind, Status, StatusCode, Tracer

from ..adapter import Adapter, Connection, Handshake
from ..errors import ConfigError, ConnectError
from ..options import ConnectOptions
from . import names
from .guarding import end_span, tell, text_of
from .spans import (
    Attributes,
    error_type,
    shown_subprotocol,
    took_too_long,
    url_attributes,
)
from .tally import Tally


class Dialling:
    """Dials once, and tells of it.

    Args:
        tally: Where the dial is counted.
        duration: Told how long it took.
        tracer: Where to make its span, or `None`.
        attributes: Attributes of the span.
    """

    def __init__(
        self, tally: Tally, duration: Histogram, tracer: Tracer | None, attributes: Attributes
    ) -> None:
        self.span_context: SpanContext | None = None
        """The context of the dial's span: what belongs to its session is linked to it."""
        self._tally = tally
        self._duration = duration
        self._tracer = tracer
        self._attributes = attributes

    async def connect(self, adapter: Adapter, url: str, options: ConnectOptions) -> Connection:
        """Dial; see `wsengine.adapter.Adapter.connect`."""
        with self._span(url) as span, self._counted(span):
            try:
                connection = await adapter.connect(url, propagated(options))
            except Exception as error:
                _describe_failure(span, error)
                raise
            if span.is_recording():
                _describe_success(span, connection.handshake)
            return connection

    @contextlib.contextmanager
    def _span(self, url: str) -> Iterator[Span]:
        if self._tracer is None:
            yield trace.INVALID_SPAN
            return
        attributes = {**self._attributes, **url_attributes(url)}
        span = self._tracer.start_span("websocket dial", None, SpanKind.CLIENT, attributes)
        if span.get_span_context().is_valid:  # or it could not be made
            self.span_context = span.get_span_context()
        try:
            with trace.use_span(span, record_exception=False, set_status_on_exception=False):
                yield span
        finally:
            end_span(span)

    @contextlib.contextmanager
    def _counted(self, span: Span) -> Iterator[None]:
        begin, outcome, error_name = perf_counter(), "open", ""
        try:
            yield
        except asyncio.CancelledError as error:
            outcome = "given_up"
            if took_too_long(error):
                outcome, error_name = "timeout", error_type(error)
                span.set_status(Status(StatusCode.ERROR, "the open took too long"))
            raise
        except Exception as error:
            status = getattr(error, "status", None)
            outcome = "failed" if status is None else "refused"
            error_name = error_type(error) if status is None else str(status)
            raise
        finally:
            self._tally.dialled(outcome, error_name)
            attributes = {names.OUTCOME: outcome}
            if error_name:
                attributes[names.ERROR_TYPE] = error_name
            span.set_attributes(attributes)
            attributes[names.ENGINE] = self._tally.engine
            self._duration.record(perf_counter() - begin, attributes)


def propagated(options: ConnectOptions) -> ConnectOptions:
    """Return options whose headers carry the current context, by the global propagator.

    A header that the user gives stays as it is; one that cannot be sent is left out.
    """
    carrier: dict[str, str] = {}
    try:
        propagate.inject(carrier)
    except Exception as error:
        tell("the propagator", "its headers", error)
        return options
    given = {name.lower() for name in options.headers}
    added = {
        name: value
        for name, value in carrier.items()
        if _is_header(name, value) and name.lower() not in given
    }
    if not added:
        return options
    return dataclasses.replace(options, headers={**options.headers, **added})


def _is_header(name: str, value: str) -> bool:
    try:
        ConnectOptions(headers={name: value})
    except ConfigError as error:
        tell("a header of the propagator", "it", error)
        return False
    return True


def _describe_success(span: Span, handshake: Handshake) -> None:
    span.set_attribute(names.STATUS, handshake.status)
    if handshake.subprotocol is not None:
        span.set_attribute(names.SUBPROTOCOL, shown_subprotocol(handshake.subprotocol))


def _describe_failure(span: Span, error: Exception) -> None:
    """Tell why a dial failed; not where in the code, as its causes may quote the whole URL."""
    status = error.status if isinstance(error, ConnectError) else None
    if status is not None:
        span.set_attribute(names.STATUS, status)
    text = text_of(error) if isinstance(error, ConnectError) else type(error).__name__
    span.set_status(Status(StatusCode.ERROR, text))
