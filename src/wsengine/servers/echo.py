"""The echo server: what comes in goes out again, and connections break on request."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
from collections.abc import Collection
from functools import partial
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from ..bounds import first_of
from ..close import Close

CLOSE_TIMEOUT = 1.0
"""Seconds that a client has to answer a close frame, before its connection is reset."""

MAX_MESSAGE_SIZE = 16 * 1024 * 1024
"""Bytes; a larger message closes its connection with 1009."""

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER, on, for zero seconds
_ANY_ADDRESS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - not bound here


class EchoServer:
    """Sends every message back as it came: text as text, binary as binary.

    ::

        async with EchoServer() as server:
            engine = Engine(server.url, endpoint)

    Of the subprotocols that a client offers it takes the first. It can be started again
    after a stop, and is then on the same port.

    Args:
        host: The address to listen on.
        port: The port; 0 takes a free one at the first start.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self._port = port
        self._server: Server | None = None
        self._connections: set[_Connection] = set()

    @property
    def port(self) -> int:
        """The port; before the first start it may be 0."""
        return self._port

    @property
    def url(self) -> str:
        """Where to connect to.

        Raises:
            RuntimeError: The server has no port yet.
        """
        if self._port == 0:
            raise RuntimeError("the echo server has no port yet: start it first")
        host = _ANY_ADDRESS.get(self.host, self.host)
        return f"ws://[{host}]:{self._port}" if ":" in host else f"ws://{host}:{self._port}"

    @property
    def clients(self) -> int:
        """How many clients are connected."""
        return 0 if self._server is None else len(self._server.connections)

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: The address cannot be had; the port may be in use.
            RuntimeError: The server is running.
        """
        if self._server is not None:
            raise RuntimeError(f"the echo server is running already, on {self.url}")
        self._server = await serve(
            _echo,
            self.host,
            self._port,
            select_subprotocol=_first,
            max_size=MAX_MESSAGE_SIZE,
            close_timeout=CLOSE_TIMEOUT,
            logger=_Calm(logging.getLogger(__name__)),
            # Documented to take a factory, but typed as a class.
            create_connection=partial(_Connection, self._connections),  # type: ignore[arg-type]
        )
        self._port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        """Close all clients with 1001, and listen no more. Bounded, and safe to call twice."""
        server = self._server
        if server is None:
            return
        server.close()
        stopped = asyncio.ensure_future(server.wait_closed())
        try:
            await first_of(stopped, timeout=1.5 * CLOSE_TIMEOUT)
        finally:
            self._reset_all()  # a client that has not even finished its handshake
        await stopped
        if self._server is server:
            self._server = None

    async def close_clients(self, code: int = 1001, reason: str = "") -> None:
        """Close all clients with a close frame, and go on listening.

        Raises:
            ConfigError: The code or the reason cannot be sent.
        """
        Close(code, reason).check_sendable()
        clients = () if self._server is None else self._server.connections
        await asyncio.gather(*(client.close(code, reason) for client in clients))

    async def drop_clients(self) -> None:
        """Reset the TCP connections of all clients, without a close frame."""
        dropped = self._reset_all()
        await asyncio.gather(*(connection.wait_closed() for connection in dropped))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    def _reset_all(self) -> Collection[_Connection]:
        connections = tuple(self._connections)
        for connection in connections:
            connection.reset()
        return connections


class _Connection(ServerConnection):
    """A connection that is known to its server from the first byte to the last."""

    def __init__(self, known: set[_Connection], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._known = known

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the connection."""
        super().connection_made(transport)
        self._known.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._known.discard(self)
        super().connection_lost(exc)

    def reset(self) -> None:
        """Send RST instead of FIN, and drop what is buffered."""
        opened = self.transport.get_extra_info("socket")
        with contextlib.suppress(OSError):  # closed meanwhile
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.transport.abort()


class _Calm(logging.LoggerAdapter[logging.Logger]):
    """Takes a failed handshake for what it is: somebody else's business."""

    def log(self, level: int, msg: object, *args: Any, **kwargs: Any) -> None:
        """Log, but nothing that a client can cause is an error."""
        if msg == "opening handshake failed":
            level, kwargs = logging.DEBUG, {}
        super().log(level, msg, *args, **kwargs)


async def _echo(connection: ServerConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        async for message in connection:
            await connection.send(message)


def _first(connection: ServerConnection, offered: Any) -> Any:
    return offered[0] if offered else None
