"""The adapter for `aiohttp` (its WebSocket client): dials and handshakes.

The library's own keepalive is off unless you ask for it here: the engine pings, so there is
one ping and not two.
"""

from __future__ import annotations

import contextlib
from typing import Any, cast

from aiohttp import (
    BaseConnector,
    ClientConnectorError,
    ClientError,
    ClientHttpProxyError,
    ClientProxyConnectionError,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    DummyCookieJar,
    HttpVersion11,
    InvalidURL,
    RequestInfo,
    TCPConnector,
    TraceConfig,
    TraceRequestRedirectParams,
)
from aiohttp.client_exceptions import ClientConnectorCertificateError
from aiohttp.client_proto import ResponseHandler
from multidict import CIMultiDict, CIMultiDictProxy
from websockets.headers import build_authorization_basic
from websockets.uri import WebSocketURI
from yarl import URL

from ..adapter import CLOSE_TIMEOUT
from ..errors import ConfigError, ConnectError
from ..options import ConnectOptions
from ..refusals import describe_failed_dial, fit_to_show
from ..url import display_url
from ..validation import check_number, check_type
from .aiohttp_connection import AiohttpConnection
from .aiohttp_interim import bounded
from .aiohttp_options import check_options
from .aiohttp_tunnel import Tunnel
from .aiohttp_wire import PARTS
from .answers import fault_in
from .common import check_tls, find_proxy, parse_url, plain_url, refused
from .drift import check_names_of, unknown

_PARTS = {
    **PARTS,
    ClientSession: ("_retry_connection",),
    BaseConnector: ("_create_connection", "_factory", "_loop"),
    ResponseHandler: (*PARTS[ResponseHandler], "feed_data", "set_exception"),
}
"""What is used of aiohttp, and promised nowhere."""


class AiohttpAdapter:
    """Makes connections with `aiohttp`.

    A redirect is not followed: it is a `ConnectError`, so that no header of yours goes to
    another host. (A session of yours follows redirects as aiohttp does; it keeps back only
    `Authorization` and `Cookie` from another host.)

    Args:
        session: The session to connect with, for its connector, cookies, default headers or
            traces; it is never closed here. With `ConnectOptions(proxy=True)` it finds its
            proxy itself. Without a session each connection has one of its own.
        close_timeout: Seconds to wait at most for the server's close frame.
        **library_options: Whatever `aiohttp.ClientSession.ws_connect` takes besides the common
            `ConnectOptions`: `origin`, `params`, `heartbeat`, `server_hostname`, ...

    Raises:
        ConfigError: A value breaks its rule, or an option belongs elsewhere.
        MissingDependencyError: aiohttp has another version than is known here.
    """

    def __init__(
        self,
        *,
        session: ClientSession | None = None,
        close_timeout: float = CLOSE_TIMEOUT,
        **library_options: Any,
    ) -> None:
        check_type("session", session, ClientSession)
        check_number("close_timeout", close_timeout, above=0)
        check_options(library_options)
        check_names_of("aiohttp", _PARTS)
        self._session = session
        self._close_timeout = close_timeout
        self._library_options = library_options

    async def connect(self, url: str, options: ConnectOptions) -> AiohttpConnection:
        """Dial; see `wsengine.adapter.Adapter.connect`."""
        check_tls(url, options)
        uri = parse_url(url)
        async with contextlib.AsyncExitStack() as unless_connected:
            session, proxy = self._session_for(url, options)
            own = None if session is self._session else session
            if own is not None:
                unless_connected.push_async_callback(own.close)
            try:
                native = await session.ws_connect(
                    URL(plain_url(uri), encoded=True),  # aiohttp would quote it anew
                    headers=self._headers(uri, options),
                    protocols=tuple(options.subprotocols),
                    ssl=options.ssl or True,
                    proxy=proxy,
                    compress=15 if options.compression else 0,
                    max_msg_size=_size_bound(options.max_message_size),
                    **self._library_options,
                )
            except (ClientError, OSError) as error:
                raise _connect_error(url, error) from _without_url(error)
            except (TypeError, ValueError) as error:
                raise _odd(url, error) from error
            except AttributeError as error:
                raise unknown("aiohttp", error) from error
            connection = self._made_of(native, options, own)
            unless_connected.pop_all()
        if fault := _fault_of(native, options):
            await connection.cut_off()
            raise ConnectError(
                describe_failed_dial(display_url(url), ClientError(f"the server {fault}"))
            )
        return connection

    def _made_of(
        self, native: ClientWebSocketResponse, options: ConnectOptions, own: ClientSession | None
    ) -> AiohttpConnection:
        try:
            return AiohttpConnection(native, options.max_message_size, self._close_timeout, own)
        except AttributeError as error:
            native._response.close()  # noqa: SLF001 - it has no public name
            raise unknown("aiohttp", error) from error

    def _headers(self, uri: WebSocketURI, options: ConnectOptions) -> dict[str, str]:
        """Return the headers of the request; the URL's user info becomes one.

        aiohttp would write it in latin-1, and fails where that is not possible.
        """
        headers = dict(options.headers)
        given = any(name.lower() == "authorization" for name in headers)
        if uri.user_info is not None and not given:
            headers["Authorization"] = build_authorization_basic(*uri.user_info)
            given = True
        session = self._session
        if given and (self._library_options.get("auth") or (session and session.auth)):
            raise ConfigError(
                "auth: given to the adapter or its session, while the URL has user info, or the "
                "headers have Authorization; give one"
            )
        return headers

    def _session_for(self, url: str, options: ConnectOptions) -> tuple[ClientSession, str | None]:
        """Return the session to dial with, and the proxy that aiohttp itself goes through."""
        # aiohttp would heed $WSS_PROXY but not $HTTPS_PROXY, and send what ~/.netrc holds.
        its_own = self._session is not None and options.proxy is True
        proxy = find_proxy(parse_url(url), None if its_own else options.proxy)
        tunnel = proxy is not None and not (url.startswith("wss:") and proxy.startswith("http"))
        if self._session is not None:
            if self._session.closed:
                raise ConfigError("session: it is closed; keep it open as long as the engine")
            if tunnel:
                raise ConfigError(
                    "proxy: aiohttp goes through an HTTP proxy, and to wss:// only; else give "
                    "the session a connector that goes through this proxy, and proxy=None"
                )
            return self._session, proxy
        session = ClientSession(
            connector=bounded(
                Tunnel(url, cast("str", proxy), options) if tunnel else TCPConnector()
            ),
            timeout=_NO_TIMEOUT,
            cookie_jar=DummyCookieJar(),
            trace_configs=[_NO_REDIRECT],
        )
        # Where the server hangs up, aiohttp would dial again at once; that is for the policy.
        session._retry_connection = False  # noqa: SLF001 - it has no public name
        return session, None if tunnel else proxy


