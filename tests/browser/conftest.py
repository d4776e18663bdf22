"""A browser for each module of tests, and for each test a playground whose page is open in it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser

from wsengine.playground import Playground, Settings

from .chromium import launched
from .seen import Seen, opened


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with launched() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def playground() -> AsyncIterator[Playground]:
    async with Playground(settings=Settings(rate=20, work=0.05)) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def seen(browser: Browser, playground: Playground) -> AsyncIterator[Seen]:
    made = await opened(browser, playground.url, viewport={"width": 1600, "height": 1000})
    await made.state("open")
    yield made
    problems = [each for each in made.problems if "WebSocket" not in each]
    await made.page.context.close()
    assert problems == []
