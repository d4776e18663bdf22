"""Draw docs/waterfall.svg: the spans of a real run, with an engine that loses its server once.

    python docs/waterfall.py [FILE]

Everything runs in this process, over the loopback interface, and takes about a second. The
durations are those of the run, so each picture is another one.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

import bars
from opentelemetry.propagate import extract
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, Tracer
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request

from wsengine import (
    ConnectOptions,
    Endpoint,
    Engine,
    EngineConfig,
    ReconnectPolicy,
    RestartFailure,
    Session,
)

PICTURE = Path(__file__).resolve().parent / "waterfall.svg"

POLICY = ReconnectPolicy(initial_delay=0.08, factor=1.5, jitter=0, min_uptime=0)
MESSAGES = (3, 1)
"""How many messages each session gets."""

# Seconds that things take, so that they can be seen.
AUTHENTICATION, TICK, HANDLING, FAREWELL = 0.03, 0.04, 0.025, 0.015


class Shop:
    """A server that looks up who dials, in a span of its own, and then sends some messages.

    Args:
        tracer: Where to make the span.
    """

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._server: Server
        self._messages = iter(MESSAGES)
        self.port = 0

    async def open(self) -> None:
        """Listen."""
        self._server = await serve(
            self._talk, "127.0.0.1", self.port, process_request=self._authenticate
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def close(self) -> None:
        """Be gone, without a close frame."""
        for connection in tuple(self._server.connections):
            connection.transport.abort()
        self._server.close()
        await self._server.wait_closed()

    async def _authenticate(self, connection: ServerConnection, request: Request) -> None:
        context = extract(request.headers)
        with self._tracer.start_as_current_span("server: who is it?", context, SpanKind.SERVER):
            await asyncio.sleep(AUTHENTICATION)

    async def _talk(self, connection: ServerConnection) -> None:
        await connection.recv()
        with contextlib.suppress(ConnectionClosed):
            for number in range(next(self._messages)):
                await connection.send(f"tick {number}")
                await asyncio.sleep(TICK)
        await connection.wait_closed()


class Ticks(Endpoint):
    """Subscribes, and handles what comes; each callback does something that takes a moment."""

    def __init__(self) -> None:
        self.handled = 0
        self.news = asyncio.Condition()
        self.failed = asyncio.Event()

    async def on_open(self, session: Session, *, restarting: bool) -> None:
        """Subscribe."""
        await session.ping()
        await session.send("subscribe")

    async def on_message(self, session: Session, message: str) -> None:
        """Work, and confirm."""
        await asyncio.sleep(HANDLING)
        await session.send("done")
        async with self.news:
            self.handled += 1
            self.news.notify_all()

    async def on_close(self, session: Session, close: object) -> None:
        """Clean up."""
        await asyncio.sleep(FAREWELL)

    async def on_restart_error(self, engine: Engine, failure: RestartFailure) -> None:
        """Note it."""
        self.failed.set()

    async def wait_for(self, messages: int) -> None:
        """Wait until so many messages have been handled."""
        async with self.news:
            await self.news.wait_for(lambda: self.handled >= messages)


async def run() -> Sequence[ReadableSpan]:
    """Run an engine through the loss of its server, and return all spans."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer, endpoint = provider.get_tracer("docs"), Ticks()
    shop = Shop(tracer)
    await shop.open()
    engine = Engine(
        f"ws://127.0.0.1:{shop.port}",
        endpoint,
        options=ConnectOptions(proxy=None),
        config=EngineConfig(name="shop", reconnect=POLICY),
        tracer_provider=provider,
    )
    with tracer.start_as_current_span("your code: open the shop"):
        await engine.start()
    await endpoint.wait_for(MESSAGES[0])
    await shop.close()
    await endpoint.failed.wait()
    await shop.open()
    await endpoint.wait_for(sum(MESSAGES))
    with tracer.start_as_current_span("your code: close the shop"):
        await engine.stop()
    await shop.close()
    return exporter.get_finished_spans()


async def bounded() -> Sequence[ReadableSpan]:
    """Run it, but not for ever."""
    async with asyncio.timeout(20):
        return await run()


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE
    target.write_text(bars.svg(asyncio.run(bounded())), encoding="utf-8")
