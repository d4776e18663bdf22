"""The adapter for `picows`: dials and handshakes.

The library has two faces: a raw listener, called for each frame, and `picows.websockets`, which
puts messages together, inflates them and pushes back. A raw listener that only counts had 5.5 M
messages of 32 bytes a second, one in Python with a queue and all checks 1.6 M, the second face's
`recv` in a loop 3.5 M. So this adapter stands on the second, checks
what the library does not (see `picows_client`), and takes plain messages out of the stream itself,
before the library sees them (see `picows_framing`). Nanoseconds of the client's CPU time for each
message of a burst, and how many times as fast that is as the library's `recv`:

    payload             picows' recv     native_receive
    32 bytes, binary    305              148 (2.1)
    32 bytes, text      326              203 (1.6)
    20 to 120 bytes     337              326 (1.0)
    200 to 1000 bytes   416              617 (0.7)
    4 KiB, about       1260             1314 (1.0)
    64 KiB            18000            17200 (1.0)

With compression the library frames everything, and gets it in slices: see `picows_slices`.

What answers, but not in HTTP, is noticed when it hangs up: the library waits for an empty line,
for no longer than the engine's `open_timeout`.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
from logging import getLogger
from typing import Any, cast

from picows import WSError, WSUpgradeRequest, WSUpgradeResponse, ws_connect
from picows.websockets import InvalidHandshake, Request, Response, WebSocketException
from picows.websockets.asyncio.negotiation import configure_permessage_deflate, resolve_subprotocol
from python_socks import ProxyError  # picows depends on it
from websockets.uri import WebSocketURI

from ..adapter import CLOSE_TIMEOUT
from ..errors import ConfigError
from ..options import ConnectOptions
from .answers import fault_in
from .common import check_names, check_tls, check_values, parse_url, plain_url
from .picows_client import Client
from .picows_connection import PicowsConnection
from .picows_handshake import connect_error, proxy_url, request_headers
from .picows_logging import keep_out_of_the_log
from .picows_sockets import Sockets

_TAKEN = {
    "enable_auto_ping": "give ping_interval=...",
    "enable_auto_pong": "the adapter answers pings itself",
    **dict.fromkeys(
        ("family", "flags", "happy_eyeballs_delay", "interleave", "local_addr", "proto", "sock"),
        "give a socket_factory=... that returns a connected socket",
    ),
}
_DIAL_ERRORS = (OSError, EOFError, WSError, WebSocketException, ProxyError)
_CONNECTION_OPTIONS = {
    "ping_interval": None,
    "ping_timeout": 20.0,
    "close_timeout": CLOSE_TIMEOUT,
    "max_queue": 16,
    "write_limit": 32 * 1024,
}
LITTLE = 2 * 1024
"""Bytes of the parser's first buffer: hardly anything gets to it (see `picows_framing`), or little
at a time (see `picows_slices`). The library's own default is 16 KiB."""
_KNOWN = {
    *(inspect.signature(ws_connect).parameters.keys() - {"ws_listener_factory", "url", "kwargs"}),
    *("server_hostname", "ssl_handshake_timeout", "ssl_shutdown_timeout"),
    *_CONNECTION_OPTIONS,
}


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
            `max_queue` bounds what waits in the library, but not with compression. In any case
            256 KiB may wait, and what came last: a batch of plain messages, of 1 MiB at most; what
            4 KiB inflate to, 4 MiB at most; or a large message.

    Raises:
        ConfigError: A value breaks its rule, or an option belongs elsewhere.
    """

    def __init__(self, **library_options: Any) -> None:
        check_names(library_options, known=_KNOWN, taken=_TAKEN, call="picows' ws_connect()")
        check_values(library_options)
        keep_out_of_the_log()
        self._library_options = library_options

    async def connect(self, url: str, options: ConnectOptions) -> PicowsConnection:
        """Dial; see `wsengine.adapter.Adapter.connect`."""
        check_tls(url, options)
        uri = parse_url(url)
        proxy = proxy_url(uri, options.proxy)
        try:
            return PicowsConnection(await self._dial(uri, proxy, options))
        except _DIAL_ERRORS as error:
            raise connect_error(url, error, proxy) from error
        except (TypeError, ValueError) as error:
            raise ConfigError(f"an option given to PicowsAdapter is wrong: {error}") from error

    def _settings(self) -> dict[str, Any]:
        """Return the options of a connection."""
        given = self._library_options
        return {name: given.get(name, value) for name, value in _CONNECTION_OPTIONS.items()}

    def _dial_options(self, *, tls: bool) -> dict[str, Any]:
        """Return the options of a dial."""
        not_here = _CONNECTION_OPTIONS.keys() | {"socket_factory"}
        given = {key: self._library_options[key] for key in self._library_options.keys() - not_here}
        own = {"read_buffer_init_size": LITTLE, "use_aiofastnet": self._is_fast(tls=tls)}
        return {"max_redirects": 0, **own, **given}

    def _is_fast(self, *, tls: bool) -> bool:
        """Return whether to leave the library the transports of `aiofastnet`.

        With TLS those keep what they have decrypted until more comes from the socket, if reading
        was paused and resumed. On uvloop they miss a reset that comes with the answer: nobody is
        told of the end, and later dials fail (all of it seen with aiofastnet 1.2.0, with the
        library alone, too). uvloop's own do not; but they do not take sockets of any family.
        """
        given = self._library_options.get("use_aiofastnet")
        if given is not None:
            return bool(given)
        return not tls and (not _is_on_uvloop() or "socket_factory" in self._library_options)

    def _make_client(
        self, options: ConnectOptions, request: WSUpgradeRequest, response: WSUpgradeResponse
    ) -> Client:
        answer = Response.from_picows(response)
        if fault := fault_in(answer.headers.items(), options):
            raise InvalidHandshake(f"the server {fault}")
        return Client(
            request=Request.from_picows(request),
            response=answer,
            subprotocol=resolve_subprotocol(options.subprotocols, answer),
            permessage_deflate=configure_permessage_deflate(answer, options.compression),
            max_message_size=options.max_message_size,
            max_frame_size=_frame_bound(options),
            logger=getLogger("picows.client"),
            **self._settings(),
        )

    async def _dial(self, uri: WebSocketURI, proxy: str | None, options: ConnectOptions) -> Client:
        factory = self._library_options.get("socket_factory")
        tls = uri.secure or (proxy or "").startswith("https:")
        sockets = Sockets(factory, any_family=self._is_fast(tls=tls))
        client = None
        made: list[Client] = []

        def make(request: WSUpgradeRequest, response: WSUpgradeResponse) -> Client:
            try:
                made.append(self._make_client(options, request, response))
            except (TypeError, ValueError) as error:  # the options were good enough to get here
                raise InvalidHandshake(f"an odd answer: {error}") from error
            return made[-1]

        try:
            _, client = await ws_connect(
                make,
                plain_url(uri),
                ssl_context=options.ssl,
                proxy=proxy,
                extra_headers=request_headers(uri, options),
                max_frame_size=_frame_bound(options),
                websocket_handshake_timeout=None,  # the engine's open_timeout covers the dial
                enable_auto_pong=False,
                socket_factory=sockets.open,
                **self._dial_options(tls=tls),
            )
        finally:
            if client is None:
                for left in made:  # it may have paused reading: then it sees no end
                    left.wire.disconnect(graceful=False)
                sockets.shut_down()
        if client is None:
            raise EOFError("the connection ended before the answer")
        return cast("Client", client)


def _is_on_uvloop() -> bool:
    kinds = type(asyncio.get_running_loop()).__mro__  # it may be a subclass of uvloop's
    return any(kind.__module__.split(".")[0] == "uvloop" for kind in kinds)


def _frame_bound(options: ConnectOptions) -> int:
    """Return the largest payload of a frame; the library measures the whole message besides."""
    size = options.max_message_size
    if size is None:
        return sys.maxsize
    # What cannot be compressed grows a little.
    return size if options.compression is None else size + size // 8 + 64
