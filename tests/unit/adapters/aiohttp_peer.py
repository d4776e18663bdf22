"""A connection of aiohttp without a socket: all real but the transport, which a test plays."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from aiohttp import ClientWebSocketResponse, ClientWSTimeout
from aiohttp._websocket.reader import WebSocketDataQueue
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_websocket import WebSocketReader, WebSocketWriter
from multidict import CIMultiDict

from wsengine.testing.wire import Frame, Opcode, close_payload, read_frame

CHUNK = 1 << 18
"""Bytes after which aiohttp waits for its transport."""


class Transport(asyncio.Transport):
    """Keeps what is written, and loses its connection a turn after it was told to."""

    def __init__(self) -> None:
        super().__init__()
        self.protocol: Any = None
        self.written = asyncio.StreamReader()
        self.ways: list[str] = []
        """How it was closed: "close", "abort"."""

    def write(self, data: Any) -> None:
        self.written.feed_data(bytes(data))

    def is_closing(self) -> bool:
        return bool(self.ways)

    def close(self) -> None:
        self._end("close")

    def abort(self) -> None:
        self._end("abort")

    def _end(self, way: str) -> None:
        stuck = way == "close" and self.protocol.writing_paused
        self.ways.append(way)
        if not stuck and self.protocol is not None:
            asyncio.get_running_loop().call_soon(self.lose)

    def lose(self, error: Exception | None = None) -> None:
        """End the connection, as the network does."""
        protocol, self.protocol = self.protocol, SimpleNamespace(writing_paused=True)
        if isinstance(protocol, ResponseHandler):
            protocol.connection_lost(error)

    def pause_reading(self) -> None:
        """Nothing comes by itself here."""

    def resume_reading(self) -> None:
        """Nothing comes by itself here."""


class AiohttpPeer:
    """The server's side of a connection that `native` is the client's side of.

    Args:
        headers: The headers of the answer to the handshake.
        subprotocol: What aiohttp found to be the subprotocol.
        max_size: The size that aiohttp refuses; 0 is none.
        deflate: Whether permessage-deflate was agreed on.
    """

    def __init__(
        self,
        headers: list[tuple[str, str]] | None = None,
        *,
        subprotocol: str | None = None,
        max_size: int = 0,
        deflate: bool = False,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.transport = Transport()
        self.protocol = ResponseHandler(loop)
        self.transport.protocol = self.protocol
        self.protocol.connection_made(self.transport)
        self.queue = WebSocketDataQueue(self.protocol, CHUNK, loop=loop)
        self.released = False
        connection = SimpleNamespace(protocol=self.protocol, transport=self.transport)
        response: Any = SimpleNamespace(
            status=101,
            headers=CIMultiDict(headers or []),
            connection=connection,
            close=self._release,
        )
        self.native: ClientWebSocketResponse = ClientWebSocketResponse(
            self.queue,
            WebSocketWriter(self.protocol, self.transport, use_mask=True),
            subprotocol,
            cast("Any", response),
            ClientWSTimeout(),
            autoclose=True,
            autoping=True,
            loop=loop,
            compress=15 if deflate else 0,
        )
        self.parser = WebSocketReader(self.queue, max_size, compress=deflate, decode_text=True)
        self.protocol.set_parser(self.parser, self.queue)

    def _release(self) -> None:
        self.released = True

    def send(self, *frames: Frame) -> None:
        """Have frames come, in one piece."""
        self.protocol.data_received(b"".join(frame.encode() for frame in frames))

    def text(self, *messages: str) -> None:
        """Have text messages come."""
        self.send(*(Frame(Opcode.TEXT, message.encode()) for message in messages))

    def close_frame(self, code: int | None, reason: str = "") -> None:
        """Have a close frame come."""
        self.send(Frame(Opcode.CLOSE, close_payload(code, reason)))

    async def frames(self) -> list[tuple[int, bytes]]:
        """Return opcode and payload of what the client has sent since the last call."""
        data, self.transport.written = self.transport.written, asyncio.StreamReader()
        data.feed_eof()
        found = []
        while not data.at_eof():
            frame = await read_frame(data)
            found.append((frame.opcode, frame.payload))
        return found
