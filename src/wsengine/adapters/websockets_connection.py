"""A connection of `websockets`, as the engine sees it."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Awaitable, Callable, Sized
from time import monotonic
from typing import cast

from websockets.exceptions import ConnectionClosed as LibraryConnectionClosed
from websockets.http11 import Response

from ..adapter import Handshake
from ..close import Close, CloseCode
from ..errors import ConnectionClosed
from ..message import Message, SendableMessage, as_plain
from .common import FAILURES, lower
from .websockets_client import Client


class WebsocketsConnection:
    """One connection of `websockets`; see `wsengine.adapter.Connection`."""

    __slots__ = (
        "native",
        "native_receive",
    )

    def __init__(self, native: Client) -> None:
        self.native = native
        self.native_receive: Callable[[], Awaitable[Message]] = native.recv

    @property
    def handshake(self) -> Handshake:
        """The server's answer to the opening handshake; the library keeps the headers."""
        response = cast("Response", self.native.response)  # there is one after the handshake
        return Handshake(
            status=response.status_code,
            headers=lower(response.headers.raw_items()),
            subprotocol=self.native.subprotocol,
        )

    def translate(self, error: Exception) -> Exception:
        """Return wsengine's exception for the library's."""
        if not isinstance(error, LibraryConnectionClosed):
            return error
        closed = ConnectionClosed(_close(error))
        closed.__cause__ = error
        return closed

    async def receive(self) -> Message:
        """Return the next message."""
        try:
            return await self.native.recv()
        except LibraryConnectionClosed as error:
            raise self.translate(error) from error

    def offer_to(self, taker: Callable[[deque[Message]], object], awaited: Sized) -> None:
        """Have `taker` look at messages before the reader is woken for them."""
        self.native.taker, self.native.awaited = taker, awaited

    async def send(self, message: SendableMessage) -> None:
        """Send one message."""
        # Encoded here: the library closes the connection over a text that has no UTF-8.
        payload = message.encode() if isinstance(message, str) else as_plain(message)
        try:
            await self.native.send(payload, text=isinstance(message, str))
        except LibraryConnectionClosed as error:
            raise self.translate(error) from error

    async def ping(self) -> float:
        """Send a ping, and return the seconds until its pong."""
        payload = os.urandom(8)
        begin = monotonic()  # the library's own measure is the loop's, which may tick slowly
        try:
            await (await self.native.ping(payload))
        except LibraryConnectionClosed as error:
            raise self.translate(error) from error
        finally:
            pings = self.native.pending_pings
            pings.pop(payload, None)  # or it stays, where the ping is given up
            if not pings:
                pings.clear()  # gives back the table of what it held: 160 bytes
        return monotonic() - begin

    async def close(self, code: int, reason: str) -> None:
        """Exchange close frames, or cut off a server that does not answer."""
        Close(code, reason).check_sendable()
        try:
            # The library's own bound does not cover a close frame that the socket does not take.
            async with asyncio.timeout(self.native.close_timeout):
                await self.native.close(code, reason)
        except TimeoutError:
            self.native.transport.abort()
            await self.native.wait_closed()
        except asyncio.CancelledError:
            self.native.transport.abort()
            raise


def _close(error: LibraryConnectionClosed) -> Close:
    """Return how a connection ended; the first of the two close frames tells."""
    received, sent = error.rcvd, error.sent
    by_client = sent is not None and not error.rcvd_then_sent
    if sent is not None and by_client and (received is not None or sent.code in FAILURES):
        return Close(sent.code, sent.reason, client_initiated=True)
    if received is None:
        cause = error.__cause__
        return Close(CloseCode.ABNORMAL_CLOSURE, "" if cause is None else str(cause))
    return Close(received.code, received.reason)
