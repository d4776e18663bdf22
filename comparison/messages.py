"""Situations: handlers, messages, requests and subscriptions."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from typing import Any

from wsengine.testing.peer import Peer
from wsengine.testing.wire import Frame, Opcode, WireError

from .order import SUBSCRIBE, Order
from .site import Site
from .subject import Subject, running
from .trial import ENDS, Result, seconds, situation

HANDLERS, MESSAGES = "Handlers", "Messages and requests"


async def in_background(peer: Peer, site: Site, doing: Coroutine[Any, Any, None]) -> None:
    """Read what a client sends while something else is done to it."""
    task = asyncio.create_task(doing)
    try:
        await site.read(peer)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, OSError):
            await task


def times_lost(subject: Subject, site: Site) -> int:
    """Return how many of a client's sessions have ended."""
    return max(len(site.dials) - 1, len(subject.all("lost")))


@situation(HANDLERS, "the handler raises an error; a second later another message comes")
async def handler_raises(name: str) -> Result:
    async def talk(peer: Peer) -> None:
        peer.text("bad")
        await asyncio.sleep(1)
        peer.text("good")

    async def greet(peer: Peer) -> None:
        await site.upgrade(peer)
        await in_background(peer, site, talk(peer))

    async with (
        Site(greet) as site,
        running(name, Order(url=site.url, handler="raise")) as subject,
    ):
        await subject.ended(4)
        good = any(event["text"] == "good" for event in subject.all("message"))
        figures = {"handled": good, "alive": subject.alive, "lost": times_lost(subject, site)}
    if not figures["alive"]:
        return Result("the program ends, unless it catches the error itself", figures)
    return Result("goes on" if good else "the next message is not handled", figures)


@situation(HANDLERS, "the handler blocks its thread for 6 s; the server is well, and answers pings")
async def handler_blocks(name: str) -> Result:
    async def talk(peer: Peer) -> None:
        await asyncio.sleep(1)
        peer.text("block")
        while True:
            await asyncio.sleep(0.2)
            peer.text("tick")

    async def greet(peer: Peer) -> None:
        await site.upgrade(peer)
        await in_background(peer, site, talk(peer))

    async with Site(then=greet) as site:
        order = Order(url=site.url, handler="block", seconds=6)
        async with running(name, order):
            await asyncio.sleep(9)
            lost = len(site.gone)
    if lost:
        return Result("ends the healthy session", {"lost": lost})
    return Result("the session stays", {"lost": 0})


SLOW, RATE, LONG = 0.02, 100, 15.0
"""Seconds for each message, messages a second, and how long they come."""


@situation(
    HANDLERS,
    f"{RATE} messages a second come for {LONG:g} s, twice as many as the handler can do, "
    "and a ping of the server each second",
    alone=True,
)
async def slow_consumer(name: str) -> Result:
    pings: list[float] = []
    pongs: list[float] = []

    async def feed(peer: Peer) -> None:
        while True:
            pings.append(time.monotonic())
            peer.send(Frame(Opcode.PING, f"{len(pings) - 1}".encode()))
            for _ in range(RATE):
                peer.text("x" * 1024)
                await asyncio.sleep(1 / RATE)

    async def greet(peer: Peer) -> None:
        await site.upgrade(peer)
        task = asyncio.create_task(feed(peer))
        with contextlib.suppress(OSError, EOFError, WireError):  # the last one: it closes
            while True:
                frame = await peer.next_frame(Opcode.PONG, Opcode.PING)
                if frame.opcode == Opcode.PING:
                    peer.send(Frame(Opcode.PONG, frame.payload))
                elif frame.payload:
                    pongs.append(time.monotonic() - pings[int(frame.payload)])
        site.gone.append(time.monotonic())
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, OSError):
            await task
        peer.hang_up()

    async with Site(then=greet) as site:
        order = Order(url=site.url, handler="slow", seconds=SLOW, quiet=True)
        async with running(name, order) as subject:
            await asyncio.sleep(LONG)
            if not subject.alive:
                return ENDS
            lost, sent, answered = len(site.gone), len(pings), len(pongs)
    slowest = max(pongs, default=None)
    figures = {"lost": lost, "pings": sent, "pongs": answered, "slowest_pong": slowest}
    stays = "the session stays" if not lost else f"ends {lost} healthy sessions"
    return Result(
        f"{stays}; {answered} of {sent} pings answered, after {seconds(slowest)} at most", figures
    )


@situation(MESSAGES, "the server sends 200 messages and a close frame at once; each takes 20 ms")
async def last_words(name: str) -> Result:
    async def greet(peer: Peer) -> None:
        await site.upgrade(peer)
        peer.text(*(f"number {number}" for number in range(200)))
        peer.close_frame(1001)
        await site.read(peer)

    async with Site(greet) as site:
        order = Order(url=site.url, handler="slow", seconds=0.02, pings=False)
        async with running(name, order) as subject:
            await asyncio.sleep(8)
            handled = len(subject.all("message"))
    return Result(f"{handled} of 200 handled", {"handled": handled})


@situation(MESSAGES, "a request is in flight when the connection ends")
async def request_in_flight(name: str) -> Result:
    async def cut(peer: Peer) -> None:
        await site.upgrade(peer)
        await peer.next_frame(Opcode.TEXT)
        peer.reset()

    async with (
        Site(cut) as site,
        running(name, Order(url=site.url, ask=True)) as subject,
    ):
        told = await subject.when("asked", within=20)
        if not subject.alive:
            return ENDS
        if told is None:
            return Result("not told within 20 s", {"how": None})
        (asked,) = subject.all("asked")
    figures = {"how": asked["how"], "seconds": asked["seconds"]}
    if asked["how"] == "TimeoutError":
        return Result(
            "a future by hand is told only if the program does so; else it waits for its time-out",
            figures,
        )
    return Result(f"fails with {asked['how']} after {seconds(asked['seconds'])}", figures)


@situation(MESSAGES, "the connection is lost, and the client had subscribed")
async def resubscription(name: str) -> Result:
    async with (
        Site() as site,
        running(name, Order(url=site.url, subscribe=True)) as subject,
    ):
        await asyncio.sleep(0.5)
        site.cut()
        began = time.monotonic()
        back = await subject.when("open", after=began, within=20)
        if not subject.alive:
            return ENDS
        if back is None:
            return Result("not back within 20 s", {"again": 0})
        await asyncio.sleep(1)
        again = [at for at, text in site.texts if at >= began and SUBSCRIBE in text]
    figures = {"again": len(again), "after_open": again[0] - back if again else None}
    if not again:
        return Result("not subscribed again", figures)
    by = "by the engine" if name == "wsengine" else "by hand, in what runs at each open"
    return Result(f"subscribed again, {by}", figures)
