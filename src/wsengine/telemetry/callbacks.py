"""The user's callbacks, each under a span of its own."""

from __future__ import annotations

import inspect
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from opentelemetry import context as context_api
from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanKind, Tracer

from ..close import Close
from ..config import EngineConfig
from ..message import Message, message_size
from . import names
from .guarding import end_span
from .spans import (
    ROOT,
    Attributes,
    close_attributes,
    current_span,
    error_type,
    record_error,
)

Callback = Callable[..., Any]

ON_MESSAGE: Final = "websocket on_message"

CALLBACKS: Final = ("on_open", "on_close", "on_read_error", "on_close_error", "on_restart_error")
"""All but `on_message`, which is the hot path."""


class TracedEndpoint:
    """An endpoint whose callbacks make spans.

    Args:
        endpoint: The user's.
        tracer: Where to make them.
        config: Which messages to trace.
        attributes: The attributes that all of them have.
        links: The links of those without a parent: to the dial of the session.
    """

    def __init__(
        self,
        endpoint: Any,
        tracer: Tracer,
        config: EngineConfig,
        attributes: Attributes,
        links: tuple[Link, ...],
    ) -> None:
        for name in CALLBACKS:
            callback = getattr(endpoint, name)
            setattr(self, name, traced(callback, name, tracer, attributes, links))
        self.on_message: Callback = endpoint.on_message
        if config.trace_messages != "off":
            message_spans = MessageSpans(tracer, config, attributes, links)
            self.on_message = message_spans.around(endpoint.on_message)


def traced(
    callback: Callback,
    name: str,
    tracer: Tracer,
    attributes: Attributes,
    links: tuple[Link, ...] = (),
) -> Callback:
    """Return a callback that makes a span; its parent is whatever span is current."""

    async def traced_callback(*args: Any, **kwargs: Any) -> Any:
        # What runs in a worker has no parent: it is linked to the dial instead.
        has_parent = trace.get_current_span().get_span_context().is_valid
        with current_span(
            tracer,
            f"websocket {name}",
            attributes={**attributes, **_attributes_of(args, kwargs)},
            links=() if has_parent else links,
        ):
            result = callback(*args, **kwargs)
            return await result if inspect.isawaitable(result) else result

    return traced_callback


def _attributes_of(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "restarting" in kwargs:
        found[names.RESTARTING] = kwargs["restarting"]
    if len(args) > 1:
        if isinstance(args[1], Close):
            found.update(close_attributes(args[1]))
        elif (attempt := getattr(args[1], "attempt", None)) is not None:
            found[names.ATTEMPT] = attempt
            if args[1].next_delay is not None:
                found[names.DELAY] = args[1].next_delay
    return found


class MessageSpans:
    """The spans of `on_message`: one for each message, from its hand-over to the handler's end.

    A span has no parent, since a session may last for days: it is linked to the session's dial.
    It is the current one in the handler, and in all that the handler awaits.

    Args:
        tracer: Where to make them.
        config: Which messages to trace, and how to find the context inside a message.
        attributes: The attributes that all of them have.
        links: The link to the dial.
    """

    def __init__(
        self,
        tracer: Tracer,
        config: EngineConfig,
        attributes: Attributes,
        links: tuple[Link, ...],
    ) -> None:
        self._start = tracer.start_span
        self._attributes = attributes
        self._links = links
        self._extract = config.extract
        self._as_parent = config.extract_as == "parent"
        ratio = config.trace_messages
        self._ratio = ratio if isinstance(ratio, int | float) else 1.0

    def around(self, handler: Callback) -> Callback:
        """Return a handler that makes a span for each message, or for a share of them."""
        ratio, draw, start = self._ratio, random.random, self.start

        def on_message(session: Any, message: Any, raw: Message | None = None) -> Any:
            if ratio < 1.0 and draw() >= ratio:
                return handler(session, message)
            span, context = start(message, raw)
            token = context_api.attach(trace.set_span_in_context(span, context))
            try:
                result = handler(session, message)
            except BaseException as error:
                _finish(span, token, error)
                raise
            if result is not None and inspect.isawaitable(result):
                return _until_done(result, span, token)
            _finish(span, token)
            return result

        return on_message

    def start(self, message: Any, raw: Message | None = None) -> tuple[Span, Context]:
        """Start the span of a message; return it with the context that it begins in.

        Args:
            message: What the handler gets.
            raw: The message as it came, where a codec made something else of it.
        """
        attributes = {**self._attributes, **_describe(message if raw is None else raw)}
        if self._extract is None:
            span = self._start(ON_MESSAGE, ROOT, SpanKind.CONSUMER, attributes, self._links)
            return span, ROOT
        context, links, failure = ROOT, self._links, ""
        try:
            context, links = self._with_extracted(self._extract(message))
        except Exception as error:  # the message itself is fine
            failure = error_type(error)
        span = self._start(ON_MESSAGE, context, SpanKind.CONSUMER, attributes, links)
        if failure:
            span.add_event("extract failed", {names.ERROR_TYPE: failure})
        return span, context

    def _with_extracted(
        self, carrier: Mapping[str, str] | None
    ) -> tuple[Context, tuple[Link, ...]]:
        """Return parent and links, with the context that a message carries."""
        if not carrier:
            return ROOT, self._links
        context = propagate.extract(carrier, context=Context())
        if self._as_parent:
            return context, self._links
        found = trace.get_current_span(context).get_span_context()
        return ROOT, (*self._links, Link(found)) if found.is_valid else self._links


async def _until_done(pending: Awaitable[Any], span: Span, token: Any) -> Any:
    try:
        result = await pending
    except GeneratorExit:
        end_span(span)  # left behind, and now collected wherever that happens: no context of ours
        raise
    except BaseException as error:
        _finish(span, token, error)
        raise
    _finish(span, token)
    return result


def _finish(span: Span, token: Any, error: BaseException | None = None) -> None:
    context_api.detach(token)
    if error is not None:
        record_error(span, error)
    end_span(span)


def _describe(message: Any) -> dict[str, Any]:
    if isinstance(message, bytes):
        return {names.MESSAGE_TYPE: "binary", names.MESSAGE_SIZE: len(message)}
    if isinstance(message, str):
        return {names.MESSAGE_TYPE: "text", names.MESSAGE_SIZE: message_size(message)}
    return {names.MESSAGE_TYPE: type(message).__name__}  # what a codec made of it
