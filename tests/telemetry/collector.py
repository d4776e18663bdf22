"""A collector in this process: takes real OTLP over HTTP, and decodes it."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span as WireSpan

PATIENCE = 20.0
"""Seconds that a process has on a busy machine to say what it will."""


@dataclass(frozen=True)
class CollectedSpan:
    """A span as it came over the wire, with the process that it came from."""

    service: str
    scope: str
    span: WireSpan

    @property
    def name(self) -> str:
        """What the span is called."""
        return self.span.name

    @property
    def id(self) -> bytes:
        """Its id."""
        return self.span.span_id

    @property
    def trace(self) -> bytes:
        """The id of its trace."""
        return self.span.trace_id

    @property
    def parent(self) -> bytes:
        """The id of its parent, or `b""`."""
        return self.span.parent_span_id

    @property
    def links(self) -> set[bytes]:
        """The ids of the spans that it is linked to."""
        return {link.span_id for link in self.span.links}


@dataclass
class Collected:
    """All that came."""

    spans: list[CollectedSpan] = field(default_factory=list)
    metrics: set[tuple[str, str]] = field(default_factory=set)  # service and name
    encodings: set[str] = field(default_factory=set)

    def named(self, name: str) -> list[CollectedSpan]:
        """Return the spans of this name, in the order in which they came."""
        return [span for span in self.spans if span.name == name]


class Collector:
    """The server; its `endpoint` is what OTEL_EXPORTER_OTLP_ENDPOINT takes."""

    def __init__(self) -> None:
        self.collected = Collected()
        self._news = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self._take))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def wait_until(self, enough: Callable[[Collected], bool]) -> Collected:
        """Wait, for some time, until enough came, and return all that came."""
        deadline = time.monotonic() + PATIENCE
        with self._news:
            while not enough(self.collected):
                left = deadline - time.monotonic()
                assert left > 0, f"not enough came: {self.collected}"
                self._news.wait(left)
            return self.collected

    def _take(self, path: str, encoding: str, body: bytes) -> bytes:
        with self._news:
            self.collected.encodings.add(encoding)
            answer = _TAKERS[path](self.collected, body)
            self._news.notify_all()
        return answer

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _take_traces(collected: Collected, body: bytes) -> bytes:
    request = ExportTraceServiceRequest.FromString(body)
    for resource in request.resource_spans:
        service = _service(resource.resource)
        for scope in resource.scope_spans:
            collected.spans += [CollectedSpan(service, scope.scope.name, s) for s in scope.spans]
    answer: bytes = ExportTraceServiceResponse().SerializeToString()
    return answer


def _take_metrics(collected: Collected, body: bytes) -> bytes:
    request = ExportMetricsServiceRequest.FromString(body)
    for resource in request.resource_metrics:
        service = _service(resource.resource)
        for scope in resource.scope_metrics:
            collected.metrics |= {(service, metric.name) for metric in scope.metrics}
    answer: bytes = ExportMetricsServiceResponse().SerializeToString()
    return answer


_TAKERS: dict[str, Callable[[Collected, bytes], bytes]] = {
    "/v1/traces": _take_traces,
    "/v1/metrics": _take_metrics,
}


def _service(resource: Any) -> str:
    (name,) = [a.value.string_value for a in resource.attributes if a.key == "service.name"]
    return str(name)


def _handler_of(take: Callable[[str, str, bytes], bytes]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            encoding = self.headers.get("Content-Encoding", "identity")
            known = self.path in _TAKERS
            answer = b""
            if known:
                plain = gzip.decompress(body) if encoding == "gzip" else body
                answer = take(self.path, encoding, plain)
            self.send_response(200 if known else 404)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
