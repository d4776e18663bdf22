"""The opening handshake of the `picows` adapter: what it asks for, and why it failed."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlsplit

from picows import WSHandshakeError
from picows.websockets.asyncio.utils import default_user_agent
from python_socks import ProxyError
from websockets.headers import build_authorization_basic
from websockets.proxy import parse_proxy
from websockets.uri import WebSocketURI

from ..errors import ConfigError, ConnectError
from ..options import ConnectOptions
from ..url import display_url
from .common import find_proxy, refused, unreachable


def request_headers(uri: WebSocketURI, options: ConnectOptions) -> list[tuple[str, str]]:
    """Return the headers of the request, besides those that the library sends itself."""
    headers = list(options.headers.items())
    given = {name.lower() for name in options.headers}
    if "user-agent" not in given:
        headers.append(("User-Agent", default_user_agent()))
    if "authorization" not in given and uri.user_info is not None:
        headers.append(("Authorization", build_authorization_basic(*uri.user_info)))
    if options.subprotocols:
        headers.append(("Sec-WebSocket-Protocol", ", ".join(options.subprotocols)))
    if options.compression is not None:
        headers.append(("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"))
    return headers


def proxy_url(uri: WebSocketURI, proxy: str | Literal[True] | None) -> str | None:
    """Return the URL of the proxy as the library needs it: with a port."""
    url = find_proxy(uri, proxy)  # the library's own search does not heed $NO_PROXY
    if url is None:
        return None
    to = parse_proxy(url)
    if to.scheme == "socks4a":
        raise ConfigError("proxy: picows has no socks4a; use socks5, socks5h, socks4 or http")
    parts = urlsplit(url)
    return parts._replace(
        scheme="socks5" if to.scheme == "socks5h" else to.scheme,  # it looks no name up itself
        netloc=parts.netloc if parts.port else f"{parts.netloc.removesuffix(':')}:{to.port}",
    ).geturl()


def connect_error(url: str, error: Exception, proxy: str | None = None) -> ConnectError:
    """Return wsengine's exception for a dial that failed; its text holds no secret."""
    if isinstance(error, ProxyError):
        found = re.search(r"with status (\d{3})$", str(error))
        status = int(found[1]) if found else None
        return ConnectError(f"{display_url(url)}: the proxy refused ({error})", status=status)
    refusal = _parse_refusal(error.raw_header) if isinstance(error, WSHandshakeError) else None
    if refusal is None:
        return unreachable(url, error, proxy=proxy)
    status, headers = refusal
    return refused(url, status, headers)


def _parse_refusal(head: bytes | None) -> tuple[int, list[tuple[str, str]]] | None:
    """Return status and headers of a response that is not 101.

    The library knows neither HTTP/1.0, nor a status that is not registered, nor one without a
    phrase: for it they are garbage.
    """
    first, *lines = (head or b"").decode("latin-1").split("\r\n")
    found = re.match(r"HTTP/1\.[01] (\d{3})(?: |$)", first)
    if found is None or found[1] == "101":
        return None
    pairs = (line.partition(":") for line in lines)
    return int(found[1]), [(name.strip(), value.strip()) for name, _, value in pairs]
