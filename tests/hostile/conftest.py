"""Hostile servers, and an engine in a process of its own that is to survive them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.integration.conftest import ADAPTERS

from .attack import Victim, a_victim


@pytest_asyncio.fixture(scope="package", loop_scope="package", params=ADAPTERS)
async def victim(request: pytest.FixtureRequest) -> AsyncIterator[Victim]:
    """The process that is attacked, one for each adapter: it takes a second to start."""
    async with a_victim(request.param) as one:
        yield one
