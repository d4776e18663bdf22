"""Making spans: whether anybody listens, what they say, and what they must not."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, TracerProvider
from opentelemetry.util.types import AttributeValue

from ..close import Close
from ..errors import TOOK_TOO_LONG
from . import names
from .guarding import GuardedTracer, end_span, text_of

Attributes = Mapping[str, AttributeValue]

ROOT: Final = Context()
"""The context of a span without a parent."""


def recording_tracer(provider: TracerProvider | None, version: str) -> Tracer | None:
    """Return the tracer to use now, or `None` where nobody listens.

    The API's own providers and tracers do nothing; then neither does the engine.
    """
    if provider is None or isinstance(provider, trace.ProxyTracerProvider):
        provider = trace.get_tracer_provider()
    if type(provider).__module__.startswith("opentelemetry.trace"):
        return None
    tracer = provider.get_tracer(names.SCOPE, version)
    return None if isinstance(tracer, trace.NoOpTracer) else GuardedTracer(tracer)


@contextlib.contextmanager
def current_span(
    tracer: Tracer,
    name: str,
    kind: SpanKind = SpanKind.INTERNAL,
    *,
    context: Context | None = None,
    attributes: Attributes | None = None,
    links: tuple[trace.Link, ...] = (),
) -> Iterator[Span]:
    """Make a span and have it be the current one; what is raised inside is recorded on it."""
    span = tracer.start_span(name, context, kind, attributes, links)
    with trace.use_span(span, record_exception=False, set_status_on_exception=False):
        try:
            yield span
        except BaseException as error:
            record_error(span, error)
            raise
        finally:
            end_span(span)


def record_error(span: Span, error: BaseException) -> None:
    """Record on a span what was raised. What ends things from outside is no fault of theirs."""
    if not span.is_recording() or isinstance(error, GeneratorExit):
        return
    span.set_attribute(names.ERROR_TYPE, error_type(error))
    if isinstance(error, Exception):
        with contextlib.suppress(Exception):  # the SDK asks for its text, which may raise
            span.record_exception(error)
        span.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {text_of(error)}"))
        vars(error)[_RECORDED] = span
    elif took_too_long(error):
        span.set_status(Status(StatusCode.ERROR, TOOK_TOO_LONG))


def took_too_long(error: BaseException) -> bool:
    """Whether it is the cancellation by which a time-out ends a dial or a callback."""
    return error.args == (TOOK_TOO_LONG,)


_RECORDED: Final = "__wsengine_span__"


@contextlib.contextmanager
def where_recorded(error: BaseException) -> Iterator[None]:
    """Make the span on which an error was recorded the current one, for a line in the log."""
    span = vars(error).get(_RECORDED)
    if span is None:
        yield
        return
    with trace.use_span(span, record_exception=False, set_status_on_exception=False):
        yield


def error_type(error: BaseException) -> str:
    """Return the class of an exception, by the conventions for `error.type`."""
    cls = type(error)
    return cls.__name__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


def url_attributes(url: str) -> dict[str, AttributeValue]:
    """Return what a span may tell of a URL: neither its user info nor its query."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return {}
    return {
        names.URL_SCHEME: parts.scheme,
        names.SERVER_ADDRESS: parts.hostname or "",
        names.SERVER_PORT: port or (443 if parts.scheme == "wss" else 80),
        names.URL_PATH: parts.path or "/",
    }


def close_attributes(close: Close) -> dict[str, AttributeValue]:
    """Return what a span tells of a close."""
    attributes: dict[str, AttributeValue] = {
        names.CLOSE_CODE: int(close.code),
        names.CLOSED_BY: closed_by(close),
    }
    if close.reason:
        attributes[names.CLOSE_REASON] = close.reason
    return attributes


def closed_by(close: Close) -> str:
    """Return who began a close; where no close frame came, it was the network."""
    if close.client_initiated:
        return "client"
    return "network" if close.code == 1006 else "server"


_PLAIN_NAME = re.compile(r"[a-z][a-z0-9]*([.+_-][a-z0-9]{1,12})*")


def shown_subprotocol(name: str) -> str:
    """Return the name of a subprotocol, if it looks like one: some carry a token in its place."""
    return name if len(name) <= 32 and _PLAIN_NAME.fullmatch(name) else "(hidden)"
