"""The server pings, and drops who does not answer: an engine whose workers are busy answers."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import pytest

from wsengine import Session

from .conftest import MakeEngine
from .measuring import until
from .recorder import Recorder
from .servers import PoliteServer, greet

pytestmark = pytest.mark.usefixtures("nothing_held")

IMPATIENT = {"ping_interval": 0.1, "ping_timeout": 0.3, "close_timeout": 0.1}
"""How long a server waits for a pong, and then for an answer to its close frame."""

MESSAGES = [str(number).ljust(5000) for number in range(200)]
"""More than a library reads ahead by itself, and fewer than the engine does."""

HANDSHAKE = """GET /ws HTTP/1.1\r
Host: localhost\r
Connection: Upgrade\r
Upgrade: websocket\r
Sec-WebSocket-Version: 13\r
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
\r
"""


class Suspended(Recorder):
    """Its handlers wait until they are let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = asyncio.Event()
        self.handled = 0

    async def on_message(self, session: Session, message: Any) -> None:
        super().on_message(session, message)
        await self.let_go.wait()
        self.handled += 1


async def be_dropped(url: str) -> bytes:
    """Connect as a client that answers nothing, until the server ends TCP; return what it sent."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(HANDSHAKE.encode())
        async with asyncio.timeout(5):
            return await reader.read()
    finally:
        writer.close()


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.one_adapter), 4])
async def test_all_workers_are_busy_for_longer_than_the_server_waits(
    make_engine: MakeEngine, workers: int
) -> None:
    endpoint = Suspended()
    async with (
        PoliteServer(greet(*MESSAGES), compression=None, **IMPATIENT) as server,
        make_engine(server.url, endpoint, workers=workers, ping_interval=None),
    ):
        session = endpoint.sessions[0]
        await until(lambda: session.stats().messages_received == len(MESSAGES))
        for _ in range(2):  # each time the server waits for as long as it ever does
            assert b"keepalive ping timeout" in await be_dropped(server.url)
        stats = session.stats()
        assert (stats.busy_workers, endpoint.handled) == (workers, 0)
        assert stats.backlog_messages == len(MESSAGES) - workers
        assert server.open_connections == 1
        endpoint.let_go.set()
        await until(lambda: endpoint.handled == len(MESSAGES))
        assert endpoint.messages == MESSAGES
        assert endpoint.closes == []


async def test_nobody_reads_for_longer_than_the_server_waits(make_engine: MakeEngine) -> None:
    """What answers is the reading ahead: an engine that does not read ahead is dropped."""
    endpoint = Suspended()
    async with (
        PoliteServer(greet(*MESSAGES), compression=None, **IMPATIENT) as server,
        make_engine(server.url, endpoint, backlog_messages=0, ping_interval=None),
    ):
        await until(lambda: endpoint.messages)
        connection = server.connections[0]
        await asyncio.wait_for(connection.wait_closed(), 5)
        assert connection.protocol.close_sent is not None
        assert connection.protocol.close_sent.reason == "keepalive ping timeout"
        endpoint.let_go.set()
        await until(lambda: endpoint.closes)
