"""The latest traces, kept in memory; where there is no OpenTelemetry SDK, how to get it."""

from __future__ import annotations

import importlib
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.trace import TracerProvider

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

HOW_TO_GET: Final = 'pip install "wsengine[otlp]"'

KEPT_SPANS: Final = 60
"""How many spans of one trace are kept: the first ones that end."""

OF_MESSAGES: Final = frozenset({"websocket on_message", "websocket send", "websocket ping"})
"""A trace of nothing else is about a message; all others are about the engine's life."""

KEPT: Final = {"life": 6, "message": 6}
"""How many traces of each kind are kept."""


class Traces:
    """Collects spans as a `SpanExporter` of the SDK does, and keeps those of the latest traces."""

    def __init__(self) -> None:
        self._lock = Lock()  # spans may end in any thread
        self._traces: OrderedDict[int, list[dict[str, Any]]] = OrderedDict()
        self.version = 0
        """Changes with each span."""

    def export(self, spans: Sequence[ReadableSpan]) -> Any:
        """Take spans that have ended."""
        from opentelemetry.sdk.trace.export import SpanExportResult  # noqa: PLC0415 - optional

        with self._lock:
            for span in spans:
                trace = self._traces.setdefault(span.context.trace_id, [])
                if len(trace) < KEPT_SPANS:
                    trace.append(_told(span))
            self.version += 1
            self._forget()
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Nothing is held but memory."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing waits to be exported."""
        return True

    def told(self) -> list[dict[str, Any]]:
        """Return the latest traces, the oldest first, each with its kind and its spans."""
        with self._lock:
            return [
                {
                    "id": f"{number:032x}",
                    "kind": _kind(spans),
                    "spans": sorted(spans, key=lambda span: float(span["began"])),
                }
                for number, spans in self._traces.items()
            ]

    def _forget(self) -> None:
        left = dict(KEPT)
        for number in reversed(list(self._traces)):
            kind = _kind(self._traces[number])
            left[kind] -= 1
            if left[kind] < 0:
                del self._traces[number]


def provider(traces: Traces) -> TracerProvider | None:
    """Return a provider that leads to these traces, or `None` where the SDK is not installed."""
    try:
        sdk = importlib.import_module("opentelemetry.sdk.trace")
        export = importlib.import_module("opentelemetry.sdk.trace.export")
    except ImportError:
        return None
    made: TracerProvider = sdk.TracerProvider(shutdown_on_exit=False)
    made.add_span_processor(export.SimpleSpanProcessor(traces))  # type: ignore[attr-defined]
    return made


def _kind(spans: list[dict[str, Any]]) -> str:
    return "message" if all(span["name"] in OF_MESSAGES for span in spans) else "life"


def _told(span: ReadableSpan) -> dict[str, Any]:
    return {
        "id": f"{span.context.span_id:016x}",
        "parent": None if span.parent is None else f"{span.parent.span_id:016x}",
        "name": span.name,
        "began": (span.start_time or 0) / 1e9,
        "ended": (span.end_time or 0) / 1e9,
        "failed": not span.status.is_ok and span.status.status_code.name == "ERROR",
        "why": span.status.description or "",
        "about": _about(span),
    }


def _about(span: ReadableSpan) -> str:
    """Return the attribute that tells most about a span."""
    attributes = span.attributes or {}
    for name in ("wsengine.reconnect.cause", "websocket.close.code", "websocket.message.size"):
        if name in attributes:
            return str(attributes[name]) + (" B" if name.endswith("size") else "")
    return ""
