"""A connection that tells of its sends and pings."""

from __future__ import annotations

from typing import Any

from opentelemetry import trace
from opentelemetry.metrics import Histogram
from opentelemetry.trace import SpanKind, Tracer

from ..adapter import Connection, Handshake, NativeReceive, Offering
from ..message import SendableMessage
from ..traffic import Traffic
from . import names
from .spans import Attributes, current_span


class ObservedConnection:
    """A connection whose sends and pings make spans below the span that is current.

    Without a current span they make none: what is sent outside of callbacks, and the pings of
    the keepalive, would be spans without a meaning. Receiving is as it was.

    Args:
        connection: The adapter's connection.
        tracer: Where to make spans, or `None`.
        ping_duration: Told of each round trip.
        attributes: The attributes that all spans have; `engine` alone goes to the metric.
    """

    def __init__(
        self,
        connection: Connection,
        tracer: Tracer | None,
        ping_duration: Histogram,
        attributes: Attributes,
    ) -> None:
        self.receive = connection.receive
        self.close = connection.close
        if isinstance(connection, NativeReceive):
            self.native_receive = connection.native_receive
            self.translate = connection.translate
        if isinstance(connection, Offering):
            self.offer_to = connection.offer_to
        self.send = connection.send if tracer is None else self._traced_send
        self._connection = connection
        self._tracer = tracer
        self._ping_duration = ping_duration
        self._attributes = attributes

    @property
    def handshake(self) -> Handshake:
        """The server's answer to the opening handshake."""
        return self._connection.handshake

    @property
    def native(self) -> Any:
        """The library's own object."""
        return self._connection.native

    async def _traced_send(self, message: SendableMessage) -> None:
        tracer = self._tracer
        if tracer is None or not trace.get_current_span().is_recording():
            await self._connection.send(message)
            return
        traffic = Traffic()
        traffic.count(message)
        attributes = {
            **self._attributes,
            names.MESSAGE_TYPE: "text" if traffic.texts else "binary",
            names.MESSAGE_SIZE: traffic.bytes,
        }
        with current_span(tracer, "websocket send", SpanKind.PRODUCER, attributes=attributes):
            await self._connection.send(message)

    async def ping(self) -> float:
        """Send a ping, and return the seconds until its pong."""
        if self._tracer is None or not trace.get_current_span().is_recording():
            return await self._timed_ping()
        attributes = self._attributes
        with current_span(self._tracer, "websocket ping", SpanKind.CLIENT, attributes=attributes):
            return await self._timed_ping()

    async def _timed_ping(self) -> float:
        seconds = await self._connection.ping()
        self._ping_duration.record(seconds, {names.ENGINE: self._attributes[names.ENGINE]})
        return seconds
