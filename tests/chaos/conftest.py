"""What runs on a loop of its own, not in a program of its own, runs in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import looptime
import pytest


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Give every test of this folder a loop with virtual time."""
    return {"virtual": lambda: looptime.new_event_loop(noop_cycles=8)}
