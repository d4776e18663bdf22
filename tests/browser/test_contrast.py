"""Whatever is written on the playground's page can be read: 4.5 to 1, as WCAG AA asks for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from wsengine.playground import Playground

from .chromium import FOUND, WHY_NOT, launched

pytestmark = [
    pytest.mark.skipif(FOUND is None, reason=WHY_NOT),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(120),
]

LEAST = 4.5
"""The contrast of small text, by WCAG 2.2, success criterion 1.4.3; what is disabled is exempt."""

MEASURE = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")

STATES = ("idle", "opening", "open", "closing", "waiting", "stopped", "paused")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def page() -> AsyncIterator[Page]:
    async with Playground() as playground, launched() as browser:
        made = await browser.new_page(viewport={"width": 1600, "height": 1000})
        await made.goto(playground.url)
        await expect(made.locator("#state")).to_have_text("open", timeout=20_000)
        playground.server.interrupt()
        await expect(made.locator("#entries [data-state=closing]")).to_be_visible(timeout=20_000)
        yield made


async def measured(page: Page, least: float = LEAST) -> dict[str, Any]:
    result: dict[str, Any] = await page.evaluate(MEASURE, [STATES, least])
    return result


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everything_that_is_written_can_be_read(page: Page, scheme: Any) -> None:
    await page.emulate_media(color_scheme=scheme)
    result = await measured(page)
    assert result["found"] == []
    assert result["measured"] > 60


async def test_the_measure_is_that_of_wcag(page: Page) -> None:
    await page.evaluate("document.body.append(document.createElement('aside'))")
    for colour, ratio in (("#767676", "4.54"), ("#949494", "3.03"), ("#000000", "21.00")):
        await page.evaluate(
            """colour => {
                const aside = document.querySelector("aside");
                aside.textContent = "sample";
                aside.style.background = "#fff";
                aside.style.color = colour;
            }""",
            colour,
        )
        found = (await measured(page, 22))["found"]
        assert [each for each in found if "sample" in each] == [f"ASIDE  sample: {ratio}"]
    await page.evaluate("document.querySelector('aside').remove()")
