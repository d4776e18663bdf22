"""What telemetry of yours may do wrong: span processors, samplers and propagators that raise.

The connection is worth more than what is told of it: the engine goes on without the span or the
header, and tells of it in the log.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from opentelemetry import trace
from opentelemetry.trace import Span, Tracer

logger = logging.getLogger(__name__)

_told: Final[set[str]] = set()
"""What was told of: it may happen with each message."""


def tell(what: str, without: str, error: Exception) -> None:
    """Log a failure, the first of its kind in this process as a warning."""
    level = logging.DEBUG if what in _told else logging.WARNING
    _told.add(what)
    text = (
        "%s raised %s: the engine goes on without %s; mend it (more of these are logged at DEBUG)"
    )
    logger.log(level, text, what, type(error).__name__, without, exc_info=error)


class GuardedTracer(Tracer):
    """A tracer whose `start_span` does not raise: where it fails there is no span.

    Args:
        tracer: The SDK's.
    """

    def __init__(self, tracer: Tracer) -> None:
        self._tracer, self._start = tracer, tracer.start_span

    def start_span(self, *args: Any, **kwargs: Any) -> Span:
        """Start a span, or return one that tells nothing."""
        try:
            return self._start(*args, **kwargs)
        except Exception as error:
            tell("a span processor or sampler", "the span", error)
            return trace.INVALID_SPAN

    def start_as_current_span(self, *args: Any, **kwargs: Any) -> Any:
        """Do as the SDK does; wsengine itself does without."""
        return self._tracer.start_as_current_span(*args, **kwargs)


def end_span(span: Span) -> None:
    """End a span; a processor that raises harms nobody."""
    try:
        span.end()
    except Exception as error:
        tell("a span processor or exporter", "it", error)


def text_of(error: BaseException) -> str:
    """Return the text of an exception, also where its `__str__` raises."""
    try:
        return str(error)
    except Exception as broken:
        return f"(no text: its __str__ raised {type(broken).__name__})"
