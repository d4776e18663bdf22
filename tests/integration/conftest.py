"""Integration tests run engines against real servers on the loopback interface."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any, Protocol

import pytest

from wsengine import Adapter, ConnectOptions, Engine, EngineConfig, ReconnectPolicy

from .loops import HAS_UVLOOP, LOOPS, LoopFactory, chosen_loop, loop_factory
from .measuring import Held

ADAPTERS = ["websockets", "aiohttp", "picows"]
"""Every test that asks for an engine runs with each of these, unless it is marked."""

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


ONE_ADAPTER = """one_adapter: the engine's own doing, so that the first adapter is enough, \
unless WSENGINE_ADAPTERS=all"""

ALSO_ON_UVLOOP = ("test_gowse_pausing.py", "test_gowse_reconnecting.py")
"""What runs on both loops where `WSENGINE_LOOP` names none."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", ONE_ADAPTER)


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, LoopFactory]:
    """Run the tests of this folder on the loop that `WSENGINE_LOOP` names."""
    chosen = chosen_loop()
    both = chosen is None and HAS_UVLOOP and item.path.name in ALSO_ON_UVLOOP
    return {name: loop_factory(name) for name in (LOOPS if both else [chosen or LOOPS[0]])}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked as the engine's own doing, with every adapter but the first."""
    if os.environ.get("WSENGINE_ADAPTERS") == "all":
        return
    left_out = [item for item in items if _is_more_of_the_same(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _is_more_of_the_same(item: pytest.Item) -> bool:
    if item.get_closest_marker("one_adapter") is None:
        return False
    # Only a parametrized function has `callspec`, which pytest does not declare.
    adapter: str = item.callspec.params["adapter"]  # type: ignore[attr-defined]
    return adapter != ADAPTERS[0]


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
