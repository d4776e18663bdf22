"""What a press of a button comes to: it is counted, it is answered, or it says why not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from wsengine.playground import Playground

from .chromium import FOUND, WHY_NOT
from .seen import Seen, opened

pytestmark = [
    pytest.mark.skipif(FOUND is None, reason=WHY_NOT),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(120),
]

CUT = "button[data-command=interrupt]"
GARBLE = "button[data-command=garble]"
CLOSE = "form[data-command=interrupt] button"
FLOOD = "form[data-command=flood] button"

NEED_CLIENTS = (CUT, GARBLE, CLOSE, FLOOD)
"""The buttons that do something to whoever is connected."""


SIX_PRESSES = """async () => {
    const seen = [];
    for (let number = 0; number < 6; number++) {
        document.querySelector("#more").click();
        seen.push(document.querySelector("#workers").textContent);
        await new Promise(resolve => setTimeout(resolve, 150));
    }
    return seen;
}"""
"""Returns what is shown right after each press."""


# Workers.


async def test_each_press_counts_and_the_last_number_alone_is_asked_for(
    seen: Seen, playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int | None] = []
    exchange = playground.subject.exchange

    async def slowly(*, adapter: str | None = None, workers: int | None = None) -> None:
        asked.append(workers)
        await asyncio.sleep(0.5)
        await exchange(adapter=adapter, workers=workers)

    monkeypatch.setattr(playground.subject, "exchange", slowly)
    workers = seen.page.locator("#workers")
    assert await seen.page.evaluate(SIX_PRESSES) == ["3", "4", "5", "6", "7", "8"]
    await expect(seen.page.locator("#lanes [data-lane]")).to_have_count(8)
    await expect(workers).to_have_text("8")
    assert playground.subject.settings.workers == 8
    assert asked == [8]


async def test_presses_while_the_engine_is_exchanged_count_too(
    seen: Seen, playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int | None] = []
    exchange, begun, go_on = playground.subject.exchange, asyncio.Event(), asyncio.Event()

    async def held_up(*, adapter: str | None = None, workers: int | None = None) -> None:
        asked.append(workers)
        begun.set()
        await go_on.wait()
        await exchange(adapter=adapter, workers=workers)

    monkeypatch.setattr(playground.subject, "exchange", held_up)
    await seen.page.locator("#more").click()
    await begun.wait()
    for _ in range(3):
        await seen.page.locator("#more").click()
    await asyncio.sleep(0.6)  # longer than the page waits for another press
    await expect(seen.page.locator("#workers")).to_have_text("6")
    go_on.set()
    await expect(seen.page.locator("#lanes [data-lane]")).to_have_count(6)
    assert asked == [3, 6]


async def test_no_press_leads_out_of_the_range(seen: Seen) -> None:
    fewer = seen.page.locator("#fewer")
    for _ in range(3):
        await fewer.dispatch_event("click")
    await expect(seen.page.locator("#workers")).to_have_text("1")
    await expect(fewer).to_have_attribute("aria-disabled", "true")
    await expect(seen.page.locator("#lanes [data-lane]")).to_have_count(1)


# The server.


async def test_healing_starts_a_server_that_was_stopped(seen: Seen) -> None:
    await seen.page.locator("[data-fault=ignore_pings]").click()
    await seen.press("server_stop")
    await expect(seen.page.locator("#fact-server")).to_have_text("stopped")
    await seen.press("reset")
    await expect(seen.page.locator("#fact-server")).not_to_have_text("stopped")
    await expect(seen.page.locator("#reply")).to_have_text("Everything is healed")
    await seen.state("open")


@pytest.mark.parametrize("how", ["exit", "server_stop"])
async def test_where_nobody_is_connected_there_is_nobody_to_break(seen: Seen, how: str) -> None:
    for button in NEED_CLIENTS:
        await expect(seen.page.locator(button)).to_have_attribute("aria-disabled", "false")
    await seen.press(how)
    await expect(seen.page.locator("#fact-clients")).to_have_text("0")
    for button in NEED_CLIENTS:
        await expect(seen.page.locator(button)).to_have_attribute("aria-disabled", "true")
        await seen.page.evaluate("document.querySelector('#reply').textContent = ''")
        await seen.page.locator(button).dispatch_event("click")
        await expect(seen.page.locator("#reply.refused")).to_have_text("Nobody is connected")


@pytest.mark.parametrize(
    ("button", "said"),
    [
        (CUT, "1 client was cut off"),
        (GARBLE, "1 client was sent garbage"),
        (CLOSE, "1 client was closed with 1000"),
        (FLOOD, "1 client is sent 1000 messages"),
    ],
)
async def test_what_was_done_is_said(seen: Seen, button: str, said: str) -> None:
    await seen.page.locator(button).click()
    await expect(seen.page.locator("#reply:not(.refused)")).to_have_text(said)


async def test_what_was_said_goes_away_and_moves_nothing(seen: Seen) -> None:
    place = "document.querySelector('[data-command=garble]').getBoundingClientRect().top"
    before = await seen.page.evaluate(place)
    await seen.page.locator(FLOOD).click()
    await expect(seen.page.locator("#reply")).not_to_have_text("")
    assert await seen.page.evaluate(place) == before
    await expect(seen.page.locator("#reply")).to_have_text("")
    assert await seen.page.evaluate(place) == before


async def test_what_was_done_is_seen_on_a_telephone(
    browser: Browser, playground: Playground
) -> None:
    size: Any = {"width": 400, "height": 860}
    seen = await opened(browser, playground.url, viewport=size)
    await seen.state("open")
    for number, button in enumerate(NEED_CLIENTS, 1):
        await seen.entry(f"#{number}.*Open")
        await seen.page.locator(button).click()
        reply = seen.page.locator("#reply", has_text="1 client")
        await expect(reply).to_be_in_viewport(ratio=1)
        on_top = """reply => {
            const { left, top, width, height } = reply.getBoundingClientRect();
            return document.elementFromPoint(left + width / 2, top + height / 2) === reply;
        }"""
        assert await reply.evaluate(on_top)
    await seen.page.context.close()
