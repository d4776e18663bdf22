"""The playground's page, in the words of who looks at it."""

from __future__ import annotations

import re

from playwright.async_api import Browser, Locator, Page, expect

SOON = 20_000
"""Milliseconds that anything may take on a busy machine."""

expect.set_options(timeout=SOON)


class Seen:
    """The page, in the words of who looks at it."""

    def __init__(self, page: Page, problems: list[str]) -> None:
        self.page = page
        self.problems = problems

    def button(self, command: str) -> Locator:
        return self.page.locator(f"button[data-command={command}]")

    async def press(self, command: str) -> None:
        await expect(self.button(command)).not_to_have_attribute("aria-disabled", "true")
        await self.button(command).click()

    async def state(self, name: str) -> None:
        """The state is lit in the diagram, and there alone, and stands at the top."""
        await expect(self.page.locator("#state")).to_have_text(name)
        shown = "open" if name == "paused" else name
        await expect(self.page.locator(f".node.lit[data-name={shown}]")).to_have_count(1)
        await expect(self.page.locator(".node.lit")).to_have_count(1)

    async def entry(self, pattern: str) -> None:
        """The list of sessions has such an entry."""
        found = self.page.locator("#entries li", has_text=re.compile(pattern))
        await expect(found.first).to_be_visible()

    async def taken(self, step: str) -> None:
        """The latest transition is the lit one."""
        await expect(self.page.locator(f'.step.taken[data-step="{step}"]')).to_have_count(1)


async def opened(browser: Browser, url: str, **options: object) -> Seen:
    context = await browser.new_context(**options)  # type: ignore[arg-type]  # they are of several types
    page = await context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    await page.goto(url)
    return Seen(page, problems)
