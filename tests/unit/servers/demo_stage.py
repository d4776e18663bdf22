"""A client of the demo server without a network: both ends of its connection are here."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from aiohttp import WSMessage, WSMsgType, web
from opentelemetry.trace import INVALID_SPAN

from wsengine.servers.demo_client import Client
from wsengine.servers.demo_faults import Faults
from wsengine.servers.demo_telemetry import ServerTelemetry


class Transport:
    """Notes what is done to it."""

    def __init__(self) -> None:
        self.written = b""
        self.reading = True
        self.aborted = False
        self.buffered = 0

    def get_extra_info(self, name: str) -> None:
        return None

    def write(self, data: bytes) -> None:
        self.written += data

    def abort(self) -> None:
        self.aborted, self.buffered = True, 0

    def is_closing(self) -> bool:
        return self.aborted

    def is_reading(self) -> bool:
        return self.reading

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def get_write_buffer_size(self) -> int:
        return self.buffered


class Socket:
    """What aiohttp gives to a server, with the client's side of it.

    Attributes:
        sent: What the server sent.
        pongs: The pongs that it sent.
        closed: The codes and reasons of its close frames.
        room: Cleared: sending waits.
        answers_close: Whether the client answers a close frame.
    """

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.pongs: list[bytes] = []
        self.closed: list[tuple[int, bytes]] = []
        self.room = asyncio.Event()
        self.room.set()
        self.answers_close = True
        self.failure: Exception | None = None
        self._incoming: asyncio.Queue[WSMessage] = asyncio.Queue()

    def comes(self, kind: WSMsgType, data: Any = None) -> None:
        """Have something come from the client."""
        self._incoming.put_nowait(WSMessage(kind, data, None))

    def asks(self, **fields: Any) -> None:
        """Have a message come from the client."""
        self.comes(WSMsgType.TEXT, json.dumps(fields))

    @property
    def replies(self) -> list[dict[str, Any]]:
        """What the server sent, as the client reads it."""
        return [json.loads(text) for text in self.sent]

    async def receive(self) -> WSMessage:
        return await self._incoming.get()

    async def send_str(self, text: str) -> None:
        await self.room.wait()
        if self.failure is not None:
            raise self.failure
        self.sent.append(text)

    async def pong(self, data: bytes) -> None:
        self.pongs.append(data)

    async def close(self, *, code: int, message: bytes) -> None:
        self.closed.append((code, message))
        if not self.answers_close:
            await asyncio.Event().wait()
        self.comes(WSMsgType.CLOSING)


class Stage:
    """A client, and what is around it.

    Args:
        interval: Seconds between two heartbeats.
    """

    def __init__(self, interval: float = 10.0) -> None:
        self.socket = Socket()
        self.transport = Transport()
        self.faults = Faults()
        self.client = Client(
            "1",
            cast("web.WebSocketResponse", self.socket),
            cast("asyncio.Transport", self.transport),
            faults=self.faults,
            telemetry=ServerTelemetry(None, None),
            accepted=INVALID_SPAN,
            interval=interval,
        )
        self.faults.listeners.append(self.client.follow_faults)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[asyncio.Task[None]]:
        """Serve the client until the end of the block; gives the task."""
        task = asyncio.create_task(self.client.serve())
        try:
            yield task
        finally:
            self.client.reset()
            await task


async def settle() -> None:
    """Let everything happen that needs no time."""
    for _ in range(50):
        await asyncio.sleep(0)
