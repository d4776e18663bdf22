"""A connection of `aiohttp`: messages, pings, and the closing handshake."""

from __future__ import annotations

import asyncio
import os
import struct
from collections import deque
from collections.abc import Callable, Sized
from time import monotonic

from aiohttp import (
    ClientError,
    ClientSession,
    ClientWebSocketResponse,
    EofStream,
    WebSocketError,
    WSMessage,
    WSMsgType,
)

from ..adapter import Handshake
from ..close import Close, CloseCode
from ..errors import ConnectionClosed
from ..message import Message, SendableMessage
from .aiohttp_reader import Reader
from .aiohttp_wire import Wire, handshake_of

_TEXT, _BINARY = WSMsgType.TEXT, WSMsgType.BINARY


class AiohttpConnection:
    """One connection of `aiohttp`; see `wsengine.adapter.Connection`.

    Args:
        native: The library's connection, fresh from its handshake.
        max_size: The largest message accepted, in bytes.
        close_timeout: Seconds to wait at most for the server's close frame.
        session: Closed when the connection is; `None` for a session of the user's.
    """

    __slots__ = (
        "_close_timeout",
        "_end",
        "_pongs",
        "_reader",
        "_sending",
        "_sent",
        "_session",
        "_wire",
        "native",
    )

    def __init__(
        self,
        native: ClientWebSocketResponse,
        max_size: int | None,
        close_timeout: float,
        session: ClientSession | None,
    ) -> None:
        self.native = native
        self._wire = Wire(native, self._control)
        # Inflated messages pass aiohttp's own check with one byte too many.
        self._reader = Reader(self._wire, max_size if native.compress else None)
        self._close_timeout = close_timeout
        self._session = session
        self._sending = asyncio.Lock()
        self._pongs: dict[bytes, asyncio.Future[float | None]] = {}
        self._sent: Close | None = None
        self._end: Close | None = None
        self._wire.start()

    @property
    def handshake(self) -> Handshake:
        """The server's answer to the opening handshake; the library keeps the headers."""
        return handshake_of(self.native)

    # Messages.

    async def receive(self) -> Message:
        """Return the next message."""
        while True:
            try:
                frame = await self._reader.read()
            except Exception as error:
                self._end_by(error)
                raise self._closed() from error
            kind = frame[0]
            if kind is _BINARY or kind is _TEXT:
                message: Message = frame[1]
                return message
            self._control(frame)

    def offer_to(self, taker: Callable[[deque[Message]], object], awaited: Sized) -> None:
        """Have `taker` look at messages before the reader does.

        Not at those whose size the reader checks, which come compressed.
        """
        if not self.native.compress:
            self._wire.offer_to(taker, awaited)
            self._reader.read = self._wire.read

    async def send(self, message: SendableMessage) -> None:
        """Send one message."""
        kind = _TEXT if isinstance(message, str) else _BINARY
        payload = message.encode() if isinstance(message, str) else bytes(message)
        async with self._sending:
            self._check_open()
            try:
                await self._wire.send(payload, kind)
            except (ClientError, OSError) as error:
                raise self._closed() from error

    async def ping(self) -> float:
        """Send a ping, and return the seconds until its pong."""
        self._check_open()
        loop = asyncio.get_running_loop()
        pong: asyncio.Future[float | None] = loop.create_future()
        payload, begin = os.urandom(8), monotonic()
        self._pongs[payload] = pong
        try:
            self._wire.send_control(WSMsgType.PING, payload)
            end = await pong
        finally:
            del self._pongs[payload]
        if end is None:
            raise self._closed()
        return end - begin

    def _control(self, frame: WSMessage) -> None:
        """Do what a control frame asks for; anything else is dropped."""
        kind, data, reason = frame
        if kind is WSMsgType.PING:
            self._wire.send_control(WSMsgType.PONG, data)
        elif kind is WSMsgType.PONG:
            self._ponged(bytes(data))
        elif kind is WSMsgType.CLOSE:
            self._closed_by_server(data or CloseCode.NO_STATUS_RECEIVED, reason or "")

    def _ponged(self, payload: bytes) -> None:
        """End the wait for a pong, and for those before it (RFC 6455 section 5.5.3)."""
        if payload not in self._pongs:
            return
        now = monotonic()
        for sent, pong in self._pongs.items():
            if not pong.done():
                pong.set_result(now)
            if sent == payload:
                return

    # The end.

    async def close(self, code: int, reason: str) -> None:
        """Exchange close frames, or cut off a server that does not answer."""
        Close(code, reason).check_sendable()
        try:
            async with asyncio.timeout(self._close_timeout):
                if self._sent is None and self._end is None:
                    await self._exchange_closes(Close(code, reason, client_initiated=True))
                await self._reader.wait_ended()
                await self._wire.wait_gone()
        except TimeoutError:
            self._finish(Close(CloseCode.ABNORMAL_CLOSURE, "the server did not close"))
        finally:
            await self.cut_off()

    async def cut_off(self) -> None:
        """Close the socket now, if it still is open."""
        self._finish(Close(CloseCode.ABNORMAL_CLOSURE, "cut off"))
        await self._wire.cut_off()
        if self._session is not None:
            await self._session.close()
        await self._wire.wait_gone()

    async def _exchange_closes(self, close: Close) -> None:
        """Send a close frame; while nobody receives, drop what comes before the server's."""
        self._send_close(close)
        try:
            await self._reader.read_for_close(self._control)
        except Exception as error:
            self._end_by(error)

    def _closed_by_server(self, code: int, reason: str) -> None:
        if code == CloseCode.ABNORMAL_CLOSURE or code > 4999:  # aiohttp lets these pass
            self._fail(CloseCode.PROTOCOL_ERROR, f"close frame with code {code}")
            return
        close, own = Close(code, reason), self._sent
        if own is None:
            self._send_close(close)
        self._finish(own or close)

    def _end_by(self, error: Exception) -> None:
        """Tell a connection that is lost from a server that breaks the protocol."""
        if isinstance(error, WebSocketError):
            self._fail(error.code, str(error))
        elif isinstance(error, EofStream | ClientError | OSError):
            self._finish(Close(CloseCode.ABNORMAL_CLOSURE, self._wire.loss or str(error)))
        else:
            self._fail(CloseCode.PROTOCOL_ERROR, str(error))  # such as what does not inflate

    def _fail(self, code: int, reason: str) -> None:
        """Close, because the server broke the protocol (RFC 6455 section 7.1.7)."""
        close = self._sent
        if close is None:
            close = Close(code, Close.cut_reason(reason), client_initiated=True)
            self._send_close(close)
        self._finish(close, reading=True)

    def _send_close(self, close: Close) -> None:
        self._sent = close
        no_code = close.code == CloseCode.NO_STATUS_RECEIVED
        payload = b"" if no_code else struct.pack("!H", close.code) + close.reason.encode()
        self._wire.send_control(WSMsgType.CLOSE, payload)

    def _finish(self, close: Close, *, reading: bool = False) -> None:
        """Note the end, the first time, and tell all who wait for something."""
        if self._end is not None:
            return
        self._end = close
        self._reader.end()
        for pong in self._pongs.values():
            if not pong.done():
                pong.set_result(None)
        self._wire.end(self._close_timeout, reading=reading)

    def _check_open(self) -> None:
        if self._sent is not None or self._end is not None:
            raise self._closed()

    def _closed(self) -> ConnectionClosed:
        return ConnectionClosed(self._end or self._sent or Close(CloseCode.ABNORMAL_CLOSURE))
