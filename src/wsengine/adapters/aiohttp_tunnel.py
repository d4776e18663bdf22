"""Proxies that aiohttp cannot go through by itself."""

from __future__ import annotations

from typing import Any, cast

from aiohttp import BaseConnector, ClientHttpProxyError, ClientRequest
from multidict import CIMultiDict
from websockets.proxy import parse_proxy

from ..errors import ConfigError, MissingDependencyError
from ..options import ConnectOptions


class Tunnel(BaseConnector):
    """A connector of aiohttp that goes through SOCKS, or by CONNECT to ws://.

    Args:
        url: The WebSocket URL to dial.
        proxy: The URL of the proxy.
        options: The options, for their TLS context.

    Raises:
        ConfigError: There is no way through this proxy.
        MissingDependencyError: The library for it is not installed.
        websockets.exceptions.InvalidProxy: The URL of the proxy is not valid.
    """

    def __init__(self, url: str, proxy: str, options: ConnectOptions) -> None:
        to = parse_proxy(proxy)
        if to.scheme == "https":
            raise ConfigError("proxy: aiohttp goes through an https:// proxy to wss:// only")
        try:
            from python_socks import ProxyType  # noqa: PLC0415 - comes with an extra
            from python_socks.async_.asyncio import Proxy  # noqa: PLC0415 - the same
        except ImportError as error:
            raise MissingDependencyError(
                "aiohttp needs one more library for SOCKS proxies, and for ws:// through any "
                "proxy; run: pip install 'python-socks[asyncio]'"
            ) from error
        super().__init__()
        kind = ProxyType[to.scheme.upper().rstrip("AH")]
        it_resolves = to.scheme in {"http", "socks4a", "socks5h"}
        self._proxy = Proxy(kind, to.host, to.port, to.username, to.password, it_resolves)
        self._speaks_http = to.scheme == "http"
        self._tls = (options.ssl or True) if url.startswith("wss:") else None

    async def _create_connection(self, req: ClientRequest, traces: Any, timeout: Any) -> Any:
        host, port = cast("str", req.url.raw_host), cast("int", req.url.port)
        try:
            sock = await self._proxy.connect(host, port)
        except OSError:
            raise
        except Exception as error:
            status = getattr(error, "error_code", None)
            if status is None or not self._speaks_http:
                raise OSError(f"the proxy failed: {error}") from error
            raise ClientHttpProxyError(
                req.request_info, (), status=status, headers=CIMultiDict()
            ) from error
        _, protocol = await self._loop.create_connection(
            self._factory, sock=sock, ssl=self._tls, server_hostname=host if self._tls else None
        )
        return protocol
