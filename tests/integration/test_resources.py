"""Many starts and restarts: what the process holds stays the same."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from typing import Any

import pytest

from wsengine import Endpoint, Session

from .conftest import MakeEngine
from .measuring import Held, until
from .servers import PoliteServer, greet

pytestmark = pytest.mark.usefixtures("nothing_held")


class Counts(Endpoint):
    """Keeps nothing but numbers."""

    def __init__(self) -> None:
        self.opened = self.received = self.closed = 0

    def on_open(self, session: Session, *, restarting: bool) -> None:
        self.opened += 1

    async def on_message(self, session: Session, message: Any) -> None:
        self.received += 1
        await asyncio.sleep(0)

    def on_close(self, session: Session, close: Any) -> None:
        self.closed += 1


def used_memory() -> int:
    """Return the bytes in use, without garbage."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


@pytest.fixture
def traced_memory() -> Any:
    """Trace memory during a test."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.one_adapter
@pytest.mark.usefixtures("traced_memory")
async def test_a_hundred_engines(make_engine: MakeEngine) -> None:
    endpoint = Counts()
    async with PoliteServer(greet("hello")) as server:
        held = Held.now()
        engines = [make_engine(server.url, endpoint, workers=2) for _ in range(100)]
        at_rest = used_memory()
        for batch in range(0, 100, 20):
            some = engines[batch : batch + 20]
            await asyncio.gather(*(engine.start() for engine in some))
            await until(lambda: endpoint.received == batch + 20)  # noqa: B023
            await asyncio.gather(*(engine.stop() for engine in some))
            server.connections.clear()
        await held.check_nothing_added()
        grown = used_memory() - at_rest
    assert (endpoint.opened, endpoint.received, endpoint.closed) == (100, 100, 100)
    assert grown < 100 * 10_000, f"{grown / 100:.0f} bytes for each stopped engine"


@pytest.mark.usefixtures("traced_memory")
async def test_a_hundred_restarts(make_engine: MakeEngine) -> None:
    endpoint = Counts()
    async with (
        PoliteServer(greet("hello")) as server,
        make_engine(server.url, endpoint, workers=2) as engine,
    ):
        used: dict[int, int] = {}
        held = Held.now()
        for restarts in range(1, 101):
            engine.restart()
            await until(lambda: endpoint.received == restarts + 1)  # noqa: B023
            if restarts in (30, 100):
                await until(lambda: server.open_connections == 1)
                server.connections.clear()
                used[restarts] = used_memory()
        now = Held.now()
        assert len(now.sockets) == len(held.sockets)
        assert len(now.tasks) == len(held.tasks)
        assert now.threads == held.threads
    assert (endpoint.opened, endpoint.received, endpoint.closed) == (101, 101, 101)
    grown = used[100] - used[30]
    assert grown < 70 * 500, f"{grown / 70:.0f} bytes for each restart"
