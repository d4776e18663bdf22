"""The adapter for `websockets` (its asyncio client).

The library's own keepalive is off unless you ask for it here: the engine pings, so there is
one ping and not two.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed as LibraryConnectionClosed
from websockets.exceptions import (
    InvalidProxy,
    InvalidProxyStatus,
    InvalidStatus,
    WebSocketException,
)
from websockets.http11 import Response

from ..adapter import CLOSE_TIMEOUT, Handshake
from ..close import Close, CloseCode
from ..errors import ConfigError, ConnectError, ConnectionClosed, MissingDependencyError
from ..message import Message, SendableMessage
from ..options import ConnectOptions
from ..refusals import describe_failed_dial, parse_retry_after
from ..url import display_url

_RESERVED = {
    "additional_headers": "ConnectOptions(headers=...)",
    "subprotocols": "ConnectOptions(subprotocols=...)",
    "ssl": "ConnectOptions(ssl=...)",
    "proxy": "ConnectOptions(proxy=...)",
    "compression": "ConnectOptions(compression=...)",
    "max_size": "ConnectOptions(max_message_size=...)",
    "open_timeout": "EngineConfig(open_timeout=...)",
}
_OPTIONS = (
    inspect.signature(connect).parameters.keys()
    | inspect.signature(asyncio.AbstractEventLoop.create_connection).parameters.keys()
    | {"unix", "path"}
)


class WebsocketsAdapter:
    """Makes connections with `websockets`.

    Args:
        **library_options: Whatever `websockets.asyncio.client.connect` takes besides the common
            `ConnectOptions`: `origin`, `extensions`, `user_agent_header`, `max_queue`,
            `write_limit`, `close_timeout`, `local_addr`, `unix`, `path`, ...

    Raises:
        ConfigError: An option belongs to `ConnectOptions` or `EngineConfig`.
    """

    def __init__(self, **library_options: Any) -> None:
        for name in library_options:
            if name in _RESERVED:
                raise ConfigError(f"{name}: is common to all adapters; give {_RESERVED[name]}")
            if name not in _OPTIONS and not name.startswith("proxy_"):
                raise ConfigError(f"{name}: is no option of websockets' connect(); check the name")
        defaults = {
            "ping_interval": None,
            "close_timeout": CLOSE_TIMEOUT,
            "create_connection": _Client,
        }
        self._library_options = {**defaults, **library_options}

    async def connect(self, url: str, options: ConnectOptions) -> WebsocketsConnection:
        """Dial; see `wsengine.adapter.Adapter.connect`."""
        library_options = dict(self._library_options)
        if options.ssl is not None and url.startswith("wss://"):
            library_options["ssl"] = options.ssl
        try:
            native = await connect(
                url,
                additional_headers=dict(options.headers),
                subprotocols=list(options.subprotocols) or None,  # type: ignore[arg-type]
                proxy=options.proxy,
                compression=options.compression,
                max_size=options.max_message_size,
                open_timeout=None,  # the engine's open_timeout covers the dial
                **library_options,
            )
        except ImportError as error:  # a SOCKS proxy needs one more library
            raise MissingDependencyError(
                f"{error}; run: pip install 'python-socks[asyncio]'"
            ) from error
        except TypeError as error:
            raise ConfigError(f"an option given to WebsocketsAdapter is wrong: {error}") from error
        except (OSError, WebSocketException, EOFError) as error:
            raise _connect_error(url, error) from error
        return WebsocketsConnection(native)


class _Client(ClientConnection):
    """The library's connection, without two of its waits."""

    _cut_off: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Bound the wait for the end of TCP after the close frames.

        The library does so only while something sends or closes: `recv` would wait for ever.
        """
        super().data_received(data)
        if self.close_deadline is not None and self._cut_off is None:
            self._cut_off = self.loop.call_at(self.close_deadline, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """End a `send` that waits with an error; the library would let it return as if sent."""
        if self._cut_off is not None:
            self._cut_off.cancel()
        if exc is None and self.paused:
            exc = ConnectionAbortedError("cut off while messages waited to be sent")
        super().connection_lost(exc)


class WebsocketsConnection:
    """One connection of `websockets`; see `wsengine.adapter.Connection`."""

    def __init__(self, native: ClientConnection) -> None:
        response = cast("Response", native.response)  # there is one after the handshake
        self.native = native
        self.handshake = Handshake(
            status=response.status_code,
            headers=_lower(response.headers.raw_items()),
            subprotocol=native.subprotocol,
        )
        self.native_receive: Callable[[], Awaitable[Message]] = native.recv

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

    async def send(self, message: SendableMessage) -> None:
        """Send one message."""
        # Encoded here: the library closes the connection over a text that has no UTF-8.
        payload = message.encode() if isinstance(message, str) else message
        try:
            await self.native.send(payload, text=isinstance(message, str))
        except LibraryConnectionClosed as error:
            raise self.translate(error) from error

    async def ping(self) -> float:
        """Send a ping, and return the seconds until its pong."""
        try:
            return await (await self.native.ping())
        except LibraryConnectionClosed as error:
            raise self.translate(error) from error

    async def close(self, code: int, reason: str) -> None:
        """Exchange close frames, or cut off a server that does not answer."""
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


# What the client itself sends when the server breaks the protocol (RFC 6455 section 7.4.1).
_FAILURES = frozenset({1002, 1003, 1007, 1009, 1010, 1011})


def _close(error: LibraryConnectionClosed) -> Close:
    """Return how a connection ended; the first of the two close frames tells."""
    received, sent = error.rcvd, error.sent
    by_client = sent is not None and not error.rcvd_then_sent
    if sent is not None and by_client and (received is not None or sent.code in _FAILURES):
        return Close(sent.code, sent.reason, client_initiated=True)
    if received is None:
        cause = error.__cause__
        return Close(CloseCode.ABNORMAL_CLOSURE, "" if cause is None else str(cause))
    return Close(received.code, received.reason)


def _connect_error(url: str, error: Exception) -> ConnectError:
    shown = display_url(url)
    if isinstance(error, InvalidStatus | InvalidProxyStatus):
        response = error.response
        headers = _lower(response.headers.raw_items())
        by = "the proxy" if isinstance(error, InvalidProxyStatus) else "the server"
        return ConnectError(
            f"{shown}: {by} refused the handshake with HTTP status {response.status_code}",
            status=response.status_code,
            headers=headers,
            retry_after=parse_retry_after(headers.get("retry-after")),
        )
    if isinstance(error, InvalidProxy):
        return ConnectError(f"{shown}: the URL of the proxy is not valid")
    return ConnectError(describe_failed_dial(shown, error))


def _lower(items: Iterable[tuple[str, str]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in items:
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers
