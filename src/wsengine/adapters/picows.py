"""The adapter for `picows`: dials and handshakes.

The library has two faces: a raw listener, called for each frame, and `picows.websockets`, which
puts messages together, inflates them and pushes back. Bursts of 32-byte messages, one quiet core:

    a raw listener that only counts                           5.5 M messages a second
    a raw listener in Python with a queue and all checks      1.6 M
    picows.websockets, its recv in a loop                     3.5 M
    the same, each frame looked at before (this adapter)      2.2 M
    beside them: websockets, its recv in a loop               0.3 M

So this adapter stands on the second face, and `native_receive` is its `recv`. What it costs to
look at each frame buys what the library does not check: see `picows_client`.

What answers, but not in HTTP, is noticed when it hangs up: the library waits for an empty line,
for no longer than the engine's `open_timeout`.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import socket
import sys
from logging import getLogger
from typing import Any, cast

from picows import WSError, WSParsedURL, WSUpgradeRequest, WSUpgradeResponse, ws_connect
from picows.websockets import Request, Response, WebSocketException
from picows.websockets.asyncio.negotiation import configure_permessage_deflate, resolve_subprotocol
from python_socks import ProxyError  # picows depends on it
from websockets.exceptions import InvalidProxy, InvalidURI
from websockets.uri import WebSocketURI, parse_uri

from ..adapter import CLOSE_TIMEOUT
from ..errors import ConfigError
from ..options import ConnectOptions
from ..validation import check_number
from .picows_client import Client
from .picows_connection import PicowsConnection
from .picows_handshake import connect_error, plain_url, proxy_url, request_headers

_RESERVED = {
    "additional_headers": "ConnectOptions(headers=...)",
    "extra_headers": "ConnectOptions(headers=...)",
    "subprotocols": "ConnectOptions(subprotocols=...)",
    "ssl": "ConnectOptions(ssl=...)",
    "ssl_context": "ConnectOptions(ssl=...)",
    "proxy": "ConnectOptions(proxy=...)",
    "compression": "ConnectOptions(compression=...)",
    "max_size": "ConnectOptions(max_message_size=...)",
    "max_frame_size": "ConnectOptions(max_message_size=...)",
    "open_timeout": "EngineConfig(open_timeout=...)",
    "websocket_handshake_timeout": "EngineConfig(open_timeout=...)",
}
_TAKEN = {
    "enable_auto_ping": "give ping_interval=...",
    "enable_auto_pong": "the adapter answers pings itself",
    **dict.fromkeys(
        ("family", "flags", "happy_eyeballs_delay", "interleave", "local_addr", "proto", "sock"),
        "give a socket_factory=... that returns a connected socket",
    ),
}
_DIAL_ERRORS = (
    *(OSError, EOFError, WSError, WebSocketException),
    *(ProxyError, InvalidProxy, InvalidURI),
)
_CONNECTION_OPTIONS = {
    "ping_interval": None,
    "ping_timeout": 20.0,
    "close_timeout": CLOSE_TIMEOUT,
    "max_queue": 16,
    "write_limit": 32 * 1024,
}
_OPTIONS = (
    inspect.signature(ws_connect).parameters.keys()
    | inspect.signature(asyncio.AbstractEventLoop.create_connection).parameters.keys()
    | _CONNECTION_OPTIONS.keys()
)


class PicowsAdapter:
    """Makes connections with `picows`.

    A redirect is not followed: it is a `ConnectError`. With `max_redirects=...` the library
    follows it, and sends your headers to wherever it leads.

    Args:
        **library_options: Of what `picows.websockets.connect` takes, `ping_interval` (off by
            default: the engine pings), `ping_timeout`, `close_timeout`, `max_queue` and
            `write_limit`; and whatever `picows.ws_connect` takes besides the common
            `ConnectOptions`: `socket_factory`, `proxy_ssl_context`, `server_hostname`,
            `max_redirects`, `read_buffer_init_size`, `use_aiofastnet`, `logger_name`, ...

    Raises:
        ConfigError: A value breaks its rule, or an option belongs elsewhere.
    """

    def __init__(self, **library_options: Any) -> None:
        for name in library_options:
            if name in _RESERVED:
                raise ConfigError(f"{name}: is common to all adapters; give {_RESERVED[name]}")
            if name in _TAKEN:
                raise ConfigError(f"{name}: cannot be set here; {_TAKEN[name]}")
            if name not in _OPTIONS:
                raise ConfigError(f"{name}: is no option of picows' ws_connect(); check the name")
        options = {"max_redirects": 0, **library_options}
        self._connection_options = {
            name: options.pop(name, default) for name, default in _CONNECTION_OPTIONS.items()
        }
        check_number("close_timeout", self._connection_options["close_timeout"], above=0)
        self._socket_factory = options.pop("socket_factory", None)
        self._dial_options = options

    async def connect(self, url: str, options: ConnectOptions) -> PicowsConnection:
        """Dial; see `wsengine.adapter.Adapter.connect`."""
        try:
            return PicowsConnection(await self._dial(parse_uri(url), options))
        except TypeError as error:
            raise ConfigError(f"an option given to PicowsAdapter is wrong: {error}") from error
        except _DIAL_ERRORS as error:
            raise connect_error(url, error) from error

    def _make_client(
        self, options: ConnectOptions, request: WSUpgradeRequest, response: WSUpgradeResponse
    ) -> Client:
        answer = Response.from_picows(response)
        return Client(
            request=Request.from_picows(request),
            response=answer,
            subprotocol=resolve_subprotocol(options.subprotocols, answer),
            permessage_deflate=configure_permessage_deflate(answer, options.compression),
            max_message_size=options.max_message_size,
            max_frame_size=_frame_bound(options),
            logger=getLogger("picows.client"),
            **self._connection_options,
        )

    async def _dial(self, uri: WebSocketURI, options: ConnectOptions) -> Client:
        sockets: list[socket.socket] = []

        async def open_socket(target: WSParsedURL) -> socket.socket:
            sockets.append(await self._open_socket(target))
            return sockets[-1]

        client = None
        try:
            _, client = await ws_connect(
                functools.partial(self._make_client, options),
                plain_url(uri),
                ssl_context=options.ssl,
                proxy=proxy_url(uri, options.proxy),
                extra_headers=request_headers(uri, options),
                max_frame_size=_frame_bound(options),
                websocket_handshake_timeout=None,  # the engine's open_timeout covers the dial
                enable_auto_pong=False,
                socket_factory=open_socket,
                **self._dial_options,
            )
        finally:
            if client is None:
                # The library leaves the connection open when its handshake is cancelled.
                for opened in sockets:
                    with contextlib.suppress(OSError):
                        opened.shutdown(socket.SHUT_RDWR)
        if client is None:
            raise EOFError("the connection ended before the answer")
        return cast("Client", client)

    async def _open_socket(self, target: WSParsedURL) -> socket.socket:
        """Open a socket to the server or the proxy."""
        made = None if self._socket_factory is None else self._socket_factory(target)
        if inspect.isawaitable(made):
            made = await made
        if made is not None:
            return cast("socket.socket", made)
        loop = asyncio.get_running_loop()
        failure: OSError | None = None
        for family, kind, protocol, _, address in await _look_up(target.host, target.port):
            opened = socket.socket(family, kind, protocol)
            with contextlib.ExitStack() as unless_connected:
                unless_connected.callback(opened.close)
                opened.setblocking(False)
                try:
                    await loop.sock_connect(opened, address)
                except OSError as error:
                    failure = failure or error
                    continue
                unless_connected.pop_all()
                return opened
        raise failure or OSError("the host has no address")


async def _look_up(host: str, port: int) -> list[Any]:
    """Return the addresses of a host. For one that is an address itself it starts no thread."""
    kind = socket.SOCK_STREAM
    try:
        return socket.getaddrinfo(host, port, type=kind, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        return await asyncio.get_running_loop().getaddrinfo(host, port, type=kind)


def _frame_bound(options: ConnectOptions) -> int:
    """Return the largest payload of a frame; the library measures the whole message besides."""
    size = options.max_message_size
    if size is None:
        return sys.maxsize
    # What cannot be compressed grows a little.
    return size if options.compression is None else size + size // 8 + 64
