"""Examples run on a real event loop, the one that `WSENGINE_LOOP` names."""

from __future__ import annotations

import pytest

from tests.integration.loops import LOOPS, LoopFactory, chosen_loop, loop_factory


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, LoopFactory]:
    name = chosen_loop() or LOOPS[0]
    return {name: loop_factory(name)}
