"""How the page looks at each width: the diagram, the line at the top, the list of sessions."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser, expect

from wsengine import ConnectError, RestartFailure
from wsengine.playground import Playground
from wsengine.states import TRANSITIONS

from .chromium import FOUND, WHY_NOT
from .seen import Seen, opened

pytestmark = [
    pytest.mark.skipif(FOUND is None, reason=WHY_NOT),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(120),
]

WIDTHS = [400, 1440, 1760]
"""Pixels; each has another layout of the diagram."""

MARGINS = """[...document.querySelectorAll(".node")].map(node => {
    const box = node.querySelector("rect").getBBox();
    const text = node.querySelector("text").getBBox();
    return box.x + box.width - text.x - text.width;
})"""

FAR = """[...document.querySelectorAll(".step")].map(step => {
    const path = step.querySelector("path");
    const { x, y, width, height } = step.querySelector("text").getBBox();
    const distances = [];
    for (let at = 0; at <= path.getTotalLength(); at += 2) {
        const point = path.getPointAtLength(at);
        const across = Math.max(x - point.x, 0, point.x - x - width);
        const up = Math.max(y - point.y, 0, point.y - y - height);
        distances.push(Math.hypot(across, up));
    }
    return [step.dataset.step, Math.min(...distances)];
}).filter(([, distance]) => distance > 20)"""
"""The labels that are far from their arrows."""

OVERLAPPING = """(() => {
    const shown = [...document.querySelectorAll(".node rect:first-child, .step text")];
    const boxes = shown.map(one => [one.textContent || one.parentNode.dataset.name, one.getBBox()]);
    const meet = (a, b) => Math.abs(a.x + a.width / 2 - b.x - b.width / 2) < (a.width + b.width) / 2
        && Math.abs(a.y + a.height / 2 - b.y - b.height / 2) < (a.height + b.height) / 2 - 3;
    return boxes.flatMap(([name, box], number) => boxes.slice(number + 1)
        .filter(([, other]) => meet(box, other))
        .map(([other]) => `${name} / ${other}`));
})()"""


@pytest.mark.parametrize("width", WIDTHS)
async def test_the_diagram_can_be_read(
    browser: Browser, playground: Playground, width: int
) -> None:
    size: Any = {"width": width, "height": 1000}
    seen = await opened(browser, playground.url, viewport=size)
    await seen.state("open")
    await expect(seen.page.locator(".step text")).to_have_count(len(TRANSITIONS))
    assert min(await seen.page.evaluate(MARGINS)) >= 10
    assert await seen.page.evaluate(FAR) == []
    assert await seen.page.evaluate(OVERLAPPING) == []
    await seen.page.context.close()


async def test_on_a_telephone_the_state_and_the_facts_stay_in_sight(
    browser: Browser, playground: Playground
) -> None:
    size: Any = {"width": 400, "height": 860}
    seen = await opened(browser, playground.url, viewport=size)
    await seen.state("open")
    await seen.page.locator("#h-traces").scroll_into_view_if_needed()
    for name in ("state", "fact-session", "fact-server", "fact-clients"):
        await expect(seen.page.locator(f"#{name}")).to_be_in_viewport(ratio=1)
    await seen.page.context.close()


@pytest.mark.parametrize("width", [320, 360, 400, 1440])
async def test_a_figure_and_its_unit_stay_together(
    browser: Browser, playground: Playground, width: int
) -> None:
    size: Any = {"width": width, "height": 1000}
    seen = await opened(browser, playground.url, viewport=size)
    await seen.state("open")
    playground.server.interrupt()
    await seen.entry("1006.*after")
    kept = seen.page.locator("#entries .whole")
    await expect(kept.filter(has_text="after").first).to_be_visible()
    lines = "[...document.querySelectorAll('.whole')].map(one => one.getClientRects().length)"
    assert set(await seen.page.evaluate(lines)) == {1}
    await seen.page.context.close()


# The list of sessions.


@pytest.mark.parametrize(("button", "said"), [("stop", "by stop()"), ("exit", "by exit()")])
async def test_a_stop_says_which_button_it_was(seen: Seen, button: str, said: str) -> None:
    await seen.press(button)
    await seen.entry(rf"Stopped {said[:-2]}\(\)")


async def test_an_exchange_says_what_for(seen: Seen) -> None:
    await seen.page.locator("#more").click()
    await seen.entry("Stopped for another number of workers")
    await seen.state("open")
    await seen.page.get_by_label("aiohttp").check(force=True)
    await seen.entry("Stopped for another adapter")


async def test_dials_are_counted_and_attempts_are_told_apart(
    seen: Seen, playground: Playground
) -> None:
    playground.subject.board.history.failed(RestartFailure(ConnectError("no"), 3, None))
    await seen.entry(r"1 dial failed \(attempt 3\)")
    playground.subject.board.history.failed(RestartFailure(ConnectError("no"), 4, None))
    await seen.entry(r"2 dials failed \(attempt 4\)")
