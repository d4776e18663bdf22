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
import ssl as ssl_module
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
        host: The address of the loopback to listen on.
        path: Where to listen on a unix socket instead.
        ssl: The TLS context to speak TLS with, as those of `Certificates`.

    Attributes:
        faults: What clients did that RFC 6455 forbids, while they were greeted.
    """

    def __init__(
        self,
        greeting: Greeting | None = None,
        *,
        host: str = "127.0.0.1",
        path: str | None = None,
        ssl: ssl_module.SSLContext | None = None,
    ) -> None:
        self.greeting = greeting or upgrade()
        self.faults: list[WireError] = []
        self._host = host
        self._path = path
        self._ssl = ssl
        self._arrived: asyncio.Queue[Peer] = asyncio.Queue()
        self._peers: list[Peer] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        if self._path is None:
            self._server = await asyncio.start_server(self._welcome, self._host, 0, ssl=self._ssl)
        else:
            self._server = await asyncio.start_unix_server(self._welcome, self._path, ssl=self._ssl)
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
        """Where it listens on the loopback."""
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def clients(self) -> int:
        """How many have come so far; those whose TLS failed do not count."""
        return len(self._peers)

    def url(self, target: str = "/") -> str:
        """Return its WebSocket URL; on a unix socket the host in it is no more than a name."""
        scheme = "ws" if self._ssl is None else "wss"
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{scheme}://{'localhost' if self._path else f'{host}:{self.port}'}{target}"

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
