"""The recipe for resuming by sequence number, as docs/conversations.md has it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from wsengine import ConnectOptions, Endpoint, Engine, EngineConfig, JsonCodec, Session

from .conftest import AT_ONCE
from .measuring import until
from .servers import PoliteServer

pytestmark = pytest.mark.usefixtures("nothing_held")


class Numbering:
    """A server that numbers its messages, goes on where a client asks, and breaks often."""

    def __init__(self, last: int) -> None:
        self.last = last
        self.connections = 0

    async def __call__(self, connection: ServerConnection) -> None:
        self.connections += 1
        after = json.loads(await connection.recv())["after"]
        for number in range(after + 1, self.last + 1):
            await connection.send(json.dumps({"seq": number}))
            if number % 10 == 0 and number < self.last:
                await connection.send(json.dumps({"seq": number + 1}))
                await asyncio.sleep(0.02)
                connection.transport.abort()
                return
        await connection.wait_closed()


class Feed(Endpoint):
    """Notes the number of the last message, and goes on behind it."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    async def on_open(self, session: Session, *, restarting: bool) -> None:
        last = session.gap.attributes["last"] if session.gap else 0
        session.attributes["last"] = last
        await session.send({"after": last})

    async def on_message(self, session: Session, message: Any) -> None:
        self.seen.append(message["seq"])
        session.attributes["last"] = message["seq"]


async def test_nothing_is_missed_and_nothing_comes_twice(adapter: str) -> None:
    feed, numbering = Feed(), Numbering(95)
    async with PoliteServer(numbering) as server:
        engine = Engine(
            server.url,
            feed,
            adapter=adapter,
            options=ConnectOptions(proxy=None),
            config=EngineConfig(reconnect=AT_ONCE, stop_timeout=0.5),
            codec=JsonCodec(),
        )
        async with engine:
            await until(lambda: len(feed.seen) >= 95)
            await asyncio.sleep(0.05)
    assert feed.seen == list(range(1, 96))
    assert numbering.connections > 5
