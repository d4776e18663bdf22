"""A connection of `picows`, as the engine sees it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sized
from time import monotonic
from typing import Any, cast

from picows import WSCloseCode
from picows.websockets import ConnectionClosed as LibraryConnectionClosed

from ..adapter import Handshake
from ..close import Close, CloseCode
from ..errors import ConnectionClosed
from ..message import Message, SendableMessage, as_plain
from .common import FAILURES, lower
from .picows_client import Client


class PicowsConnection:
    """One connection of `picows`; see `wsengine.adapter.Connection`."""

    __slots__ = (
        "_held_up",
        "_pings",
        "_sending",
        "native",
        "native_receive",
    )

    def __init__(self, native: Client) -> None:
        self.native = native
        inbox = native.inbox
        self.native_receive: Callable[[], Awaitable[Message]] = (
            native.recv if inbox is None else inbox.receive
        )
        self._sending = asyncio.Lock()
        self._held_up = 0
        """How many wait for their turn to send, or for the transport."""
        self._pings: dict[asyncio.Future[float], float] = {}

    @property
    def handshake(self) -> Handshake:
        """The server's answer to the opening handshake; the library keeps the headers."""
        response = self.native.response
        return Handshake(
            status=response.status_code,
            headers=lower(response.headers.items()),
            subprotocol=self.native.subprotocol,
        )

    def translate(self, error: Exception) -> Exception:
        """Return wsengine's exception for the library's."""
        if not isinstance(error, LibraryConnectionClosed):
            return error
        closed = ConnectionClosed(_close(error.rcvd, error.sent, error.rcvd_then_sent))
        closed.__cause__ = error
        return closed

    async def receive(self) -> Message:
        """Return the next message."""
        try:
            return await self.native_receive()
        except LibraryConnectionClosed as error:
            raise self.translate(error) from error

    def offer_to(self, taker: Callable[[deque[Message]], object], awaited: Sized) -> None:
        """Have `taker` look at plain messages before the reader is woken for them."""
        if self.native.inbox is not None:
            self.native.inbox.taker, self.native.inbox.awaited = taker, awaited

    async def send(self, message: SendableMessage) -> None:
        """Send one message."""
        native = self.native
        try:
            if native.writable and not self._held_up:
                await native.send(as_plain(message))  # it does not wait: nobody comes between
                if not native.writable:  # sending may have changed it
                    await self._send_in_turn()  # type: ignore[unreachable]  # for mypy it has not
            else:
                await self._send_in_turn(as_plain(message))
            if native.wire.is_disconnected:
                await native.send(b"")  # raises how the connection ended
        except LibraryConnectionClosed as error:
            raise self.translate(error) from error

    async def _send_in_turn(self, *messages: SendableMessage) -> None:
        """Send, and wait until the transport takes more: one after the other, as they came."""
        self._held_up += 1
        try:
            async with self._sending:
                for message in messages:
                    await self.native.send(message)
                await self.native.drain()
        finally:
            self._held_up -= 1

    async def ping(self) -> float:
        """Send a ping, and return the seconds until its pong."""
        try:
            pong = cast("asyncio.Future[float]", await self.native.ping())
            self._pings[pong] = monotonic()
            pong.add_done_callback(self._ponged)
            return await pong
        except LibraryConnectionClosed as error:
            raise self.translate(error) from error

    def _ponged(self, pong: asyncio.Future[float]) -> None:
        """A pong answers its ping, and those before it (RFC 6455 section 5.5.3)."""
        if pong.cancelled() or pong.exception() is not None:
            self._pings.pop(pong, None)
        elif pong in self._pings:
            for earlier in list(self._pings):
                sent = self._pings.pop(earlier)
                if earlier is pong:
                    return
                if not earlier.done():
                    earlier.set_result(monotonic() - sent)

    async def close(self, code: int, reason: str) -> None:
        """Exchange close frames, or cut off a server that does not answer."""
        Close(code, reason).check_sendable()
        native = self.native
        if native.inbox is not None:
            native.inbox.read_on()  # or the server's close frame would not be seen
        if not native.wire.is_disconnected:
            native.wire.send_close(cast("WSCloseCode", code), reason)  # it takes any number
        try:
            async with asyncio.timeout(native.close_timeout):
                await native.wait_closed()
        except TimeoutError:
            native.wire.disconnect(graceful=False)
            await native.wait_closed()
        except asyncio.CancelledError:
            native.wire.disconnect(graceful=False)
            raise


def _close(received: Any, sent: Any, server_first: bool | None) -> Close:
    """Return how a connection ended; the first of the two close frames tells."""
    failed = sent is not None and sent.code in FAILURES
    if server_first:  # or it broke the protocol before its close frame, or with it
        by_client = failed and sent.code != received.code
    else:
        by_client = failed or (sent is not None and received is not None)
    if by_client:
        return Close(int(sent.code), sent.reason or "", client_initiated=True)
    if received is None:
        return Close(CloseCode.ABNORMAL_CLOSURE)
    return Close(int(received.code) or CloseCode.NO_STATUS_RECEIVED, received.reason or "")
