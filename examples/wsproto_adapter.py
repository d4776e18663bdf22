"""A whole adapter of one's own: for wsproto, which knows the protocol and leaves I/O to others.

    engine = Engine("wss://example.com/feed", MyEndpoint(), adapter=WsprotoAdapter())

docs/adapters.md goes through it. It knows no proxies and no unix sockets. And for wsproto the close
code 1014, which came later than the others, is a violation; of two headers it takes the last.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import string
import zlib
from collections import deque
from typing import Any, TypeAlias
from urllib.parse import quote, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

try:
    from wsproto import ConnectionType, WSConnection, events
    from wsproto.connection import ConnectionState
    from wsproto.extensions import PerMessageDeflate
    from wsproto.frame_protocol import CloseReason
    from wsproto.utilities import ProtocolError
except ImportError as error:
    raise ImportError("wsproto_adapter.py needs wsproto; run: pip install wsproto") from error

from wsengine import Close, ConfigError, ConnectError, ConnectionClosed, ConnectOptions, Handshake
from wsengine.adapter import CLOSE_TIMEOUT
from wsengine.adapters.dialling import open_socket
from wsengine.message import SendableMessage, message_size
from wsengine.refusals import describe_failed_dial, parse_retry_after
from wsengine.url import display_url

READ_SIZE = 16 * 1024

Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class WsprotoAdapter:
    """Makes connections with `wsproto`, over asyncio's streams."""

    def __init__(self, close_timeout: float = CLOSE_TIMEOUT) -> None:
        self._close_timeout = close_timeout

    async def connect(self, url: str, options: ConnectOptions) -> WsprotoConnection:
        """Dial, and do the opening handshake."""
        if wants_proxy(url, options):
            raise ConfigError("proxy: this adapter knows none; give ConnectOptions(proxy=None)")
        ws = WSConnection(ConnectionType.CLIENT)
        try:
            reader, writer = await open_streams(url, options)
            with contextlib.ExitStack() as unless_answered:
                unless_answered.callback(writer.transport.abort)  # also when this is cancelled
                writer.write(ws.send(request(url, options)))
                answer = await first_event(ws, reader)
                unless_answered.pop_all()
        except (OSError, EOFError, ProtocolError, ValueError, IndexError) as error:
            raise ConnectError(describe_failed_dial(display_url(url), error)) from error
        if isinstance(answer, events.RejectConnection):
            writer.transport.abort()
            raise refusal(url, answer)
        handshake = Handshake(101, lower(answer.extra_headers), answer.subprotocol)
        size, streams = options.max_message_size, (reader, writer)
        return WsprotoConnection(ws, handshake, streams, size, self._close_timeout)


def wants_proxy(url: str, options: ConnectOptions) -> bool:
    """Tell whether a proxy is asked for: by its URL, or by True and the environment."""
    if options.proxy is not True:
        return options.proxy is not None
    named = getproxies().keys() - {"no"}
    return bool(named) and not proxy_bypass(urlsplit(url).hostname or "")


async def open_streams(url: str, options: ConnectOptions) -> Streams:
    """Connect over TCP, and TLS for wss://."""
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "wss"
    # asyncio would wait for an address that does not answer, and uvloop cannot do otherwise.
    opened = await open_socket(host, parts.port or (443 if secure else 80))
    if not secure:
        return await asyncio.open_connection(sock=opened)
    return await asyncio.open_connection(sock=opened, ssl=options.ssl or True, server_hostname=host)


def request(url: str, options: ConnectOptions) -> events.Request:
    """Return the opening handshake that is asked for."""
    parts = urlsplit(url)
    headers = [(name.encode(), value.encode()) for name, value in options.headers.items()]
    if parts.username is not None:
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers.append((b"Authorization", b"Basic " + base64.b64encode(credentials.encode())))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return events.Request(
        host=parts.netloc.rpartition("@")[2],
        target=quote(target, safe=string.punctuation),
        subprotocols=list(options.subprotocols),
        extensions=[Deflate(options.max_message_size)] if options.compression else [],
        extra_headers=headers,
    )


