"""The libraries by hand: how each of them dials, receives and sends.

The options are those that the engine's adapters get: no compression, no proxy, messages of up to
16 MiB, and no pings unless they are asked for.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final, Protocol

import aiohttp
import picows.websockets
import websockets.asyncio.client

MAX_SIZE: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """A connection by hand: the library's own methods, nothing around them."""

    receive: Callable[[], Awaitable[object]]
    send: Callable[[bytes], Awaitable[object]]
    order: Callable[[str], Awaitable[object]]
    """Sends a text message."""


class Dial(Protocol):
    """Connects to a URL; the library pings at an interval in seconds, if one is given."""

    def __call__(
        self, url: str, ping_interval: float | None = None
    ) -> AbstractAsyncContextManager[Line]: ...


@contextlib.asynccontextmanager
async def dial_websockets(url: str, ping_interval: float | None = None) -> AsyncIterator[Line]:
    """Connect with `websockets`."""
    async with websockets.asyncio.client.connect(
        url,
        compression=None,
        proxy=None,
        ping_interval=ping_interval,
        max_size=MAX_SIZE,
        open_timeout=None,
    ) as connection:
        yield Line(connection.recv, connection.send, connection.send)


@contextlib.asynccontextmanager
async def dial_aiohttp(url: str, ping_interval: float | None = None) -> AsyncIterator[Line]:
    """Connect with `aiohttp`; each connection has a session of its own, as with the adapter."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(
            url, compress=0, max_msg_size=MAX_SIZE, heartbeat=ping_interval
        ) as connection,
    ):
        yield Line(connection.receive, connection.send_bytes, connection.send_str)


@contextlib.asynccontextmanager
async def dial_picows(url: str, ping_interval: float | None = None) -> AsyncIterator[Line]:
    """Connect with the face of `picows` that is like `websockets`."""
    async with picows.websockets.connect(
        url,
        compression=None,
        proxy=None,
        ping_interval=ping_interval,
        max_size=MAX_SIZE,
        open_timeout=None,
    ) as connection:
        yield Line(connection.recv, connection.send, connection.send)


DIALS: Final[dict[str, Dial]] = {
    "websockets": dial_websockets,
    "aiohttp": dial_aiohttp,
    "picows": dial_picows,
}


class Listener(picows.WSListener):
    """The other face of `picows`: called for each frame. It counts, and nothing else."""

    left = 0

    def __init__(self) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        self.left -= 1
        if not self.left:
            self.done.set_result(None)

    def expect(self, count: int) -> asyncio.Future[None]:
        """Return what is done when so many frames more have come."""
        self.left = count
        self.done = asyncio.get_running_loop().create_future()
        return self.done


async def dial_listener(url: str) -> tuple[picows.WSTransport, Any]:
    """Connect with a listener of `picows`."""
    return await picows.ws_connect(Listener, url)
