"""Situations: a client that is to stop, by the library's own call or by Ctrl-C."""

from __future__ import annotations

import asyncio
import time

from wsengine.testing.greetings import hang, refuse
from wsengine.testing.peer import Peer

from .order import Order
from .site import Site
from .subject import Subject, running
from .trial import ENDS, Result, seconds, situation

STOPPING = "Stopping"

BOUND = 20.0
"""Seconds after which a client that has not stopped counts as hanging."""


async def stopping(subject: Subject, site: Site, *, interrupt: bool = False) -> Result:
    """Stop a client, and return how long that took."""
    if not subject.alive:
        return ENDS
    began = time.monotonic()
    if interrupt:
        subject.interrupt()
    else:
        subject.tell_stop()
    ended = await subject.ended(BOUND)
    took = time.monotonic() - began
    figures = {"seconds": took if ended else None, "bound": BOUND, "closes": list(site.closes)}
    if not ended:
        return Result(f"still there after {BOUND:g} s", figures)
    return Result(seconds(took), figures)


async def connected(name: str, *, interrupt: bool) -> Result:
    """Stop a client that is connected."""
    async with Site() as site, running(name, Order(url=site.url)) as subject:
        await asyncio.sleep(0.3)
        result = await stopping(subject, site, interrupt=interrupt)
    frame = f"close frame {site.closes[0]}" if site.closes else "no close frame"
    return Result(f"{result.words}, {frame}", result.figures)


@situation(STOPPING, "by its own call, connected")
async def stop_connected(name: str) -> Result:
    return await connected(name, interrupt=False)


@situation(STOPPING, "by Ctrl-C, connected")
async def interrupt_connected(name: str) -> Result:
    return await connected(name, interrupt=True)


@situation(STOPPING, "by its own call; the server ignores the close frame")
async def stop_ignored(name: str) -> Result:
    async def ignore(peer: Peer) -> None:
        await site.upgrade(peer)

    async with Site(ignore) as site, running(name, Order(url=site.url, pings=False)) as subject:
        await asyncio.sleep(0.3)
        return await stopping(subject, site)


@situation(STOPPING, "by its own call, while the server holds the handshake")
async def stop_dialling(name: str) -> Result:
    async with Site(then=hang) as site, running(name, Order(url=site.url), until="") as subject:
        await until_dialled(site)
        return await stopping(subject, site)


@situation(STOPPING, "by Ctrl-C, while the server holds the handshake")
async def interrupt_dialling(name: str) -> Result:
    async with Site(then=hang) as site, running(name, Order(url=site.url), until="") as subject:
        await until_dialled(site)
        return await stopping(subject, site, interrupt=True)


async def until_dialled(site: Site) -> None:
    """Wait for the first dial, and a moment longer."""
    async with asyncio.timeout(20):
        while not site.dials:  # noqa: ASYNC110 - another process comes
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.3)


@situation(STOPPING, "by its own call, between two dials")
async def stop_waiting(name: str) -> Result:
    async def first(peer: Peer) -> None:
        await site.be_good(peer)

    refusing = refuse("503 Service Unavailable")
    async with Site(first, then=refusing) as site, running(name, Order(url=site.url)) as subject:
        site.cut()
        await asyncio.sleep(12)
        return await stopping(subject, site)


@situation(STOPPING, "by its own call; a handler waits for something that never comes")
async def stop_hanging(name: str) -> Result:
    return await hanging(name, interrupt=False)


@situation(STOPPING, "by Ctrl-C; a handler waits for something that never comes")
async def interrupt_hanging(name: str) -> Result:
    return await hanging(name, interrupt=True)


async def hanging(name: str, *, interrupt: bool) -> Result:
    """Stop a client whose handler hangs."""

    async def greet(peer: Peer) -> None:
        await site.upgrade(peer)
        peer.text("hang")
        await site.read(peer)

    async with (
        Site(then=greet) as site,
        running(name, Order(url=site.url, handler="hang"), until="message") as subject,
    ):
        await asyncio.sleep(0.3)
        return await stopping(subject, site, interrupt=interrupt)