class Deflate(PerMessageDeflate):
    """wsproto's, with a bound, and with pings between the fragments of a compressed message."""

    def __init__(self, max_size: int | None) -> None:
        super().__init__()
        self._bound = 0 if max_size is None else max_size + 1  # 0 is none, for zlib

    def frame_inbound_payload_data(self, proto: Any, data: bytes) -> bytes | CloseReason:
        inflating = self._decompressor
        if inflating is None or not (self._inbound_compressed and self._inbound_is_compressible):
            return data
        try:
            inflated = inflating.decompress(data, self._bound)
        except zlib.error:
            return CloseReason.INVALID_FRAME_PAYLOAD_DATA
        return CloseReason.MESSAGE_TOO_BIG if inflating.unconsumed_tail else inflated

    def frame_inbound_complete(self, proto: Any, fin: bool) -> Any:
        # wsproto would forget at a ping that the message around it is compressed.
        return super().frame_inbound_complete(proto, fin) if self._inbound_is_compressible else None


async def first_event(ws: WSConnection, reader: asyncio.StreamReader) -> Any:
    """Read until the server has agreed to the handshake, or refused it."""
    while True:
        data = await reader.read(READ_SIZE)
        ws.receive_data(data or None)
        for event in ws.events():
            return event  # messages that came with it are taken later
        if not data:
            raise EOFError("the connection ended before the answer")


def refusal(url: str, answer: events.RejectConnection) -> ConnectError:
    """Return the error for a handshake that was refused."""
    headers, status = lower(answer.headers), answer.status_code
    to = display_url(headers["location"]) if "location" in headers else ""
    return ConnectError(
        f"{display_url(url)}: the server refused the handshake with HTTP status {status}"
        + (f"; it redirects to {to}, dial that" if to else ""),
        status=status,
        headers=headers,
        retry_after=parse_retry_after(headers.get("retry-after")),
    )


def lower(headers: Any) -> dict[str, str]:
    """Return headers as text, names in lower case."""
    return {name.decode().lower(): value.decode("latin-1") for name, value in headers}


