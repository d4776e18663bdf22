"""The library's parser and the adapter's client on a transport that a test feeds by hand."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import picows.picows
from multidict import CIMultiDict
from picows import WSAutoPingStrategy
from picows.websockets import ClientConnection, Request, Response
from picows.websockets import ConnectionClosed as LibraryConnectionClosed

from wsengine import ConnectionClosed
from wsengine.adapters.picows_client import Client
from wsengine.adapters.picows_connection import PicowsConnection
from wsengine.testing.wire import accept_key, apply_mask

BOUND = 100_000
LOGGER = logging.getLogger("test.picows")
LOGGER.propagate = False
LOGGER.addHandler(logging.NullHandler())


class Transport:
    """Stands for the transport, and for its socket; for the library it is encrypted."""

    def __init__(self) -> None:
        self.protocol: Any = None
        self.written = bytearray()
        self.closing = self.paused = False

    def get_extra_info(self, name: str) -> Any:
        return None if name in {"peername", "sockname"} else self

    def fileno(self) -> int:
        return -1

    def setsockopt(self, *arguments: int) -> None:
        """Take any option."""

    def getsockopt(self, *arguments: int) -> int:
        return 1

    def get_protocol(self) -> Any:
        return self.protocol

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def set_write_buffer_limits(self, **limits: Any) -> None:
        """Take any limit."""

    def get_write_buffer_size(self) -> int:
        return 0

    def write(self, data: bytes) -> None:
        self.written += data

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def close(self) -> None:
        self.closing = True

    abort = close


class Careful(Client):
    """The client that leaves every frame to the library."""

    def on_ws_connected(self, transport: Any) -> None:
        self.wire = transport
        ClientConnection.on_ws_connected(self, transport)


class Stage:
    """A connection whose stream is fed by hand; `first` comes together with the handshake."""

    def __init__(self, cls: type[Client] = Client, first: bytes = b"") -> None:
        self.transport = Transport()
        self._cls = cls
        parser_type: Any = picows.picows.WSProtocol  # type: ignore[attr-defined]
        pings = (False, 1, 1, WSAutoPingStrategy.PING_WHEN_IDLE, False)
        self.parser = parser_type(
            "host", "/", True, self._make, LOGGER, True, None, *pings, BOUND, None, 2048
        )
        self.transport.protocol = self.parser
        self.parser.connection_made(self.transport)
        request = bytes(self.transport.written).decode()
        self.transport.written.clear()
        key = next(line for line in request.split("\r\n") if "Sec-WebSocket-Key" in line)
        answer = f"Sec-WebSocket-Accept: {accept_key(key.split()[1])}\r\n\r\n"
        head = "HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
        self.give((head + answer).encode() + first)
        self.client: Client = self.parser.listener

    def _make(self, *_: Any) -> Client:
        return self._cls(
            request=Request("/", CIMultiDict()),
            response=Response(101, "", CIMultiDict(), b""),
            subprotocol=None,
            permessage_deflate=None,
            ping_interval=None,
            ping_timeout=None,
            close_timeout=5.0,
            max_queue=16,
            write_limit=1024,
            max_message_size=BOUND,
            max_frame_size=BOUND,
            logger=LOGGER,
        )

    def give(self, data: bytes) -> None:
        """Have the transport read something."""
        rest = memoryview(data)
        while rest and not self.transport.closing:
            buffer = self.transport.protocol.get_buffer(-1)
            size = min(len(rest), len(buffer))
            buffer[:size] = rest[:size]
            self.transport.protocol.buffer_updated(size)
            rest = rest[size:]

    def sent(self) -> list[bytes]:
        """Return the first byte and the payload of each (short) frame that was sent."""
        found, data = [], bytes(self.transport.written)
        while data:
            size = data[1] & 0x7F
            found.append(data[:1] + apply_mask(data[6 : 6 + size], data[2:6]))
            data = data[6 + size :]
        return found

    async def receive_all(self) -> tuple[list[object], object]:
        """Return all messages, and how the connection ended."""
        messages: list[object] = []
        while True:
            try:
                messages.append(await self.client.recv())
            except LibraryConnectionClosed as error:
                closed = PicowsConnection(self.client).translate(error)
                assert isinstance(closed, ConnectionClosed)
                return messages, closed.close

    async def play(self, pieces: list[bytes], *, at_once: bool) -> tuple[object, object]:
        """Return what is received, at once or at last, and what is sent."""
        reading = asyncio.ensure_future(self.receive_all()) if at_once else None
        for piece in pieces:
            self.give(piece)
            for _ in range(6 if at_once else 0):
                await asyncio.sleep(0)
        reading = reading or asyncio.ensure_future(self.receive_all())
        for _ in range(50):
            await asyncio.sleep(0)
        self.transport.protocol.connection_lost(None)
        await self.client.wait_closed()
        return await reading, self.sent()
