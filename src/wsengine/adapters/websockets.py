"""The adapter for `websockets` (its asyncio client): dials and handshakes.

The library's own keepalive is off unless you ask for it here: the engine pings, so there is
one ping and not two. What the library does not do as the contract wants is mended in
`websockets_client`.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import socket
from collections.abc import AsyncIterator
from typing import Any, cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidProxyStatus, InvalidStatus, WebSocketException

from ..adapter import CLOSE_TIMEOUT
from ..errors import ConfigError, ConnectError, MissingDependencyError
from ..options import ConnectOptions
from ..url import as_ascii
from .common import (
    check_names,
    check_tls,
    check_values,
    find_proxy,
    parse_url,
    refused,
    unreachable,
)
from .dialling import open_socket
from .drift import check_names_of, unknown
from .websockets_client import Client
from .websockets_connection import WebsocketsConnection
from .websockets_logging import LOGGER

_DEFAULTS = {"ping_interval": None, "close_timeout": CLOSE_TIMEOUT, "logger": LOGGER}
_TAKEN = {
    "create_connection": "the adapter needs its own",
    **dict.fromkeys(
        ("process_exception", "reconnect_delays"),
        "the engine reconnects; give EngineConfig(reconnect=...)",
    ),
}
_OF_TCP = inspect.signature(asyncio.AbstractEventLoop.create_connection).parameters.keys() - {
    "self",
    "protocol_factory",
    "kwargs",
}
_WHERE_TO = {
    *(name for name in _OF_TCP if not name.startswith(("ssl", "server_"))),
    *("unix", "path"),
}
"""The options that say what to connect to, or how: with one of them, the library does it."""
_KNOWN = {
    *(inspect.signature(connect).parameters.keys() - {"uri", "kwargs"}),
    *_OF_TCP,
    *(f"proxy_{name}" for name in _OF_TCP),
    *("unix", "path"),
}


_PARTS = {
    ClientConnection: (
        *("close_deadline", "connection_lost", "data_received", "handshake", "pause_writing"),
        *("paused", "pending_pings", "process_event", "protocol", "request", "response"),
        *("resume_writing", "send_data"),
    ),
    ClientProtocol: ("close_rcvd", "fail", "handshake_exc", "send_frame", "state"),
    connect: ("process_redirect",),
}
"""What is used of the library, and is hardly documented."""


class _Dial(connect):
    """The library's dial, which leaves redirects alone."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Take a redirect for a refusal."""
        return exc


class WebsocketsAdapter:
    """Makes connections with `websockets`.

    A redirect is not followed: it is a `ConnectError`, so that no header of yours goes to
    another host.

    Args:
        **library_options: Whatever `websockets.asyncio.client.connect` takes besides the common
            `ConnectOptions`: `origin`, `extensions`, `user_agent_header`, `max_queue`,
            `write_limit`, `close_timeout`, `local_addr`, `unix`, `path`, ...

    Raises:
        ConfigError: A value breaks its rule, or an option belongs elsewhere.
        MissingDependencyError: `websockets` has another version than is known here.
    """

    def __init__(self, **library_options: Any) -> None:
        check_names(library_options, known=_KNOWN, taken=_TAKEN, call="websockets' connect()")
        check_values(library_options)
        check_names_of("websockets", _PARTS)
        self._library_options = library_options

    async def connect(self, url: str, options: ConnectOptions) -> WebsocketsConnection:
        """Dial; see `wsengine.adapter.Adapter.connect`."""
        check_tls(url, options)
        proxy = self._proxy_for(url, options)
        library_options = self._dial_options()
        if options.ssl is not None:
            library_options["ssl"] = options.ssl
        made: list[Client] = []
        try:
            async with self._socket_for(url, proxy, made) as sock:
                return await self._dial(url, options, made, proxy=proxy, **library_options, **sock)
        except ImportError as error:  # a SOCKS proxy needs one more library
            raise MissingDependencyError(
                f"{error}; run: pip install 'python-socks[asyncio]'"
            ) from error
        except AttributeError as error:
            raise unknown("websockets", error) from error
        except (OSError, WebSocketException, EOFError, TypeError, ValueError) as error:
            asked = any(client.request is not None for client in made)
            raise _failure(url, error, proxy, asked=asked) from error

    async def _dial(
        self, url: str, options: ConnectOptions, made: list[Client], **settings: Any
    ) -> WebsocketsConnection:
        def make(*args: Any, **kwargs: Any) -> Client:
            made.append(Client(*args, **kwargs))
            return made[-1]

        native = await _Dial(
            as_ascii(url),
            additional_headers=dict(options.headers),
            subprotocols=list(options.subprotocols) or None,  # type: ignore[arg-type]
            compression=options.compression,
            max_size=options.max_message_size,
            open_timeout=None,  # the engine's open_timeout covers the dial
            create_connection=cast("type[Client]", make),
            **settings,
        )
        return WebsocketsConnection(cast("Client", native))  # create_connection made it

    @contextlib.asynccontextmanager
    async def _socket_for(
        self, url: str, proxy: str | None, made: list[Client]
    ) -> AsyncIterator[dict[str, Any]]:
        """Open a socket for the dial, unless that is for the library; cut it off if that fails."""
        if proxy is not None or not _WHERE_TO.isdisjoint(self._library_options):
            yield {}
            return
        uri = parse_url(url)
        opened = await open_socket(uri.host, uri.port)
        try:
            yield {"sock": opened}
        except BaseException:
            if made:  # a transport has it by now, and is to find its end
                with contextlib.suppress(OSError):
                    opened.shutdown(socket.SHUT_RDWR)
            else:
                opened.close()
            raise

    def _dial_options(self) -> dict[str, Any]:
        return {**_DEFAULTS, **self._library_options}

    def _proxy_for(self, url: str, options: ConnectOptions) -> str | None:
        uri = parse_url(url)
        if self._library_options.get("unix") or self._library_options.get("sock"):
            return None
        return find_proxy(uri, options.proxy)


def _failure(
    url: str, error: Exception, proxy: str | None, *, asked: bool
) -> ConnectError | ConfigError:
    """Return wsengine's exception for a dial that failed; its text holds no secret.

    Args:
        url: What was dialled.
        error: The library's or the system's exception.
        proxy: The proxy that it went through.
        asked: Whether the request may be on its way: then no option of yours is to blame.
    """
    if isinstance(error, InvalidStatus | InvalidProxyStatus):
        by = "the proxy" if isinstance(error, InvalidProxyStatus) else "the server"
        response = error.response
        return refused(url, response.status_code, response.headers.raw_items(), by=by)
    if asked or isinstance(error, OSError | WebSocketException | EOFError):
        return unreachable(url, error, proxy=proxy)
    return ConfigError(f"an option given to WebsocketsAdapter is wrong: {error}")
