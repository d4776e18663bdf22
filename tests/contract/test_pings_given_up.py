"""A ping that is given up leaves nothing in the library, where that can be had."""

from __future__ import annotations

import asyncio

from wsengine import ConnectOptions
from wsengine.adapters.websockets import WebsocketsAdapter
from wsengine.testing.rawserver import RawServer
from wsengine.testing.wire import Frame, Opcode


async def test_websockets_forgets_it() -> None:
    async with RawServer() as server:
        connection = await WebsocketsAdapter().connect(server.url(), ConnectOptions(proxy=None))
        peer = await server.next_peer()
        for _ in range(3):
            pinging = asyncio.create_task(connection.ping())
            frame = await peer.next_frame(Opcode.PING)
            assert len(connection.native.pending_pings) == 1
            pinging.cancel()
            await asyncio.wait({pinging})
            assert connection.native.pending_pings == {}
        peer.send(Frame(Opcode.PONG, frame.payload), Frame(Opcode.TEXT, b"late"))
        assert await connection.receive() == "late"
        pinging = asyncio.create_task(connection.ping())
        frame = await peer.next_frame(Opcode.PING)
        peer.send(Frame(Opcode.PONG, frame.payload))
        assert await pinging >= 0
        assert connection.native.pending_pings == {}
        peer.hang_up()
        await connection.close(1000, "")
