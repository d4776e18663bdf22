"""What all tests share: nothing may be left running behind a test."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest


def _other_tasks() -> set[asyncio.Task[Any]]:
    return {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}


@pytest.fixture(autouse=True)
async def _nothing_left_behind() -> AsyncIterator[None]:
    """Fail a test that leaves a task behind on its event loop."""
    before = _other_tasks()
    yield
    left = _other_tasks() - before
    if left:  # connections of test servers end within a few turns of the loop
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await asyncio.wait(left)
    left = _other_tasks() - before
    assert not left, f"left running: {left}"
