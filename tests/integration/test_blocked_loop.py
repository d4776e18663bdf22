"""A handler that blocks the event loop for longer than the ping time-out: no session dies of it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from wsengine import ConnectOptions, Engine, EngineConfig, Session, SyncEngine, run
from wsengine.blockage import BEAT

from .measuring import until
from .recorder import Recorder
from .servers import PATIENCE, PoliteServer, greet
from .test_sync import Collecting, apart

pytestmark = pytest.mark.usefixtures("nothing_held")

BLOCKED = 6 * BEAT

SOON = EngineConfig(blocked_after=BEAT, stop_timeout=2)


class Computes(Recorder):
    """Its first message takes it a while."""

    def on_message(self, session: Session, message: Any) -> None:
        super().on_message(session, message)
        if len(self.messages) == 1:
            time.sleep(BLOCKED)


def blocked(reader: InMemoryMetricReader) -> list[Any]:
    """Return the data points that tell of a blocked loop."""
    data = reader.get_metrics_data()
    return [
        point
        for resource in (data.resource_metrics if data else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name == "websocket.client.loop.blocked"
        for point in metric.data.data_points
    ]


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.name == "wsengine.blockage"]


async def test_the_session_lives_and_who_blocked_is_told(
    adapter: str, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint, reader = Computes(), InMemoryMetricReader()
    meters = MeterProvider([reader])
    config = EngineConfig(
        name="feed", ping_interval=0.05, ping_timeout=BEAT, blocked_after=BEAT, stop_timeout=2
    )
    async with PoliteServer(greet("one", "two", "three")) as server:
        engine = Engine(
            *(server.url, endpoint),
            adapter=adapter,
            config=config,
            options=ConnectOptions(proxy=None),
            meter_provider=meters,
        )
        async with engine:
            await until(lambda: len(endpoint.messages) == 3)
            await until(lambda: blocked(reader))
            assert endpoint.closes == []
            session = endpoint.sessions[0]
            await until(lambda: session.stats().ping_round_trip is not None)
            assert session.closed is None
    (point,) = blocked(reader)
    assert point.attributes == {
        "wsengine.engine.name": "feed",
        "code.function.name": "Computes.on_message",
    }
    assert BEAT < point.sum < 10 * BLOCKED
    during, afterwards = told(caplog)
    assert "the event loop is blocked by Computes.on_message" in during
    assert "time.sleep(BLOCKED)" in during
    assert "the event loop was blocked by Computes.on_message" in afterwards
    meters.shutdown()


@pytest.mark.one_adapter
async def test_nothing_is_watched_if_nobody_wants_it(
    adapter: str, caplog: pytest.LogCaptureFixture
) -> None:
    config = EngineConfig(blocked_after=None, stop_timeout=2)
    async with PoliteServer(greet("one")) as server:
        endpoint = Computes()
        engine = Engine(server.url, endpoint, adapter=adapter, config=config)
        async with engine:
            await until(lambda: endpoint.messages)
    assert told(caplog) == []


class ComputesOnce(Computes):
    def on_message(self, session: Session, message: Any) -> None:
        super().on_message(session, message)
        session.exit()


@pytest.mark.one_adapter
async def test_run_tells_the_callback_and_not_itself(
    adapter: str, caplog: pytest.LogCaptureFixture
) -> None:
    options = ConnectOptions(proxy=None)
    async with PoliteServer(greet("one")) as server:
        engine = Engine(server.url, ComputesOnce(), adapter=adapter, config=SOON, options=options)
        await apart(lambda: run(engine))
    during, afterwards = told(caplog)
    assert "is blocked by ComputesOnce.on_message" in during
    assert "was blocked by ComputesOnce.on_message" in afterwards


class SlowCodec:
    def encode(self, value: str) -> str:
        return value

    def decode(self, message: str | bytes) -> str:
        time.sleep(BLOCKED)
        return str(message)


@pytest.mark.one_adapter
async def test_without_asyncio_it_is_not_the_loops_thread_that_is_told(
    adapter: str, caplog: pytest.LogCaptureFixture
) -> None:
    options, endpoint = ConnectOptions(proxy=None), Collecting(1)
    async with PoliteServer(greet("one")) as server:
        engine = SyncEngine(
            *(server.url, endpoint),
            adapter=adapter,
            codec=SlowCodec(),
            config=SOON,
            options=options,
        )

        def program() -> None:
            with engine:
                assert endpoint.full.wait(PATIENCE)

        await apart(program)
    during, afterwards = told(caplog)
    assert "is blocked by SlowCodec.decode" in during
    assert "was blocked by SlowCodec.decode" in afterwards