def _size_bound(size: int | None) -> int:
    """Return the size that is refused; aiohttp refuses what is just as large, and holds 32 bits."""
    return 0 if size is None else min(size + 1, 2**32 - 1)


async def _refuse_redirect(_: Any, __: Any, redirect: TraceRequestRedirectParams) -> None:
    response = redirect.response
    response.close()
    raise ClientResponseError(
        response.request_info, (), status=response.status, headers=response.headers
    )


_NO_TIMEOUT = ClientTimeout()
"""The engine's `open_timeout` covers the dial."""

_NO_REDIRECT = TraceConfig()
_NO_REDIRECT.on_request_redirect.append(_refuse_redirect)


def _fault_of(native: ClientWebSocketResponse, options: ConnectOptions) -> str | None:
    """Return what a client must refuse, and aiohttp does not."""
    response = native._response  # noqa: SLF001 - it has no public name
    if response.version != HttpVersion11:
        return "answered in another version of HTTP than 1.1"
    return fault_in(response.headers.items(), options)


def _odd(url: str, error: Exception) -> ConnectError:
    """Return the exception for what the library stumbled over.

    That is retried: the options have been checked, so it should be what the server answered. Or
    it is what cannot be checked here, of a session of the user's or of its proxy.
    """
    text = fit_to_show(str(error).splitlines()[0] if str(error) else type(error).__name__)
    return ConnectError(
        f"{display_url(url)}: the dial failed ({text}); does the server speak WebSocket here, and "
        "are the session, and a proxy that the environment names for it, right?"
    )


def _without_url(error: Exception) -> Exception | None:
    """Return an error whose text does not have the whole URL: tracebacks show causes, too."""
    if isinstance(error, ClientResponseError):
        hidden = URL("ws://hidden")
        headers = CIMultiDictProxy(CIMultiDict[str]())
        error.request_info = RequestInfo(hidden, "GET", headers, hidden)
    return None if isinstance(error, InvalidURL) else error


def _connect_error(url: str, error: Exception) -> ConnectError:
    shown = display_url(url)
    if isinstance(error, InvalidURL):
        return ConnectError(f"{shown}: this URL, or that of the proxy, is not valid")
    if isinstance(error, ClientResponseError):  # its text has the URL, with all secrets
        if error.headers is None or error.status == 101:
            return ConnectError(describe_failed_dial(shown, ClientError(error.message)))
        by = "the proxy" if isinstance(error, ClientHttpProxyError) else "the server"
        return refused(url, error.status, error.headers.items(), by=by)
    if isinstance(error, ClientProxyConnectionError):
        return ConnectError(f"{shown}: cannot connect to the proxy ({error.os_error})")
    if isinstance(error, ClientConnectorError | ClientConnectorCertificateError):
        return ConnectError(describe_failed_dial(shown, error.__cause__ or error))
    return ConnectError(describe_failed_dial(shown, error))
