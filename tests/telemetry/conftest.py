"""Telemetry as an SDK, a collector and Prometheus see it: real loops, real servers on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.loops import LOOPS, LoopFactory, chosen_loop, loop_factory

from .collector import Collector
from .seen import Seen


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, LoopFactory]:
    """Run the tests of this folder on the loop that `WSENGINE_LOOP` names."""
    name = chosen_loop() or LOOPS[0]
    return {name: loop_factory(name)}


@pytest.fixture
def seen() -> Iterator[Seen]:
    """Providers whose spans and metrics stay in memory."""
    told = Seen()
    yield told
    told.tracer_provider.shutdown()
    told.meter_provider.shutdown()


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A server that takes what OTLP exporters send."""
    with Collector() as running:
        yield running
