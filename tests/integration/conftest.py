"""Integration tests run engines against real servers on the loopback interface."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Protocol

import pytest

from wsengine import Adapter, ConnectOptions, Engine, EngineConfig, ReconnectPolicy

from .measuring import Held

ADAPTERS = ["websockets"]
"""Every test that asks for an engine runs once with each of these."""

AT_ONCE = ReconnectPolicy(initial_delay=0.01, factor=1, max_delay=0.01, jitter=0, min_uptime=0)
"""Dials again almost without a delay."""

NEVER = ReconnectPolicy(initial_delay=3600, max_delay=3600, jitter=0, min_uptime=0)
"""Dials again in an hour."""


class MakeEngine(Protocol):
    """Makes an engine with short time-outs."""

    def __call__(
        self, url: Any, endpoint: Any, *, options: Any = None, adapter: Any = None, **settings: Any
    ) -> Engine:
        """Make one; `settings` are those of `EngineConfig`."""


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> str:
    """The name of an adapter."""
    name: str = request.param
    return name


@pytest.fixture
async def nothing_held() -> AsyncIterator[Held]:
    """Fail a test that leaves a socket, task, timer or thread behind; gives what was there."""
    held = Held.now()
    yield held
    await held.check_nothing_added()


@pytest.fixture
async def make_engine(adapter: str) -> AsyncIterator[MakeEngine]:
    """Makes engines for a test, and stops them after it."""
    engines: list[Engine] = []
    default_adapter = adapter

    def make(
        url: Any,
        endpoint: Any,
        *,
        options: Any = None,
        adapter: str | Adapter | None = None,
        **settings: Any,
    ) -> Engine:
        quick = {"stop_timeout": 0.5, "open_timeout": 5.0, "reconnect": AT_ONCE}
        engine = Engine(
            url,
            endpoint,
            adapter=default_adapter if adapter is None else adapter,
            options=ConnectOptions(proxy=None) if options is None else options,
            config=EngineConfig(**{**quick, **settings}),
        )
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        await engine.stop()