class WsprotoConnection:
    """One connection. Whoever waits for something reads: there is no task and no queue."""

    def __init__(
        self,
        ws: WSConnection,
        handshake: Handshake,
        streams: Streams,
        max_size: int | None,
        close_timeout: float,
    ) -> None:
        self.native = ws
        self.handshake = handshake
        self._reader, self._writer = streams
        self._max_size = max_size
        self._close_timeout = close_timeout
        self._reading = asyncio.Lock()
        self._reads = 0
        self._receiving = False
        self._messages: deque[str | bytes] = deque()
        self._parts: list[Any] = []
        self._size = 0
        self._pongs: dict[bytes, asyncio.Future[float | None]] = {}
        self._sent: Close | None = None  # this side's close frame, but no mere answer
        self._end: Close | None = None  # how it ends; what comes after that counts no more
        self._cut_off_at: float | None = None  # when the server has had its time to end TCP
        self._gone = False  # TCP has ended
        self._take_events()  # what came with the handshake

    async def receive(self) -> str | bytes:
        """Return the next message."""
        self._receiving = True
        try:
            while not self._messages:
                if self._gone:
                    raise self._closed()
                await self._read()
            return self._messages.popleft()
        finally:
            self._receiving = False

    async def send(self, message: SendableMessage) -> None:
        """Send one message, and wait until the transport has room."""
        if isinstance(message, str):
            self._write(events.TextMessage(message))
        else:
            self._write(events.BytesMessage(bytes(message)))
        with contextlib.suppress(OSError):
            await self._writer.drain()
        if self._gone or self._writer.is_closing():
            raise self._closed()

    async def ping(self) -> float:
        """Send a ping, and return the seconds until its pong."""
        loop = asyncio.get_running_loop()
        payload, begin = os.urandom(8), loop.time()
        self._write(events.Ping(payload))
        pong: asyncio.Future[float | None] = loop.create_future()
        self._pongs[payload] = pong
        try:
            end = await pong
        finally:
            del self._pongs[payload]
        if end is None:
            raise self._closed()
        return end - begin

    async def close(self, code: int, reason: str) -> None:
        """Exchange close frames and wait for the end of TCP, or cut it off."""
        Close(code, reason).check_sendable()
        try:
            async with asyncio.timeout(self._close_timeout):
                if self._sent is None and self._end is None:
                    self._write(events.CloseConnection(code, reason))
                    self._sent = Close(code, reason, client_initiated=True)
                while not self._gone:
                    await self._read()
        except TimeoutError:
            pass  # it had its time
        finally:
            self._cut_off()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _read(self) -> None:
        """Take what comes next from the server, or let another reader do so."""
        reads = self._reads
        async with self._reading:
            if self._reads != reads:
                return
            try:
                async with asyncio.timeout_at(self._cut_off_at):
                    data = await self._reader.read(READ_SIZE)
            except OSError:  # a reset, or the time-out
                data = b""
            self._reads += 1
        if not data:
            self._cut_off()
        elif self._end is None:
            self.native.receive_data(data)
            self._take_events()

    def _take_events(self) -> None:
        for event in self.native.events():
            if isinstance(event, events.Message):
                self._take_message(event)
            elif isinstance(event, events.Ping):
                if self._sent is None:
                    self._write(event.response())
            elif isinstance(event, events.Pong):
                self._ponged(bytes(event.payload))
            elif isinstance(event, events.CloseConnection):
                self._take_close(event)
            if self._end is not None:
                return

    def _take_message(self, event: events.Message[Any]) -> None:
        data = event.data if isinstance(event.data, str) else bytes(event.data)
        self._size += message_size(data)
        if self._max_size is not None and self._size > self._max_size:
            self._fail(1009, f"a message of over {self._max_size} bytes")
            return
        self._parts.append(data)
        if event.message_finished:
            if self._sent is None or self._receiving:  # while it closes, for those who want it
                self._messages.append(data[:0].join(self._parts))
            self._parts.clear()
            self._size = 0

    def _take_close(self, event: events.CloseConnection) -> None:
        # wsproto tells of a violation by the same event, but its state stays as it was.
        if self.native.state in (ConnectionState.OPEN, ConnectionState.LOCAL_CLOSING):
            self._fail(event.code, event.reason or "")
            return
        if self._sent is None:
            self._write(event.response())
        self._finish(self._sent or Close(event.code, event.reason or ""))

    def _ponged(self, payload: bytes) -> None:
        """End the wait for a pong, and for those before it."""
        if payload not in self._pongs:
            return
        for sent, pong in self._pongs.items():
            if not pong.done():
                pong.set_result(asyncio.get_running_loop().time())
            if sent == payload:
                return

    def _fail(self, code: int, reason: str) -> None:
        """Close, because the server broke the protocol or a bound."""
        if self._sent is None:
            self._write(events.CloseConnection(code, reason))
            self._sent = Close(code, Close.cut_reason(reason), client_initiated=True)
        self._finish(self._sent)

    def _finish(self, close: Close) -> None:
        """Note how the connection ends, the first time."""
        if self._end is not None:
            return
        self._end = close
        self._cut_off_at = asyncio.get_running_loop().time() + self._close_timeout
        for pong in self._pongs.values():
            if not pong.done():
                pong.set_result(None)

    def _cut_off(self) -> None:
        """End TCP now."""
        self._gone = True
        self._finish(Close(1006))
        self._writer.transport.abort()

    def _write(self, event: events.Event) -> None:
        if self._sent is not None or self._end is not None:
            raise self._closed()
        self._writer.write(self.native.send(event))

    def _closed(self) -> ConnectionClosed:
        return ConnectionClosed(self._end or self._sent or Close(1006))
