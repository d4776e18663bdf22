"""One client of the demo server: its connection, and the tasks that serve it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
import time
from collections.abc import Coroutine
from typing import Any

from aiohttp import WSMsgType, web
from opentelemetry.trace import Span

from ..bounds import first_of
from ..change import Change
from .demo_faults import Faults
from .demo_protocol import HEARTBEAT, Dialogue, encode, flooding, heartbeat, parse
from .demo_telemetry import ServerTelemetry, note_error

logger = logging.getLogger(__name__)

CLOSE_TIMEOUT = 1.0
"""Seconds that a client has to answer a close frame, before its connection is reset."""

MAX_MESSAGE_SIZE = 1024 * 1024
"""Bytes; a larger message of a client closes its connection with 1009."""

READ_AHEAD = 1000
"""Requests that are read while earlier ones wait for their answers."""

GARBAGE = b"\xff\xff\x00 no frame of RFC 6455 begins like this"
"""All reserved bits are set, and the opcode is reserved: a violation of the protocol."""

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER, on, for zero seconds
_IN_A_ROW = 50  # messages of a flood, before all others have their turn


class Client:
    """One client that is connected.

    Attributes:
        id: What it is called, unique in the life of the server.
        since: When it connected, in seconds since 1970.
        received: Messages that came from it.
        sent: Messages that were sent to it.
    """

    def __init__(
        self,
        client_id: str,
        ws: web.WebSocketResponse,
        transport: asyncio.Transport,
        *,
        faults: Faults,
        telemetry: ServerTelemetry,
        accepted: Span,
        interval: float,
    ) -> None:
        self.id = client_id
        self.since = time.time()
        self.received = 0
        self.sent = 0
        self._ws = ws
        self._transport = transport
        self._faults = faults
        self._telemetry = telemetry
        self._accepted = accepted
        self._interval = interval
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._dialogue = Dialogue()
        self._requests: asyncio.Queue[tuple[float, str | bytes]] = asyncio.Queue(READ_AHEAD)
        self._faults_changed = Change()
        self._held = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._publishing: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._over: asyncio.Future[None] = self._loop.create_future()

    def __repr__(self) -> str:
        return f"<Client {self.id}>"

    @property
    def subscribed(self) -> tuple[str, ...]:
        """The topics that it is subscribed to."""
        return tuple(sorted(self._dialogue.subscribed))

    # What the server does to it. Plain functions: they begin it, and return.

    def reset(self) -> None:
        """End TCP by RST, without a close frame; what is buffered is dropped."""
        opened = self._transport.get_extra_info("socket")
        with contextlib.suppress(OSError):  # closed meanwhile
            if opened is not None:
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._transport.abort()
        self._end()

    def close(self, code: int, reason: str) -> asyncio.Task[None]:
        """Send a close frame, and wait for the answer: the task that does so, bounded in time."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(code, reason))
        return self._closing

    def garble(self) -> None:
        """Send bytes that are no frame of WebSocket."""
        if not self._transport.is_closing():
            self._transport.write(GARBAGE)

    def flood(self, messages: int, size: int) -> None:
        """Send messages of so many bytes, as fast as the client takes them."""
        self._spawn(self._flood(messages, size))

    def follow_faults(self) -> None:
        """Do what the faults say now."""
        hold = self._faults.stop_reading
        if hold != self._held and not self._transport.is_closing():
            self._held = hold
            reading = self._transport.is_reading()
            if hold and reading:
                self._transport.pause_reading()
            elif not hold and not reading:
                self._transport.resume_reading()
        self._faults_changed.tell()

    # The life of the connection.

    async def serve(self) -> None:
        """Talk with the client until the connection is over."""
        self.follow_faults()
        reading = self._spawn(self._read())
        answering = self._spawn(self._answer())
        try:
            await first_of(reading, answering, self._over)
        finally:
            try:
                if self._closing is not None:
                    await self._closing
                await self._let_go()
            finally:
                for task in (tasks := tuple(self._tasks)):
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def _end(self) -> None:
        if not self._over.done():
            self._over.set_result(None)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(self._while_connected(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _while_connected(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except ConnectionError as error:
            logger.debug("%r is gone: %s", self, error)
            self._end()
        except Exception:
            logger.exception("%r cannot be served any more", self)
            self._end()

    async def _close(self, code: int, reason: str) -> None:
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._ws.close(code=code, message=reason.encode())
        except TimeoutError:
            self.reset()
        finally:
            self._end()

    async def _let_go(self) -> None:
        """Leave the client some time for what is on its way, or the transport would never end."""
        deadline = self._loop.time() + CLOSE_TIMEOUT
        # A transport tells nobody that its buffer is empty, once it is closing.
        while self._transport.get_write_buffer_size() and self._loop.time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        if self._transport.get_write_buffer_size():
            self.reset()

    # Its tasks.

    async def _read(self) -> None:
        while True:
            while self._faults.stop_reading:
                await self._faults_changed.wait()
            message = await self._ws.receive()
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                self.received += 1
                await self._requests.put((self._loop.time(), message.data))
            elif message.type is WSMsgType.PING:
                if not self._faults.ignore_pings:
                    await self._ws.pong(message.data)
            elif message.type is not WSMsgType.PONG:
                return

    async def _answer(self) -> None:
        while True:
            arrived, message = await self._requests.get()
            request = parse(message)
            with self._telemetry.handling(
                request.kind, self.id, self._accepted, request.texts
            ) as span:
                await self._due(arrived)
                reply, error = self._dialogue.answer(request)
                if error is not None:
                    note_error(span, error)
                if HEARTBEAT not in self._dialogue.subscribed:
                    self._publish_no_more()
                await self._send(encode(reply))
            if HEARTBEAT in self._dialogue.subscribed and self._publishing is None:
                self._publishing = self._spawn(self._publish())

    async def _due(self, arrived: float) -> None:
        """Wait until what arrived then may be answered, by the delay that there is now."""
        while (left := arrived + self._faults.delay - self._loop.time()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._faults_changed.wait()

    async def _publish(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            await self._send(encode(heartbeat(self._loop.time() - self._began)))

    def _publish_no_more(self) -> None:
        if self._publishing is not None:
            self._publishing.cancel()
            self._publishing = None

    async def _flood(self, messages: int, size: int) -> None:
        for number in range(1, messages + 1):
            await self._send(flooding(number, messages, size))
            if number % _IN_A_ROW == 0:
                await asyncio.sleep(0)

    async def _send(self, text: str) -> None:
        await self._ws.send_str(text)
        self.sent += 1
