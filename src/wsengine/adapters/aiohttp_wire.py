"""The frames of an `aiohttp` connection, in and out; what aiohttp keeps private stays in here.

Its own `receive` and `close` are not used. There a cancelled receive spoils a later close, the
server's close is answered with another code, pongs are swallowed, pings are answered only while
somebody receives, and a message costs a quarter more. So its parser's queue is read directly.

What cannot be mended: the parser takes masked frames, which a server must not send.
"""

# ruff: noqa: SLF001 - the queue, the protocol and the transport are nowhere public

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sized
from typing import Any

from aiohttp import ClientError, ClientWebSocketResponse, WSMessage, WSMsgType
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_websocket import WebSocketWriter

from ..adapter import Handshake
from ..message import Message
from .common import lower

PARTS: Mapping[type, tuple[str, ...]] = {
    ClientWebSocketResponse: ("_reader", "_response", "_writer", "close", "send_frame"),
    ResponseHandler: (
        *("_drain_waiter", "_payload_parser", "closed", "exception", "resume_writing"),
        *("transport", "writing_paused"),
    ),
    WebSocketWriter: ("_write_websocket_frame",),
}
"""What is used of aiohttp in here, and promised nowhere."""

NOTHING = WSMessage(WSMsgType.CLOSING, None, None)
"""What stands in the queue for no message."""

_HEARTBEATS = frozenset({WSMsgType.PING, WSMsgType.PONG})
_MESSAGES = frozenset({WSMsgType.TEXT, WSMsgType.BINARY})


