"""`wsengine demo`: an endpoint loses its server three times, and comes back."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from ..config import EngineConfig
from ..engine import Engine
from ..options import ConnectOptions
from ..reconnect import ReconnectPolicy
from ..servers.echo import EchoServer
from ..signals import stop_on_signals
from .demo_endpoint import DemoEndpoint
from .demo_faults import FAULTS
from .demo_show import DemoShow

if TYPE_CHECKING:
    from .demo_telemetry import DemoTelemetry

TALK = 1.0
"""Seconds of undisturbed talk before each fault, and after the last one."""

LAST_ECHO = 1.0
"""Seconds to wait at most, in the end, for what is under way."""

CONFIG = EngineConfig(
    name="demo",
    reconnect=ReconnectPolicy(initial_delay=0.2, max_delay=1.0, jitter=0.5, min_uptime=0.5),
    stop_timeout=3.0,
)


async def show_demo(seconds: float, telemetry: DemoTelemetry | None = None) -> int:
    """Run the demo, and return its exit code: 0 if every recovery was seen, otherwise 1.

    Args:
        seconds: When to give up.
        telemetry: Told what the engine tells by OpenTelemetry, and shown in the end.
    """
    show = DemoShow(asyncio.get_running_loop().time)
    endpoint = DemoEndpoint(show)
    script = asyncio.create_task(_play(endpoint, show, telemetry))
    try:
        with stop_on_signals(lambda: _cancel(script)):
            await asyncio.wait({script}, timeout=seconds)
            in_time = script.done()
    finally:
        script.cancel()
        await asyncio.wait({script})
        show.end()
    if not script.cancelled():
        script.result()  # such as a port that was taken while the server was gone
    ok = not script.cancelled() and endpoint.all_is_well
    verdict = _verdict(ok, in_time=in_time, seconds=seconds, elapsed=show.elapsed)
    tables = () if telemetry is None else telemetry.tables()
    show.summary(endpoint.outcomes, endpoint.count, verdict, ok=ok, tables=tables)
    return 0 if ok else 1


def _verdict(ok: bool, *, in_time: bool, seconds: float, elapsed: float) -> str:
    if ok:
        return f"Every recovery was seen, within {elapsed:.1f} s."
    if not in_time:
        return f"Not every recovery was seen within {seconds:g} s."
    return "Ended before every recovery was seen."


def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()


async def _play(endpoint: DemoEndpoint, show: DemoShow, telemetry: DemoTelemetry | None) -> None:
    async with EchoServer() as server:
        engine = Engine(
            server.url,
            endpoint,
            options=ConnectOptions(proxy=None),  # this stays on the loopback interface
            config=CONFIG,
            tracer_provider=None if telemetry is None else telemetry.tracer_provider,
            meter_provider=None if telemetry is None else telemetry.meter_provider,
        )
        engine.watch(show.state)
        show.begin(server.url)
        try:
            async with engine:
                await _live_through_all(engine, endpoint, server, show)
        finally:
            if telemetry is not None:
                telemetry.collect()


async def _live_through_all(
    engine: Engine, endpoint: DemoEndpoint, server: EchoServer, show: DemoShow
) -> None:
    talking = asyncio.create_task(endpoint.talk(engine))
    try:
        await asyncio.sleep(TALK)
        for number, fault in enumerate(FAULTS, 1):
            show.fault(number, fault, endpoint.count)
            await endpoint.live_through(fault, server)
            await asyncio.sleep(TALK)
    finally:
        talking.cancel()
        await asyncio.wait({talking})
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LAST_ECHO):
            await endpoint.all_echoed.wait()
    show.last(endpoint.count)
