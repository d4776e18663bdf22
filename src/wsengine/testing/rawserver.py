"""A WebSocket server at the level of bytes, which a test drives and which can misbehave.

    async with RawServer() as server:
        connection = await adapter.connect(server.url(), options)
        peer = await server.next_peer()
        peer.text("hello")
        frame = await peer.next_frame(Opcode.PONG)
        peer.reset()

No library would send half a frame, a wrong close code, or nothing at all: this one does what
it is told, and nothing else.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from .greetings import Greeting, upgrade
from .peer import Peer
from .wire import WireError


class RawServer:
    """Listens on the loopback, at a free port, and greets each client as it is told.

    Args:
        greeting: How it answers the next clients; may be changed at any time. Without one it
            agrees to every handshake.

    Attributes:
        faults: What clients did that RFC 6455 forbids, while they were greeted.
    """

    def __init__(self, greeting: Greeting | None = None) -> None:
        self.greeting = greeting or upgrade()
        self.faults: list[WireError] = []
        self._arrived: asyncio.Queue[Peer] = asyncio.Queue()
        self._peers: list[Peer] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._welcome, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.close()
        self.drop_clients()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._server.wait_closed()
        await asyncio.sleep(0)  # an aborted transport closes its socket a turn later

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def url(self, target: str = "/") -> str:
        """Return its WebSocket URL."""
        return f"ws://127.0.0.1:{self.port}{target}"

    async def next_peer(self) -> Peer:
        """Wait for the next client, and return the server's side of its connection."""
        return await self._arrived.get()

    def drop_clients(self) -> None:
        """Cut every connection off."""
        for peer in self._peers:
            peer.abort()

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        self._peers.append(peer)
        self._arrived.put_nowait(peer)
        task = asyncio.create_task(self._greet(peer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _greet(self, peer: Peer) -> None:
        try:
            await self.greeting(peer)
        except (OSError, EOFError):
            return  # the client has gone away: that may be what is tested
        except WireError as error:
            self.faults.append(error)
            peer.abort()
