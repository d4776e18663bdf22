"""A run of one engine in which every span is made and every metric counts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from opentelemetry.sdk.metrics.export import Gauge, Histogram, Metric, Sum
from opentelemetry.sdk.trace import ReadableSpan

from wsengine import (
    Close,
    ConnectError,
    ConnectionClosed,
    Endpoint,
    Engine,
    EngineConfig,
    EngineState,
    Handshake,
    ReconnectPolicy,
    Session,
)
from wsengine.blockage import BEAT
from wsengine.testing import (
    Accept,
    CloseWith,
    Delay,
    Hang,
    Lose,
    ReadFails,
    Refuse,
    ScriptedAdapter,
)

from .seen import Seen

POLICY = ReconnectPolicy(initial_delay=0.01, factor=1, max_delay=0.01, min_uptime=0)
SESSIONS = 3
CONFIG = EngineConfig(
    name="everything",
    reconnect=POLICY,
    retry_start=True,
    open_timeout=0.1,
    stop_timeout=0.5,
    blocked_after=BEAT,
)


class DoesEverything(Endpoint):
    """Sends and pings in its callbacks; the handler of "raise" does."""

    async def on_open(self, session: Session, *, restarting: bool) -> None:
        await session.send("text")
        await session.send(b"binary")
        await session.ping()

    async def on_message(self, session: Session, message: Any) -> None:
        if message == "raise":
            raise ValueError("as asked")
        if message == "block":
            until = time.monotonic() + 4 * BEAT
            while time.monotonic() < until:
                """Compute."""

    async def on_read_error(self, session: Session, error: Exception) -> None:
        await session.send("what was that?")

    async def on_close(self, session: Session, close: Close) -> None:
        if close.client_initiated:
            with_nobody_there = asyncio.timeout(0.2)
            try:
                async with with_nobody_there:
                    await session.ping()
            except ConnectionClosed:
                return


def _script() -> list[Any]:
    return [
        Refuse(ConnectError("busy", status=503)),
        Refuse(ConnectError("nobody there")),
        Hang(),
        Accept(
            *("text", b"binary", "raise", "block", ReadFails(ValueError("odd")), Delay(0.02)),
            CloseWith(1011, "bad day"),
            handshake=Handshake(subprotocol="chat.v2"),
        ),
        Accept(Delay(0.02), Lose()),
        Accept(),
    ]


async def run_everything(seen: Seen) -> Engine:
    """Run it; the engine is returned so that its metrics stay as they are."""
    adapter = ScriptedAdapter(_script())
    engine = Engine(
        *("ws://user:password@test.invalid/path?token=secret", DoesEverything()),
        adapter=adapter,
        config=CONFIG,
        tracer_provider=seen.tracer_provider,
        meter_provider=seen.meter_provider,
    )
    opened: asyncio.Semaphore = asyncio.Semaphore(0)
    engine.watch(lambda change: opened.release() if change.state is EngineState.OPEN else None)
    async with asyncio.timeout(10):
        await engine.start()
        for _ in range(SESSIONS):
            await opened.acquire()
        adapter.connection.answers_close = False
        await engine.stop()
    return engine


def kind_of(metric: Metric) -> str:
    """Return what the documentation calls the kind of a metric."""
    match metric.data:
        case Sum(is_monotonic=True):
            return "counter"
        case Sum():
            return "up-down counter"
        case Gauge():
            return "gauge"
        case Histogram():
            return "histogram"
    raise AssertionError(f"{metric.name} is of no kind that is documented")


def attribute_names(metric: Metric) -> set[str]:
    """Return the names of all attributes that any data point has."""
    return {name for point in metric.data.data_points for name in point.attributes or {}}


def names_of(spans: Sequence[ReadableSpan]) -> set[str]:
    """Return the names of the attributes that any of these spans has."""
    return {name for span in spans for name in span.attributes or {}}
