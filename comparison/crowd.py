"""Situations: many clients, and many connections one after the other."""

from __future__ import annotations

import asyncio
import contextlib
import time

from wsengine.testing.peer import Peer

from .order import Order
from .site import Site
from .subject import running
from .trial import ENDS, Result, mebibytes, seconds, situation

MANY = "Many"

CROWD = 2000
"""Clients, all in one process."""

WINDOW = 0.1
"""Seconds over which dials are counted."""


def peak(times: list[float], window: float) -> int:
    """Return the most dials that came within a window."""
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] > window:
            first += 1
        most = max(most, last - first + 1)
    return most


@situation(
    MANY, f"{CROWD} clients in one process lose their server at once; it is there again", alone=True
)
async def crowd(name: str) -> Result:
    async with Site() as site:
        order = Order(url=site.url, clients=CROWD, pings=False, quiet=True)
        async with running(name, order) as subject:
            there = await served(site, CROWD, within=60)
            if there < CROWD:
                return Result(f"only {there} of {CROWD} get as far", {"there": there})
            await asyncio.sleep(2)
            memory, began = subject.memory(), time.monotonic()
            site.cut()
            back = await served(site, 2 * CROWD, within=40) - CROWD
            took = time.monotonic() - began
            if not subject.alive:
                return ENDS
    figures = {
        "peak": peak([at for at in site.dials if at >= began], WINDOW),
        "window": WINDOW,
        "back": back,
        "seconds": took,
        "memory": memory,
    }
    came = f"{back} back" if back < CROWD else "all back"
    dials = f"{figures['peak']} dials in the busiest {WINDOW:g} s"
    return Result(f"{dials}; {came} after {seconds(took)}; {mebibytes(memory)}", figures)


async def served(site: Site, wanted: int, *, within: float) -> int:
    """Wait until so many handshakes were made, and return how many there are."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):
            while len(site.requests) < wanted:  # noqa: ASYNC110 - another process comes
                await asyncio.sleep(0.05)
    return len(site.requests)


RECONNECTS = 200


@situation(MANY, f"{RECONNECTS} sessions, each dropped by the server: what is left", alone=True)
async def leaks(name: str) -> Result:
    async def drop(peer: Peer) -> None:
        await site.upgrade(peer)
        await asyncio.sleep(0.02)
        peer.reset()

    async with Site(*[drop] * RECONNECTS) as site:
        order = Order(url=site.url, quick=True, quiet=True)
        async with running(name, order) as subject:
            await served(site, 20, within=30)
            if not subject.alive:
                return ENDS
            before = subject.held()
            there = await served(site, RECONNECTS + 1, within=60)
            if there <= RECONNECTS:
                return Result(f"only {there} sessions in 60 s", {"sessions": there})
            await asyncio.sleep(1)
            held = subject.held()
            tasks = [event["tasks"] for event in subject.all("open")]
    figures = {
        "descriptors": held["fd"] - before["fd"],
        "threads": held["task"] - before["task"],
        "tasks": tasks[-1] - tasks[5],
    }
    left = ", ".join(f"{number} {what}" for what, number in figures.items() if number > 1)
    return Result(left or "nothing", figures)
