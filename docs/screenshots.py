"""Take the pictures of the playground in docs/images: of the real thing, in headless Chromium.

    python docs/screenshots.py [FOLDER]    # take them
    python docs/screenshots.py --check     # fail if the page has changed since they were taken

A playground is run on the loopback interface, led into each state, and photographed. It takes
about two minutes; the figures in the pictures are those of the run. Beside them stands the hash of
the page that they show.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import shutil
import struct
import sys
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from wsengine import EngineState
from wsengine.playground import Playground, Settings
from wsengine.playground.files import page_files
from wsengine.servers.demo import Refusal

IMAGES = Path(__file__).resolve().parent / "images"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")

WIDE = (1440, 1060)
NARROW = (400, 860)
MOST = 200_000
"""Bytes that a picture may have."""

SHOWN = "page.sha256"
"""The file with the hash of the page that the pictures show."""


async def pictures() -> dict[str, bytes]:
    """Take all pictures, and return them by their names."""
    taken: dict[str, bytes] = {}
    path = next((found for found in map(shutil.which, BROWSERS) if found), None)
    if path is None:
        sys.exit(f"docs/screenshots.py: needs a browser: one of {', '.join(BROWSERS)}")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        async with scene(browser, WIDE, Settings(rate=12, work=0.1)) as (playground, page):
            await eventful(playground)
            await shoot(page, taken, "playground-open.png")
            await page.emulate_media(color_scheme="dark")
            playground.subject.pause()
            await asyncio.sleep(2)
            await shoot(page, taken, "playground-paused-dark.png")
        async with scene(browser, WIDE, Settings(adapter="aiohttp")) as (playground, page):
            await refused(playground)
            await shoot(page, taken, "playground-waiting.png")
        many = Settings(adapter="picows", workers=16, rate=40, work=0.35)
        async with scene(browser, WIDE, many) as (playground, page):
            await asyncio.sleep(8)
            playground.server.flood(300, 500)
            await asyncio.sleep(2)
            await shoot(page, taken, "playground-workers.png")
        async with scene(browser, NARROW, Settings()) as (playground, page):
            await asyncio.sleep(2)
            await shoot(page, taken, "playground-narrow.png")
        await browser.close()
    return taken


@asynccontextmanager
async def scene(
    browser: Browser, size: tuple[int, int], settings: Settings
) -> AsyncIterator[tuple[Playground, Page]]:
    """Give a running playground, and its page."""
    async with Playground(settings=settings) as playground:
        width, height = size
        page = await browser.new_page(viewport={"width": width, "height": height})
        await page.goto(playground.url)
        yield playground, page
        await page.close()


async def eventful(playground: Playground) -> None:
    """Live through some sessions, with different ends."""
    server = playground.server
    await asyncio.sleep(9)
    server.interrupt()
    await asyncio.sleep(8)
    server.interrupt(code=1012, reason="deploying")
    await asyncio.sleep(11)
    server.garble()
    await asyncio.sleep(9)


async def refused(playground: Playground) -> None:
    """Lose the connection, and be refused for a while."""
    await asyncio.sleep(7)
    playground.server.faults.refuse = Refusal(503, retry_after=2)
    playground.server.interrupt(code=1013, reason="try later")
    async with asyncio.timeout(30):
        for _ in range(2):
            await _entering(playground, EngineState.OPENING)
            await _entering(playground, EngineState.WAITING)
    await asyncio.sleep(1)


async def _entering(playground: Playground, state: EngineState) -> None:
    """Wait until the engine goes into a state."""
    entered = asyncio.Event()
    end = playground.subject.engine.watch(
        lambda change: entered.set() if change.state is state else None
    )
    await entered.wait()
    end()


async def shoot(page: Page, taken: dict[str, bytes], name: str) -> None:
    """Take a picture."""
    await asyncio.sleep(0.6)  # until colours have changed over
    taken[name] = await page.screenshot()


def write(folder: Path, taken: dict[str, bytes]) -> None:
    """Write the pictures, as small as they become."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, png in taken.items():
        picture = smaller(png)
        if len(picture) > MOST:
            sys.exit(f"docs/screenshots.py: {name} has {len(picture)} bytes, {MOST} is the most")
        (folder / name).write_bytes(picture)
        sys.stdout.write(f"{name}: {len(picture)} bytes\n")
    (folder / SHOWN).write_text(page_hash() + "\n", encoding="utf-8")


def page_hash() -> str:
    """Return a hash of all files of the page."""
    page = hashlib.sha256()
    for name, file in sorted(page_files().items()):
        body = file.body.replace(b"\r\n", b"\n")  # as Git may have checked it out
        page.update(f"{name} {len(body)}\n".encode() + body)
    return page.hexdigest()


def check(folder: Path) -> None:
    """Exit unless the pictures show the page as it is."""
    shown = folder / SHOWN
    if not shown.exists() or shown.read_text(encoding="utf-8").strip() != page_hash():
        sys.exit(
            "the playground's page has changed: run docs/screenshots.py, and look at what it made"
        )


def smaller(png: bytes) -> bytes:
    """Return the same picture as a smaller PNG: without filters, which suit photographs."""
    chunks, at = [], 8
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        chunks.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + size]))
        at += 12 + size
    width, height, depth, kind = struct.unpack(">IIBB", chunks[0][1][:10])
    step = {(8, 2): 3, (8, 6): 4}[depth, kind]  # bytes of a pixel
    packed = zlib.decompress(b"".join(body for name, body in chunks if name == b"IDAT"))
    above, rows = bytes(width * step), []
    for number in range(height):
        start = number * (width * step + 1)
        above = plain(packed[start], packed[start + 1 : start + 1 + width * step], above, step)
        rows.append(b"\0" + above)  # filter 0: as it is
    data = zlib.compress(b"".join(rows), 9)
    return png[:8] + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in (chunks[0], (b"IDAT", data), (b"IEND", b""))
    )


def plain(kind: int, row: bytes, above: bytes, step: int) -> bytes:
    """Return a row without its PNG filter (RFC 2083 section 6)."""
    out = bytearray(row)
    if kind == 0:
        return row
    for at in range(len(out)):
        left = out[at - step] if at >= step else 0
        up, corner = above[at], above[at - step] if at >= step else 0
        guess = (0, left, up, (left + up) // 2, paeth(left, up, corner))[kind]
        out[at] = (out[at] + guess) & 255
    return bytes(out)


def paeth(left: int, up: int, corner: int) -> int:
    """Return whichever is next to left + up - corner."""
    near = left + up - corner
    return min((left, up, corner), key=lambda value: abs(near - value))


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)  # what is done to the engine is meant
    if sys.argv[1:] == ["--check"]:
        check(IMAGES)
        sys.exit()
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES
    write(target, asyncio.run(asyncio.wait_for(pictures(), 240)))
