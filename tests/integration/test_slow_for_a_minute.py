"""A handler that is slower than the feed, for a minute: what is promised holds all along.

A minute with the first adapter where `CI` is set; a few seconds elsewhere, and with the others.
"""

from __future__ import annotations

import asyncio
import gc
import os
import time
from typing import Any

import pytest
from chaos.resources import give_back, resident

from wsengine import Endpoint, Session

from .conftest import ADAPTERS, MakeEngine
from .measuring import until
from .rude import PING, PONG, TEXT, Peer, RudeServer, frame

pytestmark = pytest.mark.usefixtures("nothing_held")

SIZE = 2_000
LATE = 10.0
"""Seconds that an answer to a ping may take: it stands behind what the sockets hold."""

MOST_MEMORY = 24 * 2**20
"""Bytes that all of it may take, the server's side included."""


class Slow(Endpoint):
    """Takes its time for each message; remembers nothing but the last number."""

    def __init__(self) -> None:
        self.last = -1
        self.wrong: list[int] = []

    async def on_message(self, session: Session, message: Any) -> None:
        number = int(message.split()[0])
        if number != self.last + 1:
            self.wrong.append(number)
        self.last = number
        await asyncio.sleep(0.001)


class Feed:
    """Sends as fast as it is read, with a ping now and then, and notes how late the pongs are."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.sent = 0
        self.pinged: dict[bytes, float] = {}
        self.waits: list[float] = []
        self.held_up = 0.0
        """Seconds that TCP has made it wait."""
        self.done = False

    async def behave(self, peer: Peer) -> None:
        """Serve one connection."""
        await peer.accept()
        listening = asyncio.create_task(self._listen(peer))
        end = time.monotonic() + self.seconds
        due = 0.0
        while (now := time.monotonic()) < end:
            if now > due:
                due = now + 0.5
                name = b"%d" % len(self.pinged)
                self.pinged[name] = now
                peer.writer.write(frame(PING, name))
            peer.writer.write(frame(TEXT, f"{self.sent} ".ljust(SIZE).encode()))
            self.sent += 1
            await peer.writer.drain()
            self.held_up += time.monotonic() - now
        self.done = True
        await listening

    async def _listen(self, peer: Peer) -> None:
        while (received := await peer.read()) is not None:
            kind, payload = received
            peer.frames.clear()
            if kind == PONG:
                self.waits.append(time.monotonic() - self.pinged[payload])
            elif kind == 8:
                peer.writer.write(frame(8, payload))
                return


def memory() -> int:
    gc.collect()
    give_back()
    return resident()


@pytest.mark.timeout(180)
async def test_slower_than_the_feed(make_engine: MakeEngine, adapter: str) -> None:
    seconds = 60.0 if os.environ.get("CI") and adapter == ADAPTERS[0] else 3.0
    endpoint, feed = Slow(), Feed(seconds)
    async with RudeServer(feed.behave) as server:
        settings = {"backlog_messages": 100, "backlog_bytes": 100 * SIZE, "ping_interval": 0.5}
        async with make_engine(server.url, endpoint, ping_timeout=LATE, **settings) as engine:
            before, most = memory(), 0
            assert engine.session is not None
            session = engine.session
            while not feed.done:
                await asyncio.sleep(0.5)
                stats = session.stats()
                assert stats.backlog_messages <= 100
                assert stats.backlog_bytes <= 101 * SIZE
                assert session.closed is None
                most = max(most, memory())
            await until(lambda: endpoint.last == feed.sent - 1, timeout=60)
            assert endpoint.wrong == []
            assert session.stats().messages_dropped == 0
            await until(lambda: len(feed.waits) == len(feed.pinged))
    assert most - before < MOST_MEMORY
    assert max(feed.waits) < LATE
    assert feed.held_up > 0.5 * seconds  # it was pushed back nearly all the time
