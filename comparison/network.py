"""Situations: the network, and a server that goes away."""

from __future__ import annotations

import asyncio
import time

from wsengine.testing import FaultProxy
from wsengine.testing.greetings import refuse
from wsengine.testing.peer import Peer

from .order import Order
from .site import Site
from .subject import Subject, running
from .trial import ENDS, Result, seconds, situation

NETWORK, SERVER = "The network", "The server"


async def recovery(subject: Subject, began: float, *, within: float = 20.0) -> Result:
    """Return how long a client needed to notice a loss, and to be back."""
    back = await subject.when("open", after=began, within=within)
    lost = [event["at"] for event in subject.all("lost") if event["at"] >= began]
    noticed = min(lost, default=None)
    figures = {
        "noticed": None if noticed is None else noticed - began,
        "back": None if back is None else back - began,
        "bound": within,
    }
    if back is None and not subject.alive:
        return Result(ENDS.words, figures)
    if back is None:
        return Result(f"not back within {within:g} s", figures)
    told = "not told" if noticed is None else f"told after {seconds(noticed - began)}"
    return Result(f"{told}, back after {seconds(back - began)}", figures)


@situation(NETWORK, "the connection is cut by a FIN, without a close frame")
async def fin(name: str) -> Result:
    async with Site() as site:
        with FaultProxy(site.url) as proxy:
            async with running(name, Order(url=proxy.url)) as subject:
                await asyncio.sleep(0.5)
                began = time.monotonic()
                proxy.cut("fin")
                return await recovery(subject, began)


@situation(NETWORK, "it is cut by a RST")
async def rst(name: str) -> Result:
    async with Site() as site:
        with FaultProxy(site.url) as proxy:
            async with running(name, Order(url=proxy.url)) as subject:
                await asyncio.sleep(0.5)
                began = time.monotonic()
                proxy.cut("rst")
                return await recovery(subject, began)


@situation(NETWORK, "it is half-open: nothing passes any more, and neither side is told")
async def half_open(name: str) -> Result:
    async with Site() as site:
        with FaultProxy(site.url) as proxy:
            async with running(name, Order(url=proxy.url)) as subject:
                await asyncio.sleep(0.5)
                began = time.monotonic()
                proxy.set(blackhole="both")
                heal = asyncio.create_task(_heal_after_loss(proxy, subject))
                try:
                    return await recovery(subject, began, within=30)
                finally:
                    heal.cancel()


async def _heal_after_loss(proxy: FaultProxy, subject: Subject) -> None:
    """Mend the network when the client has left the dead connection."""
    while not subject.all("lost") and proxy.counts.connections < 2:  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.02)
    proxy.heal()


@situation(SERVER, "it sends nothing, and answers no ping")
async def no_pong(name: str) -> Result:
    async def mute(peer: Peer) -> None:
        await site.upgrade(peer)

    async with Site(mute) as site, running(name, Order(url=site.url)) as subject:
        began = await subject.must("open") + 0.001
        return await recovery(subject, began, within=30)


@situation(SERVER, "it accepts every client, and drops it at once, for 10 s", alone=True)
async def accept_and_drop(name: str) -> Result:
    async def drop(peer: Peer) -> None:
        await site.upgrade(peer)
        peer.hang_up()

    async with Site(then=drop) as site, running(name, Order(url=site.url)):
        began = time.monotonic()
        await asyncio.sleep(10)
        dials = sum(at >= began for at in site.dials)
    return Result(f"{dials} dials", {"dials": dials, "seconds": 10})


TRIES = 3
"""How often it is tried where chance decides."""


@situation(SERVER, f"it is away for 8 s: dials are refused by TCP ({TRIES} tries)")
async def away(name: str) -> Result:
    results = await asyncio.gather(*(_away_once(name) for _ in range(TRIES)))
    times = sorted(result.figures["back"] for result in results if result.figures["back"])
    missing = [result for result in results if not result.figures["back"]]
    if missing:
        return Result(f"{missing[0].words} in {len(missing)} of {TRIES}", {"back": times})
    return Result(f"back {times[0]:.1f} to {times[-1]:.1f} s after the server", {"back": times})


async def _away_once(name: str) -> Result:
    async with Site() as site, running(name, Order(url=site.url)) as subject:
        site.go_away()
        await asyncio.sleep(8)
        began = time.monotonic()
        await site.listen()
        return await recovery(subject, began, within=30)


RETRY_AFTER = 8


@situation(SERVER, f"it is lost, and refuses the next dial by 503 with Retry-After: {RETRY_AFTER}")
async def retry_after(name: str) -> Result:
    later = refuse("503 Service Unavailable", {"Retry-After": f"{RETRY_AFTER}"})

    async def first(peer: Peer) -> None:
        await site.be_good(peer)

    async with Site(first, later) as site, running(name, Order(url=site.url)) as subject:
        await asyncio.sleep(0.5)
        site.cut()
        began = time.monotonic()
        await subject.when("open", after=began, within=30)
        if not subject.alive:
            return ENDS
        dials = [at for at in site.dials if at >= began]
    waited = dials[1] - dials[0] if len(dials) > 1 else None
    if waited is None:
        return Result("does not dial again", {"waited": None})
    kept = "heeded" if waited >= RETRY_AFTER else "not heeded"
    return Result(f"{kept}: dials {seconds(waited)} later", {"waited": waited})


@situation(SERVER, "it is lost, and refuses all further dials by 401, for 20 s")
async def unauthorized(name: str) -> Result:
    async def first(peer: Peer) -> None:
        await site.be_good(peer)

    async with (
        Site(first, then=refuse("401 Unauthorized")) as site,
        running(name, Order(url=site.url)) as subject,
    ):
        await asyncio.sleep(0.5)
        site.cut()
        ended = await subject.ended(20)
        dials = len(site.dials) - 1
    if ended and not dials:
        return ENDS
    told = "ends, with an error" if ended else "goes on dialling"
    return Result(f"{told}: {dials} dials", {"dials": dials, "ended": ended})