class Wire:
    """Reads and writes the frames of one connection.

    It stands between aiohttp's protocol and parser, as the parser: so it sees the pings that
    come while nobody reads.

    Args:
        native: The library's connection, fresh from its handshake.
        on_heartbeat: Called with a ping or pong that came last, in place of `read`.
    """

    __slots__ = (
        "_awaited",
        "_closing",
        "_frames",
        "_gone",
        "_native",
        "_on_heartbeat",
        "_parser",
        "_pong",
        "_protocol",
        "_queue",
        "_taker",
        "_transport",
        "_waiter",
        "read",
    )

    def __init__(
        self, native: ClientWebSocketResponse, on_heartbeat: Callable[[WSMessage], None]
    ) -> None:
        connection: Any = native._response.connection
        self._native = native
        self._on_heartbeat = on_heartbeat
        self._queue: Any = native._reader
        self._frames: Any = self._queue._buffer
        """What is parsed and not read: pairs of a frame and its size."""
        self._protocol: Any = connection.protocol
        self._parser = self._protocol._payload_parser
        self._transport: asyncio.Transport = connection.transport
        self._gone: asyncio.Future[None] | None = self._protocol.closed
        self._pong: bytes | None = None
        """The payload of the latest ping, while the socket takes nothing."""
        self._closing = False
        self._taker: Callable[[deque[Message]], object] = _take_none
        self._awaited: Sized = ()
        self.read: Callable[[], Awaitable[Any]] = self._queue.read
        """The next frame, a message or control frame; cancelling it loses nothing."""
        self._waiter: asyncio.Future[None] | None = None
        """The wait of `read`."""

    def start(self) -> None:
        """Begin to see pings; answers those that came with the handshake."""
        if self._gone is not None:
            self._gone.add_done_callback(_look_at)
        self._protocol.resume_writing = self._resume_writing
        if self._parser is not None:  # or the server broke the protocol already
            self._protocol._payload_parser = self
        self._hand_over_heartbeats()

    # In.

    def offer_to(self, taker: Callable[[deque[Message]], object], awaited: Sized) -> None:
        """Show `taker` a message that comes alone while none is unread; it may take it.

        From now on `read` waits here: the queue would wake it before anybody has looked.
        """
        self._taker, self._awaited = taker, awaited
        self.read = self._wait_and_read

    def feed_data(self, data: bytes) -> Any:
        """Parse what came from the socket."""
        frames = self._frames
        offering = self._awaited and not frames
        result = self._parser.feed_data(data)
        if offering and len(frames) == 1:
            self._offer(frames)
        self._hand_over_heartbeats()
        if frames or result[0]:
            self._wake()
        return result

    def _offer(self, frames: Any) -> None:
        """Show `taker` the message that has come, before the reader looks."""
        (kind, message, _), size = frames[0]
        if kind in _MESSAGES:
            offered = deque((message,))
            self._taker(offered)
            if offered:
                return
            if self._waiter is None:  # somebody may wait in the queue, and is woken
                frames[0] = (NOTHING, size)
                return
            for _ in self._queue.read().__await__():
                raise AssertionError  # it does not wait: there is a frame

    def feed_eof(self) -> None:
        """Note the end of what the socket gives."""
        self._parser.feed_eof()
        self._wake()

    async def _wait_and_read(self) -> Any:
        if not self._frames and not self._queue.is_eof():
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return await self._queue.read()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _hand_over_heartbeats(self) -> None:
        frames = self._frames
        first = len(frames)
        while first and frames[first - 1][0][0] in _HEARTBEATS:
            first -= 1
        if first < len(frames) and any(frame[0] is WSMsgType.CLOSE for frame, _ in frames):
            return  # what comes behind a close frame is not answered (RFC 6455 section 5.5.2)
        for place in range(first, len(frames)):
            frame, size = frames[place]
            frames[place] = (NOTHING, size)
            self._on_heartbeat(frame)

    def wake_reader(self) -> None:
        """Have a `read` that waits return `NOTHING`."""
        self._queue.feed_data(NOTHING, 0)
        self._wake()

    @property
    def loss(self) -> str:
        """Why the connection was lost, as far as that is known."""
        return str(self._protocol.exception() or "")

    # Out.

    async def send(self, payload: bytes, kind: WSMsgType) -> None:
        """Send a message, and wait for the transport's back-pressure; one caller at a time."""
        try:
            await self._native.send_frame(payload, kind)
        except asyncio.CancelledError:
            # aiohttp would let the next sender wait on the future that was just cancelled.
            self._protocol._drain_waiter = None
            raise

    def send_control(self, kind: WSMsgType, payload: bytes) -> None:
        """Write a control frame, without waiting until the socket takes it.

        So that nobody waits for a server which itself waits until its messages are read.
        """
        if kind is WSMsgType.PONG and self._protocol.writing_paused:
            self._pong = payload  # the latest ping alone needs one (RFC 6455 section 5.5.3)
            return
        self._closing = self._closing or kind is WSMsgType.CLOSE
        with contextlib.suppress(ClientError):  # whoever reads is told of the end
            self._native._writer._write_websocket_frame(payload, kind, 0)

    def _resume_writing(self) -> None:
        """Send the pong that was kept back: the socket takes something again."""
        type(self._protocol).resume_writing(self._protocol)
        pong, self._pong = self._pong, None
        if pong is not None and not self._closing:
            self.send_control(WSMsgType.PONG, pong)

    # The end.

    def end(self, patience: float, *, reading: bool) -> None:
        """Let the socket go once it has sent what is buffered; cut it off after some seconds.

        Args:
            patience: The seconds.
            reading: Whether to wait for the server to hang up, and to discard what it still
                sends: what nobody reads becomes a reset, which can overtake the close frame.
        """
        if not reading:
            self._transport.close()
        if self._gone is not None and not self._gone.done():
            loop = asyncio.get_running_loop()
            last_resort = loop.call_later(patience, self._transport.abort)
            self._gone.add_done_callback(lambda _: last_resort.cancel())

    async def wait_gone(self) -> None:
        """Wait until the socket is gone."""
        if self._gone is not None:
            await asyncio.wait({self._gone})

    async def cut_off(self) -> None:
        """Close the socket in the next turn of the event loop."""
        self._transport.abort()
        await self._native.close()  # sends nothing any more, but gives the connection back


def handshake_of(native: ClientWebSocketResponse) -> Handshake:
    """Return the server's answer to the handshake."""
    response = native._response
    return Handshake(
        status=response.status, headers=lower(response.headers.items()), subprotocol=native.protocol
    )


def _take_none(_messages: deque[Message]) -> None:
    """Take nothing."""


def _look_at(future: asyncio.Future[Any]) -> None:
    """Retrieve the exception of what nobody awaits, or the event loop would report it."""
    if not future.cancelled():
        future.exception()
