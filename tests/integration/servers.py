"""A polite server for tests: it speaks WebSocket well, and keeps what it saw."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Self, TypeAlias

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

PATIENCE = 10.0
"""Seconds that a test waits at most for what should come at once."""

Handler: TypeAlias = Callable[[ServerConnection], Awaitable[None]]


async def echo(connection: ServerConnection) -> None:
    """Send every message back."""
    async for message in connection:
        await connection.send(message)


async def listen(connection: ServerConnection) -> None:
    """Say nothing, and read until the client is gone."""
    await connection.wait_closed()


def greet(*messages: str | bytes) -> Handler:
    """Return a handler that sends messages, and then reads until the client is gone."""

    async def handler(connection: ServerConnection) -> None:
        for message in messages:
            await connection.send(message)
        await connection.wait_closed()

    return handler


class PoliteServer:
    """A WebSocket server on a free port of the loopback interface.

    Args:
        handler: What happens on each connection; the last one is kept for all that follow.
        **options: What `websockets.asyncio.server.serve` takes.

    Attributes:
        connections: Every connection, also those that are closed, the latest last.
        opened_at: When each was opened, in the event loop's time.
    """

    def __init__(self, *handlers: Handler, **options: Any) -> None:
        self.connections: list[ServerConnection] = []
        self.opened_at: list[float] = []
        self._handlers = handlers or (listen,)
        self._options = {"ping_interval": None, "close_timeout": 1.0, **options}
        self._server: Server

    @property
    def url(self) -> str:
        """Where to dial it."""
        scheme = "wss" if self._options.get("ssl") else "ws"
        return f"{scheme}://127.0.0.1:{port_of(self._server.sockets)}/ws"

    @property
    def open_connections(self) -> int:
        """How many connections are open, as the server sees it."""
        return len(self._server.connections)

    async def seen_close(self, number: int) -> tuple[int, str] | None:
        """Wait until a connection is gone; return the close frame that the client sent."""
        async with asyncio.timeout(PATIENCE):
            await self.connections[number].wait_closed()
        frame = self.connections[number].protocol.close_rcvd
        return None if frame is None else (int(frame.code), frame.reason)

    def drop_all(self) -> None:
        """Cut every connection off, without a close frame."""
        for connection in tuple(self._server.connections):
            connection.transport.abort()

    async def __aenter__(self) -> Self:
        self._server = await serve(self._handle, "127.0.0.1", 0, **self._options)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _handle(self, connection: ServerConnection) -> None:
        number = min(len(self.connections), len(self._handlers) - 1)
        self.connections.append(connection)
        self.opened_at.append(asyncio.get_running_loop().time())
        with suppress(ConnectionClosed):
            await self._handlers[number](connection)


def port_of(sockets: Any) -> int:
    """Return the port that a server listens on."""
    return int(next(iter(sockets)).getsockname()[1])
