"""Handlers slower than the feed: TCP pushes back, or exactly the promised messages are dropped."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import pytest

from wsengine import Endpoint, Session, conflate

from .conftest import MakeEngine
from .measuring import until
from .rude import TEXT, Behaviour, Peer, RudeServer, frame, speak

pytestmark = pytest.mark.usefixtures("nothing_held")

SIZE = 10_000
MESSAGES = 3_000
"""Thirty million bytes: more than the system, the library and the backlog hold together."""


class Slow(Endpoint):
    """Handles what came when it is told to go on."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.seen: list[int] = []

    async def on_message(self, session: Session, message: Any) -> None:
        self.seen.append(int(message.split()[0]))
        await self.go_on.wait()


class Feed:
    """Sends numbered messages; counts what the system has taken of them."""

    def __init__(self, messages: int, size: int) -> None:
        self.messages, self.size = messages, size
        self.sent = 0

    def behaviour(self) -> Behaviour:
        async def behave(peer: Peer) -> None:
            await peer.accept()
            for number in range(self.messages):
                peer.writer.write(frame(TEXT, f"{number} ".ljust(self.size).encode()))
                await peer.writer.drain()
                self.sent += 1
            await speak_on(peer)

        return behave


async def speak_on(peer: Peer) -> None:
    """Answer pings and the close, as a good server does."""
    while (received := await peer.read()) is not None:
        kind, payload = received
        answer = {9: 10, 8: 8}.get(kind)
        if answer is not None:
            peer.writer.write(frame(answer, payload))
        if kind == 8:
            return


async def stands_still(feed: Feed) -> int:
    """Wait until the server has not been able to send for half a second; return how many it did."""
    sent = -1
    while sent != feed.sent:
        sent = feed.sent
        await asyncio.sleep(0.5)
    return sent


@pytest.mark.parametrize("workers", [1, pytest.param(3, marks=pytest.mark.one_adapter)])
async def test_the_server_is_pushed_back_and_nothing_is_lost(
    make_engine: MakeEngine, workers: int
) -> None:
    endpoint, feed = Slow(), Feed(MESSAGES, SIZE)
    async with RudeServer(feed.behaviour()) as server:
        settings = {"backlog_messages": 50, "ping_interval": None}
        async with make_engine(server.url, endpoint, workers=workers, **settings) as engine:
            sent = await stands_still(feed)
            assert engine.session is not None
            stats = engine.session.stats()
            assert sent < MESSAGES
            assert stats.backlog_messages <= 50
            assert stats.backlog_bytes <= 51 * SIZE
            endpoint.go_on.set()
            await until(lambda: len(endpoint.seen) == MESSAGES, timeout=30)
            assert endpoint.seen == list(range(MESSAGES))
            assert engine.session.stats().messages_dropped == 0


async def test_the_bound_in_bytes_holds(make_engine: MakeEngine) -> None:
    endpoint, feed = Slow(), Feed(MESSAGES, SIZE)
    async with RudeServer(feed.behaviour()) as server:
        settings = {"backlog_bytes": 10 * SIZE, "ping_interval": None}
        async with make_engine(server.url, endpoint, **settings) as engine:
            await stands_still(feed)
            assert engine.session is not None
            assert 9 * SIZE <= engine.session.stats().backlog_bytes <= 10 * SIZE
            endpoint.go_on.set()


async def test_pings_are_answered_while_handlers_are_behind(make_engine: MakeEngine) -> None:
    endpoint, feed = Slow(), Feed(200, 100)
    async with RudeServer(feed.behaviour()) as server:
        settings = {"ping_interval": 0.05, "ping_timeout": 1.0}
        async with make_engine(server.url, endpoint, **settings) as engine:
            await until(lambda: feed.sent == 200)
            assert engine.session is not None
            session = engine.session
            assert await session.ping() >= 0
            await until(lambda: session.stats().ping_round_trip is not None)
            assert session.closed is None
            endpoint.go_on.set()


@pytest.mark.parametrize("oldest", [True, False], ids=["drop_oldest", "drop_newest"])
async def test_exactly_the_promised_messages_are_dropped(
    make_engine: MakeEngine, oldest: bool
) -> None:
    endpoint, feed = Slow(), Feed(MESSAGES, 100)
    policy = "drop_oldest" if oldest else "drop_newest"
    async with RudeServer(feed.behaviour()) as server:
        settings = {"backlog_messages": 50, "backlog_policy": policy}
        async with make_engine(server.url, endpoint, **settings) as engine:
            assert engine.session is not None
            session = engine.session
            await until(lambda: session.stats().messages_received == MESSAGES, timeout=30)
            assert session.stats().messages_dropped == MESSAGES - 51
            endpoint.go_on.set()
            await until(lambda: len(endpoint.seen) == 51)
            kept = range(MESSAGES - 50, MESSAGES) if oldest else range(1, 51)
            assert endpoint.seen == [0, *kept]


async def test_of_each_key_the_latest_is_handled(make_engine: MakeEngine) -> None:
    keys, rounds = 20, 100
    handled: Counter[int] = Counter()
    go_on = asyncio.Event()

    class Quotes(Endpoint):
        async def on_message(self, session: Session, message: Any) -> None:
            await go_on.wait()
            quote = json.loads(message)
            handled[quote["key"]] = quote["n"]

    quotes = [json.dumps({"key": n % keys, "n": n}) for n in range(keys * rounds)]
    async with RudeServer(speak(*quotes)) as server:
        policy = conflate(lambda message: json.loads(message)["key"])
        async with make_engine(server.url, Quotes(), backlog_policy=policy) as engine:
            assert engine.session is not None
            session = engine.session
            await until(lambda: session.stats().messages_received == len(quotes), timeout=30)
            stats = session.stats()
            assert stats.backlog_messages == keys
            assert stats.messages_dropped == len(quotes) - keys - 1  # the first is being handled
            go_on.set()
            await until(lambda: not session.stats().busy_workers)
            assert handled == {key: keys * (rounds - 1) + key for key in range(keys)}
