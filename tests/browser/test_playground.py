"""The playground's page in a browser: what each button does to what is seen."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, expect

from wsengine.playground import Playground
from wsengine.playground.commands import COMMANDS, SWITCHES
from wsengine.playground.frames import CODES
from wsengine.servers.demo import Refusal
from wsengine.states import TRANSITIONS, EngineState

from .chromium import FOUND, WHY_NOT
from .seen import Seen, opened

pytestmark = [
    pytest.mark.skipif(FOUND is None, reason=WHY_NOT),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(120),
]

# What is there.


async def test_the_diagram_is_that_of_the_engine(seen: Seen) -> None:
    await expect(seen.page.locator(".node")).to_have_count(len(EngineState))
    await expect(seen.page.locator(".step")).to_have_count(len(TRANSITIONS))
    await expect(seen.page.locator(".step path")).to_have_count(len(TRANSITIONS))
    words = await seen.page.locator(".step text").all_text_contents()
    assert len(words) == len(TRANSITIONS)
    await seen.taken("opening open")


async def test_every_command_has_its_button(seen: Seen) -> None:
    named = await seen.page.eval_on_selector_all(
        "[data-command]", "all => all.map(one => one.dataset.command)"
    )
    by_other_means = {"workers", "adapter", "rate", "work", "delay", "fault"}
    assert set(named) | by_other_means == set(COMMANDS)
    faults = await seen.page.eval_on_selector_all(
        "[data-fault]", "all => all.map(one => one.dataset.fault)"
    )
    assert tuple(faults) == SWITCHES


async def test_everything_moves(seen: Seen) -> None:
    page = seen.page
    await expect(page.locator("[data-callback=on_open] .count")).to_have_text("1")
    await expect(page.locator("[data-callback=on_message] .count")).to_have_text(
        re.compile(r"^\d{2,}$")
    )
    await expect(page.locator("[data-callback]")).to_have_count(6)
    await expect(page.locator("#in-now")).to_have_text(re.compile(r"^[12]\d\.\d$"))
    await expect(page.locator("#ping-now")).to_have_text(re.compile(r"^\d+\.\d\d$"))
    await expect(page.locator("#rates .line")).to_have_count(2)
    await expect(page.locator("#lanes .work").first).to_be_attached()
    await expect(page.locator("#timeline .band[data-state=open]")).to_have_count(1)
    await expect(page.locator("#traces .trace h3").first).to_contain_text("start")
    await page.locator("[data-traces=message]").click()
    await expect(page.locator("#traces .trace h3").first).to_contain_text("on_message")


# The engine's buttons.


async def test_pause_and_resume(seen: Seen) -> None:
    await seen.press("pause")
    await seen.state("paused")
    await expect(seen.page.locator("#why")).to_contain_text(re.compile(r"\d+ messages held"))
    await expect(seen.page.locator("#announcer")).to_contain_text("paused")
    await seen.press("resume")
    await seen.state("open")
    await expect(seen.button("resume")).to_have_attribute("aria-disabled", "true")


async def test_restart(seen: Seen) -> None:
    await seen.press("restart")
    await seen.entry(r"#1.*1001 GOING_AWAY by this side")
    await seen.entry(r"#2.*Open")
    await seen.state("open")
    await expect(seen.page.locator("#timeline .session")).to_have_count(2)
    await expect(seen.page.locator("[data-callback=on_close] .count")).to_have_text("1")
    await expect(seen.page.locator("#traces")).to_contain_text("restart (restart)")


@pytest.mark.parametrize("how", ["exit", "stop"])
async def test_the_end_and_a_new_start(seen: Seen, how: str) -> None:
    await seen.press(how)
    await seen.state("stopped")
    await seen.taken("closing stopped")
    await seen.entry("Stopped")
    await expect(seen.page.locator("#fact-session")).to_have_text("none")
    await seen.press("start")
    await seen.state("open")
    await seen.entry(r"#2.*Open")


async def test_workers(seen: Seen) -> None:
    await expect(seen.page.locator("#lanes [data-lane]")).to_have_count(2)
    await seen.page.locator("#more").click()
    await expect(seen.page.locator("#workers")).to_have_text("3")
    await expect(seen.page.locator("#lanes [data-lane]")).to_have_count(3)
    await seen.entry(r"#2.*Open websockets, 3 workers")
    await seen.page.locator("#fewer").click()
    await expect(seen.page.locator("#lanes [data-lane]")).to_have_count(2)


@pytest.mark.parametrize("name", ["aiohttp", "picows"])
async def test_adapter(seen: Seen, name: str) -> None:
    await seen.page.get_by_label(name).check(force=True)
    await seen.entry(f"Open {name}, 2 workers")
    await seen.state("open")
    await expect(seen.page.get_by_label(name)).to_be_checked()


async def test_sliders(seen: Seen, playground: Playground) -> None:
    await seen.page.locator("#rate").fill("0")
    await expect(seen.page.locator("#rate-now")).to_have_text("none")
    await expect(seen.page.locator("#out-now")).to_have_text("0.0")
    await seen.page.locator("#work").fill("0.5")
    await expect(seen.page.locator("#work-now")).to_have_text("500 ms")
    await seen.page.locator("#delay").fill("1.5")
    await expect(seen.page.locator("#delay-now")).to_have_text("1.5 s")
    await expect(seen.page.locator("#reply")).to_have_text("")
    assert (playground.subject.settings.rate, playground.subject.settings.work) == (0, 0.5)
    assert playground.server.faults.delay == 1.5


# The faults' buttons.


async def test_cut_the_connection(seen: Seen) -> None:
    await seen.press("interrupt")
    await seen.entry("#1.*1006 ABNORMAL_CLOSURE by the network")
    await seen.entry("#2.*Open")


async def test_send_garbage(seen: Seen) -> None:
    await seen.press("garble")
    await seen.entry("#1.*1002 PROTOCOL_ERROR")


async def test_close_with_a_code_and_a_reason(seen: Seen) -> None:
    form = seen.page.get_by_label("Close the connection")
    await form.get_by_label("Close code").fill("1012")
    await form.get_by_label("Reason").fill("deploying")
    await form.get_by_role("button").click()
    await seen.entry("#1.*1012 SERVICE_RESTART by the server, “deploying”")
    await seen.state("waiting")
    await expect(seen.page.locator("#why")).to_contain_text("next dial in")


async def test_a_fatal_close_stops_the_engine(seen: Seen) -> None:
    form = seen.page.get_by_label("Close the connection")
    await form.get_by_label("Close code").fill("1008")
    await form.get_by_role("button").click()
    await seen.state("stopped")
    await seen.entry("Stopped.*1008")


async def test_a_close_with_any_code(seen: Seen) -> None:
    form = seen.page.get_by_label("Close the connection")
    code = form.get_by_label("Close code")
    offered = await seen.page.eval_on_selector_all(
        "#codes option", "all => all.map(one => one.value)"
    )
    assert tuple(map(int, offered)) == CODES
    await code.focus()
    await expect(code).to_have_value("")  # or the browser would offer nothing but that
    await code.blur()
    await expect(code).to_have_value("1000")
    await code.fill("4242")
    await form.get_by_role("button").click()
    await seen.entry("#1.*4242 by the server")
    await seen.entry("#2.*Open")
    await code.fill("1006")
    await form.get_by_role("button").click()
    await seen.entry("#2.*1002 PROTOCOL_ERROR by this side")
    await code.fill("65536")
    await form.get_by_role("button").click()
    assert await code.evaluate("field => field.validity.rangeOverflow")
    assert not await form.evaluate("form => form.checkValidity()")


async def test_stop_and_start_the_server(seen: Seen) -> None:
    await seen.press("server_stop")
    await seen.state("waiting")
    await expect(seen.page.locator("#fact-server")).to_have_text("stopped")
    await seen.entry(r"dials? failed")
    await expect(seen.page.locator("[data-callback=on_restart_error] .count")).not_to_have_text("0")
    await seen.press("server_start")
    await seen.state("open")


async def test_refuse_and_admit(seen: Seen) -> None:
    form = seen.page.get_by_label("Refuse handshakes")
    await form.get_by_label("Refuse with").fill("429")
    await form.get_by_label("Retry-After").fill("1")
    await form.get_by_role("button").click()
    await expect(seen.page.locator("#refusing")).to_contain_text(
        "Refusing all dials with 429, Retry-After 1 s"
    )
    await seen.press("restart")
    await seen.entry("dials? failed.*429")
    await seen.press("admit")
    await expect(seen.page.locator("#refusing")).to_be_hidden()
    await seen.state("open")


async def test_refuse_so_many_times_with_any_status(seen: Seen, playground: Playground) -> None:
    form = seen.page.get_by_label("Refuse handshakes")
    await form.get_by_label("Refuse with").fill("507")
    await form.get_by_label("Times").fill("2")
    await form.get_by_role("button").click()
    await expect(seen.page.locator("#refusing")).to_contain_text("Refusing 2 dials with 507")
    assert playground.server.faults.refuse == Refusal(507, times=2)
    await seen.press("restart")
    await seen.entry("2 dials failed.*507")
    await expect(seen.page.locator("#refusing")).to_be_hidden()
    await seen.state("open")


async def test_accept_then_drop(seen: Seen) -> None:
    switch = seen.page.locator("[data-fault=drop_on_accept]")
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "true")
    await seen.press("restart")
    await seen.state("waiting")
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "false")
    await seen.state("open")


@pytest.mark.parametrize("fault", ["stop_reading", "ignore_pings"])
async def test_a_server_that_does_not_answer_is_found_out(seen: Seen, fault: str) -> None:
    switch = seen.page.locator(f"[data-fault={fault}]")
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "true")
    await seen.entry("#1.*1006")
    await seen.press("reset")
    await expect(switch).to_have_attribute("aria-checked", "false")
    await seen.state("open")


async def test_flood(seen: Seen) -> None:
    form = seen.page.get_by_label("Flood the client")
    await form.get_by_label("Messages").select_option("1000")
    await form.get_by_role("button").click()
    await expect(seen.page.locator("#lanes-note")).to_contain_text("messages wait")
    await expect(seen.page.locator("#lanes .work.flood").first).to_be_attached()


async def test_a_refused_command_says_why(seen: Seen) -> None:
    form = seen.page.get_by_label("Close the connection")
    await form.get_by_label("Reason").evaluate("field => { field.value = 'é'.repeat(100) }")
    await form.get_by_role("button").click()
    await expect(seen.page.locator("#reply.refused")).to_contain_text("close reason")


# The page itself.


async def test_keys(seen: Seen) -> None:
    await seen.page.keyboard.press("p")
    await seen.state("paused")
    await seen.page.keyboard.press("u")
    await seen.state("open")
    await seen.page.keyboard.press("+")
    await expect(seen.page.locator("#workers")).to_have_text("3")
    await seen.page.keyboard.press("?")
    dialog = seen.page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Pause")
    keys = await seen.page.locator("#key-list dt").all_text_contents()
    assert len(keys) == len(set(keys)) == await seen.page.locator("[data-key]").count()
    await seen.page.keyboard.press("Escape")
    await seen.page.get_by_label("Reason").press("p")
    await expect(seen.page.get_by_label("Reason")).to_have_value("p")
    await seen.state("open")


async def test_a_key_that_is_held_down_is_pressed_once(
    seen: Seen,
) -> None:
    await seen.page.evaluate(
        """() => {
            window.clicked = { restart: 0, more: 0 };
            const count = (name) => () => { window.clicked[name] += 1; };
            document.querySelector("[data-key=r]").addEventListener("click", count("restart"));
            document.querySelector("#more").addEventListener("click", count("more"));
        }"""
    )
    for _ in range(8):
        await seen.page.keyboard.down("r")
    await seen.page.keyboard.up("r")
    for _ in range(3):
        await seen.page.keyboard.down("+")
    await seen.page.keyboard.up("+")
    assert await seen.page.evaluate("window.clicked") == {"restart": 1, "more": 3}


async def test_keys_can_be_turned_off(seen: Seen) -> None:
    dialog = seen.page.locator("dialog")
    await seen.page.keyboard.press("?")
    await expect(dialog.get_by_label("Keys are on")).to_be_checked()
    await dialog.get_by_label("Keys are on").uncheck()
    await seen.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await seen.page.keyboard.press("+")
    await seen.page.reload()
    await seen.state("open")
    await seen.page.keyboard.press("+")
    await seen.page.keyboard.press("?")
    await expect(dialog.get_by_label("Keys are on")).not_to_be_checked()
    await expect(seen.page.locator("#workers")).to_have_text("2")
    await dialog.get_by_label("Keys are on").check()
    await seen.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await seen.page.keyboard.press("+")
    await expect(seen.page.locator("#workers")).to_have_text("3")


async def test_the_focus_is_seen(seen: Seen) -> None:
    await seen.page.keyboard.press("Tab")
    await expect(seen.page.locator(".skip")).to_be_focused()
    await seen.page.keyboard.press("Tab")
    outline = await seen.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


async def test_light_and_dark(browser: Browser, playground: Playground) -> None:
    seen = await opened(browser, playground.url, color_scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = await seen.page.evaluate(paper)
    await seen.page.locator("#theme").click()
    light = await seen.page.evaluate(paper)
    assert dark != light
    await seen.page.reload()
    assert await seen.page.evaluate(paper) == light
    await seen.page.context.close()


@pytest.mark.parametrize("width", [320, 400, 860, 1100, 1600])
async def test_nothing_scrolls_sideways(
    browser: Browser, playground: Playground, width: int
) -> None:
    seen = await opened(browser, playground.url, viewport={"width": width, "height": 800})
    await seen.state("open")
    playground.server.interrupt()
    await seen.entry("1006")
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await seen.page.evaluate(overflow) == 0
    cut_off = await seen.page.evaluate(
        """[...document.querySelectorAll("button, h2, .chip, .row output")]
           .filter(one => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1)
           .map(one => one.outerHTML)"""
    )
    assert cut_off == []
    await seen.page.context.close()


async def test_reduced_motion_is_respected(browser: Browser, playground: Playground) -> None:
    seen = await opened(browser, playground.url, reduced_motion="reduce")
    await seen.state("open")
    await expect(seen.page.locator("#rates .line")).to_have_count(2)
    drift = seen.page.locator("#rates svg > g[clip-path] > g")
    for _ in range(5):
        assert await drift.get_attribute("transform") in ("translate(0 0)", "translate(-0 0)")
    await seen.page.context.close()


async def test_the_page_comes_back_with_its_server(
    browser: Browser, playground: Playground
) -> None:
    seen = await opened(browser, playground.url)
    await seen.state("open")
    await playground.stop()
    await expect(seen.page.get_by_role("alert")).to_contain_text("connects again")
    async with Playground(port=playground.port):
        await expect(seen.page.locator("html")).to_have_attribute("data-link", "up")
        await expect(seen.page.locator("#lost")).to_be_hidden()
        await seen.state("open")
        await seen.press("restart")
        await seen.entry("#2.*Open")
    await seen.page.context.close()


async def test_nothing_comes_from_elsewhere(browser: Browser, playground: Playground) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(playground.url)
    await expect(page.locator("#state")).to_have_text("open")
    assert len(asked) > 10
    assert all(url.startswith(playground.url) for url in asked)
    await context.close()
